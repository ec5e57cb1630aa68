"""A sandbox that computes without pause gives way to the others, and to nobody when it pauses."""

import os
import time
import unittest

from harness import CGROUP, Jailer, busybox_tar

BURN = "while :; do :; done >/dev/null 2>&1 & echo $!"

PAUSES = "while :; do i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done; sleep 0.05; done >/dev/null 2>&1 &"


# More processes than a sandbox may have that is made idle.
CROWD = "for i in $(seq 300); do yes >/dev/null 2>&1 & done"

V1 = os.path.isdir("/sys/fs/cgroup/cpu")
WEIGHT_FILE, USUAL_WEIGHT, LOW_WEIGHT = ("cpu.shares", 1024, 102) if V1 else ("cpu.weight", 100, 10)


def number(slot, name):
    with open(os.path.join("/sys/fs/cgroup", "cpu" if V1 else "", CGROUP, str(slot), name), encoding="ascii") as file:
        return int(file.read())


def is_idle(slot):
    return number(slot, "cpu.idle") == 1


def weight(slot):
    return number(slot, WEIGHT_FILE)


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

    def crowd(self):
        self.jailer.ask("start crowd 3 crowd - base00000001 - 1000 256 512 3 default")
        self.jailer.agent("crowd", CROWD)
        self.eventually(lambda: weight(3) == LOW_WEIGHT, "many processes compute")

    def test_one_of_many_processes_has_a_low_weight_until_it_pauses(self):
        """It is never idle, which would keep others waiting for locks that it holds."""
        self.jailer.ask("slot-make 3")
        self.crowd()
        self.assertFalse(is_idle(3))
        self.assertEqual(USUAL_WEIGHT, weight(2))
        self.jailer.kill9()
        self.jailer.start()
        self.assertEqual(LOW_WEIGHT, weight(3), "the next jailer goes on with it")
        self.jailer.agent("crowd", "kill $(pidof yes)")
        self.eventually(lambda: weight(3) == USUAL_WEIGHT, "they pause")
        self.jailer.ask("kill crowd")
        self.crowd()
        self.jailer.ask("kill crowd")
        self.jailer.ask("slot-drop 3")
        self.jailer.ask("slot-make 3")
        self.jailer.ask("start next 3 next - base00000001 - 1000 256 128 3 default")
        self.assertEqual(USUAL_WEIGHT, weight(3), "the slot's next sandbox begins like any other")

    def test_one_with_fewer_processes_is_idle_instead(self):
        """And back again when they are more, which its weight shows."""
        self.jailer.ask("slot-make 3")
        self.crowd()
        self.jailer.agent("crowd", "kill $(pidof yes | tr ' ' '\\n' | head -n 200)")
        self.eventually(lambda: is_idle(3), "they are few and compute")
        self.jailer.agent("crowd", CROWD)
        self.eventually(lambda: not is_idle(3) and weight(3) == LOW_WEIGHT, "they are many")

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
