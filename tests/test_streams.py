"""Streams and state of sandboxes while the platform dies and comes back: followers miss nothing, and all goes on.

Restarts the platform under test.
"""

import http.client
import json
import os
import signal
import threading
import time
import unittest
import urllib.error

import platform_under_test as platform
import toolbox_clients as clients
import websocket_client

RATE = 10_000
LINES = 80_000
WRITER = f"""
import sys, time
start = time.monotonic()
for i in range({LINES}):
    sys.stdout.write("%010d\\n" % i)
    if i % {RATE // 100} == 0:
        sys.stdout.flush()
        time.sleep(max(0, start + i / {RATE} - time.monotonic()))
sys.stdout.flush()
with open("/tmp/seconds", "w") as seconds:
    print(time.monotonic() - start, file=seconds)
"""
WAITING = """
import os, time
open("/tmp/waits", "w").close()
while not os.path.exists("/tmp/go"):
    time.sleep(0.05)
end = "finished"
"""
WHOLE = b"".join(b"%010d\n" % i for i in range(LINES))


class Follower(threading.Thread):
    """Reads a log from its beginning to its end, and again from its beginning when the connection is lost."""

    def __init__(self, session, command, plainly):
        super().__init__(daemon=True)
        self.session, self.command, self.plainly = session, command, plainly
        self.text, self.cut, self.failure, self.deadline = b"", [], None, time.monotonic() + 90

    def run(self):
        try:
            while not self.attempt():
                if self.text:
                    self.cut.append(self.text)
                assert time.monotonic() < self.deadline, "never came to the end"
                time.sleep(0.1)  # nothing tells a client when to try again
        except Exception as failure:  # pylint: disable=broad-except  # told by the test
            self.failure = failure

    def attempt(self):
        self.text = b""
        try:
            return self.read_plainly() if self.plainly else self.read_socket()
        except (websocket_client.Refused, urllib.error.HTTPError) as refusal:
            assert refusal.status >= 500, refusal
        except (OSError, http.client.HTTPException):
            pass  # the connection was refused or lost: what counts is the log when it is there again
        return False

    def read_plainly(self):
        with self.session.follow_plainly(self.command) as body:
            while piece := body.read1(65_536):
                self.text += piece
        return self.complete()

    def read_socket(self):
        with self.session.follow(self.command) as socket:
            while isinstance(message := socket.receive(), bytes):
                assert message.startswith(clients.STDOUT), message[:20]
                self.text += message.replace(clients.STDOUT, b"")
        return message[0] == 1000 and self.complete()

    def complete(self):
        """An orderly end is the end of the log; anything less is a loss, not a reason to try again."""
        assert self.text == WHOLE, f"ended orderly after {len(self.text)} of {len(WHOLE)} bytes: …{self.text[-60:]!r}"
        return True


