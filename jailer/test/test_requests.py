"""The wire: what is not exactly a request is refused, and nothing happens."""

import contextlib
import fcntl
import os
import random
import socket
import subprocess
import time
import unittest

from support import CGROUP, DEADLINE, GID, UID, JailerTest, eventually, links

UUID = "0b1e7d52-7a4c-4a55-9d0e-6f1c2a3b4c5d"
LAYER = "a" * 64
START = f"start {UUID} 5 {UUID} - {LAYER} - 1000 1024 512 3 default"


def start_with(position, value):
    words = START.split(" ")
    words[position] = value
    return " ".join(words)


BAD_NUMBERS = ["", "-1", "+1", "01", "00", "1.0", "1e3", "0x1", "1 ", "٣", "99999999999999999999", "18446744073709551617", "4294967301", "a", "1,2", "-", "²"]
BAD_SLOTS = BAD_NUMBERS + ["0", "1023", "1024", "65536", "005"]
BAD_IDS = ["", "-", "-a", "..", ".", "a/b", "/", "a..b/", "A", "Ab", "a_b", "a.b", "a" * 41, "é", "a\\b", "a'b", "$(id)", "a;b", "a\x7f", "*", "a,b", "~"]
BAD_LAYERS = ["", "-", "a" * 7, "a" * 65, "A" * 8, "aaaa-aaa", "../../etc", "aaaaaaa/", "aaaaaaaa,", ",aaaaaaaa", "aaaaaaaa,,bbbbbbbb", "aaaaaaaa,aaaaaaaa", ",".join(f"{n:08d}" for n in range(17))]

MALFORMED = (
    ["", " ", "hello ", " hello", "hello  ", "Hello", "HELLO", "hello x", "hel", "hello\r", "hello\t", "\thello", "hello\x0b", "hello\x1b[2J"]
    + ["help", "exec id", "mount / /", "slot-make", "slot-make 1 2", "slot-make  1", "slot-make\t1", "slot_make 1", "list 1", "events 1", "events x y"]
    + ["disk-make", "disk-make a", "disk-make a 1 2", "disk-clone a", "disk-clone a b c", "disk-capture a", "disk-capture a b c", "disk-capture a a", "disk-drop", "disk-drop a b", "layer-drop", "start", START + " x", START.rsplit(" ", 1)[0]]
    + ["kill", "kill a b", "limits a 1000 1024", "limits a 1000 1024 512 1", "freeze", "thaw", "stats", "stats a b", "layer-import", f"layer-import {LAYER}", f"layer-import {LAYER} 2048 x"]
    + [f"{verb} {slot}" for verb in ("slot-make", "slot-drop") for slot in BAD_SLOTS]
    + [f"{verb} {name}" for verb in ("disk-drop", "kill", "freeze", "thaw", "stats") for name in BAD_IDS]
    + [f"disk-make {name} 3" for name in BAD_IDS]
    + [f"disk-{verb} good {size}" for verb in ("make", "grow") for size in BAD_NUMBERS + ["0", "101"]]
    + [f"disk-clone {name} good" for name in BAD_IDS]
    + [f"disk-clone good {name}" for name in BAD_IDS]
    + [f"disk-capture {name} good" for name in BAD_IDS]
    + [f"disk-capture good {name}" for name in BAD_IDS]
    + [f"layer-drop {name}" for name in BAD_LAYERS]
    + [f"layer-import {name} 10240" for name in BAD_LAYERS if "," not in name]
    + [f"layer-import {LAYER} {size}" for size in BAD_NUMBERS + ["0", "1023", "1099511627777"] if size != "4294967301"]
    + [start_with(1, name) for name in BAD_IDS]
    + [start_with(2, slot) for slot in BAD_SLOTS]
    + [start_with(3, name) for name in BAD_IDS]
    + [start_with(4, name) for name in BAD_IDS if name != "-"]
    + [start_with(5, name) for name in BAD_LAYERS]
    + [start_with(6, name) for name in BAD_LAYERS + [f"{LAYER},{'b' * 8}", "--"] if name != "-"]
    + [start_with(7, cpu) for cpu in BAD_NUMBERS + ["0", "9", "1024001"]]
    + [start_with(8, memory) for memory in BAD_NUMBERS + ["0", "15", "16777217"]]
    + [start_with(9, pids) for pids in BAD_NUMBERS + ["0", "3", "4194305"]]
    + [start_with(10, size) for size in BAD_NUMBERS + ["0", "101"]]
    + [start_with(11, profile) for profile in ["", "none", "Default", "restricte", "restrictedx", "privileged", "../x"]]
    + [f"limits good {cpu} 1024 512" for cpu in BAD_NUMBERS + ["9"]]
    + [f"limits good 1000 {memory} 512" for memory in BAD_NUMBERS + ["15"]]
    + [f"limits good 1000 1024 {pids}" for pids in BAD_NUMBERS + ["3"]]
)


