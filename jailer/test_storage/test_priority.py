"""A sandbox that computes without pause gives way to the others, and to nobody when it pauses."""

import os
import time
import unittest

from harness import CGROUP, Jailer, busybox_tar

BURN = "while :; do :; done >/dev/null 2>&1 & echo $!"


def is_idle(slot):
    controller = "cpu" if os.path.isdir("/sys/fs/cgroup/cpu") else ""
    with open(os.path.join("/sys/fs/cgroup", controller, CGROUP, str(slot), "cpu.idle"), encoding="ascii") as file:
        return file.read().strip() == "1"


class PriorityTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer()
        self.addCleanup(self.jailer.remove)
        self.jailer.start()
        data = busybox_tar()
        self.jailer.ask(f"layer-import base00000001 {len(data)}", data)
        for slot, name in enumerate(("burner", "quiet"), 1):
            self.jailer.ask(f"slot-make {slot}")
            self.jailer.ask(f"start {name} {slot} {name} - base00000001 - 1000 256 128 3 default")

    def eventually(self, idle, what):
        deadline = time.monotonic() + 60
        while is_idle(1) != idle:
            self.assertLess(time.monotonic(), deadline, f"{what}: {self.jailer.log()}")
            self.assertFalse(is_idle(2))
            time.sleep(0.01)

    def burn(self):
        pid = self.jailer.agent("burner", BURN)
        self.eventually(True, "it computes")
        return pid

    def end(self, pid):
        self.jailer.agent("burner", f"kill {pid}")
        self.eventually(False, "it pauses")

    def test_one_that_computes_gives_way_until_it_pauses(self):
        self.end(self.burn())
        self.end(self.burn())

    def test_the_next_jailer_goes_on_with_it(self):
        pid = self.burn()
        self.jailer.kill9()
        self.jailer.start()
        self.end(pid)

    def test_the_slot_s_next_sandbox_begins_like_any_other(self):
        self.burn()
        self.jailer.ask("kill burner")
        self.jailer.ask("slot-drop 1")
        self.jailer.ask("slot-make 1")
        self.jailer.ask("start burner 1 burner - base00000001 - 1000 256 128 3 default")
        self.assertFalse(is_idle(1))
        self.burn()


if __name__ == "__main__":
    unittest.main()
