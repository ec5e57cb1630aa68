"""A jailer of instance 51 over a data directory of its own, and what the tests look at from outside."""

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ.get("JAILER_BUILD", os.path.join(os.path.dirname(__file__), "..", "build"))
UID = GID = 64051  # the unprivileged user of the tests; needs no entry in /etc/passwd
INSTANCE = 51
UID_BASE = 268435456 + INSTANCE * 67108864
PREFIX = f"dt{INSTANCE}s"
TABLE = f"daytona_{INSTANCE}"
CGROUP = f"daytona-{INSTANCE}"
SYSTEM_PYTHON = "/usr/bin/python3"
DEADLINE = 20


def run(*argv, check=True, **options):
    result = subprocess.run(argv, check=False, text=True, capture_output=True, timeout=60, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{argv} ended with {result.returncode}: {result.stderr}")
    return result


def eventually(condition, what, seconds=DEADLINE):
    """Waits for something that the kernel or another process does on its own."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return value


@contextlib.contextmanager
def acting_as(uid, gid=None):
    """Effective ids for a moment: a socket's peer credentials are those at connect."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(gid if gid is not None else uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


class Client:
    """One connection to the jailer."""

    def __init__(self, path, uid=UID, gid=GID):
        self.socket = socket.socket(socket.AF_UNIX)
        try:
            with acting_as(uid, gid):
                self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(DEADLINE)
        self.reader = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        """The next line without its newline; '' when the connection is closed."""
        try:
            line = self.reader.readline()
        except ConnectionResetError:  # closed while it had unread bytes of ours
            return ""
        if line and not line.endswith(b"\n"):
            raise AssertionError(f"half a line: {line!r}")
        return line.decode("ascii").rstrip("\n")

    def ask(self, request):
        self.send(request.encode() + b"\n")
        return self.line()

    def list(self):
        self.send(b"list\n")
        lines = []
        while (line := self.line()) != "ok":
            if line == "" or line.startswith("error"):
                raise AssertionError(f"list answered {line!r}")
            lines.append(line)
        return lines

    def close(self):
        self.reader.close()
        self.socket.close()


class Jailer:
    """Data directory, configuration and process. The agent is any program here: no test of this
    directory starts a sandbox with it."""

    def __init__(self):
        # one test run at a time has this instance of the host
        self.turn = open(f"/run/lock/daytona-instance-{INSTANCE}", "w", encoding="ascii")
        fcntl.flock(self.turn, fcntl.LOCK_EX)
        self.directory = tempfile.mkdtemp(prefix="dt51.", dir="/tmp")
        os.chmod(self.directory, 0o755)
        self.data = os.path.join(self.directory, "d")
        self.app = os.path.join(self.directory, "app")
        self.conf = os.path.join(self.directory, "jailer.conf")
        self.socket = f"{self.data}/run/jailer.sock"
        self.process = None
        os.mkdir(self.data, 0o755)
        os.makedirs(f"{self.app}/bin")
        for name in ("jailer", "supervisor"):
            shutil.copy(os.path.join(BUILD, name), f"{self.app}/bin/{name}")
        shutil.copy("/bin/true", f"{self.app}/bin/agent")
        self.write_conf()

    def values(self):
        return {
            "data": self.data,
            "app": self.app,
            "uid": UID,
            "gid": GID,
            "instance": INSTANCE,
            "uid_base": UID_BASE,
            "subnet": f"10.213.{4 * INSTANCE}.0",
            "cgroup": CGROUP,
            "nft_table": TABLE,
            "veth_prefix": PREFIX,
            "pool_bytes": 1 << 30,
            "runtime": "/usr/bin/crun",
        }

    def write_conf(self, **changes):
        text = "".join(f"{k}={v}\n" for k, v in {**self.values(), **changes}.items())
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.conf, 0o644)

    @property
    def log(self):
        with open(f"{self.directory}/log", encoding="ascii") as file:
            return file.read()

    def start(self):
        with open(f"{self.directory}/log", "ab") as log, open(os.devnull, "rb") as nothing:
            self.process = subprocess.Popen(
                [f"{self.app}/bin/jailer", "--conf", self.conf, "--foreground"],
                stdin=nothing,
                stdout=log,
                stderr=log,
            )
        eventually(self.answers, f"jailer up\n{self.log}")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the jailer ended: {self.log}")
        try:
            client = self.client()
        except (FileNotFoundError, PermissionError, ConnectionRefusedError):
            return False  # the directory is made before it is given to the user
        try:
            return client.ask("hello").startswith("ok protocol=2 ")
        finally:
            client.close()

    def stop(self):
        self.process.terminate()
        self.process.wait(DEADLINE)

    def kill(self):
        self.process.kill()
        self.process.wait(DEADLINE)

    def client(self, uid=UID, gid=GID):
        return Client(self.socket, uid, gid)

    def inside_pin(self, path):
        """A path as the jailer's own mount namespace has it."""
        return f"/proc/{self.process.pid}/root{path}"

    def pinned_mounts(self):
        with open(f"/proc/{self.process.pid}/mountinfo", encoding="ascii") as file:
            return [line.split()[4] for line in file if f" {self.data}/" in line]

    def purge(self):
        return run(f"{self.app}/bin/jailer", "--conf", self.conf, "--purge", check=False)

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.stop()
        purged = self.purge()
        if purged.returncode != 0:
            raise AssertionError(f"purge: {purged.stderr}")
        left = {"links": links(), "cgroups": cgroups(), "table": nft_table()}
        self.discard()
        if left != {"links": [], "cgroups": [], "table": None}:
            raise AssertionError(f"left on the host: {left}")

    def discard(self):
        shutil.rmtree(self.directory)
        self.turn.close()


def links():
    return sorted(name for name in os.listdir("/sys/class/net") if name.startswith(PREFIX))


def cgroups():
    """Directories of this instance's slots, in every hierarchy."""
    found = []
    with open("/proc/self/mountinfo", encoding="ascii") as file:
        mounts = [line.split()[4] for line in file if " - cgroup" in line]
    for mount in mounts:
        parent = os.path.join(mount, CGROUP)
        if os.path.isdir(parent):
            found += [e.path for e in os.scandir(parent) if e.is_dir()]
    return sorted(found)


def nft_table():
    # without the elements of sets: they come and go with connections
    listing = run("nft", "--terse", "list", "table", "inet", TABLE, check=False)
    return listing.stdout if listing.returncode == 0 else None


class JailerTest(unittest.TestCase):
    """One jailer for the tests of a class; afterwards nothing of it is left on the host."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise AssertionError("these tests need root")
        cls.jailer = Jailer()
        cls.addClassCleanup(cls.jailer.remove)
        cls.jailer.start()

    def client(self, **ids):
        client = self.jailer.client(**ids)
        self.addCleanup(client.close)
        return client

    def make_slot(self, client, slot):
        self.assertEqual(f"ok address=10.213.{4 * INSTANCE}.{slot}", client.ask(f"slot-make {slot}"))
        self.addCleanup(self.drop_slot, slot)

    def drop_slot(self, slot):
        client = self.jailer.client()
        try:
            self.assertEqual("ok", client.ask(f"slot-drop {slot}"))
        finally:
            client.close()