class Logs(unittest.TestCase):
    """10,000 lines a second, told to three followers."""

    def setUp(self):
        self.sandbox = platform.create()
        path = "/files/upload?path=/tmp/writer.py"
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="writer.py"\r\n\r\n' + WRITER.encode() + b"\r\n--b--\r\n"
        reply = platform.toolbox(self.sandbox, "POST", path, body, headers={"Content-Type": "multipart/form-data; boundary=b"})
        self.assertEqual(200, reply.status, reply.body)
        self.session = clients.Session(self.sandbox).create()

    def tearDown(self):
        platform.delete_all()

    def followed(self, disturb=None):
        """Three followers of one writer, with something that happens in the middle."""
        command = self.session.begin("python3 /tmp/writer.py")
        followers = [Follower(self.session, command, plainly) for plainly in (False, False, True)]
        for follower in followers:
            follower.start()
        if disturb:
            platform.eventually(lambda: all(len(f.text) > len(WHOLE) // 8 for f in followers), 60, "an eighth for everybody")
            self.assertNotIn("exitCode", self.session.state(command))
            disturb()
        for follower in followers:
            follower.join(120)
            self.assertFalse(follower.is_alive(), "a follower hangs")
            if follower.failure:
                raise follower.failure
            for text in follower.cut:
                self.assertEqual(WHOLE[:len(text)], text, "what was told before the connection was lost")
        seconds = float(platform.output(self.sandbox, "cat /tmp/seconds"))
        self.assertLess(seconds, 1.5 * LINES / RATE, "the writer was held up")
        self.assertEqual(0, self.session.state(command)["exitCode"])
        self.assertEqual(WHOLE.decode(), self.session.logs(command)["stdout"])
        return followers

    def test_none_is_lost(self):
        for follower in self.followed():
            self.assertEqual([], follower.cut, "the connection was lost")

    def test_none_is_lost_when_the_server_is_killed(self):
        before = platform.pid_of("server")

        def kill():
            os.kill(before, signal.SIGKILL)

        for follower in self.followed(kill):
            self.assertTrue(follower.cut, "the follower saw the server die")
        self.assertNotEqual(before, platform.pid_of("server"))

    def test_none_is_lost_when_the_platform_restarts(self):
        before = platform.pid_of("server")
        for follower in self.followed(clients.restart):
            self.assertTrue(follower.cut, "the follower saw the platform stop")
        self.assertNotEqual(before, platform.pid_of("server"))


class Restart(unittest.TestCase):
    """What there was before `./daytona restart` is there after it."""

    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()
        cls.session = clients.Session(cls.sandbox, "kept").create()
        cls.session.run("export COLOUR=green; cd /var; f() { echo from f; }")
        cls.finished = cls.session.begin("echo done; echo bad >&2; (exit 3)")
        platform.eventually(lambda: "exitCode" in cls.session.state(cls.finished), 20, "the end of the first command")
        cls.running = cls.session.begin("echo ready $$; read -r line; echo got $line")
        platform.eventually(lambda: "ready" in cls.session.logs(cls.running)["stdout"], 20, "the second command")
        cls.terminal = clients.Terminal.create(cls.sandbox, "screen")
        cls.terminal.type("PS1='> '; SHADE=dark; cd /var; printf '\\033[2J\\033[H\\033[31mr''ed\\033[0m\\n'; sleep 600\n")
        cls.terminal.until(rb"\x1b\[31mred\x1b\[0m\r\n")
        cls.context = clients.create_context(cls.sandbox)
        clients.interpret(cls.sandbox, cls.context, "import itertools\nnumbers = itertools.count(41)\nnext(numbers)")
        cls.busy = clients.create_context(cls.sandbox)
        cls.execution = clients.connect(cls.sandbox, "/process/interpreter/execute")
        cls.execution.send(json.dumps({"code": WAITING, "contextId": cls.busy, "timeout": 0}))
        platform.eventually(lambda: platform.execute(cls.sandbox, "test -e /tmp/waits")["exitCode"] == 0, 20, "the code")
        clients.call(cls.sandbox, "POST", "/env", {"set": {"SEASON": "autumn"}, "unset": []})
        cls.processes = cls.pids()
        clients.restart()

    @classmethod
    def tearDownClass(cls):
        cls.terminal.socket.drop()
        cls.execution.drop()
        platform.delete_all()

    @classmethod
    def pids(cls):
        return {name: platform.output(cls.sandbox, "pgrep -f " + pattern).split()
                for name, pattern in (("terminal", "'^sleep 600$'"), ("python", "'^[^ ]*python3'"))}

    def test_processes_are_the_same_ones(self):
        self.assertTrue(self.processes["terminal"] and self.processes["python"], self.processes)
        self.assertEqual(self.processes, self.pids())

    def test_session(self):
        found = clients.call(self.sandbox, "GET", "/process/session")
        self.assertEqual(["kept"], [s["sessionId"] for s in found])
        commands = {c["id"]: c for c in clients.call(self.sandbox, "GET", "/process/session/kept")["commands"]}
        self.assertEqual(3, commands[self.finished]["exitCode"])
        self.assertNotIn("exitCode", commands[self.running])
        logs = self.session.logs(self.finished)
        self.assertEqual(("done\n", "bad\n"), (logs["stdout"], logs["stderr"]))
        with self.session.follow(self.running) as socket:
            self.assertIn(b"ready", socket.receive())
            self.session.input(self.running, "hello")
            text = b""
            while isinstance(message := socket.receive(), bytes):
                text += message
            self.assertEqual(1000, message[0])
            self.assertIn(clients.STDOUT + b"got hello\n", text)
        self.assertEqual(0, self.session.state(self.running)["exitCode"])
        self.assertEqual("green /var\nfrom f\n", self.session.run("echo $COLOUR $PWD; f"))

    def test_terminal(self):
        info = clients.call(self.sandbox, "GET", "/process/pty/screen")
        self.assertEqual((True, 100, 30), (info["active"], info["cols"], info["rows"]))
        again = clients.Terminal.attach(self.sandbox, "screen", history=65536)
        with again.socket:
            again.until(rb"\x1b\[2J\x1b\[H\x1b\[31mred\x1b\[0m\r\n")
            self.assertTrue(again.screen.startswith(self.terminal.screen), (again.screen, self.terminal.screen))
            again.type("\x03")
            again.type("echo $SHADE$PWD is left\n")
            again.until(rb"dark/var is left\r\n")
            self.assertEqual(120, clients.call(self.sandbox, "POST", "/process/pty/screen/resize", {"cols": 120, "rows": 40})["cols"])
            again.type("stty size; exit 0\n")
            again.until(rb"40 120\r\n")

    def test_interpreter(self):
        found = clients.call(self.sandbox, "GET", "/process/interpreter/context")["contexts"]
        self.assertEqual({self.context, self.busy}, {c["id"] for c in found})
        self.assertEqual("42\n", clients.interpret(self.sandbox, self.context, "print(next(numbers))"))

    def test_interpreter_finishes_what_it_runs(self):
        platform.output(self.sandbox, "touch /tmp/go")
        self.assertEqual("finished\n", clients.interpret(self.sandbox, self.busy, "print(end)"))

    def test_environment(self):
        self.assertEqual("autumn\n", platform.output(self.sandbox, "echo $SEASON"))


if __name__ == "__main__":
    unittest.main()
