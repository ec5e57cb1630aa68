import os
import random
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import client as c
from client import AgentTest, Client, Lost, encode, eventually, frame


class Handshake(AgentTest):
    def answer(self, *frames):
        client = self.connect(hello=False)
        client.sock.sendall(b"".join(frames))
        return client

    def test_version(self):
        self.assertEqual(self.client.hello["version"], 2)
        self.assertRegex(self.client.hello["boot"], "^[0-9a-f]{16}$")
        self.assertRegex(self.client.hello["agent"], r"^\d+\.\d+\.\d+$")
        self.assertEqual(self.connect().hello, self.client.hello)

    def test_highest_common_version(self):
        for low, high, common in ((1, 7, 2), (2, 2, 2), (1, 1, 1), (0, 1, 1)):
            kind, _, _, payload = self.answer(frame(c.HELLO, 0, encode({"version": low, "version_max": high}))).read()
            self.assertEqual((kind, c.decode(payload)["version"]), (c.HELLO, common))

    def test_no_common_version(self):
        for low, high in ((3, 4), (0, 0), (2, 1)):
            client = self.answer(frame(c.HELLO, 0, encode({"version": low, "version_max": high})))
            kind, _, stream, payload = client.read()
            self.assertEqual((kind, stream, c.decode(payload)["code"]), (c.ERROR, 0, "version"))
            self.assertRaises(Lost, client.read)

    def test_anything_else_first(self):
        for first in (frame(c.REQUEST, 1, encode({"verb": "processes"})), frame(c.PING, 0), b"GET / HTTP/1.1\r\n\r\n"):
            self.assertRaises((Lost, ConnectionResetError), self.answer(first).read)

    def test_ping(self):
        for payload in (b"", b"x" * 64):
            self.client.sock.sendall(frame(c.PING, 0, payload))
            self.assertEqual(self.client.read(), (c.PONG, 0, 0, payload))

    def test_one_byte_at_a_time(self):
        data = frame(c.HELLO, 0, encode({"version": 1, "version_max": 1}))
        data += frame(c.REQUEST, 5, encode({"verb": "spawn", "argv": ["cat"], "stdin": True, "window": 10}))
        client = self.connect(hello=False)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        for i in range(len(data)):
            client.sock.sendall(data[i:i + 1])
        self.assertEqual([client.read()[0] for _ in range(3)], [c.HELLO, c.REPLY, c.CREDIT])
        for byte in frame(c.DATA, 5, b"hi") + frame(c.EOF, 5):
            client.sock.sendall(bytes([byte]))
        out, kind = b"", None
        while kind != c.EXIT:
            kind, channel, _, payload = client.read()
            out += payload if kind == c.DATA else b""
        self.assertEqual(out, b"hi")


class Descriptor3(unittest.TestCase):
    """The listening socket as the OCI runtime hands it over."""

    def start(self, listener, directory):
        fd = listener.fileno()
        return subprocess.Popen(["/bin/sh", "-c", f'exec "$0" --state "$1" 3<&{fd}', c.AGENT, directory],
                                pass_fds=[fd], stderr=subprocess.PIPE)

    def test_serves_it_and_hands_it_to_nobody(self):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
            listener.bind(directory + "/s")
            listener.listen()
            with self.start(listener, directory) as agent:
                client = Client(directory + "/s")
                out = client.shell("ls -l /proc/self/fd")[0]
                client.close()
                agent.terminate()
                self.assertEqual((agent.wait(30), agent.stderr.read()), (0, b""))
            self.assertNotIn(b"socket", out)

    def test_refuses_anything_else(self):
        with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as silent:
            with self.start(silent, directory) as agent:
                self.assertEqual(agent.wait(30), 2)
                self.assertEqual(agent.stderr.read(), b"agent: descriptor 3 is not a listening socket\n")


