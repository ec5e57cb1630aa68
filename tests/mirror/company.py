"""A host whose only way out is a company's proxy and mirrors: a network namespace with one link, no default route, and the company's names.

The platform runs in the namespace; proxy, mirror and name server run outside, at the other end of the link, where the registries are
reachable. What does not go through them goes nowhere, whichever program asks.
"""

import json
import os
import pathlib
import subprocess

DOMAIN = "company.test"
# Ends with its standard input, not by a signal to the tests' process group, which needs it for cleaning up.
APART = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
PIP_WHEELS = pathlib.Path("/usr/share/python-wheels")


def run(*command, **options):
    """Output of a program that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout.strip()


def registries():
    """Where this host's own tools fetch from: the mirror's sources, also where the host itself sits behind others."""
    addresses = run("apt-get", "update", "--print-uris").splitlines()
    archives = [line.split("'")[1].partition("/dists/")[0] for line in addresses if "InRelease'" in line]
    wheel = next(PIP_WHEELS.glob("pip-*.whl"))
    python = ["/usr/bin/python3", "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"]
    return {
        "debian": next(url for url in archives if url.endswith("/debian")),
        "debian-security": next(url for url in archives if url.endswith("-security")),
        "pypi": os.environ.get("PIP_INDEX_URL") or run(*python, env={**os.environ, "PYTHONPATH": str(wheel)}),
        "npm": run("npm", "config", "get", "registry"),
    }


class CompanyNetwork:
    """The namespace, the link, the certificate authority, and the process with proxy and mirror."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.sources = registries()
        number = os.getpid() % 256
        # RFC 2544: addresses for tests, which no network of a company has.
        self.outside, self.inside = f"198.18.{number}.1", f"198.18.{number}.2"
        self._link = f"co{os.getpid()}"
        self._holder = self._services = None
        self.log = self.directory / "requests.log"
        self.log.touch()

    def start(self):
        resolver = self.directory / "resolv.conf"
        resolver.write_text(f"nameserver {self.outside}\n")
        resolver.chmod(0o644)
        prepare = f"mount --bind {resolver} /etc/resolv.conf && ip link set lo up && echo up && exec cat"
        self._holder = subprocess.Popen(["unshare", "--net", "--mount", "sh", "-c", prepare], **APART)
        assert self._holder.stdout.readline() == "up\n"
        run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "uplink", "netns", str(self._holder.pid))
        run("ip", "addr", "add", self.outside + "/30", "dev", self._link)
        run("ip", "link", "set", self._link, "up")
        run(*self.enter("ip", "addr", "add", self.inside + "/30", "dev", "uplink"))
        run(*self.enter("ip", "link", "set", "uplink", "up"))
        self._make_certificates()
        command = ["/usr/bin/python3", "-m", "mirror", "--address", self.outside, "--domain", DOMAIN, "--log", str(self.log),
                   "--certificate", str(self.directory / "mirror.pem")]
        for name, url in self.sources.items():
            command += ["--" + name, url]
        self._services = subprocess.Popen(command, cwd=pathlib.Path(__file__).resolve().parent.parent, **APART)
        ports = json.loads(self._services.stdout.readline())
        self.proxy = f"http://proxy.{DOMAIN}:{ports['proxy']}"
        self.mirror = f"https://mirror.{DOMAIN}:{ports['mirror']}"

    def _make_certificates(self):
        """A CA of the company, which nobody trusts without being told, and the mirror's certificate."""
        place = {"cwd": self.directory}
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        run("openssl", "req", "-x509", *key, "-days", "2", "-subj", "/CN=Company CA", "-keyout", "ca.key", "-out", "ca.pem", **place)
        run("openssl", "req", *key, "-subj", "/CN=mirror", "-keyout", "mirror.key", "-out", "mirror.csr", **place)
        (self.directory / "names").write_text(f"subjectAltName=DNS:mirror.{DOMAIN}\n")
        run("openssl", "x509", "-req", "-in", "mirror.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "names", "-out", "mirror.crt", **place)
        join(self.directory / "mirror.pem", self.directory / "mirror.key", self.directory / "mirror.crt")
        # Behind the proxy, the registries may be reachable by a CA of the host's own.
        self.ca_file = self.directory / "company.pem"
        join(self.ca_file, self.directory / "ca.pem", "/etc/ssl/certs/ca-certificates.crt")
        self.ca_file.chmod(0o644)

    def enter(self, *command):
        """A command line that runs another one on the company's host."""
        return ["nsenter", "--target", str(self._holder.pid), "--net", "--mount", "--", *command]

    def requests(self, start=0):
        """Lines of the log, from the given one on."""
        return self.log.read_text().splitlines()[start:]

    def stop(self):
        for process in (self._services, self._holder):
            if process is None:
                continue
            process.stdin.close()
            process.stdout.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        # The other end goes with the namespace, a moment after its last process.
        subprocess.run(["ip", "link", "del", self._link], capture_output=True, timeout=20, check=False)


def join(target, *sources):
    target.write_text("\n".join(pathlib.Path(source).read_text() for source in sources))
