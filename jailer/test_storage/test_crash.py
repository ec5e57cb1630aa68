"""Whatever is killed, and wherever: the next jailer finds what runs and cleans what does not."""

import os
import signal
import subprocess
import tempfile
import threading
import time
import unittest

from harness import CGROUP, Jailer, JailerError
from test_sandbox import LAYER, SandboxCase


class CrashCase(SandboxCase):
    def command(self, name, slot=1):
        return f"start {name} {slot} {name} - {LAYER} - 1000 256 128 3 default"

    def line(self, name):
        lines = [line for line in self.jailer.list() if line[:2] == ["sandbox", name]]
        return lines[0] if lines else None

    def processes(self, slot=1):
        for base in ("/sys/fs/cgroup/pids", "/sys/fs/cgroup"):
            path = f"{base}/{CGROUP}/{slot}/cgroup.procs"
            if os.path.exists(path):
                with open(path, encoding="ascii") as file:
                    return [pid for pid in file.read().split() if alive(pid)]
        return []

    def assert_clean(self, name, slot=1):
        """No process, mount, loop device, socket or directory of a killed sandbox."""
        self.assertEqual(self.processes(slot), [])
        data = self.jailer.data
        self.assertFalse(os.path.exists(f"{data}/sbx/{name}"))
        self.assertFalse(os.path.lexists(f"{data}/sbx/.slot-{slot}"))
        self.assertFalse(os.path.exists(f"{data}/run/a/{name}"))
        with open(f"/proc/{self.jailer.process.pid}/mountinfo", encoding="ascii") as file:
            self.assertNotIn(f"/sbx/{name}", file.read())
        self.assertIsNone(self.line(name))
        self.jailer.inside_pin("e2fsck", "-n", f"{data}/pool/disks/{name}.img")


class HalfStateTest(CrashCase):
    """kill, and start again, from every state a crash can leave."""

    def prepare(self, name):
        pid = self.start(name)
        self.sh(pid, "echo kept >/root/file; sync")
        return pid

    def assert_killed_and_restartable(self, name):
        self.stop(name)
        self.stop(name)
        self.assert_clean(name)
        self.assertEqual(self.sh(self.start(name), "cat /root/file"), "kept")

    def test_pid_1_is_dead(self):
        pid = self.prepare("dead")
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        signal_wait(handle)
        self.assertEqual(self.line("dead")[5], "state=exited")
        self.assert_killed_and_restartable("dead")

    def test_start_cleans_what_a_dead_sandbox_left(self):
        pid = self.prepare("revive")
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        signal_wait(handle)
        self.assertEqual(self.sh(self.start("revive"), "cat /root/file"), "kept")

    def test_the_pid_was_never_written(self):
        self.prepare("nopid")
        os.unlink(f"{self.jailer.data}/sbx/nopid/pid")
        self.assert_killed_and_restartable("nopid")

    def test_nothing_was_written(self):
        name = "nospec"
        self.jailer.ask(f"disk-make {name} 3")
        os.makedirs(f"{self.jailer.data}/sbx/{name}/disk")
        self.stop(name)
        self.assert_clean(name)

    def test_the_disk_is_mounted_and_nothing_runs(self):
        pid = self.prepare("mounted")
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        signal_wait(handle)
        os.unlink(f"{self.jailer.data}/sbx/mounted/pid")
        self.assert_killed_and_restartable("mounted")

    def test_the_disk_is_unmounted_already(self):
        pid = self.prepare("unmounted")
        handle = os.pidfd_open(pid)
        os.kill(pid, signal.SIGKILL)
        signal_wait(handle)
        self.jailer.inside_pin("umount", f"{self.jailer.data}/sbx/unmounted/disk")
        self.assert_killed_and_restartable("unmounted")

    def test_the_slot_s_link_names_a_sandbox_that_is_gone(self):
        os.symlink("vanished", f"{self.jailer.data}/sbx/.slot-1")
        self.prepare("linked")
        self.assert_killed_and_restartable("linked")

    def test_a_kill_does_not_touch_another_sandbox_of_the_slot(self):
        """A stale record of a slot that somebody else has by now."""
        pid = self.prepare("owner")
        os.makedirs(f"{self.jailer.data}/sbx/stale")
        with open(f"{self.jailer.data}/sbx/stale/spec", "w", encoding="ascii") as file:
            file.write(f"1 stale {LAYER}\n")
        self.stop("stale")
        self.assertEqual(self.sh(pid, "cat /root/file"), "kept")