class Violations(AgentTest):
    """Each closes its own connection and nothing else."""

    def assertCloses(self, *frames, before=lambda client: None):
        client = self.connect()
        before(client)
        try:
            client.sock.sendall(b"".join(frames))
            while True:
                client.read()
        except (Lost, ConnectionResetError, BrokenPipeError):
            pass
        self.assertEqual(self.client.run("true")[2], 0)

    def test_headers(self):
        self.assertCloses(struct.pack(">IBBHI", 262145, c.REQUEST, 0, 0, 1))
        self.assertCloses(struct.pack(">IBBHI", 0xffffffff, c.DATA, 0, 0, 1))
        for kind in (0, c.HELLO, c.REPLY, c.ERROR, c.EXIT, 12, 255):
            self.assertCloses(frame(kind, 1 if kind != c.HELLO else 0, b""))
        self.assertCloses(frame(c.REQUEST, 1, encode({"verb": "processes"}), channel=1))
        self.assertCloses(struct.pack(">IBBHI", 0, c.PING, 0, 1, 0))
        self.assertCloses(frame(c.PING, 0, b"x" * 65))
        self.assertCloses(frame(c.PING, 1))
        for kind in (c.REQUEST, c.DATA, c.EOF, c.CREDIT, c.CLOSE):
            self.assertCloses(frame(kind, 0, b"\0\0\0\1" if kind == c.CREDIT else b""))
        self.assertCloses(frame(c.CREDIT, 1, b"\0\0\1"))
        self.assertCloses(frame(c.EOF, 1, b"x"))

    def test_lying_lengths_of_fields(self):
        self.assertCloses(frame(c.REQUEST, 1, b"\1\0\0\0\5stat"))
        self.assertCloses(frame(c.REQUEST, 1, b"\1\xff\xff\xff\xffstat"))
        self.assertCloses(frame(c.REQUEST, 1, encode({"verb": "stat"}) + b"\1"))

    def test_credit_overflow(self):
        spawn = frame(c.REQUEST, 1, encode({"verb": "spawn", "argv": ["sleep", "9"], "window": 100, "kill_on_close": 1}))
        self.assertCloses(spawn, frame(c.CREDIT, 1, b"\x7f\xff\xff\xff"))
        self.assertFails("usage", self.client.call, "spawn", argv=["true"], window=1 << 40)

    def test_more_data_than_granted(self):
        spawn = frame(c.REQUEST, 1, encode({"verb": "spawn", "argv": ["sleep", "9"], "stdin": 1, "kill_on_close": 1}))
        self.assertCloses(spawn, frame(c.DATA, 1, b"too early"))

        def replied(client):
            client.sock.sendall(spawn)
            self.assertEqual([client.read()[0], client.read()[0]], [c.REPLY, c.CREDIT])
        data = frame(c.DATA, 1, b"x" * 200_000)
        self.assertCloses(data, data, before=replied)
        self.assertCloses(frame(c.EOF, 1), frame(c.DATA, 1, b"x"), before=replied)

    def test_a_stream_number_in_use(self):
        spawn = frame(c.REQUEST, 1, encode({"verb": "spawn", "argv": ["sleep", "9"], "kill_on_close": 1}))
        self.assertCloses(spawn, spawn)

    def test_usage_errors_keep_the_connection(self):
        request = self.client.request
        self.assertFails("usage", request("stat", path="with\0nul").reply)
        self.assertFails("verb", request("no-such-verb", path="/").reply)
        stream = self.client.streams[90] = c.Stream(self.client, 90)
        self.client.sock.sendall(frame(c.REQUEST, 90, encode({"path": "/"})))
        self.assertFails("usage", stream.reply)
        self.client.sock.sendall(frame(c.REQUEST, 90, encode({"verb": "spawn", "argv": ["true"]}) + b"\x1a\0\0\0\1\1"))
        self.assertFails("usage", stream.reply)
        self.client.sock.sendall(frame(c.REQUEST, 90, encode({"verb": "stat", "path": "/"}) + b"\xc8\0\0\0\3new"))
        self.assertEqual(stream.reply()["type"], "d")

    def test_frames_for_ended_streams_are_late_not_wrong(self):
        self.client.run("true")
        for kind, payload in ((c.DATA, b"x" * 1000), (c.EOF, b""), (c.CREDIT, b"\0\0\0\1"), (c.CLOSE, b"")):
            self.client.sock.sendall(frame(kind, 1, payload))
        self.assertEqual(self.client.run("true")[2], 0)

    def test_noise(self):
        r = random.Random(2)
        hello = frame(c.HELLO, 0, encode({"version": 1, "version_max": 1}))
        verbs = ["spawn", "attach", "input", "resize", "signal", "forget", "processes", "stat", "list", "read",
                 "write", "mkdir", "dial", "no"]
        for round in range(300):
            data = bytearray(hello)
            for _ in range(r.randrange(1, 12)):
                fields = encode({"verb": r.choice(verbs)})
                for _ in range(r.randrange(6)):
                    value = r.choice([b"", r.randbytes(8), b"\0" * 7 + b"\1", b"true", b"/nowhere/at/all", r.randbytes(30)])
                    fields += struct.pack(">BI", r.randrange(2, 60), len(value)) + value
                if r.random() < 0.2:
                    fields = fields[:r.randrange(len(fields))]
                kind = c.REQUEST if r.random() < 0.7 else r.randrange(14)
                data += frame(kind, r.randrange(4), fields if kind == c.REQUEST else r.randbytes(r.choice([0, 0, 4, 4, 70])))
            if r.random() < 0.3:
                data = data[:r.randrange(len(data))]
            client = self.connect(hello=False)
            try:
                client.sock.sendall(data)
                client.sock.shutdown(socket.SHUT_WR)
                while client.sock.recv(65536):
                    pass
            except (ConnectionResetError, BrokenPipeError):
                pass
            client.close()
        self.assertEqual(self.client.run("true")[2], 0)


