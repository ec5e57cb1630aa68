import errno
import os
import re
import signal
import subprocess
import tempfile
import time

from client import ROOT, AgentTest, DATA, EOF, ERROR, EXIT, AgentError, decode, eventually

WRITER = """
import sys, time
n, rate, pad = {n}, {rate}, {pad}
start = time.monotonic()
for i in range(n):
    sys.stdout.write('%d%s\\n' % (i, 'x' * pad))
    if rate and i % 100 == 99:
        sys.stdout.flush()
        time.sleep(max(0, start + i / rate - time.monotonic()))
"""


class RingTest(AgentTest):
    def start(self, script, **fields):
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", script], detached=True, **fields)
        return stream.reply()["process"]

    def python(self, program, **fields):
        stream = self.client.request("spawn", argv=["python3", "-c", program], detached=True, **fields)
        return stream.reply()["process"]

    def replay(self, process, **fields):
        """(REPLY, {channel: bytes}, EXIT's status or None)"""
        client = self.connect()
        stream = client.request("attach", process=process, window=1 << 20, **fields)
        about, out, status = stream.reply(), {1: bytearray(), 2: bytearray()}, None
        while True:
            kind, channel, payload = stream.event()
            if kind == DATA:
                out[channel] += payload
                stream.grant(len(payload))
            elif kind == ERROR:
                raise AgentError(decode(payload))
            elif kind == EXIT:
                status = decode(payload)["status"]
                break
            elif kind == EOF and about["running"] and not fields.get("follow"):
                break
        client.close()
        return about, out, status


