"""Debian 12's Docker engine inside a sandbox.

Its packages are unpacked, not installed: on the host that would start an engine, and the sandbox has another Debian. With `DAYTONA_TEST_DOCKER`, a
directory, they are downloaded once.
"""

import hashlib
import os
import pathlib
import subprocess
import tarfile
import tempfile

import platform_under_test as platform
from root_archives import BUSYBOX, Archive

# Programs, and of their libraries those that the default image has not, or not as iptables was built for.
PACKAGES = ("docker.io", "containerd", "runc", "tini", "iptables", "libdevmapper1.02.1", "libmnl0", "libnftnl11", "libxtables12")
NOT_USED = {"containerd-shim", "containerd-shim-runc-v1", "ctr", "dnet", "ovrouter"}
DOCUMENTS = ("etc/", "lib/systemd/", "lib/udev/", "usr/share/", "var/")
FIREWALL = [prefix + suffix for prefix in ("iptables", "ip6tables") for suffix in ("", "-save", "-restore")]
IMAGE = "box"


def engine():
    """Path of a tar of the programs and libraries, for /usr/local."""
    cache = pathlib.Path(os.environ["DAYTONA_TEST_DOCKER"])
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"engine-{hashlib.sha256(repr((PACKAGES, sorted(NOT_USED), DOCUMENTS, FIREWALL)).encode()).hexdigest()[:16]}.tar.gz"
    if not archive.exists():
        with tempfile.TemporaryDirectory(dir=cache) as work:
            made = pathlib.Path(work) / "engine.tar.gz"
            pack(download(work), made)
            made.rename(archive)
    return archive


def download(directory):
    """Debian's packages as files."""
    for command in (("update",), ("download", *PACKAGES)):
        done = subprocess.run(["apt-get", "-q", *command], cwd=directory, timeout=300, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0, f"apt-get {command[0]}: {done.stderr}"
    return sorted(pathlib.Path(directory).glob("*.deb"))


def pack(packages, file):
    """What of the packages is used, without the leading `usr/`, and the names that their installation would link."""
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for package in packages:
            with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpacked:
                with tarfile.open(fileobj=unpacked.stdout, mode="r|") as files:
                    for member in files:
                        name = member.name.removeprefix("./")
                        if not member.isdir() and not name.startswith(DOCUMENTS) and pathlib.Path(name).name not in NOT_USED:
                            member.name = name.removeprefix("usr/")
                            archive.addfile(member, files.extractfile(member) if member.isreg() else None)
                unpacked.stdout.read()  # the padding, without which it would end by a broken pipe
            assert unpacked.returncode == 0, package
        for name in FIREWALL:
            link = tarfile.TarInfo("sbin/" + name)
            link.type, link.linkname = tarfile.SYMTYPE, "xtables-nft-multi"
            archive.addfile(link)


def image():
    """A root of busybox alone."""
    archive = Archive().file("bin/busybox", BUSYBOX)
    for name in subprocess.run([BUSYBOX, "--list"], check=True, timeout=20, capture_output=True, text=True).stdout.split():
        if name != "busybox":
            archive.link("bin/" + name, "busybox")
    return archive.bytes()


class Engine:
    """A sandbox of the default image with an engine that runs and one image."""

    def __init__(self):
        self.sandbox = platform.create()
        platform.put(self.sandbox, "/tmp/engine.tar.gz", engine().read_bytes())
        platform.put(self.sandbox, "/tmp/image.tar", image())
        platform.output(self.sandbox, "sudo tar -C /usr/local -xzf /tmp/engine.tar.gz && sudo ldconfig && rm /tmp/engine.tar.gz", timeout=120)
        self.start()
        self.docker("import /tmp/image.tar " + IMAGE)

    def start(self):
        """Starts it as nothing but `dockerd`, and waits until it answers."""
        # /run of a sandbox outlives its processes, and the number in an old pid file may be another's by now.
        platform.output(self.sandbox, "sudo rm -f /run/docker.pid && sudo XTABLES_LIBDIR=$(echo /usr/local/lib/*/xtables) setsid --fork dockerd >/tmp/dockerd.log 2>&1 </dev/null")
        try:
            platform.eventually(lambda: platform.execute(self.sandbox, "sudo docker version")["exitCode"] == 0, 60, "an engine that answers")
        except AssertionError as error:
            raise AssertionError(platform.output(self.sandbox, "tail -c 3000 /tmp/dockerd.log")) from error

    def docker(self, arguments, status=0):
        """Output of one command of the client, both streams, which must end with a status."""
        answer = platform.execute(self.sandbox, f"sudo docker {arguments} 2>&1", timeout=60)
        assert answer["exitCode"] == status, (arguments, answer)
        return answer["result"].strip()

    def run(self, command, options="", status=0):
        """Output of a container that runs a shell command and is removed."""
        return self.docker(f"run --rm {options} {IMAGE} sh -c '{command}'", status)

    def serve(self, name, text, options=""):
        """A container that answers every request for /index.html with a line."""
        self.docker(f"run -d --name {name} {options} {IMAGE} sh -c 'echo {text} >/index.html; exec httpd -f -p 80 -h /'")
