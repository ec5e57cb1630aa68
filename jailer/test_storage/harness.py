"""A jailer of its own for the tests: data directory, configuration, a layer of busybox and a client.

Instance 52 of the host: user ids, subnet, cgroup and nft table derive from it.
"""

import fcntl
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import threading
import time

BUILD = os.environ.get("JAILER_BUILD", os.path.join(os.path.dirname(__file__), "..", "build"))
INSTANCE = 52
UID = GID = 64052
UID_BASE = 268435456 + INSTANCE * 67108864
CGROUP = f"daytona-{INSTANCE}"
TABLE = f"daytona_{INSTANCE}"

# Serves fd 3 like the agent, but with the simplest protocol: a script until EOF, its output back. What it
# runs has the capabilities and the system call filter of a real sandbox's processes.
STAND_IN_AGENT = r"""
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
int main(void) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(3, 0, 0);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            static char script[65536];
            size_t used = 0;
            ssize_t n;
            while ((n = read(fd, script + used, sizeof script - 1 - used)) > 0)
                used += (size_t)n;
            dup2(fd, 1);
            dup2(fd, 2);
            close(fd);
            signal(SIGCHLD, SIG_DFL);
            execl("/bin/sh", "sh", "-c", script, (char *)0);
            _exit(127);
        }
        close(fd);
    }
}
"""

# probe NUMBER [ARGUMENT…]: makes one system call, prints errno or 0.
PROBE = r"""
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv) {
    long a[7] = {0};
    for (int i = 1; i < argc && i < 8; i++)
        a[i - 1] = (long)strtoul(argv[i], 0, 0);
    long result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
    printf("%d\n", result < 0 ? errno : 0);
}
"""


def compile_static(source):
    with tempfile.TemporaryDirectory() as directory:
        target = os.path.join(directory, "program")
        subprocess.run(["cc", "-static", "-O2", "-o", target, "-x", "c", "-"], input=source, text=True,
                       check=True, timeout=120)
        with open(target, "rb") as file:
            return file.read()


def run(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120,
                          **options).stdout


class JailerError(Exception):
    def __init__(self, line):
        super().__init__(line)
        _, self.code, self.message = line.split(" ", 2)


class Client:
    """One connection, as the user daytona."""

    identity = threading.Lock()

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(120)
        with self.identity:  # of the whole process; SO_PEERCRED is taken at connect
            os.setegid(GID)
            os.seteuid(UID)
            try:
                self.socket.connect(path)
            except OSError:
                self.socket.close()
                raise
            finally:
                os.seteuid(0)
                os.setegid(0)
        self.stream = self.socket.makefile("rb")

    def close(self):
        self.stream.close()
        self.socket.close()

    def send(self, line, payload=b""):
        self.socket.sendall(line.encode() + b"\n" + payload)

    def receive(self):
        line = self.stream.readline().decode().rstrip("\n")
        if not line:
            raise ConnectionError("the jailer closed the connection")
        return line

    def ask(self, line, payload=b""):
        self.send(line, payload)
        answer = self.receive()
        if answer.startswith("error "):
            raise JailerError(answer)
        assert answer == "ok" or answer.startswith("ok "), answer
        return dict(pair.split("=", 1) for pair in answer.split()[1:])

    def list(self):
        self.send("list")
        lines = []
        while (line := self.receive()) != "ok":
            lines.append(line.split())
        return lines