class RequestsTest(JailerTest):
    def state(self):
        """All that a request could have changed."""
        return self.client().list(), links(), self.jailer.pinned_mounts()

    def setUp(self):
        self.before = self.state()

    def assert_nothing_happened(self):
        self.assertEqual(self.before, self.state())

    def test_malformed_and_foreign_arguments_are_refused(self):
        client = self.client()
        for request in MALFORMED:
            with self.subTest(request=request):
                answer = client.ask(request)
                self.assertRegex(answer, r"^error usage [ -~]+$")
        self.assertTrue(client.ask("hello").startswith("ok "), "the connection still serves")
        self.assert_nothing_happened()

    def test_a_refusal_says_what_is_allowed(self):
        client = self.client()
        self.assertEqual("error usage a slot is 1 to 1022, decimal, no sign, no leading zero", client.ask("slot-make 1023"))
        self.assertEqual("error usage a layer is 8 to 64 of a-z and 0-9", client.ask("layer-drop .."))
        self.assertEqual("error usage unknown verb", client.ask("sh -c id"))

    def test_well_formed_requests_for_what_is_absent(self):
        client = self.client()
        for request in ("limits nobody 1000 1024 512", "freeze nobody", "thaw nobody", "stats nobody"):
            with self.subTest(request=request):
                self.assertRegex(client.ask(request), "^error absent ")
        for request in ("kill nobody", "disk-drop nobody", "layer-drop nobodynobody", "slot-drop 900"):
            with self.subTest(request=request):
                self.assertEqual("ok", client.ask(request))
        self.assert_nothing_happened()

    def test_nul_in_a_line(self):
        client = self.client()
        for line in (b"\0\n", b"hello\0\n", b"hello\0 x\n", b"slot-make 5\0\n", b"\0hello\n"):
            with self.subTest(line=line):
                client.send(line)
                self.assertRegex(client.line(), "^error usage ")
        self.assertTrue(client.ask("hello").startswith("ok "))
        self.assert_nothing_happened()

    def test_the_longest_line_is_1024_bytes(self):
        client = self.client()
        client.send(b"x" * 1023 + b"\n")
        self.assertEqual("error usage unknown verb", client.line())
        client.send(b"x" * 1024 + b"\n")
        self.assertRegex(client.line(), "^error usage a line is longer")
        self.assertEqual("", client.line(), "closed: where the next line begins is unknown")

    def test_a_megabyte_without_newline(self):
        client = self.client()
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            while True:
                client.send(b"slot-make 5 " * 1000)
        self.assert_nothing_happened()

    def test_half_a_line_then_close(self):
        for text in (b"s", b"slot-make 5", b"slot-make "):
            client = self.jailer.client()
            client.send(text)
            client.close()
        self.assert_nothing_happened()

    def test_half_a_line_then_shutdown(self):
        client = self.client()
        client.send(b"slot-make 5")
        client.socket.shutdown(socket.SHUT_WR)
        self.assertEqual("", client.line())
        self.assert_nothing_happened()

    def test_a_line_in_single_bytes(self):
        client = self.client()
        for byte in b"hello\n":
            client.send(bytes([byte]))
        self.assertRegex(client.line(), "^ok protocol=2 ")

    def test_many_requests_in_one_write_are_answered_in_order(self):
        client = self.client()
        client.send(b"hello\nnonsense\nlist\nhello\n")
        self.assertRegex(client.line(), "^ok protocol=2 ")
        self.assertEqual("error usage unknown verb", client.line())
        while (line := client.line()) != "ok":
            self.assertRegex(line, "^(slot|disk|layer|sandbox) ")
        self.assertRegex(client.line(), "^ok protocol=2 ")

    def test_ten_thousand_requests_on_one_connection(self):
        client = self.client()
        for n in range(10_000):
            if n % 100 == 0:
                self.assertTrue(client.ask("hello").startswith("ok "))
            else:
                self.assertRegex(client.ask(f"slot-make x{n}"), "^error usage ")
        self.assertEqual(0, len(self.children()), "every child is reaped")

    def test_seeded_garbage(self):
        for seed in range(100):
            randomness = random.Random(seed)
            client = self.jailer.client()
            try:
                client.send(randomness.randbytes(randomness.randrange(1, 5000)) + b"\n")
                while (answer := client.line()) != "":
                    self.assertRegex(answer, "^error usage ", f"seed {seed}")
                    if not self.more(client):
                        break
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused while it was still being sent
            finally:
                client.close()
        self.assert_nothing_happened()

    @staticmethod
    def more(client):
        client.socket.settimeout(0.05)
        try:
            return client.socket.recv(1, socket.MSG_PEEK) != b""
        except TimeoutError:
            return False
        finally:
            client.socket.settimeout(DEADLINE)

    def test_mutations_of_a_good_line(self):
        """Whatever is done to a `start`, it ends in a clear refusal: its layer does not exist."""
        client = self.client()
        randomness = random.Random(51)
        for _ in range(500):
            line = bytearray(START.encode())
            for _ in range(randomness.randrange(1, 4)):
                line[randomness.randrange(len(line))] = randomness.randrange(256)
            line = bytes(line).replace(b"\n", b"?")
            client.send(line + b"\n")
            self.assertRegex(client.line(), "^error (usage|absent) [ -~]+$", repr(line))
        self.assert_nothing_happened()

    def test_another_uid_is_closed_at_once(self):
        os.chmod(self.jailer.socket, 0o666)
        os.chmod(os.path.dirname(self.jailer.socket), 0o755)
        self.addCleanup(os.chmod, os.path.dirname(self.jailer.socket), 0o750)
        self.addCleanup(os.chmod, self.jailer.socket, 0o600)
        for uid in (0, UID + 1, 65534):
            with self.subTest(uid=uid):
                client = self.client(uid=uid, gid=GID)
                try:
                    client.send(b"slot-make 5\n")
                    self.assertEqual("", client.line())
                except (BrokenPipeError, ConnectionResetError):
                    pass  # closed before the request was sent
        self.assertTrue(self.client().ask("hello").startswith("ok "), "positive control")
        self.assert_nothing_happened()

    def test_the_socket_is_the_users_alone(self):
        status = os.stat(self.jailer.socket)
        self.assertEqual((UID, 0o600), (status.st_uid, status.st_mode & 0o777))
        with self.assertRaises(PermissionError):
            self.client(uid=UID + 1, gid=UID + 1)

    def test_a_client_that_never_reads_delays_nobody(self):
        deaf = self.jailer.client()
        deaf.socket.setblocking(False)
        try:
            while True:
                deaf.send(b"nonsense\n" * 100)
        except (BlockingIOError, BrokenPipeError, ConnectionResetError):
            pass
        self.assertTrue(self.client().ask("hello").startswith("ok "))
        deaf.close()

    def test_more_connections_than_the_jailer_keeps_wait(self):
        clients = [self.jailer.client() for _ in range(300)]
        try:
            for client in clients[:250]:
                client.send(b"hello\n")
            for client in clients[:250]:
                self.assertTrue(client.line().startswith("ok "))
        finally:
            for client in clients:
                client.close()
        self.assertTrue(self.client().ask("hello").startswith("ok "))

    def children(self):
        with open(f"/proc/{self.jailer.process.pid}/task/{self.jailer.process.pid}/children", encoding="ascii") as file:
            return [child for child in file.read().split() if self.name_of(child) != "procview-watch"]

    @staticmethod
    def name_of(pid):
        try:
            with open(f"/proc/{pid}/comm", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ""

    def waiting_child(self):
        for child in self.children():
            with contextlib.suppress(FileNotFoundError):
                for fd in os.listdir(f"/proc/{child}/fd"):
                    if os.readlink(f"/proc/{child}/fd/{fd}") == f"{self.jailer.data}/run/lock":
                        return int(child)
        return None

    def test_a_verb_that_dies_is_told_and_the_jailer_goes_on(self):
        """A verb waiting for a lock is killed from outside: its client hears of it."""
        holder = os.open(f"{self.jailer.data}/run/lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.addCleanup(os.close, holder)
        fcntl.lockf(holder, fcntl.LOCK_EX)
        client = self.client()
        client.send(b"slot-make 5\n")
        os.kill(eventually(self.waiting_child, "a child that waits for the lock"), 9)
        self.assertRegex(client.line(), "^error system slot-make was ended by signal 9 ")
        fcntl.lockf(holder, fcntl.LOCK_UN)
        self.assertTrue(self.client().ask("hello").startswith("ok "))
        self.assertEqual("ok", self.client().ask("slot-drop 5"))

    def test_events_beat(self):
        streams = [self.client() for _ in range(16)]
        for stream in streams:
            self.assertEqual("beat", stream.ask("events"))
        self.assertRegex(self.client().ask("events"), "^error busy ")
        begun = time.monotonic()
        while (line := streams[0].line()) == "beat" and time.monotonic() - begun < 5:
            pass  # each later subscriber was greeted on every stream
        self.assertEqual("beat", line)
        self.assertLess(time.monotonic() - begun, 12)
        streams[0].send(b"slot-make 5\n")
        while (line := streams[0].line()) == "beat":
            pass
        self.assertEqual("", line, "a stream takes no requests")
        self.assert_nothing_happened()

    def test_a_second_jailer_is_refused(self):
        second = subprocess.run(
            [f"{self.jailer.app}/bin/jailer", "--conf", self.jailer.conf, "--foreground"],
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        self.assertEqual(1, second.returncode)
        self.assertRegex(second.stderr, r"another jailer, pid \d+, serves \S+: stop it with")
        self.assertTrue(self.client().ask("hello").startswith("ok "))
        self.assertTrue(os.path.isdir(f"/sys/fs/cgroup/memory/{CGROUP}") or os.path.isdir(f"/sys/fs/cgroup/{CGROUP}"))


if __name__ == "__main__":
    unittest.main()
