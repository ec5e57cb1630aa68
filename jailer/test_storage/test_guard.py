"""A pool that fills up ends the sandbox that fills it, and nobody else."""

import os
import time
import unittest

from harness import Jailer, JailerError, busybox_tar

# Each line is on the disk before it counts; the first one that is refused ends it.
WRITER = "i=0; while i=$((i+1)); echo line $i >>/root/log && sync -d /root/log && echo $i >/root/new && mv /root/new /root/count; do :; done"


class GuardTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer(pool_bytes=2 << 30)
        self.addCleanup(self.jailer.remove)
        self.jailer.start()
        data = busybox_tar()
        self.jailer.ask(f"layer-import base00000001 {len(data)}", data)
        self.events = self.jailer.client()
        self.addCleanup(self.events.close)
        self.events.send("events")

    def boot(self, name, slot, memory=512):
        self.jailer.ask(f"slot-make {slot}")
        self.jailer.ask(f"start {name} {slot} {name} - base00000001 - 2000 {memory} 128 3 default")

    def told(self):
        while (line := self.events.receive()) == "beat":
            pass
        return line

    def count(self, name):
        return int(self.jailer.agent(name, "cat /root/count 2>/dev/null || echo 0"))

    def grows(self, name):
        before, deadline = self.count(name), time.monotonic() + 20
        while self.count(name) <= before:
            self.assertLess(time.monotonic(), deadline, f"{name} writes no more: {self.jailer.log()}")

    def free(self):
        answer = self.jailer.ask("hello")
        return int(answer["data"]) / int(answer["pool_total"])

    def fill(self, share):
        """Takes room of the pool until this share is free."""
        with open(self.pool("filler"), "wb") as file:
            space = os.statvfs(file.fileno())
            os.posix_fallocate(file.fileno(), 0, int(space.f_bavail - space.f_blocks * share) * space.f_frsize)

    def pool(self, name):
        return f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/{name}"

    def assert_unharmed(self, name):
        self.grows(name)
        self.assertNotRegex(self.jailer.agent(name, "grep ' / ' /proc/mounts"), r"\bro\b")
        self.assertEqual("", self.jailer.agent(name, "dd if=/root/log of=/dev/null 2>&1 | grep -i error"))
        count = self.count(name)
        self.assertGreaterEqual(int(self.jailer.agent(name, "grep -c . /root/log")), count)

    def test_the_one_that_fills_it_is_ended_and_bystanders_write_on(self):
        bystanders = [f"by{i}" for i in range(3)]
        for slot, name in enumerate(bystanders, 1):
            self.boot(name, slot)
            self.jailer.agent(name, f"({WRITER}) >/dev/null 2>&1 &")
        self.boot("hog", 9)
        self.jailer.agent("hog", "echo kept >/root/kept; sync; (dd if=/dev/zero of=/big bs=1048576) >/dev/null 2>&1 &")
        self.assertRegex(self.told(), r"^exited hog status=9 oom_kills=\d+ pool_full=1$")
        for name in bystanders:
            self.assert_unharmed(name)
        self.jailer.ask("kill hog")
        self.assertLess(self.free(), 0.1)
        self.assertGreater(self.free(), 0, "nothing was kept for the others")
        with self.assertRaises(JailerError) as refused:
            self.jailer.ask("start hog 9 hog - base00000001 - 1000 256 128 3 default")
        self.assertEqual("space", refused.exception.code)
        for name in bystanders:
            self.assert_unharmed(name)
        self.assertNotIn("I/O error", self.jailer.log())
        # its disk is sound, with what it had synced
        image = f"{self.jailer.data}/pool/disks/hog.img"
        self.jailer.inside_pin("sh", "-c", f"e2fsck -fp {image} >/dev/null; [ $? -le 1 ]")
        self.assertEqual("kept\n", self.jailer.inside_pin("debugfs", "-R", "cat upper/root/kept", image))
        self.jailer.ask("disk-drop hog")
        self.boot("next", 10)
        self.assertEqual("fresh", self.jailer.agent("next", "echo fresh"))

    def test_what_a_sandbox_deletes_comes_back_to_the_pool(self):
        self.boot("box", 1)
        before = self.free()
        self.jailer.agent("box", "dd if=/dev/zero of=/big bs=1048576 count=300 2>/dev/null; sync; rm /big; sync")
        self.assertLess(self.free(), before - 0.1)
        self.jailer.ask("trim box")
        self.assertGreater(self.free(), before - 0.03)
        with self.assertRaises(JailerError) as refused:
            self.jailer.ask("trim nobody")
        self.assertEqual("absent", refused.exception.code)

    def test_many_that_fill_it_at_once(self):
        self.boot("by", 1)
        self.jailer.agent("by", f"({WRITER}) >/dev/null 2>&1 &")
        for slot in range(2, 6):
            self.boot(f"hog{slot}", slot, memory=1024)
        for slot in range(2, 6):
            self.jailer.agent(f"hog{slot}", "(dd if=/dev/zero of=/big bs=1048576) >/dev/null 2>&1 &")
        ended = set()
        while len(ended) < 4:
            line = self.told()
            self.assertRegex(line, r"^exited hog\d status=9 .* pool_full=1$", self.jailer.log())
            ended.add(line.split()[1])
            self.jailer.ask("kill " + line.split()[1])
        self.assert_unharmed("by")

    def test_it_begins_anew_after_a_restart_of_the_jailer(self):
        self.boot("by", 1)
        self.jailer.agent("by", f"({WRITER}) >/dev/null 2>&1 &")
        self.boot("hog", 2)
        self.fill(0.12)
        self.jailer.kill9()
        self.jailer.start()
        self.events = self.jailer.client()
        self.addCleanup(self.events.close)
        self.events.send("events")
        self.jailer.agent("hog", "(dd if=/dev/zero of=/big bs=1048576) >/dev/null 2>&1 &")
        self.assertRegex(self.told(), r"^exited hog status=-1 oom_kills=\d+ pool_full=1$")
        self.assert_unharmed("by")
        os.truncate(self.pool("filler"), 0)
        self.jailer.ask("kill hog")
        self.boot("hog", 3)
        self.assertEqual("up", self.jailer.agent("hog", "echo up"))


if __name__ == "__main__":
    unittest.main()