class Replay(RingTest):
    def test_from_any_offset(self):
        process = self.start("echo one; sleep 0.1; echo two >&2; sleep 0.1; echo three; exit 5", label="my label")
        self.client.wait_ended(process)
        about, out, status = self.replay(process)
        self.assertEqual((bytes(out[1]), bytes(out[2]), status), (b"one\nthree\n", b"two\n", 5))
        self.assertEqual((about["running"], about["offset_first"], about["lost"], about["label"]), (0, 0, 0, "my label"))
        for offset in range(16):
            about, out, status = self.replay(process, offset=offset)
            whole = b"one\ntwo\nthree\n"
            self.assertEqual(len(out[1]) + len(out[2]), max(0, len(whole) - offset))
            self.assertEqual(about["offset"], min(offset, len(whole)))
            self.assertEqual(status, 5)
        entry = self.client.call("processes")["entry"][0]
        self.assertEqual((entry["argv"][:2], entry["status"], entry["offset"], entry["label"]),
                         (["/bin/sh", "-c"], 5, 14, "my label"))

    def test_held_only_and_follow(self):
        process = self.start("echo one; read x; echo two", stdin=True)
        self.assertTrue(eventually(lambda: self.client.call("processes")["entry"][0]["offset"] == 4))
        about, out, status = self.replay(process)
        self.assertEqual((about["running"], bytes(out[1]), status), (1, b"one\n", None))
        follower = self.client.request("attach", process=process, follow=True, window=100)
        follower.reply()
        follower.until(b"one\n")
        feeder = self.client.request("input", process=process)
        feeder.reply()
        feeder.write(b"go\n")
        out, status, _ = follower.collect()
        self.assertEqual((bytes(out[1]), status), (b"two\n", 0))

    def test_spawn_again_answers_like_attach(self):
        spawn = dict(argv=["/bin/sh", "-c", "echo once; sleep 0.2; exit 3"], detached=True, process="job-1", window=100)
        first = self.client.request("spawn", **spawn)
        second = self.connect().request("spawn", **spawn)
        self.assertEqual(first.reply()["pid"], second.reply()["pid"])
        for stream in (first, second):
            out, status, _ = stream.collect()
            self.assertEqual((bytes(out[1]), status), (b"once\n", 3))

    def test_spawn_again_of_an_attached_process_gives_its_status(self):
        spawn = dict(argv=["/bin/sh", "-c", "sleep 0.1; exit 9"], process="job-2", window=100)
        client = self.connect()
        client.request("spawn", **spawn).reply()
        self.assertFails("busy", self.client.request("spawn", **spawn).reply, errno=errno.EBUSY)
        client.close()
        self.client.wait_ended("job-2")
        again = self.client.request("spawn", **spawn)
        self.assertEqual(again.reply()["running"], 0)
        self.assertEqual(again.collect()[1], 9)
        self.assertEqual(self.client.call("processes"), {"size": 0})

    def test_an_attached_process_is_heard_from_now_on(self):
        client = self.connect()
        client.request("spawn", argv=["cat"], stdin=True, process="cat", window=100).reply()
        client.close()
        stream = self.client.request("attach", process="cat", window=100)
        self.assertEqual(stream.reply()["running"], 1)
        feeder = self.client.request("input", process="cat")
        feeder.reply()
        feeder.write(b"heard")
        feeder.eof()
        out, status, ended = stream.collect()
        self.assertEqual((bytes(out[1]), status, ended), (b"heard", 0, {1, 2}))

    def test_forget(self):
        process = self.start("sleep 100")
        self.assertFails("busy", self.client.call, "forget", process=process, errno=errno.EBUSY)
        self.client.call("signal", process=process, signal=9)
        self.client.wait_ended(process)
        self.client.call("forget", process=process)
        self.assertFails("absent", self.client.call, "attach", process=process, errno=errno.ESRCH)
        self.assertEqual(self.client.call("processes"), {"size": 0})

    def test_output_of_background_children_after_the_end(self):
        process = self.start("(sleep 0.3; echo late) & echo early")
        self.assertEqual(self.client.wait_ended(process)["offset"], 6)
        self.assertTrue(eventually(lambda: self.client.call("processes")["entry"][0]["offset"] == 11))
        self.assertEqual(bytes(self.replay(process)[1][1]), b"early\nlate\n")

    def test_pty(self):
        process = self.start("stty size; exit 2", pty=True, cols=90, rows=20)
        self.client.wait_ended(process)
        _, out, status = self.replay(process)
        self.assertEqual((bytes(out[1]), status), (b"20 90\r\n", 2))

    def test_many_processes_fit_in_pages(self):
        label = "l" * 4000
        for i in range(100):
            self.start("true", label=label, process=f"n{i}")
        seen, page = [], self.client.call("processes")
        while True:
            seen += [entry["process"] for entry in page["entry"]]
            if not page["size"]:
                break
            page = self.client.call("processes", process=seen[-1])
        self.assertEqual(sorted(seen), sorted(f"n{i}" for i in range(100)))

    def test_records_of_both_channels_keep_their_order(self):
        process = self.python("""
import os, random
r = random.Random(3)
for i in range(20000): os.write(1 + r.randrange(2), b'%d,' % i)
""", ring=1 << 20)
        self.client.wait_ended(process)
        _, out, _ = self.replay(process)
        both = [[int(n) for n in bytes(out[c]).split(b",")[:-1]] for c in (1, 2)]
        self.assertEqual(sorted(both[0] + both[1]), list(range(20000)))
        self.assertEqual([sorted(b) for b in both], both)