class JailerKilledTest(CrashCase):
    def test_a_sandbox_outlives_the_jailer_and_is_killed_by_the_next(self):
        pid = self.start("outlives")
        self.sh(pid, "echo kept >/root/file")
        self.jailer.kill9()
        self.assertEqual(self.jailer.agent("outlives", "cat /root/file"), "kept")
        self.jailer.start()
        self.assertEqual(self.line("outlives")[3], f"pid={pid}")
        self.assertEqual(self.start("outlives"), pid)
        self.stop("outlives")
        self.assert_clean("outlives")

    def test_killed_in_the_middle_of_start_at_any_moment(self):
        moments = [0.0005 * step for step in range(1, 40)]
        for number, moment in enumerate(moments):
            with self.subTest(milliseconds=moment * 1000):
                name = f"cut-{number}"
                client = self.jailer.client()
                client.send(self.command(name))
                time.sleep(moment)  # the moment is what is tested
                self.jailer.kill9()
                client.close()
                self.jailer.start()
                self.jailer.ask(f"disk-make {name} 3")
                self.stop(name)
                self.assert_clean(name)
                pid = self.start(name)
                self.assertEqual(self.sh(pid, "cat /etc/hostname"), name)
                self.stop(name)

    def test_killed_in_the_middle_of_kill_at_any_moment(self):
        for number, moment in enumerate([0.0004 * step for step in range(1, 20, 3)]):
            with self.subTest(milliseconds=moment * 1000):
                name = f"end-{number}"
                self.sh(self.start(name), "echo kept >/root/file")
                client = self.jailer.client()
                client.send(f"kill {name}")
                time.sleep(moment)  # the moment is what is tested
                self.jailer.kill9()
                client.close()
                self.jailer.start()
                self.stop(name)
                self.assert_clean(name)
                self.assertEqual(self.sh(self.start(name), "cat /root/file"), "kept")
                self.stop(name)

    def test_a_cut_off_import_leaves_nothing_at_the_next_start(self):
        client = self.jailer.client()
        client.send("layer-import cutoff00 100000", b"\0" * 5000)
        path = f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers/cutoff00.tmp"
        deadline = time.monotonic() + 10
        while not os.path.exists(path):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        self.jailer.kill9()
        client.close()
        self.jailer.start()
        path = f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers"
        self.assertFalse([name for name in os.listdir(path) if name.startswith("cutoff00")])

    def test_a_hundred_starts_and_kills_leak_nothing(self):
        def cycle(slot):
            for _ in range(34):
                self.jailer.ask(self.command(f"leak-{slot}", slot))
                self.jailer.ask(f"kill leak-{slot}")

        def held():
            with open(f"/proc/{self.jailer.process.pid}/mountinfo", encoding="ascii") as file:
                return len(file.readlines()), len(os.listdir(f"/proc/{self.jailer.process.pid}/fd"))

        self.jailer.ask(self.command("leak-1"))
        self.jailer.ask("kill leak-1")
        before = held()
        threads = [threading.Thread(target=cycle, args=(slot,)) for slot in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for slot in (1, 2, 3):
            self.assert_clean(f"leak-{slot}", slot)
        after = held()
        self.assertEqual(after[0], before[0])
        self.assertLess(after[1], before[1] + 5)  # a leak would show a hundredfold


def alive(pid):
    """False also for a zombie that nobody has waited for yet."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def signal_wait(handle):
    """Waits until the process of a pidfd is dead, and closes it."""
    import select  # pylint: disable=import-outside-toplevel
    ready, _, _ = select.select([handle], [], [], 20)
    os.close(handle)
    if not ready:
        raise AssertionError("the process does not die")


class PurgeTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer()
        self.addCleanup(self.jailer.remove)
        self.jailer.start()

    def fill(self):
        from harness import busybox_tar  # pylint: disable=import-outside-toplevel
        data = busybox_tar()
        self.jailer.ask(f"layer-import {LAYER} {len(data)}", data)
        pids = []
        for slot in (1, 2):
            self.jailer.ask(f"slot-make {slot}")
            pids.append(int(self.jailer.ask(
                f"start s{slot} {slot} d{slot} - {LAYER} - 1000 256 128 3 default")["pid"]))
        return pids

    def assert_purged(self, pids):
        result = self.jailer.purge()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(self.jailer.leftovers(), [])
        for pid in pids:
            self.assertFalse(alive(pid), pid)

    def test_purge_leaves_nothing_of_running_sandboxes(self):
        pids = self.fill()
        self.jailer.ask("freeze s2")
        self.jailer.kill9()
        self.assert_purged(pids)
        self.assert_purged(pids)

    def test_purge_without_the_pin(self):
        """The pin is gone, its sandboxes are not: the namespaces hold the disks."""
        pids = self.fill()
        self.jailer.kill9()
        subprocess.run(["umount", "-l", f"{self.jailer.data}/ns/mnt"], check=True)
        subprocess.run(["umount", "-l", f"{self.jailer.data}/ns"], check=True)
        self.assert_purged(pids)

    def test_purge_after_a_reboot(self):
        """Only plain files are left."""
        pids = self.fill()
        self.jailer.kill9()
        self.assert_purged(pids)
        os.makedirs(f"{self.jailer.data}/sbx/s1/disk", exist_ok=True)
        with open(f"{self.jailer.data}/sbx/s1/spec", "w", encoding="ascii") as file:
            file.write(f"1 d1 {LAYER}\n")
        with open(f"{self.jailer.data}/ns/mnt", "w", encoding="ascii"):
            pass
        self.assert_purged([])

    def test_a_jailer_starts_again_after_a_purge(self):
        self.fill()
        self.jailer.kill9()
        self.assert_purged([])
        self.jailer.start()
        self.assertIn(["layer", LAYER], self.jailer.list())
        self.jailer.ask("slot-make 1")
        self.jailer.ask(f"start s1 1 d1 - {LAYER} - 1000 256 128 3 default")

    def test_purge_refuses_beside_a_running_jailer(self):
        self.assertNotEqual(self.jailer.purge().returncode, 0)
        self.assertEqual(self.jailer.ask("hello")["protocol"], "2")
        with self.assertRaises(JailerError):
            self.jailer.ask("kill")


class PinnedNamespaceTest(unittest.TestCase):
    def test_it_keeps_no_mount_of_others_busy(self):
        jailer = Jailer()
        self.addCleanup(jailer.remove)
        foreign = tempfile.mkdtemp(prefix="dt52 foreign-")  # a blank: mountinfo escapes it
        self.addCleanup(os.rmdir, foreign)
        subprocess.run(["mount", "-t", "tmpfs", "none", foreign], check=True)
        self.addCleanup(subprocess.run, ["umount", foreign], check=True)
        jailer.start()
        with open(f"/proc/{jailer.process.pid}/mountinfo", encoding="ascii") as file:
            mounts = file.read()
        self.assertNotIn("foreign", mounts)
        self.assertIn(f" {jailer.data}/pool ", mounts)
