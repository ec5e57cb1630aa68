"""`./daytona up` on machines that lack something it cannot install: says exactly what to install, stops, and has changed nothing.

Each case is a real run in a mount namespace in which this machine looks like the other one. The commands that are printed are carried out
there, too, with apt-get only simulated and the download of the JDK answered from a file.
"""

import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
JVM = "/usr/lib/jvm"
DPKG_STATUS = "/var/lib/dpkg/status"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n'
FEDORA = 'NAME="Fedora Linux"\nVERSION="41 (Server Edition)"\nID=fedora\nVERSION_ID=41\nPRETTY_NAME="Fedora Linux 41 (Server Edition)"\n'
OLD_UBUNTU = 'PRETTY_NAME="Ubuntu 20.04.6 LTS"\nNAME="Ubuntu"\nVERSION_ID="20.04"\nID=ubuntu\nID_LIKE=debian\n'
ARCH = 'NAME="Arch Linux"\nPRETTY_NAME="Arch Linux"\nID=arch\n'
ALPINE = 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.21.0\nPRETTY_NAME="Alpine Linux v3.21"\n'
# A terminal of 24 rows and 80 columns.
ROWS, COLUMNS = 24, 80

# Carries out printed commands: packages are only simulated, the download is a file, and the last command only looks.
REHEARSAL = """
set -euo pipefail
apt-get() { [[ $1 == update ]] || command apt-get --simulate "$@"; }
curl() { [[ ${!#} == https://* ]] && cat "$DOWNLOAD"; }
sudo() { "$@"; }
eval "${COMMANDS%./daytona up*}"
[[ $COMMANDS == *"./daytona up" ]] && ./daytona doctor
"""