def busybox_tar(extra=()):
    """A root file system with busybox, an unprivileged owner and a set-user-ID file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        def add(name, kind=tarfile.DIRTYPE, mode=0o755, data=b"", uid=0, gid=0, target="", xattrs=None):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.uid, info.gid = kind, mode, uid, gid
            info.size, info.linkname = len(data), target
            for key, value in (xattrs or {}).items():
                info.pax_headers["SCHILY.xattr." + key] = value
            tar.addfile(info, io.BytesIO(data))

        for name in (".", "./bin", "./etc", "./usr", "./usr/bin", "./var", "./var/lib", "./root", "./lib"):
            add(name)
        add("./tmp", mode=0o1777)
        with open("/bin/busybox", "rb") as file:
            add("./bin/busybox", tarfile.REGTYPE, data=file.read())
        for name in ("sh", "ls", "cat", "df", "id", "stat", "mount", "umount", "unshare", "ln", "rm", "sync",
                     "sleep", "mkdir", "chown", "dd", "grep", "touch", "mkfifo", "ip", "cp", "chmod", "find", "fallocate", "nproc", "kill", "ps"):
            add(f"./bin/{name}", tarfile.SYMTYPE, target="busybox")
        add("./etc/passwd", tarfile.REGTYPE, 0o644, b"root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/:/bin/sh\n")
        add("./etc/group", tarfile.REGTYPE, 0o644, b"root:x:0:\nu:x:1000:\n")
        add("./home", uid=1000, gid=1000)
        add("./home/file", tarfile.REGTYPE, 0o4755, b"mine", uid=1000, gid=1000,
            xattrs={"user.mark": "here"})
        add("./dev")
        null = tarfile.TarInfo("./dev/null")
        null.type, null.devmajor, null.devminor = tarfile.CHRTYPE, 1, 3
        tar.addfile(null)
        other = tarfile.TarInfo("./lib/device")
        other.type, other.devmajor, other.devminor = tarfile.CHRTYPE, 1, 3
        tar.addfile(other)
        for arguments in extra:
            add(**arguments)
    return buffer.getvalue()


def loop_names():
    """What every attached loop device of the host is called by whoever attached it."""
    found = []
    for name in os.listdir("/sys/block"):
        information = bytearray(232)  # struct loop_info64
        try:
            with open(f"/dev/{name}", "rb") as file:
                fcntl.ioctl(file, 0x4C05, information)  # LOOP_GET_STATUS64
        except OSError:
            continue  # no loop device, or not attached
        found.append(information[56:120].partition(b"\0")[0].decode("utf-8", "replace"))
    return found


class Jailer:
    gid = GID

    def __init__(self, pool_bytes=1 << 30, filesystem=None):
        # two runs of these tests would take each other's cgroups, links and tables away
        self.turn = open(f"/run/lock/daytona-instance-{INSTANCE}", "w", encoding="ascii")
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        self.data = tempfile.mkdtemp(prefix="dt52-")
        self.image = None
        if filesystem:
            self.image = self.data + ".img"
            with open(self.image, "wb") as file:
                file.truncate(2 << 30)
            run(*filesystem, self.image)
            run("mount", "-o", "loop", self.image, self.data)
        os.chmod(self.data, 0o755)
        self.app = os.path.join(self.data, "app", "test")
        os.makedirs(os.path.join(self.app, "bin"))
        shutil.copytree(os.path.join(BUILD, "seccomp"), os.path.join(self.app, "seccomp"))
        self.put_agent()
        self.conf = os.path.join(self.data, "jailer.conf")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(f"data={self.data}\napp={self.app}\nuid={UID}\ngid={GID}\ninstance={INSTANCE}\n"
                       f"uid_base={UID_BASE}\nsubnet=10.213.{4 * INSTANCE}.0\ncgroup={CGROUP}\n"
                       f"nft_table={TABLE}\nveth_prefix=dt{INSTANCE}s\npool_bytes={pool_bytes}\n"
                       "runtime=/usr/bin/crun\n")
        os.chmod(self.conf, 0o644)
        self.process = None

    def set_pool_bytes(self, pool_bytes):
        with open(self.conf, encoding="ascii") as file:
            text = re.sub(r"(?m)^pool_bytes=.*$", f"pool_bytes={pool_bytes}", file.read())
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(text)

    def put_agent(self):
        target = os.path.join(self.app, "bin", "agent")
        with open(target, "wb") as file:
            file.write(compile_static(STAND_IN_AGENT))
        os.chmod(target, 0o755)

    @property
    def socket_path(self):
        return os.path.join(self.data, "run", "jailer.sock")

    def start(self, prefix=()):
        """prefix: a command that ends in running the jailer in its own place."""
        log = open(os.path.join(self.data, "log"), "ab")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [*prefix, os.path.join(BUILD, "jailer"), "--conf", self.conf, "--foreground"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        deadline = time.monotonic() + 60
        while True:
            try:
                # an answer, not only a connection: a dying child of a killed jailer holds the old socket
                self.ask("hello")
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the jailer does not start: {self.log()}") from None
                time.sleep(0.01)

    def log(self):
        with open(os.path.join(self.data, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def client(self):
        return Client(self.socket_path)

    def ask(self, line, payload=b""):
        client = self.client()
        try:
            return client.ask(line, payload)
        finally:
            client.close()

    def list(self):
        client = self.client()
        try:
            return client.list()
        finally:
            client.close()

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    def purge(self):
        return subprocess.run([os.path.join(BUILD, "jailer"), "--conf", self.conf, "--purge"],
                              capture_output=True, text=True, timeout=120, check=False)

    def remove(self):
        self.stop()
        result = self.purge()
        if self.image:
            run("umount", self.data)
            os.unlink(self.image)
        leftovers = self.leftovers()
        shutil.rmtree(self.data)
        self.turn.close()
        if result.returncode != 0 or leftovers:
            raise AssertionError(f"purge {result.returncode} {result.stderr} left {leftovers}")

    def inside_pin(self, *argv):
        """Runs a program of the host in the pinned mount namespace."""
        return run("nsenter", f"--mount={self.data}/ns/mnt", *argv)

    def agent(self, sandbox, script):
        """Runs a script as a child of PID 1 and returns its output."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(60)
            client.connect(os.path.join(self.data, "run", "a", sandbox))
            client.sendall(script.encode())
            client.shutdown(socket.SHUT_WR)
            output = b""
            while chunk := client.recv(65536):
                output += chunk
        return output.decode().strip()

    @staticmethod
    def exec(pid, *argv, check=True):
        """Runs a program of the sandbox in the sandbox."""
        result = subprocess.run(
            ["nsenter", "-t", str(pid), "-U", "-m", "-n", "-p", "-i", "-u", "-C", "-r", "-w", "--setuid",
             "0", "--setgid", "0", *argv],
            capture_output=True, text=True, timeout=60, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"{argv}: {result.returncode} {result.stdout} {result.stderr}")
        return result.stdout.strip() if check else result

    def leftovers(self):
        """What of this instance stays on the host; the kernel detaches a loop device in the background."""
        deadline = time.monotonic() + 10
        while (left := self.find()) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    def find(self):
        with open("/proc/self/mountinfo", encoding="ascii") as file:
            left = [line for line in file if self.data in line]
        # the data directory's own image belongs to this harness, and any mount namespace made
        # meanwhile by somebody else may hold it a little longer
        left += [name for name in loop_names() if name.startswith(f"daytona-{INSTANCE}/")]
        left += [name for name in os.listdir("/sys/class/net") if name.startswith(f"dt{INSTANCE}s")]
        for top, names, _ in os.walk("/sys/fs/cgroup"):
            left += [os.path.join(top, name) for name in names if name == CGROUP]
            if top.count("/") >= 4:
                names.clear()
        tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=False)
        left += [line for line in tables.stdout.splitlines() if line.split()[-1] == TABLE]
        return left
