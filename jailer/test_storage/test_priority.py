"""A sandbox that computes without pause gives way to the others, and to nobody when it pauses."""

import os
import time
import unittest

from harness import CGROUP, Jailer, busybox_tar

BURN = "while :; do :; done >/dev/null 2>&1 & echo $!"

PAUSES = "while :; do i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; sleep 0.05; done >/dev/null 2>&1 &"


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

    def eventually(self, condition, what):
        deadline = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}: {self.jailer.log()}")
            self.assertFalse(is_idle(2))
            time.sleep(0.01)

    def used_ns(self, name):
        return int(self.jailer.ask("stats " + name)["cpu_ns"])

    def burn(self):
        pid = self.jailer.agent("burner", BURN)
        self.eventually(lambda: is_idle(1), "it computes")
        return pid

    def end(self, pid):
        self.jailer.agent("burner", f"kill {pid}")
        self.eventually(lambda: not is_idle(1), "it pauses")

    def test_those_that_share_the_processors_give_way_together(self):
        """Each gets a third of one; and one that takes as much, but with pauses, is not among them."""
        slots = range(3, 3 + 3 * len(os.sched_getaffinity(0)))
        for slot in slots:
            self.jailer.ask(f"slot-make {slot}")
            self.jailer.ask(f"start many{slot} {slot} many{slot} - base00000001 - 1000 256 128 3 default")
        pids = {slot: self.jailer.agent(f"many{slot}", BURN) for slot in slots}
        self.eventually(lambda: all(map(is_idle, slots)), "they compute")
        self.jailer.agent("quiet", PAUSES)
        self.eventually(lambda: self.used_ns("quiet") > 5e8, "half a second's worth")
        for slot in slots[1:]:
            self.jailer.agent(f"many{slot}", f"kill {pids[slot]}")
        self.eventually(lambda: not any(map(is_idle, slots[1:])), "they pause")
        self.eventually(lambda: is_idle(slots[0]), "it computes, alone")

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