class Machine:
    """This machine with some of its files replaced."""

    def __init__(self, work):
        self.work = work
        self.mounts = []
        self.user = []
        self.environment = {"PATH": SYSTEM_PATH, "HOME": "/nonexistent", "TMPDIR": str(work / "tmp")}
        for engine in ("docker", "podman"):
            self.without(f"/usr/bin/{engine}")

    def file(self, target, text):
        """Replaces a file."""
        source = self.work / ("file" + str(len(self.mounts)))
        source.write_text(text)
        source.chmod(0o644)
        self.mounts.append(f"mount --bind {source} {target}")
        return self

    def distribution(self, text):
        # Debian's is a link to the file below /usr/lib; mount follows it.
        return self.file("/etc/os-release", text)

    def without_jdk(self):
        """No JDK 25 anywhere; there is a 17."""
        old = f"{JVM}/java-17"
        self.mounts += [
            f"mount -t tmpfs none {JVM}", f"mkdir -p {old}/bin", f"cp /bin/true {old}/bin/java", f"cp /bin/true {old}/bin/javac",
            f"echo 'JAVA_VERSION=\"17.0.1\"' > {old}/release",
        ]
        self.environment["JAVA_HOME"] = old
        return self

    def without_packages(self, *names):
        """Debian packages that dpkg does not know as installed."""
        paragraphs = pathlib.Path(DPKG_STATUS).read_text().split("\n\n")
        kept = [text for text in paragraphs if text.split("\n")[0].removeprefix("Package: ") not in names]
        assert len(kept) == len(paragraphs) - len(names), names
        return self.file(DPKG_STATUS, "\n\n".join(kept))

    def with_kernel(self, release):
        self.program("uname", f"#!/bin/sh\n[ \"$1\" = -r ] && echo {release} || exec /usr/bin/uname \"$@\"\n")
        return self

    def program(self, name, text):
        """A program that is found before this machine's."""
        tools = self.work / "tools"
        tools.mkdir(exist_ok=True)
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
        self.environment["PATH"] = f"{tools}:{SYSTEM_PATH}"

    def without(self, program):
        """A file in its place that nobody can execute."""
        if os.path.exists(program):
            self.file(program, "")

    def without_sudo(self):
        self.without("/usr/bin/sudo")
        return self

    def with_sudo(self):
        self.program("sudo", "#!/bin/sh\nexit 1\n")
        return self

    def as_nobody(self):
        self.user = NOBODY
        return self

    def run(self, *command, user=None, **environment):
        user = self.user if user is None else user
        script = "\n".join(["set -e", *self.mounts, "exec " + shlex.join([*user, *command])])
        return subprocess.run(["unshare", "--mount", "bash", "-c", script], env={**self.environment, **environment},
                              cwd=self.work / "checkout", stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest() if os.path.exists(path) else None


def tree(directory):
    return sorted(str(path) for path in pathlib.Path(directory).rglob("*"))


class Hosts(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="dhost."))
        self.addCleanup(shutil.rmtree, self.work)
        self.work.chmod(0o755)
        checkout = self.work / "checkout"
        checkout.mkdir()
        shutil.copy(ROOT / "daytona", checkout)
        shutil.copytree(ROOT / "launcher", checkout / "launcher")
        (self.work / "tmp").mkdir(mode=0o777)
        (self.work / "tmp").chmod(0o1777)
        self.machine = Machine(self.work)

    def state(self):
        """What a half-done `up` would have changed."""
        files = ["/etc/passwd", "/etc/group", "/etc/subuid", "/etc/subgid", DPKG_STATUS]
        directories = ["/etc/daytona", "/var/lib/daytona", self.work / "checkout", self.work / "tmp"]
        return [digest(file) for file in files] + [tree(directory) for directory in directories]

    def refusal(self):
        """What `up` prints on the machine, after checks that are the same for all."""
        before = self.state()
        done = self.machine.run("./daytona", "up", "--data-dir", str(self.work / "data"))
        self.assertEqual(before, self.state())
        self.assertFalse((self.work / "data").exists())
        self.assertEqual((1, ""), (done.returncode, done.stdout), done.stderr)
        rows = sum(1 + max(0, len(line) - 1) // COLUMNS for line in done.stderr.splitlines())
        self.assertLess(rows, ROWS, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        return done.stderr

    def commands(self, text):
        """The indented lines of the second part."""
        lines = text.split("\n\n", 1)[1].splitlines()
        return "\n".join(line[2:] for line in lines if line.startswith("  ") and "https://www." not in line)

    def rehearse(self, text):
        """Carries out the printed commands as root of the machine, and returns what `./daytona doctor` says then."""
        download = self.work / "download.tar.gz"
        if not download.exists():
            stub = self.work / "jdk-25.0.9+1"
            (stub / "bin").mkdir(parents=True)
            (stub / "release").write_text('JAVA_VERSION="25.0.9"\n')
            for name in ("java", "javac"):
                shutil.copy("/bin/true", stub / "bin" / name)
            subprocess.run(["tar", "-C", self.work, "-czf", download, stub.name], check=True, timeout=20)
        return self.machine.run("bash", "-c", REHEARSAL, user=[], COMMANDS=self.commands(text), DOWNLOAD=str(download))

    def test_other_distributions(self):
        for text, name in ((ARCH, "Arch Linux"), (OLD_UBUNTU, "Ubuntu 20.04.6 LTS"), (ALPINE, "Alpine Linux v3.21")):
            with self.subTest(name):
                self.machine = Machine(self.work).distribution(text)
                printed = self.refusal()
                self.assertRegex(printed, rf"  - Debian 12 or 13, Ubuntu .*, or Fedora .*: this is {re.escape(name)}\n")
                self.assertIn("prepared for those alone", printed)
                for package in ("crun", "mmdebstrap", "maven", "xfsprogs"):
                    self.assertRegex(printed, rf"\b{package}\b")
                self.assertIn("/25/ga/linux/", printed)
                self.assertNotIn("- root", printed)

    def test_another_distribution_with_docker(self):
        self.machine.distribution(ARCH).program("docker", "#!/bin/sh\nexit 1\n")
        printed = self.refusal()
        self.assertIn("  docker run -d --name daytona --privileged ", printed)
        self.assertNotIn("apt-get", printed)

    def test_an_ubuntu_whose_kernel_is_too_old(self):
        self.machine.distribution(UBUNTU.replace("24.04", "22.04")).with_kernel("5.15.0-119-generic")
        printed = self.refusal()
        self.assertEqual(["  - Linux 6.1 or newer: this is 5.15.0-119-generic"], [line for line in printed.splitlines() if line.startswith("  - ")])
        self.assertEqual(
            ["apt-get update", "apt-get install -y --no-install-recommends linux-generic-hwe-22.04", "reboot", "./daytona up"],
            self.commands(printed).splitlines())

    def test_doctor_on_a_fedora(self):
        self.machine.distribution(FEDORA).program("rpm", "#!/bin/sh\n[ \"$3\" != crun ]\n")
        done = self.machine.run("./daytona", "doctor", "--json", "--data-dir", str(self.work / "data"))
        told = json.loads(done.stdout)
        self.assertEqual((1, "missing"), (done.returncode, told["state"]), done.stderr)
        found = {check["id"]: check for check in told["checks"]}
        self.assertEqual("packages: crun", found.pop("packages")["title"])
        self.assertEqual({"ok"}, {check["state"] for check in found.values()}, found)
        self.assertFalse((self.work / "data").exists())

    def test_a_data_directory_in_memory_that_is_too_small(self):
        (self.work / "data").mkdir()
        self.machine.mounts.append(f"mount -t tmpfs -o size=1900M none {self.work}/data")
        done = self.machine.run("./daytona", "up", "--data-dir", f"{self.work}/data/d")
        self.assertEqual((1, ""), (done.returncode, done.stdout), done.stderr)
        self.assertEqual(f"error: less than 2 GiB are free for {self.work}/data/d, which is in memory; make room there, or choose another place with --data-dir\n", done.stderr)
        done = self.machine.run("./daytona", "up", "--pool-size", "4", "--data-dir", f"{self.work}/data/d")
        self.assertEqual((1, ""), (done.returncode, done.stdout), done.stderr)
        self.assertRegex(done.stderr, f"^error: a pool of 4 GiB does not fit into {self.work}/data/d, which is in memory: 32[0-9]{{2}} MiB are missing; choose less with --pool-size, ")
        done = self.machine.run("./daytona", "doctor", "--data-dir", f"{self.work}/data/d")
        self.assertRegex(done.stdout, f"(?m)^warning +{self.work}/data/d is on a disk\n +it is in memory: .*\n +choose a directory on a disk with --data-dir$")
        self.assertEqual([], tree(self.work / "data"))

    def test_commands_for_a_debian_in_its_place(self):
        """They are right on a Debian: this machine, with the JDK hidden."""
        self.machine.distribution(ARCH)
        printed = self.refusal()
        self.machine = Machine(self.work).without_jdk()
        done = self.rehearse(printed)
        self.assertIn(f"ok       JDK 25 ({JVM}/jdk-25.0.9+1)", done.stdout, done.stderr)

    def test_without_a_jdk_25(self):
        self.machine.without_jdk()
        printed = self.refusal()
        self.assertIn("a JDK 25 with javac that every user can run: none in JAVA_HOME, on the PATH or below /usr/lib/jvm", printed)
        self.assertNotIn("apt-get", printed)
        self.assertNotIn("sudo", printed)
        done = self.rehearse(printed)
        self.assertIn(f"ok       JDK 25 ({JVM}/jdk-25.0.9+1)", done.stdout, done.stderr)

    def test_a_jdk_25_that_only_root_can_run(self):
        self.machine.without_jdk()
        closed = self.work / "closed"
        (closed / "jdk" / "bin").mkdir(parents=True)
        (closed / "jdk" / "release").write_text('JAVA_VERSION="25.0.1"\n')
        for name in ("java", "javac"):
            shutil.copy("/bin/true", closed / "jdk" / "bin" / name)
        closed.chmod(0o700)
        self.machine.environment["JAVA_HOME"] = str(closed / "jdk")
        printed = self.refusal()
        self.assertIn(f"{closed}/jdk is closed to others", printed)
        done = self.rehearse(printed)
        self.assertIn(f"ok       JDK 25 ({JVM}/jdk-25)", done.stdout, done.stderr)

    def test_without_root(self):
        self.machine.as_nobody().with_sudo()
        printed = self.refusal()
        self.assertEqual("sudo ./daytona up", self.commands(printed))
        self.assertEqual(["  - root"], [line for line in printed.splitlines() if line.startswith("  - ")])

    def test_without_root_and_without_sudo(self):
        self.machine.as_nobody().without_sudo()
        printed = self.refusal()
        self.assertIn("as root (su -)", printed)
        self.assertEqual("./daytona up", self.commands(printed))

    def test_without_root_and_packages(self):
        self.machine.as_nobody().with_sudo().without_packages("crun", "uidmap")
        printed = self.refusal()
        self.assertEqual(
            ["sudo apt-get update", "sudo apt-get install -y --no-install-recommends crun uidmap", "sudo ./daytona up"],
            self.commands(printed).splitlines())
        done = self.rehearse(printed)
        self.assertRegex(done.stdout, r"Inst crun ", done.stderr)
        self.assertRegex(done.stdout, r"Inst uidmap ", done.stderr)

    def test_without_anything(self):
        """Everything at once is still one screen."""
        self.machine.as_nobody().without_sudo().without_jdk().distribution(ALPINE)
        printed = self.refusal()
        for lack in ("- root", "- Debian 12", "- a JDK 25"):
            self.assertIn(lack, printed)

    def test_without_root_and_jdk_and_packages(self):
        self.machine.as_nobody().with_sudo().without_jdk().without_packages("crun", "uidmap", "xfsprogs", "nftables")
        printed = self.refusal()
        self.assertIn("sudo tar -xz", printed)
        done = self.rehearse(printed)
        self.assertIn(f"ok       JDK 25 ({JVM}/jdk-25.0.9+1)", done.stdout, done.stderr)
