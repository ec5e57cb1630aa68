"""PTY, INT: terminals and the interpreter."""

import json
import time
import uuid

import platform_under_test as platform
import toolbox_clients as clients
from inventory.box import Row


class Terminals(Row):
    def create(self, **fields):
        name = "pty-" + uuid.uuid4().hex[:8]
        self.assertEqual({"sessionId": name}, self.call("POST", "/process/pty", {"id": name, **fields}, expect=201))
        self.addCleanup(lambda: self.raw("DELETE", "/process/pty/" + name))
        return name

    def test_PTY_01_create(self):
        name = self.create(cols=100, rows=40, cwd="/tmp", envs={"PTY01": "set"}, lazyStart=True)
        client = clients.Terminal.attach(self.sandbox, name)
        with client.socket:
            client.type("echo \"<$PWD $PTY01 $(stty size)>\"\n")
            client.until(rb"</tmp set 40 100>")

    def test_PTY_02_connect(self):
        client = clients.Terminal.attach(self.sandbox, self.create())
        with client.socket:
            client.type("echo $((40 + 2))-$TERM\n")
            client.until(rb"42-xterm-256color")

    def test_PTY_03_two_clients(self):
        name = self.create()
        first, second = clients.Terminal.attach(self.sandbox, name), clients.Terminal.attach(self.sandbox, name)
        with first.socket, second.socket:
            first.type("pty03=fr''om-first; echo $pty03\n")
            for client in (first, second):
                client.until(rb"from-first\r\n")
            second.type("echo $pty03-ag''ain\n")
            for client in (first, second):
                client.until(rb"from-first-again\r\n")

    def test_PTY_04_list(self):
        name, lazy = self.create(cols=90, rows=30, cwd="/tmp"), self.create(lazyStart=True)
        listed = {row["id"]: row for row in self.call("GET", "/process/pty")["sessions"]}
        row = listed[name]
        self.assertEqual((True, 90, 30, "/tmp"), (row["active"], row["cols"], row["rows"], row["cwd"]))
        self.assertTrue(row["createdAt"])
        self.assertEqual(f"{row['processId']}", self.sh(f"ls -d /proc/{row['processId']} | cut -d/ -f3"))
        self.assertFalse(listed[lazy]["active"])

    def test_PTY_05_one_and_its_end(self):
        name = self.create()
        self.assertEqual(name, self.call("GET", "/process/pty/" + name)["id"])
        self.call("DELETE", "/process/pty/" + name)
        self.refused(404, "GET", "/process/pty/" + name)

    def test_PTY_06_resize(self):
        name = self.create()
        client = clients.Terminal.attach(self.sandbox, name)
        with client.socket:
            # A program that waits for the signal: when bash runs a trap depends on whether it reads already.
            client.type("python3 -c \"import os, signal as s; s.pthread_sigmask(s.SIG_BLOCK, [s.SIGWINCH]); print('wait' + 'ing'); "
                        "s.sigwait([s.SIGWINCH]); print('changed-%d-%d' % os.get_terminal_size())\"\n")
            client.until(rb"waiting\r\n")
            changed = self.call("POST", f"/process/pty/{name}/resize", {"cols": 150, "rows": 50})
            self.assertEqual((150, 50), (changed["cols"], changed["rows"]))
            client.until(rb"changed-150-50")

    def test_PTY_09_control_c(self):
        client = clients.Terminal.attach(self.sandbox, self.create())
        with client.socket:
            # Told by the program itself: what the shell prints before may come before the program is in the foreground, and
            # bash loses an interrupt of that moment, in any terminal.
            client.type("sh -c 'echo be\"\"gun; exec sleep 1000'; echo status-$?\n")
            client.until(rb"begun\r\n")
            client.type("\x03")
            client.type("echo af''ter\n")
            client.until(rb"after\r\n")

    def test_PTY_10_killed(self):
        name = self.create()
        client = clients.Terminal.attach(self.sandbox, name)
        with client.socket:
            client.type("echo re''ady\n")
            client.until(rb"ready\r\n")
            self.call("DELETE", "/process/pty/" + name)
            told = []
            while not isinstance(message := client.socket.receive(), tuple):
                if isinstance(message, str):
                    told.append(json.loads(message))
            self.assertEqual((1011, {"exitCode": 137, "exitReason": "SIGKILL"}), (message[0], json.loads(message[1])))
            self.assertEqual(("exited", 137), (told[-1]["status"], told[-1]["exitCode"]))

    def test_PTY_11_a_prompt(self):
        client = clients.Terminal.attach(self.sandbox, self.create())
        with client.socket:
            client.type("read -p 'Enter your na''me: ' n; echo \"Hello, $n!\"\n")
            client.until(rb"name: ")
            client.type("Bob\n")
            client.until(rb"Hello, Bob!")

    def test_PTY_12_large(self):
        name = self.create(cols=300, rows=100)
        row = self.call("GET", "/process/pty/" + name)
        self.assertEqual((300, 100), (row["cols"], row["rows"]))

    def test_PTY_13_lives_on(self):
        name = self.create()
        client = clients.Terminal.attach(self.sandbox, name)
        with client.socket:
            client.type("pty13=kept; echo se''t\n")
            client.until(rb"set\r\n")
        self.assertTrue(self.call("GET", "/process/pty/" + name)["active"])
        client = clients.Terminal.attach(self.sandbox, name)
        with client.socket:
            client.type("echo $pty13-''still\n")
            client.until(rb"kept-still")

    def test_PTY_14_without_a_size(self):
        name = self.create()
        row = self.call("GET", "/process/pty/" + name)
        self.assertEqual((80, 24), (row["cols"], row["rows"]))


