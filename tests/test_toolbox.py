"""The toolbox of a real sandbox: many clients at once, signed URLs, the older routes, ports, levels and the memory limit."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import threading
import time
import unittest
import urllib.parse

import platform_under_test as platform
import toolbox_clients as clients

SESSIONS, TERMINALS, CONTEXTS = 50, 20, 10
MIB = 1 << 20


class AtOnce(unittest.TestCase):
    """50 sessions, 20 terminals and 10 contexts of one sandbox; each keeps its own state and answers for itself."""

    def setUp(self):
        self.sandbox = platform.create()
        self.everybody = threading.Barrier(SESSIONS + TERMINALS + CONTEXTS, timeout=120)

    def tearDown(self):
        platform.delete_all()

    def session(self, number):
        session = clients.Session(self.sandbox).create()
        session.run(f"number={number}; cd /tmp; step() {{ number=$((number + 1000)); }}")
        self.everybody.wait()
        answers = [session.run("step; echo $number $PWD") for _ in range(3)]
        self.everybody.wait()
        return answers, [f"{number + 1000 * turn} /tmp\n" for turn in (1, 2, 3)]

    def terminal(self, number):
        client = clients.Terminal.create(self.sandbox, f"t-{number}", timeout=120)
        with client.socket:
            client.type(f"number={number}; echo re''ady\n")
            client.until(rb"ready\r\n")
            self.everybody.wait()
            answers = []
            for turn in (1, 2, 3):
                client.type(f"echo \"<$((number + {1000 * turn}))>\"\n")
                answers.append(int(client.until(rb"<(\d*%03d)>\r\n" % number).group(1)))
                client.screen = b""
            self.everybody.wait()
            return answers, [number + 1000 * turn for turn in (1, 2, 3)]

    def context(self, number):
        context = clients.create_context(self.sandbox)
        clients.interpret(self.sandbox, context, f"number = {number}")
        self.everybody.wait()
        answers = [clients.interpret(self.sandbox, context, "number += 1000; print(number)") for _ in range(3)]
        self.everybody.wait()
        return answers, [f"{number + 1000 * turn}\n" for turn in (1, 2, 3)]

    def test_each_answers_correctly(self):
        work = [self.session] * SESSIONS + [self.terminal] * TERMINALS + [self.context] * CONTEXTS
        with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
            running = [pool.submit(self.unless_broken, kind, number) for number, kind in enumerate(work, 100)]
            platform.eventually(lambda: self.everybody.n_waiting == 0 and all(f.done() for f in running), 240, "an end")
            for future in running:
                answers, expected = future.result()
                self.assertEqual(expected, answers)
        self.assertEqual(SESSIONS, len(clients.call(self.sandbox, "GET", "/process/session")))
        self.assertEqual(TERMINALS, len(clients.call(self.sandbox, "GET", "/process/pty")["sessions"]))
        self.assertEqual(CONTEXTS, len(clients.call(self.sandbox, "GET", "/process/interpreter/context")["contexts"]))

    def unless_broken(self, kind, number):
        try:
            return kind(number)
        except BaseException:
            self.everybody.abort()  # nobody waits for one that will not come
            raise


class SignedUrls(unittest.TestCase):
    PATH = "/home/daytona/ü & signed+1.bin"
    CONTENT = bytes(range(256)) * 5000

    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()
        cls.other = platform.create()

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def key(self):
        reply = platform.api("GET", f"/sandbox/{self.sandbox['id']}/signing-key")
        self.assertEqual(200, reply.status, reply.body)
        self.assertIsInstance(reply.json(), str)
        return reply.json()

    def sign(self, method, key, expires, path=PATH):
        message = f"v1:files:{method}:{path}:{expires}"
        digest = hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()
        return "v1_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def ask(self, method, signature, expires, path=PATH, sandbox=None, content=CONTENT):
        """A request without any other credentials."""
        query = urllib.parse.urlencode({"path": path, "expires": expires, "signature": signature})
        operation, headers, body = "download", {}, None
        if method == "POST":
            operation = "upload-v2"
            headers = {"Content-Type": "multipart/form-data; boundary=edge"}
            body = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + content + b"\r\n--edge--\r\n"
        return platform.toolbox(sandbox or self.sandbox, method, f"/files/{operation}?{query}", body, key="", headers=headers)

    def test_upload_and_download(self):
        key, expires = self.key(), int(time.time()) + 3600
        up = self.ask("POST", self.sign("POST", key, expires), expires)
        self.assertEqual(200, up.status, up.body)
        down = self.ask("GET", self.sign("GET", key, expires), expires)
        self.assertEqual((200, self.CONTENT), (down.status, down.body))
        forever = self.ask("GET", self.sign("GET", key, 0), 0)
        self.assertEqual((200, self.CONTENT), (forever.status, forever.body))

    def test_what_was_not_signed_is_refused(self):
        key, expires = self.key(), int(time.time()) + 3600
        good = self.sign("GET", key, expires)
        self.assertEqual(200, self.ask("POST", self.sign("POST", key, expires), expires).status)
        self.assertEqual(200, self.ask("GET", good, expires).status)
        refused = {
            "another method": self.ask("POST", good, expires, content=b"overwritten"),
            "another path": self.ask("GET", good, expires, path="/etc/hostname"),
            "another expiry": self.ask("GET", good, expires + 1),
            "another sandbox": self.ask("GET", good, expires, sandbox=self.other),
            "another signature": self.ask("GET", good[:-4] + "AAAA", expires),
            "no signature": self.ask("GET", "", expires),
            "long ago": self.ask("GET", self.sign("GET", key, expires - 7200), expires - 7200),
            "another operation": platform.toolbox(
                self.sandbox, "GET", "/files/info?" + urllib.parse.urlencode({"path": self.PATH, "expires": expires, "signature": good}), key=""),
        }
        for what, reply in refused.items():
            self.assertEqual(401, reply.status, (what, reply.body))
        self.assertEqual(self.CONTENT, self.ask("GET", good, expires).body)

    def test_it_expires(self):
        expires = int(time.time()) + 3
        signature = self.sign("POST", self.key(), expires)
        self.assertEqual(200, self.ask("POST", signature, expires).status)
        reply = platform.eventually(lambda: (r := self.ask("POST", signature, expires)).status != 200 and r, 15, "expiry")
        self.assertEqual(401, reply.status)
        self.assertGreaterEqual(time.time(), expires)

    def test_rotation(self):
        old, expires = self.key(), int(time.time()) + 3600
        self.assertEqual(200, self.ask("POST", self.sign("POST", old, expires), expires).status)
        reply = platform.api("POST", f"/sandbox/{self.sandbox['id']}/signing-key/rotate")
        self.assertEqual(200, reply.status, reply.body)
        new = reply.json()
        self.assertNotEqual(old, new)
        self.assertEqual(new, self.key())
        self.assertEqual(200, self.ask("GET", self.sign("GET", new, expires), expires).status)
        self.assertEqual(401, self.ask("GET", self.sign("GET", old, expires), expires).status)


class OlderRoutes(unittest.TestCase):
    """`/api/toolbox/{id}/toolbox/…` answers what the toolbox answers."""

    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()
        platform.output(cls.sandbox, "mkdir -p /tmp/w/d; echo text >/tmp/w/a; git -C /tmp/w init -q -b main")

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def both(self, method, path, body=None):
        old = platform.api(method, f"/toolbox/{self.sandbox['id']}/toolbox{path}", body)
        new = platform.toolbox(self.sandbox, method, path, body)
        return old, new

    def test_the_same_answers(self):
        calls = [
            (200, "GET", "/work-dir"), (200, "GET", "/user-home-dir"), (200, "GET", "/project-dir"),
            (200, "GET", "/files?path=/tmp/w"), (200, "GET", "/files/info?path=/tmp/w/a"), (200, "GET", "/files/download?path=/tmp/w/a"),
            (200, "GET", "/files/find?path=/tmp/w&pattern=text"), (200, "GET", "/files/search?path=/tmp/w&pattern=a*"),
            (200, "GET", "/git/status?path=/tmp/w"), (200, "GET", "/git/branches?path=/tmp/w"),
            (200, "POST", "/process/execute", {"command": "echo out; exit 4"}),
            (200, "GET", "/process/session"), (200, "GET", "/process/pty"),
            (404, "GET", "/files/info?path=/tmp/w/none"), (404, "GET", "/process/session/none"), (404, "GET", "/process/pty/none"),
            (400, "POST", "/process/execute", {"command": ""}),
        ]
        for expected, method, path, *body in calls:
            with self.subTest(path=path):
                old, new = self.both(method, path, *body)
                self.assertEqual((expected, expected), (old.status, new.status), (old.body, new.body))
                self.assertTrue(old.body)
                self.assertEqual(self.comparable(new), self.comparable(old))

    def comparable(self, reply):
        """Status, type and body without what differs between any two requests."""
        if "json" not in reply.headers["Content-Type"]:
            return reply.headers["Content-Type"], reply.body
        body = reply.json()
        if isinstance(body, dict):
            body = {name: value for name, value in body.items() if name not in ("timestamp", "path", "requestId", "traceId")}
        return reply.headers["Content-Type"], body

    def test_a_session(self):
        path = f"/toolbox/{self.sandbox['id']}/toolbox/process/session"
        self.assertEqual(201, platform.api("POST", path, {"sessionId": "old"}).status)
        answer = platform.api("POST", path + "/old/exec", {"command": "echo first; echo second >&2"})
        self.assertEqual(200, answer.status, answer.body)
        self.assertEqual((0, ["first", "second"]), (answer.json()["exitCode"], sorted(answer.json()["output"].split())))
        logs = platform.api("GET", f"{path}/old/command/{answer.json()['cmdId']}/logs")
        self.assertEqual(["first", "second"], sorted(logs.body.decode().split()))
        listed = [s["sessionId"] for s in platform.toolbox(self.sandbox, "GET", "/process/session").json()]
        self.assertIn("old", listed)
        self.assertEqual(204, platform.api("DELETE", path + "/old").status)

    def test_credentials_are_needed(self):
        path = f"/toolbox/{self.sandbox['id']}/toolbox/work-dir"
        self.assertEqual(401, platform.api("GET", path, key="").status)
        self.assertEqual(401, platform.api("GET", path, key="wrong").status)


class System(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()  # 1 GiB

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def test_out_of_memory_is_told(self):
        eater = "python3 -c 'held = []\nwhile True: held.append(bytearray(16 << 20))'"
        answer = platform.execute(self.sandbox, eater)
        self.assertEqual("out of memory", answer.get("reason"), answer)
        self.assertNotEqual(0, answer["exitCode"])
        answer = platform.execute(self.sandbox, "kill -KILL $$")
        self.assertNotIn("reason", answer, "killed, but not for its memory")
        self.assertEqual("SIGKILL", answer["signal"])
        self.assertEqual("alive\n", platform.output(self.sandbox, "echo alive"))

    def metrics(self):
        return clients.call(self.sandbox, "GET", "/system/metrics")

    def test_metrics(self):
        levels = self.metrics()
        for name in ("cpuCount", "diskFree", "diskTotal", "diskUsed", "memCache", "memTotal", "memUsed", "timestampUnix"):
            self.assertIs(int, type(levels[name]), name)
        self.assertEqual(1024 * MIB, levels["memTotal"])
        self.assertGreaterEqual(levels["cpuCount"], 1)
        self.assertTrue(0 < levels["memUsed"] < levels["memTotal"], levels)
        self.assertTrue(0 < levels["diskUsed"] < levels["diskTotal"], levels)
        self.assertLessEqual(levels["diskFree"], levels["diskTotal"])
        self.assertLess(abs(levels["timestampUnix"] - time.time()), 60)
        self.assertTrue(0 <= levels["cpuUsedPct"] <= 100)

    def test_metrics_follow_what_happens(self):
        before = self.metrics()
        session = clients.Session(self.sandbox).create()
        command = session.begin("head -c 268435456 /dev/urandom >/tmp/big; python3 -c \"held = b'x' * 268435456; print('held', flush=True); input()\"")
        platform.eventually(lambda: "held" in session.logs(command)["stdout"], 60, "the program")
        after = self.metrics()
        self.assertGreater(after["diskUsed"] - before["diskUsed"], 200 * MIB)
        self.assertGreater(after["memUsed"] - before["memUsed"], 200 * MIB)
        self.assertGreater(after["cpuUsedPct"], 0)
        session.input(command, "end")
        platform.output(self.sandbox, "rm /tmp/big")

    def test_ports(self):
        session = clients.Session(self.sandbox).create()
        self.assertEqual({"isInUse": False}, clients.call(self.sandbox, "GET", "/port/4321/in-use"))
        command = session.begin("python3 -m http.server 4321 --directory /etc")
        platform.eventually(lambda: clients.call(self.sandbox, "GET", "/port/4321/in-use") == {"isInUse": True}, 20, "a listener")
        self.assertIn(4321, clients.call(self.sandbox, "GET", "/port")["ports"])
        hostname = platform.toolbox(self.sandbox, "GET", "/proxy/4321/hostname")
        self.assertEqual((200, platform.output(self.sandbox, "cat /etc/hostname")), (hostname.status, hostname.body.decode()))
        self.assertNotIn("exitCode", session.state(command))
        clients.call(self.sandbox, "DELETE", session.path, expect=204)
        platform.eventually(lambda: clients.call(self.sandbox, "GET", "/port/4321/in-use") == {"isInUse": False}, 20, "the listener's end")
        self.assertNotIn(4321, clients.call(self.sandbox, "GET", "/port")["ports"])
        for port in ("80", "2999", "10000", "x"):
            clients.call(self.sandbox, "GET", f"/port/{port}/in-use", expect=400)

    def test_environment(self):
        clients.call(self.sandbox, "POST", "/env", {"set": {"KEPT": "1", "LEAVES": "2", "SECRET_A": "vault:a", "SECRET_B": "vault:b"}, "unset": []})
        session = clients.Session(self.sandbox, "early").create()
        changed = {"set": {"SECRET_B": "vault:c", "COMES": "3"}, "unset": ["LEAVES"], "unsetValuePrefix": "vault:"}
        answer = clients.call(self.sandbox, "POST", "/env", changed)
        self.assertTrue(all(isinstance(value, str) for value in answer.values()), answer)
        show = "echo ${KEPT-no} ${LEAVES-no} ${SECRET_A-no} ${SECRET_B-no} ${COMES-no}"
        self.assertEqual("1 no no vault:c 3\n", platform.output(self.sandbox, show))
        self.assertEqual("1 2 vault:a vault:b no\n", session.run(show), "a shell that runs keeps what it has")
        self.assertEqual("1 no no vault:c 3\n", clients.Session(self.sandbox).create().run(show))


if __name__ == "__main__":
    unittest.main()