class Connections(AgentTest):
    def test_replies_nobody_reads_stay_bounded(self):
        client = self.connect(timeout=1)
        pings = frame(c.PING, 0, b"x" * 64) * 3000
        with self.assertRaises(TimeoutError):
            for _ in range(200):
                client.sock.sendall(pings)
        self.assertEqual(self.client.run("true")[2], 0)
        with open(f"/proc/{self.agent.pid}/status") as f:
            data = next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))
        if "sanitized" not in c.AGENT:
            self.assertLess(data, 4096)

    def test_two_streams_share_a_connection_fairly(self):
        busy = self.client.request("spawn", argv=["cat", "/dev/zero"], window=1 << 30, kill_on_close=True)
        busy.reply()
        self.assertEqual(self.client.call("stat", path="/")["type"], "d")
        busy.close()

    def test_many(self):
        clients = [self.connect() for _ in range(200)]
        for i, client in enumerate(clients):
            self.assertEqual(client.shell(f"exit {i % 50}")[2], i % 50)
        for client in clients:
            client.close()
        late = [self.connect() for _ in range(200)]
        self.assertEqual(late[-1].run("true")[2], 0)

    def test_more_than_the_limit_wait(self):
        clients = [self.connect() for _ in range(254)]
        late = self.connect(hello=False)
        late.sock.sendall(frame(c.HELLO, 0, encode({"version": 1, "version_max": 1})))
        extra = self.connect(hello=False)
        extra.sock.sendall(frame(c.HELLO, 0, encode({"version": 1, "version_max": 1})))
        for client in clients[:10]:
            client.close()
        self.assertEqual((late.read()[0], extra.read()[0]), (c.HELLO, c.HELLO))

    def test_a_connection_cut_in_the_middle_of_everything(self):
        r = random.Random(4)
        for _ in range(60):
            client = self.connect()
            client.request("spawn", argv=["cat", "/dev/zero"], window=1 << 30, kill_on_close=True)
            client.request("spawn", argv=["cat"], stdin=True, window=10, kill_on_close=True)
            client.request("list", path="/usr/lib", window=1 << 30)
            client.request("read", path="/bin/sh", window=1 << 30)
            client.request("write", path=self.dir + "/upload")
            client.request("dial", host="127.0.0.1", port=1)
            for _ in range(r.randrange(40)):
                client.read()
            client.close()
        pid = self.agent.pid

        def idle():
            with open(f"/proc/{pid}/task/{pid}/children") as f:
                return not f.read().split()
        self.assertTrue(eventually(idle))
        self.assertEqual([n for n in os.listdir(self.dir) if "upload" in n], [])
        self.assertFalse([e for e in self.client.call("processes").get("entry", []) if e["running"]])


