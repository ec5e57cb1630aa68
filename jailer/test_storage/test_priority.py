"""A sandbox that computes without pause gives way to the others and keeps to as many processors as its limit says; to nobody when it pauses."""

import os
import time
import unittest

from harness import CGROUP, Jailer, busybox_tar

V2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
BURN = "while :; do :; done >/dev/null 2>&1 & echo $!"


def read(slot, controller, file):
    path = os.path.join("/sys/fs/cgroup", "" if V2 else controller, CGROUP, str(slot), file)
    with open(path, encoding="ascii") as text:
        return text.read().strip()


def is_idle(slot):
    return read(slot, "cpu", "cpu.idle") == "1"


def processors(slot):
    """How many its programs may run on."""
    parts = [part.split("-") for part in read(slot, "cpuset", "cpuset.cpus.effective" if V2 else "cpuset.effective_cpus").split(",")]
    return {number for part in parts for number in range(int(part[0]), int(part[-1]) + 1)}


class PriorityTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer()
        self.addCleanup(self.jailer.remove)
        self.jailer.start()
        data = busybox_tar()
        self.jailer.ask(f"layer-import base00000001 {len(data)}", data)
        for slot, name in enumerate(("burner", "quiet"), 1):
            self.jailer.ask(f"slot-make {slot}")
            self.jailer.ask(f"start {name} {slot} {name} - base00000001 - 1000 256 512 3 default")
        self.all = processors(2)
        self.assertLess(1, len(self.all), "these tests need two processors")

    def eventually(self, wanted, found, what):
        deadline = time.monotonic() + 60
        while wanted != found():
            self.assertLess(time.monotonic(), deadline, f"{what}: {found()}; {self.jailer.log()}")
            self.assertFalse(is_idle(2))
            self.assertEqual(self.all, processors(2))
            time.sleep(0.01)

    def burn(self, idle=True, confined_to=1):
        pid = self.jailer.agent("burner", BURN)
        self.eventually((idle, confined_to), lambda: (is_idle(1), len(processors(1))), "it computes")
        return pid

    def end(self, pid):
        self.jailer.agent("burner", f"kill {pid}")
        self.eventually((False, self.all), lambda: (is_idle(1), processors(1)), "it pauses")

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
        self.jailer.ask("start burner 1 burner - base00000001 - 1000 256 512 3 default")
        self.assertFalse(is_idle(1))
        self.assertEqual(self.all, processors(1))
        self.burn()

    def test_with_many_processes_it_is_not_confined_and_with_very_many_not_idle(self):
        self.burn()
        self.jailer.agent("burner", "for i in $(seq 64); do sleep 600 >/dev/null 2>&1 & done")
        self.eventually((True, self.all), lambda: (is_idle(1), processors(1)), "64 more processes")
        self.jailer.agent("burner", "for i in $(seq 192); do sleep 600 >/dev/null 2>&1 & done")
        self.eventually((False, self.all), lambda: (is_idle(1), processors(1)), "256 more processes")
        self.jailer.agent("burner", "killall sleep")
        self.eventually((True, 1), lambda: (is_idle(1), len(processors(1))), "few processes again")

    def test_two_that_compute_are_kept_apart(self):
        self.burn()
        self.jailer.ask("slot-make 3")
        self.jailer.ask("start second 3 second - base00000001 - 1000 256 512 3 default")
        self.jailer.agent("second", BURN)
        self.eventually((1, 1, 2), lambda: (len(processors(1)), len(processors(3)), len(processors(1) | processors(3))), "two compute")

    def test_a_higher_limit_is_more_processors(self):
        pid = self.burn()
        self.jailer.ask(f"limits burner {len(self.all)}000 256 512")
        self.eventually(self.all, lambda: processors(1), "its limit is all of them")
        self.jailer.ask("limits burner 1000 256 512")
        self.eventually(1, lambda: len(processors(1)), "its limit is one")
        self.end(pid)

    def test_containers_inside_keep_the_processors_they_were_given(self):
        """v1 lets nobody take them away from above, and what else is to be done is done; on v2 they get no more than is above."""
        inside = os.path.join("/sys/fs/cgroup", "" if V2 else "cpuset", CGROUP, "1/inside")
        os.mkdir(inside)
        if not V2:
            with open(inside + "/cpuset.cpus", "w", encoding="ascii") as file:
                file.write(",".join(str(number) for number in sorted(self.all)))
        pid = self.burn(confined_to=1 if V2 else len(self.all))
        os.rmdir(inside)
        self.eventually(1, lambda: len(processors(1)), "the container is gone")
        self.end(pid)


if __name__ == "__main__":
    unittest.main()
