"""A client of the agent's protocol (docs/protocols/agent.md), and an agent to test with."""

import collections
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

HELLO, REQUEST, REPLY, ERROR, DATA, EOF, CREDIT, EXIT, CLOSE, PING, PONG = range(1, 12)
TAGS = dict(
    verb=1, version=2, version_max=3, agent=4, boot=5, errno=6, code=7, message=8, window=9, host=10,
    port=11, hostname=12, timeout_ms=13, kill_on_close=14, clean_env=15, merge=16, follow=17, unset=18,
    process=20, pid=21, argv=22, env=23, cwd=24, user=25, pty=26, cols=27, rows=28, detached=29, ring=30,
    offset=31, signal=32, status=33, label=34, running=35, tree=36, stdin=37, path=40, path2=41, mode=42,
    flags=43, uid=44, gid=45, size=46, mtime_ns=47, name=48, type=49, target=50, offset_first=51, lost=52,
    recursive=53, owner=54, group=55, entry=56, no_replace=57, input=58, feature=59, echo=60, prefix=61, subreaper=62)
NAMES = {number: name for name, number in TAGS.items()}
NUMBERS = {2, 3, 6, 9, 11, 13, 14, 15, 16, 17, 21, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 37, 42, 43, 44,
           45, 46, 47, 51, 52, 53, 57, 60, 62}
LISTS = {"argv", "env", "unset", "entry", "feature"}
AGENT = os.environ["AGENT"]
ROOT = os.geteuid() == 0


def encode(fields):
    out = bytearray()
    for name, values in fields.items():
        for value in values if isinstance(values, (list, tuple)) else [values]:
            if isinstance(value, (bool, int)):
                value = struct.pack(">q", int(value)) if value < 1 << 63 else struct.pack(">Q", value)
            elif isinstance(value, str):
                value = os.fsencode(value)
            out += struct.pack(">BI", TAGS[name], len(value)) + value
    return bytes(out)


def decode(data):
    fields = {}
    at = 0
    while at < len(data):
        tag, length = struct.unpack_from(">BI", data, at)
        value = data[at + 5:at + 5 + length]
        assert len(value) == length
        at += 5 + length
        name = NAMES[tag]
        if tag in NUMBERS:
            value = struct.unpack(">q", value)[0]
        elif name == "entry":
            value = decode(value)
        else:
            value = os.fsdecode(value)
        if name in LISTS:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return fields


def frame(kind, stream, payload=b"", channel=0):
    return struct.pack(">IBBHI", len(payload), kind, channel, 0, stream) + payload


class AgentError(Exception):
    def __init__(self, fields):
        super().__init__(fields.get("message"))
        self.errno = fields["errno"]
        self.code = fields["code"]


class Lost(Exception):
    """The agent closed the connection."""


class Stream:
    def __init__(self, client, number):
        self.client, self.number = client, number
        self.events = collections.deque()
        self.credit = 0

    def event(self):
        """The next frame of this stream as (type, channel, payload); credit is counted and skipped."""
        while not self.events:
            self.client.pump()
        return self.events.popleft()

    def expect(self, kind):
        got, channel, payload = self.event()
        if got == ERROR:
            raise AgentError(decode(payload))
        assert got == kind, f"frame {got} instead of {kind}"
        return channel, payload

    def reply(self):
        return decode(self.expect(REPLY)[1])

    def send(self, kind, payload=b""):
        self.client.sock.sendall(frame(kind, self.number, payload))

    def write(self, data):
        at = 0
        while at < len(data):
            while not self.credit:
                if any(kind == ERROR for kind, _, _ in self.events):
                    return
                self.client.pump()
            piece = data[at:at + min(self.credit, 262144)]
            self.credit -= len(piece)
            at += len(piece)
            self.send(DATA, piece)

    def grant(self, n):
        self.send(CREDIT, struct.pack(">I", n))

    def eof(self):
        self.send(EOF)

    def close(self):
        self.send(CLOSE)

    def collect(self, grant=True):
        """Everything up to EXIT: ({channel: bytes}, status, set of channels that ended)."""
        out, ended = collections.defaultdict(bytearray), set()
        while True:
            kind, channel, payload = self.event()
            if kind == DATA:
                out[channel] += payload
                if grant:
                    self.grant(len(payload))
            elif kind == EOF:
                assert channel not in ended, "EOF twice"
                ended.add(channel)
            elif kind == ERROR:
                raise AgentError(decode(payload))
            else:
                assert kind == EXIT, kind
                return out, decode(payload)["status"], ended

    def until(self, wanted, channel=1):
        """Reads output until it contains wanted."""
        seen = b""
        while wanted not in seen:
            kind, got, payload = self.event()
            assert kind == DATA, (kind, seen)
            self.grant(len(payload))
            if got == channel:
                seen += payload
        return seen