class Bound(RingTest):
    def test_no_line_is_lost_below_the_bound_while_connections_are_cut(self):
        lines = 30_000
        process = self.python(WRITER.format(n=lines, rate=10_000, pad=20))
        got = bytearray()
        cuts = 0
        while True:
            client = self.connect()
            stream = client.request("attach", process=process, offset=len(got), follow=True, window=60_000)
            about = stream.reply()
            self.assertEqual((about["lost"], about["offset"]), (0, len(got)))
            status, deadline = None, time.monotonic() + 0.05
            while status is None and time.monotonic() < deadline:
                kind, _, payload = stream.event()
                if kind == DATA:
                    got += payload
                    stream.grant(len(payload))
                elif kind == EXIT:
                    status = decode(payload)["status"]
            client.close()
            cuts += 1
            if status is not None:
                break
        self.assertEqual(status, 0)
        self.assertGreater(cuts, 20)
        self.assertEqual(bytes(got), b"".join(b"%d%s\n" % (i, b"x" * 20) for i in range(lines)))

    def test_exactly_the_bound_is_kept(self):
        for ring in (1 << 16, 1 << 20):
            process = self.start(f"head -c {ring} /dev/urandom", ring=ring)
            self.client.wait_ended(process)
            about, out, _ = self.replay(process)
            self.assertEqual((about["lost"], len(out[1])), (0, ring))

    def test_lost_is_exact_above_the_bound(self):
        ring, lines, pad = 1 << 18, 100_000, 10
        whole = b"".join(b"%d%s\n" % (i, b"x" * pad) for i in range(lines))
        process = self.python(WRITER.format(n=lines, rate=0, pad=pad), ring=ring)
        self.client.wait_ended(process)
        for offset in (0, 12345, len(whole) - ring, len(whole) - 10, len(whole)):
            about, out, status = self.replay(process, offset=offset)
            first = about["offset_first"]
            self.assertEqual(about["lost"], max(0, first - offset))
            self.assertEqual(bytes(out[1]), whole[max(offset, first):])
            self.assertGreaterEqual(len(whole) - first, ring)
            self.assertLessEqual(len(whole) - first, ring * 2)

    def test_a_reader_that_falls_behind_is_told(self):
        process = self.start("read x; head -c 3000000 /dev/zero; read x", stdin=True, ring=1 << 16)
        slow = self.client.request("attach", process=process, follow=True, window=10)
        slow.reply()
        feeder = self.client.request("input", process=process)
        feeder.reply()
        feeder.write(b"\n")
        self.assertTrue(eventually(lambda: self.client.call("processes")["entry"][0]["offset"] == 3_000_000))
        slow.grant(100_000)
        with self.assertRaises(AgentError) as caught:
            slow.collect()
        self.assertEqual(caught.exception.code, "overrun")
        self.assertGreater(self.replay(process)[0]["lost"], 0)

    def test_the_program_never_blocks(self):
        start = time.monotonic()
        process = self.start("head -c 200000000 /dev/zero", ring=1 << 16)
        self.client.wait_ended(process, 60)
        self.assertEqual(self.client.call("processes")["entry"][0]["offset"], 200_000_000)
        self.assertLess(time.monotonic() - start, 60)