class Dial(AgentTest):
    def serve(self, family, address, handle):
        server = socket.socket(family)
        server.bind(address)
        server.listen()
        self.addCleanup(server.close)

        def loop():
            try:
                while True:
                    connection, _ = server.accept()
                    with connection:
                        handle(connection)
            except OSError:
                return
        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        return server.getsockname()

    @staticmethod
    def echo(connection):
        while data := connection.recv(65536):
            connection.sendall(data)

    def check_echo(self, **target):
        stream = self.client.request("dial", window=1000, **target)
        stream.reply()
        for piece in (b"hello", os.urandom(200_000)):
            stream.write(piece)
            got = b""
            while len(got) < len(piece):
                kind, channel, payload = stream.event()
                self.assertEqual((kind, channel), (c.DATA, 1))
                got += payload
                stream.grant(len(payload))
            self.assertEqual(got, piece)
        stream.eof()
        out, status, ended = stream.collect()
        self.assertEqual((dict(out), status, ended), ({}, 0, {1}))

    def test_tcp(self):
        port = self.serve(socket.AF_INET, ("127.0.0.1", 0), self.echo)[1]
        self.check_echo(host="127.0.0.1", port=port)

    def test_unix(self):
        path = self.dir + "/echo"
        self.serve(socket.AF_UNIX, path, self.echo)
        self.check_echo(path=path)

    def test_the_other_side_ends_first(self):
        def greet(connection):
            connection.sendall(b"bye")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1000):
                pass
        port = self.serve(socket.AF_INET, ("127.0.0.1", 0), greet)[1]
        stream = self.client.request("dial", host="127.0.0.1", port=port, window=100)
        stream.reply()
        stream.until(b"bye")
        self.assertEqual(stream.event()[:2], (c.EOF, 1))
        stream.write(b"still here")
        stream.eof()
        self.assertEqual(stream.collect()[1], 0)

    def test_an_answer_is_not_lost_when_the_other_side_stops_reading(self):
        def refuse(connection):
            connection.recv(10)
            connection.sendall(b"413")
        port = self.serve(socket.AF_INET, ("127.0.0.1", 0), refuse)[1]
        stream = self.client.request("dial", host="127.0.0.1", port=port, window=100)
        stream.reply()
        stream.write(b"0123456789")
        self.assertEqual(stream.until(b"413"), b"413")

    def test_close_closes_the_socket(self):
        closed = threading.Event()

        def wait(connection):
            connection.recv(1)
            closed.set()
        port = self.serve(socket.AF_INET, ("127.0.0.1", 0), wait)[1]
        stream = self.client.request("dial", host="127.0.0.1", port=port)
        stream.reply()
        stream.close()
        self.assertTrue(closed.wait(20))

    def test_failures(self):
        import errno
        free = socket.socket()
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        reply = lambda **fields: self.client.request("dial", **fields).reply()
        self.assertFails("dial", reply, host="127.0.0.1", port=port, errno=errno.ECONNREFUSED)
        self.assertFails("dial", reply, path=self.dir + "/none", errno=errno.ENOENT)
        self.assertFails("dial", reply, path="/" + "x" * 200, errno=errno.ENAMETOOLONG)
        self.assertFails("usage", reply, host="localhost", port=80)
        self.assertFails("usage", reply, host="127.0.0.1", port=0)

    def test_timeout(self):
        import errno
        full = socket.socket()  # a listener that never accepts: beyond its backlog, connecting hangs
        self.addCleanup(full.close)
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = []
        with self.assertRaises(c.AgentError) as caught:
            for _ in range(10):
                stream = self.client.request("dial", host="127.0.0.1", port=full.getsockname()[1], timeout_ms=300)
                stream.reply()
                held.append(stream)
        self.assertEqual(caught.exception.errno, errno.ETIMEDOUT)
