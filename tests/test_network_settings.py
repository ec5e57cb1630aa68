"""One setting for mirrors, proxy and certificates serves the image build and the sandboxes, on a host that has no other way out.

Starts a platform of its own. Two company set-ups: in the first, which the image is built with, Debian and Python packages come from a
mirror and all else goes through the proxy; in the second, the npm registry is the mirror's. DAYTONA_TEST_WORK names a directory whose
path every user can enter.
"""

import atexit
import base64
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

from mirror.company import DOMAIN, CompanyNetwork, run

WORK = pathlib.Path(tempfile.mkdtemp(prefix="dnet.", dir=os.environ.get("DAYTONA_TEST_WORK", "/tmp")))
DATA = WORK / "d"
os.environ["DAYTONA_TEST_DATA_DIR"] = str(DATA)
import platform_under_test as platform  # noqa: E402 - reads the data directory's name when it is imported

NEW_FILES = """
set -euo pipefail
cd "$1/images/default"
for part in ../lib/image ../lib/settings ../lib/certificates ../lib/apt files; do source "$part.sh"; done
read_network_settings "$2"
CERTIFICATES=$(extra_certificates "${NETWORK[CA_FILE]}")
write_image_files "$3"
"""


def launcher(network, *arguments, timeout):
    """Runs ./daytona on the company's host, with nothing of the caller's environment but where the JDK is."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "JAVA_HOME") if name in os.environ}
    return subprocess.run(network.enter(str(platform.ROOT / "daytona"), *arguments), env=kept, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)


def end_early(*_):
    """Ends the tests by an exception that unittest lets pass; timeout(1) signals twice, and the second must not end the cleaning up."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


