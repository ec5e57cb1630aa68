"""What programs in a sandbox see of its limits, and that they go on seeing it, and never wait for it, when what shows it dies or hangs."""

import json
import os
import pathlib
import re
import signal
import time
import unittest

import platform_under_test as platform

CPUS = min(2, os.cpu_count())
SIZES = {"daytona-small": (1, 1, 3), "daytona-medium": (CPUS, 4, 8)}
COVERED = "/proc/meminfo", "/proc/cpuinfo", "/proc/stat", "/sys/devices/system/cpu/online"


def shown(sandbox):
    """Numbers of processors and bytes of memory, as programs inside learn them."""
    script = (
        "import json, os, re\n"
        "meminfo = dict(re.findall(r'(\\S+): +(\\d+)', open('/proc/meminfo').read()))\n"
        "print(json.dumps({'python': os.cpu_count(), 'cpuinfo': open('/proc/cpuinfo').read().count('processor\\t'),\n"
        "  'stat': len(re.findall(r'^cpu\\d', open('/proc/stat').read(), re.M)), 'nproc': int(os.popen('nproc').read()),\n"
        "  'node': int(os.popen('node -p \"os.cpus().length\"').read()),\n"
        "  'total': int(meminfo['MemTotal']), 'available': int(meminfo['MemAvailable']), 'free': int(os.popen('free -k').read().split()[7])}))\n"
    )
    reply = platform.toolbox(sandbox, "POST", "/process/code-run", {"code": script, "language": "python"})
    return json.loads(reply.json()["result"])


class OwnLimits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(platform.delete_all)
        cls.sandboxes = {name: platform.create(snapshot=name) for name in SIZES}
        cls.small = cls.sandboxes["daytona-small"]

    def assert_shows(self, sandbox, cpus, gib):
        seen = shown(sandbox)
        for name in "python", "cpuinfo", "stat", "nproc", "node":
            self.assertEqual(cpus, seen[name], (name, seen))
        self.assertEqual((gib << 20, gib << 20), (seen["total"], seen["free"]), seen)
        self.assertTrue(0 < seen["available"] <= seen["total"], seen)

    def shows(self):
        self.assert_shows(self.small, 1, 1)
        return True

    def test_processors_and_memory(self):
        for name, sandbox in self.sandboxes.items():
            cpus, gib, _ = SIZES[name]
            with self.subTest(name):
                self.assert_shows(sandbox, cpus, gib)

    def test_memory_in_use_is_the_sandboxs(self):
        hold = "x = b'x' * (300 << 20); print(dict(l.split(':') for l in open('/proc/meminfo'))['MemAvailable'])"
        before = shown(self.small)["available"]
        during = int(platform.output(self.small, f'python3 -c "{hold}"').split()[0])
        self.assertLess(during, before - (250 << 10))

    def test_disk_and_its_files(self):
        for name, sandbox in self.sandboxes.items():
            kib, inodes = platform.output(sandbox, "df -k --output=size,itotal / | tail -1").split()
            size = SIZES[name][2]
            self.assertTrue(size * 0.9 < int(kib) / 2**20 <= size, kib)
            self.assertTrue(0 < int(inodes) <= size * 2**16, inodes)

    def test_cgroup_files(self):
        v2 = platform.execute(self.small, "cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/memory.max")
        if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists():
            self.assertEqual("100000 100000\n1073741824\n", v2["result"])
        else:
            files = "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "memory/memory.limit_in_bytes"
            self.assertEqual("100000\n100000\n1073741824\n", platform.output(self.small, "cd /sys/fs/cgroup; cat " + " ".join(files)))

    def test_a_container_inside_gets_its_proc_and_sys(self):
        command = "unshare -rmpfn sh -c 'mount -t proc proc /proc && mount -t sysfs sysfs /sys && head -c 9 /proc/meminfo'"
        self.assertEqual("MemTotal:", platform.output(self.small, command))

    def test_the_mount_table_names_nothing_of_the_host(self):
        table = platform.output(self.small, "cat /proc/self/mountinfo")
        self.assertNotIn(str(platform.DATA), table)
        for path in COVERED:
            line, = re.findall(rf"^.* {path} .*$", table, re.MULTILINE)
            self.assertRegex(line, r" ro,nosuid,nodev,noexec\S* .*- fuse daytona ")

    def test_root_inside_cannot_write_it(self):
        for path in COVERED:
            answer = platform.execute(self.small, f"sudo sh -c 'mount -o remount,bind,rw {path}; echo 1 > {path}; chmod 777 {path}'")
            self.assertNotEqual(0, answer["exitCode"], answer)
        self.shows()

    def test_it_has_no_power(self):
        status = pathlib.Path(f"/proc/{platform.procviews()['procview']}/status").read_text()
        self.assertRegex(status, r"Uid:\s+[1-9]")
        for kind in "Prm", "Eff", "Amb":
            self.assertRegex(status, rf"Cap{kind}:\s+0+\n")
        self.assertRegex(status, r"NoNewPrivs:\s+1")

    def test_it_is_bound_anew_when_it_was_killed(self):
        counter = platform.output(self.small, "nohup setsid sleep 1000 >/dev/null 2>&1 </dev/null & echo $!").strip()
        for name in "procview", "procview-watch":
            before = platform.procviews()[name]
            os.kill(before, signal.SIGKILL)
            platform.eventually(lambda: platform.procviews().get(name, before) != before, 20, "another " + name)
            platform.eventually(self.shows, 20, "the sandbox's own figures")
            platform.eventually(lambda: platform.output(self.small, "cat /proc/uptime /proc/meminfo"), 5, "an answer")
        self.assertEqual("sleep\n", platform.output(self.small, f"cat /proc/{counter}/comm"), "its processes were not touched")

    def test_a_hanging_one_holds_nobody_up(self):
        before = platform.procviews()["procview"]
        os.kill(before, signal.SIGSTOP)
        begun = time.monotonic()
        answer = platform.execute(self.small, "cat /proc/meminfo", timeout=30)
        self.assertLess(time.monotonic() - begun, 15, answer)
        platform.eventually(self.shows, 20, "the sandbox's own figures")
        self.assertNotEqual(before, platform.procviews()["procview"])

    def test_a_sandbox_starts_while_it_hangs(self):
        os.kill(platform.procviews()["procview"], signal.SIGSTOP)
        sandbox = platform.create()
        platform.eventually(lambda: shown(sandbox)["total"] == 1 << 20, 20, "the new sandbox's own figures")
        self.assertEqual(200, platform.delete(sandbox).status)

    def test_the_jailers_end_changes_nothing(self):
        before = platform.pid_of("jailer")
        os.kill(before, signal.SIGKILL)
        self.shows()
        platform.eventually(lambda: platform.pid_of("jailer") != before and platform.procviews().get("procview"), 20, "another jailer")
        platform.eventually(self.shows, 20, "the sandbox's own figures")


if __name__ == "__main__":
    unittest.main()