class Client:
    def __init__(self, path, hello=True, timeout=60):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.streams, self.next, self.buffer = {}, 1, bytearray()
        if hello:
            self.sock.sendall(frame(HELLO, 0, encode({"version": 1, "version_max": 2})))
            kind, _, _, payload = self.read()
            assert kind == HELLO
            self.hello = decode(payload)

    def fill(self, n):
        while len(self.buffer) < n:
            data = self.sock.recv(1 << 20)
            if not data:
                raise Lost()
            self.buffer += data

    def read(self):
        self.fill(12)
        length, kind, channel, reserved, stream = struct.unpack_from(">IBBHI", self.buffer)
        assert length <= 262144 and reserved == 0
        self.fill(12 + length)
        payload = bytes(self.buffer[12:12 + length])
        del self.buffer[:12 + length]
        return kind, channel, stream, payload

    def pump(self):
        kind, channel, number, payload = self.read()
        stream = self.streams[number]
        if kind == CREDIT:
            stream.credit += struct.unpack(">I", payload)[0]
        else:
            stream.events.append((kind, channel, payload))

    def request(self, verb, **fields):
        stream = self.streams[self.next] = Stream(self, self.next)
        self.next += 1
        self.sock.sendall(frame(REQUEST, stream.number, encode({"verb": verb, **fields})))
        return stream

    def call(self, verb, **fields):
        """A request that is done with its REPLY."""
        stream = self.request(verb, **fields)
        try:
            return stream.reply()
        finally:
            del self.streams[stream.number]

    def run(self, *argv, **fields):
        """Spawns and waits: (stdout, stderr, status)."""
        stream = self.request("spawn", argv=argv, window=1 << 20, **fields)
        stream.reply()
        out, status, _ = stream.collect()
        return bytes(out[1]), bytes(out[2]), status

    def shell(self, script, **fields):
        return self.run("/bin/sh", "-c", script, **fields)

    def upload(self, path, data, **fields):
        stream = self.request("write", path=path, **fields)
        stream.reply()
        stream.write(data)
        stream.eof()
        _, status, _ = stream.collect()
        assert status == 0

    def download(self, path, **fields):
        stream = self.request("read", path=path, window=1 << 20, **fields)
        about = stream.reply()
        out, status, ended = stream.collect()
        assert status == 0 and ended == {1}
        return about, bytes(out[1])

    def listing(self, path, **fields):
        stream = self.request("list", path=path, window=1 << 20, **fields)
        stream.reply()
        data, at, entries = bytes(stream.collect()[0][1]), 0, {}
        while at < len(data):
            length = struct.unpack_from(">I", data, at)[0]
            entry = decode(data[at + 4:at + 4 + length])
            entries[entry["name"]] = entry
            at += 4 + length
        return entries

    def wait_ended(self, process, seconds=30):
        for _ in patience(seconds):
            for entry in self.call("processes").get("entry", []):
                if entry["process"] == process and not entry["running"]:
                    return entry
        raise AssertionError(f"{process} did not end")

    def close(self):
        self.sock.close()


def patience(seconds):
    """Turns of a polling loop with a deadline; for what only the kernel knows."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(test, seconds=20):
    for _ in patience(seconds):
        if test():
            return True
    return False


class AgentTest(unittest.TestCase):
    """Each test has an agent of its own, which must come through it alive and without complaints."""

    state = None
    wrapper = ()

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="agent-")
        os.chmod(self.dir, 0o755)
        self.socket = self.dir + "/s"
        self.log = open(self.dir + "/log", "wb+")
        state = self.state or self.dir + "/state"
        self.agent = subprocess.Popen([*self.wrapper, AGENT, "--listen", self.socket, "--state", state],
                                      stdin=subprocess.DEVNULL, stderr=self.log)
        self.addCleanup(self.cleanup)
        assert eventually(self.connectable), "the agent did not start"
        self.client = self.connect()

    def connectable(self):
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(self.socket)
            return True
        except OSError:
            return False

    def connect(self, **options):
        client = Client(self.socket, **options)
        self.addCleanup(client.close)
        return client

    def cleanup(self):
        try:
            self.assertIsNone(self.agent.poll(), "the agent died")
            self.stop()
            self.assertEqual(self.agent.wait(30), self.expected_status())
        finally:
            if self.agent.poll() is None:
                self.agent.kill()
                self.agent.wait()
            self.log.seek(0)
            log = self.log.read().decode(errors="replace")
            self.log.close()
            shutil.rmtree(self.dir, ignore_errors=True)
            self.assertEqual(log, self.expected_log(log))

    def stop(self):
        self.agent.send_signal(signal.SIGTERM)

    def expected_status(self):
        return 0

    def expected_log(self, log):
        return ""

    def assertFails(self, code, call, *args, errno=None, **fields):
        with self.assertRaises(AgentError) as caught:
            call(*args, **fields)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        if errno is not None:
            self.assertEqual(caught.exception.errno, errno, str(caught.exception))
