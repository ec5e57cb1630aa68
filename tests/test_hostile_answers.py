"""What the platform makes of a sandbox that answers as it should not: an agent that lies, file systems that hang, names that are not names."""

import concurrent.futures
import http.client
import os
import pathlib
import re
import socket
import tempfile
import time
import unittest
import urllib.parse

import platform_under_test as platform
from hostile import impostor


class Log:
    """What the platform writes into its logs from now on."""

    def __init__(self):
        self.starts = {file: file.stat().st_size for file in self.files()}

    @staticmethod
    def files():
        return sorted((platform.DATA / "log").glob("*.log"))

    def text(self):
        return b"".join(file.read_bytes()[self.starts.get(file, 0):] for file in self.files())


def resident(pid):
    """MiB of memory that a process holds."""
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) >> 10


def open_files(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


class HostileToPlatform(unittest.TestCase):
    """What the server makes of a sandbox that answers as it should not."""

    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(platform.delete_all)
        cls.bystander = platform.create()

    def setUp(self):
        self.log, self.server = Log(), platform.pid_of("server")
        self.before = resident(self.server), open_files(self.server)
        self.addCleanup(self.unharmed)

    def unharmed(self):
        """The platform is the same process, holds little more than before, and its logs are lines of its own."""
        self.assertEqual(self.server, platform.pid_of("server"))
        self.assertEqual("well\n", platform.output(self.bystander, "echo well", timeout=10))
        self.assertLess(resident(self.server), self.before[0] + 300)
        platform.eventually(lambda: open_files(self.server) < self.before[1] + 50, 10, "end of descriptors")
        text = self.log.text()
        self.assertNotRegex(text, rb"[\x00-\x08\x0b-\x1f\x7f]", "a control character in a log")
        self.assertNotRegex(text, rb"(?m)^\S*FORGED|^2026-01-01 00:00:00", "a line of the sandbox's in a log")

    def request(self, sandbox, method, path, body=None, timeout=20):
        """Status of a request; `cut` when the connection ended without one."""
        try:
            return platform.toolbox(sandbox, method, path, body, timeout=timeout).status
        except TimeoutError:
            return "no answer"
        except (OSError, http.client.HTTPException):
            return "cut"

    def test_an_agent_that_lies(self):
        sandbox = platform.create()
        self.assertEqual("real\n", platform.output(sandbox, "echo real"))
        liar = impostor.Impostor(str(platform.DATA / "run" / "a" / sandbox["id"]), platform.agent_of(sandbox))
        try:
            for behaviour in impostor.BEHAVIOURS:
                with self.subTest(behaviour=behaviour.__name__):
                    liar.become(behaviour)
                    served, began = liar.served, time.monotonic()
                    # For a second after a failure the server does not connect anew.
                    platform.eventually(lambda s=served: self.request(sandbox, "GET", "/files?path=/") and liar.served > s, 10, "connection to the impostor")
                    status = self.request(sandbox, "POST", "/process/execute", {"command": "true"})
                    # An error of the agent's is that of a command that cannot be started: 200 with a status that says so.
                    self.assertIn(status, (200,) if behaviour is impostor.forging else (502, 503), behaviour.__doc__)
                    self.assertEqual("well\n", platform.output(self.bystander, "echo well", timeout=5), "meanwhile")
                    print(f"  agent, {behaviour.__name__:16} {status}  {time.monotonic() - began:4.1f} s  {behaviour.__doc__}")
            liar.become(impostor.garbage)
            name = urllib.parse.quote("FORGED\n2026-01-01 00:00:00 ERROR \x1b[31mred", safe="")

            def logged():
                self.assertEqual(503, self.request(sandbox, "GET", "/process/session/" + name))
                return b"FORGED" in self.log.text()

            # So many lines about one sandbox are written in ten seconds, and no more.
            platform.eventually(logged, 20, "positive control: a line of the log")
        finally:
            liar.close()
        platform.eventually(lambda: self.request(sandbox, "POST", "/process/execute", {"command": "true"}) == 200, 10, "the real agent again")
        self.assertEqual(200, platform.delete(sandbox).status)

    def test_an_agent_that_its_own_root_froze(self):
        """Root inside may move the agent into a cgroup of its own and freeze that."""
        freeze = ("cd /sys/fs/cgroup/freezer 2>/dev/null && mkdir x && echo 1 >x/cgroup.procs && echo FROZEN >x/freezer.state"
                  " || (cd /sys/fs/cgroup && mkdir x && echo 1 >x/cgroup.procs && echo 1 >x/cgroup.freeze)")
        sandbox = platform.create()
        agent = platform.agent_of(sandbox)
        self.request(sandbox, "POST", "/process/execute", {"command": f"sudo setsid sh -c '{freeze}' >/dev/null 2>&1 &"}, timeout=3)
        platform.eventually(lambda: self.request(sandbox, "GET", "/files?path=/", timeout=1) == "no answer", 10, "frozen agent")
        self.assertEqual("well\n", platform.output(self.bystander, "echo well", timeout=5), "another one, meanwhile")
        self.assertEqual(200, platform.delete(sandbox).status)
        platform.eventually(lambda: not pathlib.Path(f"/proc/{agent}").exists() and sandbox["id"] not in platform.host_sandboxes()[1], 10, "end of the sandbox")

    def test_a_file_system_that_never_answers(self):
        """FUSE: whoever looks into it waits until it is killed."""
        sandbox = platform.create()
        platform.put(sandbox, "/tmp/fuse.py", FUSE.encode())
        platform.output(sandbox, "mkdir /tmp/never; sudo sh -c 'nohup python3 /tmp/fuse.py >/tmp/fuse.log 2>&1 &'; for i in $(seq 100); do grep -q /tmp/never /proc/mounts && exit 0; sleep 0.05; done; cat /tmp/fuse.log; exit 1")
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            calls = [("GET", "/files?path=/tmp/never/x", None), ("GET", "/files/download?path=/tmp/never/x", None), ("GET", "/files/info?path=/tmp/never/x", None),
                     ("GET", "/files/search?path=/tmp/never/x&pattern=a", None), ("DELETE", "/files?path=/tmp/never/x", None),
                     ("POST", "/process/execute", {"command": "true", "cwd": "/tmp/never/x", "timeout": 1})]
            waiting = [threads.submit(self.request, sandbox, *one, timeout=2) for one in calls]
            self.assertEqual("well\n", platform.output(sandbox, "echo well", timeout=5), "the same sandbox, meanwhile")
            self.assertEqual("well\n", platform.output(self.bystander, "echo well", timeout=5), "another one, meanwhile")
            self.assertNotIn(200, [one.result() for one in waiting])
            began = time.monotonic()
            self.assertEqual(200, platform.delete(sandbox).status)
            platform.eventually(lambda: sandbox["id"] not in platform.host_sandboxes()[0], 10, "end of the sandbox")
            print(f"  a sandbox with a file system that never answers was removed in {time.monotonic() - began:.1f} s")

    def test_directories_that_are_swapped_while_the_platform_reads(self):
        """A name that is a directory, then a link to the host's directory of a secret."""
        sandbox = platform.create()
        with tempfile.NamedTemporaryFile(prefix="hostile-", dir="/tmp") as secret:
            secret.write(b"of the host")
            secret.flush()
            os.chmod(secret.name, 0o644)
            name = pathlib.Path(secret.name).name
            platform.put(sandbox, "/tmp/swap.py", SWAP.replace("NAME", name).encode())
            platform.output(sandbox, "nohup python3 /tmp/swap.py >/dev/null 2>&1 & sleep 0.1")
            seen = {}
            for number in range(60):
                reply = platform.toolbox(sandbox, "GET", f"/files/download?path=/home/daytona/swap/{name}")
                seen[(reply.status, reply.body if reply.status == 200 else b"")] = number
                platform.toolbox(sandbox, "POST", f"/files/folder?path=/home/daytona/swap/made-{number}&mode=755")
            self.assertEqual({(200, b"of the sandbox"), (200, b"behind the link"), (404, b"")} | set(seen), set(seen) | {(404, b"")}, "both states were met")
            self.assertNotIn(b"of the host", b"".join(body for _, body in seen))
            self.assertFalse(list(pathlib.Path("/tmp").glob("made-*")))
            self.assertEqual(b"of the host", pathlib.Path(secret.name).read_bytes())

    def test_names_that_would_be_lines_and_headers(self):
        sandbox = platform.create()
        name = "FORGED\r\nSet-Cookie: forged=1\r\n\x1b[2J\x07\u202e.txt"
        script = f"import os\nos.makedirs('/tmp/n', exist_ok=True)\nopen('/tmp/n/' + {name!r}, 'w').write('found')\nos.makedirs('/tmp/n/' + {name!r} + '.d')\n"
        platform.put(sandbox, "/tmp/names.py", script.encode())
        platform.output(sandbox, "python3 /tmp/names.py")
        quoted = urllib.parse.quote("/tmp/n/" + name, safe="")
        listing = platform.toolbox(sandbox, "GET", "/files?path=/tmp/n")
        self.assertEqual({name, name + ".d"}, {entry["name"] for entry in listing.json()})
        reply = platform.toolbox(sandbox, "GET", "/files/download?path=" + quoted)
        self.assertEqual((200, b"found"), (reply.status, reply.body))
        self.assertNotIn("Set-Cookie", reply.headers)
        self.assertNotRegex(str(reply.headers), r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
        for method, path in (("GET", "/files/download?path=" + quoted + "none"), ("GET", "/files/info?path=" + quoted + "none"), ("DELETE", "/files?path=" + quoted + "none"),
                             ("POST", f"/files/move?source={quoted}none&destination={quoted}other"),
                             ("GET", f"/process/session/{urllib.parse.quote('FORGED' + chr(10), safe='')}")):
            reply = platform.toolbox(sandbox, method, path)
            self.assertGreaterEqual(reply.status, 400, path)
            self.assertIsInstance(reply.json(), dict)
            self.assertNotIn("Set-Cookie", reply.headers)
        platform.toolbox(sandbox, "GET", f"/files/find?path={quoted}none&pattern=x")
        platform.execute(sandbox, "true", cwd="/tmp/" + name + "none")
        platform.api("GET", "/sandbox/" + urllib.parse.quote("FORGED\n\x1b[31m", safe=""))

    def test_answers_that_never_end(self):
        sandbox = platform.create()
        began = time.monotonic()
        reply = platform.toolbox(sandbox, "POST", "/process/execute", {"command": "yes", "timeout": 1}, timeout=30)
        self.assertLess(time.monotonic() - began, 15)
        self.assertLess(len(reply.body), 64 << 20)
        platform.output(sandbox, "truncate -s 2T endless 2>/dev/null || truncate -s 15T endless")
        parts = urllib.parse.urlsplit(sandbox["toolboxProxyUrl"])
        with socket.create_connection((parts.hostname, parts.port), 5) as client:
            path = f"{parts.path}/{sandbox['id']}/files/download?path=/home/daytona/endless"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {os.environ['DAYTONA_API_KEY']}\r\n\r\n".encode())
            self.assertIn(b"200", client.recv(100))
            for _ in range(200):
                client.recv(65536)
        with socket.create_connection((parts.hostname, parts.port), 5) as client:
            path = f"{parts.path}/{sandbox['id']}/files/download?path=/dev/zero"
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {os.environ['DAYTONA_API_KEY']}\r\n\r\n".encode())
            self.assertRegex(client.recv(100), rb"^HTTP/1.1 4\d\d")

    def test_reboot_and_the_end_of_pid_1(self):
        """What ends its PID 1 ends the sandbox, and nothing else; it can be started again."""
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text()
        for command in ("sudo python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x01234567)'", "sudo kill -TERM 1"):
            with self.subTest(command=command):
                sandbox = platform.create()
                agent = platform.agent_of(sandbox)
                self.request(sandbox, "POST", "/process/execute", {"command": command, "timeout": 5}, timeout=10)
                platform.eventually(lambda a=agent: not pathlib.Path(f"/proc/{a}").exists(), 10, "end of the sandbox's PID 1")
                platform.eventually(lambda s=sandbox: platform.api("GET", "/sandbox/" + s["id"]).json()["state"] == "stopped", 10, "state stopped")
                self.assertEqual("started", platform.api("POST", f"/sandbox/{sandbox['id']}/start").json()["state"])
                self.assertEqual("again\n", platform.output(sandbox, "echo again"))
        self.assertEqual(boot, pathlib.Path("/proc/sys/kernel/random/boot_id").read_text())


# Answers the kernel's greeting and nothing after it.
FUSE = r"""
import ctypes, os, struct
fuse = os.open("/dev/fuse", os.O_RDWR)
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mount(b"never", b"/tmp/never", b"fuse.never", 0, b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % fuse) == 0, ctypes.get_errno()
request = os.read(fuse, 1 << 17)
unique = struct.unpack_from("IIQ", request)[2]
body = struct.pack("IIIIHHIIHHIIHH", 7, 31, 65536, 0, 12, 10, 65536, 1, 32, 0, 0, 0, 0, 0).ljust(64, b"\0")
os.write(fuse, struct.pack("IiQ", 16 + len(body), 0, unique) + body)
while True:
    os.read(fuse, 1 << 17)
"""

SWAP = """
import os
os.makedirs("/home/daytona/real", exist_ok=True)
open("/home/daytona/real/NAME", "w").write("of the sandbox")
open("/tmp/NAME", "w").write("behind the link")
os.symlink("/tmp", "/home/daytona/link")
os.rename("/home/daytona/real", "/home/daytona/swap")
import ctypes
import time
exchange = ctypes.CDLL(None).renameat2
while True:
    time.sleep(0.0005)  # the platform's programs need some of its processor, too
    exchange(-100, b"/home/daytona/swap", -100, b"/home/daytona/link", 2)
"""


if __name__ == "__main__":
    unittest.main()