class Interpreter(Row):
    def run_in(self, code, where=None, **fields):
        """All messages of an execution, and how it closed."""
        with clients.connect(self.sandbox, "/process/interpreter/execute") as socket:
            socket.send(json.dumps({"code": code, **({"contextId": where} if where else {}), **fields}))
            messages = []
            while not isinstance(message := socket.receive(), tuple):
                messages.append(json.loads(message))
            return messages, message

    def out(self, code, where=None, **fields):
        messages, closed = self.run_in(code, where, **fields)
        self.assertEqual(1000, closed[0], (messages, closed))
        return "".join(message["text"] for message in messages if message["type"] == "stdout")

    def test_INT_01_whatever_the_language(self):
        other = platform.create(labels={"code-toolbox-language": "typescript"})
        self.addCleanup(lambda: platform.delete(other))
        with clients.connect(other, "/process/interpreter/execute") as socket:
            socket.send(json.dumps({"code": "print(6 * 7)"}))
            self.assertEqual("42\n", json.loads(socket.receive())["text"])

    def test_INT_02_the_default_context(self):
        self.assertEqual("", self.out("import math; int02 = 4"))
        self.assertEqual("2.0\n", self.out("print(math.sqrt(int02))"))

    def test_INT_03_isolated_contexts(self):
        one, two = clients.create_context(self.sandbox), clients.create_context(self.sandbox)
        self.out("int03 = 1", one)
        messages, _ = self.run_in("print(int03)", two)
        self.assertEqual("NameError", [m for m in messages if m["type"] == "error"][0]["name"])
        for context in (one, two):
            self.call("DELETE", "/process/interpreter/context/" + context)
        self.assertNotIn(one, json.dumps(self.call("GET", "/process/interpreter/context")))

    def test_INT_04_by_web_socket(self):
        messages, closed = self.run_in("print('x')")
        self.assertEqual([("stdout", "x\n"), ("control", "completed")], [(m["type"], m["text"]) for m in messages])
        self.assertEqual(1000, closed[0])

    def test_INT_05_while_it_runs(self):
        with clients.connect(self.sandbox, "/process/interpreter/execute") as socket:
            socket.send(json.dumps({"code": "import sys\nprint('first', flush=True)\nprint('bad', file=sys.stderr, flush=True)\n"
                                            "import os, time\nwhile not os.path.exists('/tmp/int05'): time.sleep(0.02)\nprint('last')"}))
            self.assertEqual([("stdout", "first\n"), ("stderr", "bad\n")],
                             [(m["type"], m["text"]) for m in (json.loads(socket.receive()) for _ in range(2))])
            self.sh("touch /tmp/int05")
            self.assertEqual("last\n", json.loads(socket.receive())["text"])

    def test_INT_06_environment_of_one_call(self):
        show = "import os; print(os.environ.get('INT06'))"
        self.assertEqual("once\n", self.out(show, envs={"INT06": "once"}))
        self.assertEqual("None\n", self.out(show))

    def test_INT_07_timeout(self):
        context = clients.create_context(self.sandbox)
        began = time.monotonic()
        _, closed = self.run_in("import time; time.sleep(60)", context, timeout=1)
        self.assertEqual(4008, closed[0])
        self.assertLess(time.monotonic() - began, 20)
        self.assertEqual("alive\n", self.out("print('alive')", context))

    def test_INT_08_errors_are_data(self):
        messages, closed = self.run_in("1/0")
        error = [m for m in messages if m["type"] == "error"][0]
        self.assertEqual(("ZeroDivisionError", "division by zero"), (error["name"], error["value"]))
        self.assertIn("Traceback", error["traceback"])
        self.assertEqual(1000, closed[0])


