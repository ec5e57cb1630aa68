"""SES: sessions."""

import concurrent.futures
import time

import platform_under_test as platform
import toolbox_clients as clients
from inventory.box import Row


class Sessions(Row):
    def session(self):
        session = clients.Session(self.sandbox).create()
        self.addCleanup(lambda: self.raw("DELETE", session.path))
        return session

    def test_SES_01_deletion_kills_what_runs(self):
        session = self.session()
        session.begin("exec -a ses01-marker sleep 1000")
        platform.eventually(lambda: self.sh("pgrep -fc '^ses01-marker' || true") == "1", 20, "the program")
        self.call("DELETE", session.path, expect=204)
        platform.eventually(lambda: self.sh("pgrep -fc '^ses01-marker' || true") == "0", 20, "its end")
        self.refused(404, "GET", session.path)

    def test_SES_02_get_and_list(self):
        session = self.session()
        session.run("echo one")
        got = self.call("GET", session.path)
        self.assertEqual(session.id, got["sessionId"])
        self.assertEqual([("echo one", 0)], [(c["command"], c["exitCode"]) for c in got["commands"]])
        self.assertTrue(got["commands"][0]["id"])
        self.assertIn(session.id, [s["sessionId"] for s in self.call("GET", "/process/session")])

    def test_SES_03_state_persists(self):
        session = self.session()
        session.run("export SES03=kept; cd /usr; f() { echo called; }")
        self.assertEqual("kept /usr called\n", session.run("echo $SES03 $PWD $(f)"))

    def test_SES_04_synchronous(self):
        answer = self.call("POST", self.session().path + "/exec", {"command": "echo o; echo e >&2; (exit 3)", "runAsync": False})
        self.assertEqual((3, "o\n", "e\n"), (answer["exitCode"], answer["stdout"], answer["stderr"]))
        self.assertEqual({b"o\n", b"e\n"}, set(split(answer["output"].encode(), 1) + split(answer["output"].encode(), 2)))
        self.assertTrue(answer["cmdId"])

    def test_SES_05_asynchronous(self):
        session = self.session()
        began = time.monotonic()
        command = session.begin("sleep 30; echo late")
        self.assertTrue(command)
        self.assertLess(time.monotonic() - began, 15)

    def test_SES_06_older_names(self):
        session = self.session()
        for name in ("async", "var_async", "run_async"):
            reply = self.raw("POST", session.path + "/exec", {"command": "sleep 0.1", name: True})
            self.assertEqual(202, reply.status, reply.body)
            self.assertTrue(reply.json()["cmdId"])

    def test_SES_07_one_command(self):
        session = self.session()
        command = session.begin("read line; echo got $line; (exit 4)")
        state = session.state(command)
        self.assertNotIn("exitCode", {k: v for k, v in state.items() if v is not None})
        session.input(command, "x\n")
        platform.eventually(lambda: session.state(command).get("exitCode") == 4, 20, "its end")

    def test_SES_08_logs_so_far(self):
        session = self.session()
        command = session.begin("echo o; echo e >&2; sleep 30")
        logs = platform.eventually(lambda: (l := session.logs(command))["stdout"] and l["stderr"] and l, 20, "output")
        self.assertEqual(("o\n", "e\n"), (logs["stdout"], logs["stderr"]))
        self.assertEqual({b"o\n", b"e\n"}, set(split(logs["output"].encode(), 1) + split(logs["output"].encode(), 2)))

    def test_SES_09_followed(self):
        session = self.session()
        command = session.begin("for i in 1 2 3 4 5; do echo step $i; sleep 0.2; done; echo bad >&2")
        data = b""
        with session.follow(command) as socket:
            while isinstance(message := socket.receive(), (bytes, str)):
                data += message if isinstance(message, bytes) else message.encode()
        self.assertEqual(1000, message[0])
        self.assertEqual(b"".join(b"step %d\n" % i for i in range(1, 6)), b"".join(part for part in split(data, 1)))
        self.assertEqual(b"bad\n", b"".join(split(data, 2)))

    def test_SES_10_mixed(self):
        session = self.session()
        command = session.begin("echo o; echo e >&2")
        with session.follow_plainly(command) as stream:
            self.assertEqual({b"o", b"e"}, set(stream.read().replace(b"\x01", b"").replace(b"\x02", b"").split()))

    def test_SES_11_input(self):
        session = self.session()
        command = session.begin("pip uninstall nothing-of-this-name 2>/dev/null; read -p 'Proceed (Y/n)? ' answer; echo answered $answer")
        session.input(command, "y\n")
        platform.eventually(lambda: "answered y" in session.logs(command)["stdout"], 60, "the answer")

    def test_SES_12_entrypoint(self):
        got = self.call("GET", "/process/session/entrypoint")
        self.assertEqual("entrypoint", got["sessionId"])
        self.assertIsInstance(got["commands"], list)
        self.assertEqual(200, self.raw("GET", "/process/session/entrypoint/logs").status)

    def test_SES_13_twenty_at_once(self):
        def one(number):
            session = clients.Session(self.sandbox, f"codex-session-{time.time_ns()}-{number}").create()
            try:
                return session.run(f"echo {number}")
            finally:
                self.call("DELETE", session.path, expect=204)
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            self.assertEqual([f"{n}\n" for n in range(20)], list(pool.map(one, range(20))))

    def test_SES_14_twice(self):
        session = self.session()
        session.run("SES14=1")
        told = self.refused(409, "POST", "/process/session", {"sessionId": session.id})
        self.assertEqual("conflict: session already exists", told["message"])
        self.assertEqual("1\n", session.run("echo $SES14"))


def split(data, kind):
    """What a log's markers say belongs to a stream: 1 standard output, 2 standard error."""
    marker, rest, out = None, data, []
    while rest:
        if rest[:3] in (b"\x01\x01\x01", b"\x02\x02\x02"):
            marker, rest = rest[0], rest[3:]
            continue
        ends = [at for at in (rest.find(b"\x01\x01\x01"), rest.find(b"\x02\x02\x02")) if at >= 0] or [len(rest)]
        if marker == kind:
            out.append(rest[:min(ends)])
        rest = rest[min(ends):]
    return out