class FullDisk(RingTest):
    """The state directory is a file system of 1 MiB, in a mount namespace of the agent's own."""

    state = "/mnt"
    wrapper = (("unshare", "--mount") if ROOT else ("unshare", "--user", "--map-root-user", "--mount")) + (
        "sh", "-c", 'mount -t tmpfs -o size=1m none /mnt && exec "$@"', "sh")

    def fill(self, n):
        self.client.shell(f"head -c {n} /dev/zero > /mnt/filler")

    def numbers(self, data):
        return [int(n) for n in re.findall(rb"\d+", bytes(data))]

    def test_the_oldest_is_dropped(self):
        lines = 300_000
        process = self.python(WRITER.format(n=lines, rate=0, pad=10))
        self.client.wait_ended(process)
        about, out, status = self.replay(process)
        self.assertEqual(status, 0)
        self.assertEqual(about["lost"], about["offset_first"])
        self.assertGreater(len(out[1]), 300_000)
        kept = bytes(out[1]).split(b"\n")[1:-1]
        self.assertEqual([int(line.rstrip(b"x")) for line in kept], list(range(lines - len(kept), lines)))

    def test_no_room_at_all(self):
        self.fill(2_000_000)
        process = self.start("seq 1 1000; read x; seq 1 100000", stdin=True)
        self.assertTrue(eventually(lambda: self.client.call("processes")["entry"][0]["offset"] == 3893))
        about, out, _ = self.replay(process)
        self.assertEqual((about["lost"], self.numbers(out[1])), (0, list(range(1, 1001))))
        feeder = self.client.request("input", process=process)
        feeder.reply()
        feeder.write(b"\n")
        self.client.wait_ended(process)
        about, out, status = self.replay(process)
        self.assertEqual(status, 0)
        self.assertEqual(about["lost"], about["offset_first"])
        self.assertGreaterEqual(len(out[1]), 1 << 16)  # in memory
        self.assertLess(len(out[1]), 100_000)
        kept = self.numbers(out[1])[1:]
        self.assertEqual(kept, list(range(100_001 - len(kept), 100_001)))

    def test_no_room_for_names(self):
        self.client.shell("mount -o remount,nr_inodes=9 /mnt && touch $(seq -f /mnt/%g 20)")
        process = self.start("echo kept")
        self.client.wait_ended(process)
        self.assertEqual(bytes(self.replay(process)[1][1]), b"kept\n")

    def test_a_little_room_that_goes_on_being_used(self):
        process = self.start("read x; seq 1 100; read x; seq 101 3000", stdin=True)
        self.fill(2_000_000)
        for _ in range(2):
            feeder = self.client.request("input", process=process)
            feeder.reply()
            feeder.write(b"\n")
        self.client.wait_ended(process)
        about, out, _ = self.replay(process)
        self.assertEqual(about["lost"], about["offset_first"])
        kept = self.numbers(out[1])[1:]
        self.assertGreater(len(kept), 100)
        self.assertEqual(kept, list(range(3001 - len(kept), 3001)))

    def test_a_disk_that_fills_up_while_a_ring_grows(self):
        process = self.python(WRITER.format(n=20_000, rate=20_000, pad=30))
        for i in range(15):
            self.fill(i % 3 * 500_000)
        self.client.wait_ended(process)
        about, out, status = self.replay(process)
        self.assertEqual(status, 0)
        self.assertEqual(about["lost"], about["offset_first"])
        whole = b"".join(b"%d%s\n" % (i, b"x" * 30) for i in range(20_000))
        self.assertEqual(bytes(out[1]), whole[about["offset_first"]:])

    def test_no_directory_at_all(self):
        self.client.shell("umount -l /mnt; true")
        process = self.start("seq 1 100000")
        self.client.wait_ended(process)
        self.assertEqual(bytes(self.replay(process)[1][1]), b"".join(b"%d\n" % i for i in range(1, 100_001)))


class Tampered(RingTest):
    def ring_files(self):
        fds = f"/proc/{self.agent.pid}/fd"
        return [f"{fds}/{fd}" for fd in os.listdir(fds) if ".ring-" in os.readlink(f"{fds}/{fd}")]

    def test_nothing_is_left_to_find_by_name(self):
        self.start("echo x")
        self.assertEqual(os.listdir(self.dir + "/state"), [])
        self.assertEqual(os.stat(self.dir + "/state").st_mode & 0o777, 0o700)

    def test_a_changed_file_is_noticed_or_harmless(self):
        import random
        r = random.Random(11)
        for round in range(25):
            process = self.python("import os\nfor i in range(3000): os.write(1 + i % 2, b'%d,' % i)", ring=1 << 16)
            self.client.wait_ended(process)
            path = self.ring_files()[-1]
            with open(path, "r+b") as f:
                size = os.fstat(f.fileno()).st_size
                if round % 5 == 0:
                    f.truncate(r.randrange(size))
                for _ in range(r.choice([1, 10, 1000])):
                    f.seek(r.randrange(size))
                    f.write(r.choice([b"\0" * 8, b"\xff" * 8, r.randbytes(8), b"\x01\xd7\0\0\xff\xff\xff\xff"]))
            try:
                out = self.replay(process, offset=r.randrange(1000))[1]
                self.assertLessEqual(len(out[1]) + len(out[2]), 13_890)
            except AgentError as e:
                self.assertEqual((e.code, e.errno), ("ring", errno.EIO))
            self.client.call("forget", process=process)
        self.assertEqual(self.ring_files(), [])