class NetworkSettings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # A run that takes too long is told so by SIGTERM, and must not leave the platform behind.
        signal.signal(signal.SIGTERM, end_early)
        atexit.register(cls.clean_up)
        cls.addClassCleanup(shutil.rmtree, WORK, ignore_errors=True)
        WORK.chmod(0o755)
        cls.network = CompanyNetwork(WORK)
        cls.addClassCleanup(cls.network.stop)
        cls.network.start()
        cls.settings = {
            "APT_MIRROR": cls.network.mirror + "/debian",
            "PIP_INDEX_URL": cls.network.mirror + "/pypi/simple",
            "HTTP_PROXY": cls.network.proxy,
            "HTTPS_PROXY": cls.network.proxy,
            "NO_PROXY": f"localhost,127.0.0.1,::1,10.0.0.0/8,.{DOMAIN}",
            "CA_FILE": str(cls.network.ca_file),
        }
        options = [f"--server-option=DAYTONA_SERVER_NETWORK_{key}={value}" for key, value in cls.settings.items()]
        cls.addClassCleanup(cls.purge)
        began = time.monotonic()
        done = launcher(cls.network, "up", "--data-dir", str(DATA), "--api-port", "0", "--proxy-port", "0", "--pool-size", "4",
                        "--bind", cls.network.inside, *options, timeout=900)
        assert done.returncode == 0, done.stdout[-4000:]
        print(f"== ./daytona up with its image build: {time.monotonic() - began:.0f} s")
        cls.up_output = done.stdout
        cls.build_requests = cls.network.requests()
        environment = launcher(cls.network, "env", "--data-dir", str(DATA), timeout=20).stdout
        for name, value in re.findall(r"^export (\w+)=(\S+)$", environment, re.MULTILINE):
            os.environ[name] = value
        cls.sandbox = platform.create()

    @classmethod
    def clean_up(cls):
        """What unittest does at the end of a class, for one that was interrupted."""
        cls.doClassCleanups()
        for _, error, _ in cls.tearDown_exceptions:
            print(f"cleaning up: {error!r}", file=sys.stderr)

    @classmethod
    def purge(cls):
        if DATA.exists():
            done = launcher(cls.network, "down", "--purge", "--data-dir", str(DATA), timeout=120)
            assert done.returncode == 0, done.stdout[-4000:]

    def write_settings(self, name, settings):
        (WORK / name).write_text("".join(f"DAYTONA_SERVER_NETWORK_{key}={value}\n" for key, value in settings.items()))

    def inside(self, command):
        """Output of a shell command in the sandbox, and the requests it led to."""
        before = len(self.network.requests())
        answer = platform.execute(self.sandbox, command, timeout=150)
        requests = self.network.requests(before)
        self.assertEqual(0, answer["exitCode"], (answer["result"][-3000:], requests[-20:]))
        return answer["result"], requests

    def assert_seen(self, pattern, requests, at_least=1):
        seen = [line for line in requests if re.search(pattern, line)]
        self.assertGreaterEqual(len(seen), at_least, (pattern, requests[:10], requests[-20:]))

    def assert_not_seen(self, pattern, requests):
        self.assertEqual([], [line for line in requests if re.search(pattern, line)])

    def tunnel(self, name):
        """Pattern of a CONNECT to the registry of that name."""
        parts = urllib.parse.urlsplit(self.network.sources[name])
        return rf"^proxy CONNECT {re.escape(parts.hostname)}:{parts.port or 443} 200$"

    def test_image_was_built_through_mirror_and_proxy(self):
        self.assertIn("Hello from Python", self.up_output)
        self.assertIn("downloading packages", self.up_output)
        self.assert_seen(r"^mirror GET /debian/pool/\S+\.deb 200$", self.build_requests, at_least=100)
        for suite in ("debian/dists/trixie", "debian/dists/trixie-updates", "debian-security/dists/trixie-security"):
            self.assert_seen(rf"^mirror GET /{suite}/InRelease 200$", self.build_requests)
        self.assert_seen(self.tunnel("npm"), self.build_requests)
        self.assert_not_seen(r"^proxy .*(\.deb |mirror\.)", self.build_requests)

    def test_image_build_by_the_proxy_alone(self):
        """Without a mirror, the packages come through the proxy, too. The build is ended when enough of them have: the rest is the same."""
        settings = {key: self.settings[key] for key in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "CA_FILE")}
        self.write_settings("proxy.conf", settings)
        target = WORK / "images"
        target.mkdir()
        shutil.chown(target, "daytona", "daytona")
        before = len(self.network.requests())
        user = ["setpriv", "--reuid", "daytona", "--regid", "daytona", "--clear-groups", "--inh-caps=-all"]
        build = subprocess.Popen(
            self.network.enter(*user, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", str(DATA / "app/current/images/default/build"),
                               "--out", str(target), "--settings", str(WORK / "proxy.conf")),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            platform.eventually(
                lambda: len([line for line in self.network.requests(before) if re.search(r"^proxy GET http://\S+\.deb 200$", line)]) >= 20,
                60, "20 packages through the proxy")
        finally:
            build.terminate()
            status = build.wait(60)
        self.assertEqual(143, status)
        self.assertEqual([".lock"], os.listdir(target))
        self.assert_not_seen(r"^mirror ", self.network.requests(before))

    def test_there_is_no_other_way_out(self):
        """Otherwise the other tests would prove nothing."""
        parts = urllib.parse.urlsplit(self.network.sources["npm"])
        port = parts.port or 443
        address = socket.getaddrinfo(parts.hostname, port, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
        socket.create_connection((address, port), 10).close()
        connect = f"import socket; socket.create_connection(('{address}', {port}), 3)"
        on_host = subprocess.run(self.network.enter("/usr/bin/python3", "-c", connect), capture_output=True, text=True, timeout=20)
        self.assertIn("Network is unreachable", on_host.stderr)
        in_sandbox = platform.execute(self.sandbox, f'python3 -c "{connect}"', timeout=20)
        self.assertNotEqual(0, in_sandbox["exitCode"], in_sandbox)

    def test_apt_by_the_mirror(self):
        output, requests = self.inside(
            "sudo apt-get -qq update && sudo apt-get -qq install -y --no-install-recommends hello 2>&1 && hello")
        self.assertIn("Hello, world!", output)
        self.assert_seen(r"^mirror GET /debian/dists/trixie/InRelease (200|304)$", requests)
        self.assert_seen(r"^mirror GET /debian-security/dists/trixie-security/InRelease (200|304)$", requests)
        self.assert_seen(r"^mirror GET /debian/pool/main/h/hello/hello_\S+\.deb 200$", requests)
        self.assert_not_seen(r"^proxy ", requests)

    def test_pip_by_the_mirror(self):
        output, requests = self.inside("pip install --no-input six==1.16.0 2>&1 && python -c 'import six; print(six.__version__)'")
        self.assertTrue(output.rstrip().endswith("1.16.0"), output)
        self.assert_seen(r"^mirror GET /pypi/simple/six/ 200$", requests)
        self.assert_seen(r"^mirror GET /pypi/files/\w+/six-1\.16\.0\S*\.whl 200$", requests)
        self.assert_not_seen(r"^proxy ", requests)

    def test_npm_through_the_proxy(self):
        output, requests = self.inside("npm install -g --silent semver@7.7.3 && semver v1.2.3")
        self.assertIn("1.2.3", output)
        self.assert_seen(self.tunnel("npm"), requests)

    def test_other_programs_use_the_proxy_and_trust_the_authority(self):
        """curl, Python's requests and Node by variables; sudo keeps them."""
        npm, mirror = self.network.sources["npm"], self.network.mirror + "/debian/dists/trixie/InRelease"
        for program in ("curl -sSf -o /dev/null", "sudo curl -sSf -o /dev/null"):
            _, requests = self.inside(f"{program} {npm}semver")
            self.assert_seen(self.tunnel("npm"), requests)
        _, requests = self.inside(f"python -c \"import requests; requests.get('{npm}semver').raise_for_status()\"")
        self.assert_seen(self.tunnel("npm"), requests)
        for program in ("curl -sSf -o /dev/null {}", "python -c \"import requests; requests.get('{}').raise_for_status()\"",
                        "node -e \"fetch('{}').then(r => process.exit(r.ok ? 0 : 1))\""):
            _, requests = self.inside(program.format(mirror))
            self.assertEqual(["mirror GET /debian/dists/trixie/InRelease 200"], requests)

    def test_the_second_set_up(self):
        """No Debian mirror and no package index, but an npm registry. The files are those that a build writes for these settings."""
        settings = {**self.settings, "NPM_REGISTRY": self.network.mirror + "/npm/"}
        del settings["APT_MIRROR"], settings["PIP_INDEX_URL"]
        self.write_settings("second.conf", settings)
        files = WORK / "second"
        files.mkdir()
        run("bash", "-c", NEW_FILES, "files", str(platform.ROOT), str(WORK / "second.conf"), str(files))
        packed = subprocess.run(["tar", "-C", str(files / "root"), "-czf", "-", "etc/apt", "etc/pip.conf", "etc/npmrc"],
                                capture_output=True, check=True, timeout=20).stdout
        self.inside("sudo rm -f /etc/apt/sources.list.d/* && "
                    f"echo {base64.b64encode(packed).decode()} | base64 -d | sudo tar -xz --no-same-owner -C / && "
                    f"echo 'deb {self.network.sources['debian']} trixie main' | sudo tee /etc/apt/sources.list")

        output, requests = self.inside(
            "sudo apt-get -qq update && sudo apt-get -qq install -y --no-install-recommends tree 2>&1 && tree --version")
        self.assertIn("tree v", output)
        by_proxy = r"^proxy (GET \S+/tree_\S+\.deb|CONNECT \S+:443) 200$"
        self.assert_seen(by_proxy, requests)
        self.assert_not_seen(r"^mirror ", requests)

        output, requests = self.inside(
            "pip install --no-input wcwidth==0.2.13 2>&1 && python -c 'import wcwidth; print(wcwidth.__version__)'")
        self.assertTrue(output.rstrip().endswith("0.2.13"), output)
        self.assert_seen(self.tunnel("pypi"), requests)
        self.assert_not_seen(r"^mirror ", requests)

        output, requests = self.inside("npm install -g --silent is-number@7.0.0 && ls /usr/local/lib/node_modules")
        self.assertIn("is-number", output)
        self.assert_seen(r"^mirror GET /npm/is-number 200$", requests)
        self.assert_seen(r"^mirror GET /npm/is-number/-/is-number-7\.0\.0\.tgz 200$", requests)
        self.assert_not_seen(r"^proxy ", requests)
