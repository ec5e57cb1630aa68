"""A running sandbox: root file system, identities, devices, limits, freeze, and what a hostile one can
leave behind for its next start."""

import concurrent.futures
import errno
import io
import os
import socket
import stat
import tarfile
import time
import unittest

from harness import GID, PROBE, UID, UID_BASE, Jailer, JailerError, busybox_tar, compile_static, run

LAYER = "base00000001"


def archive(*files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


class SandboxCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jailer = Jailer()
        cls.addClassCleanup(cls.jailer.remove)
        cls.jailer.start()
        data = busybox_tar([{"name": "./bin/probe", "kind": tarfile.REGTYPE, "data": compile_static(PROBE)}])
        cls.jailer.ask(f"layer-import {LAYER} {len(data)}", data)
        for slot in (1, 2, 3):
            cls.jailer.ask(f"slot-make {slot}")

    def start(self, name, slot=1, disk=None, profile="default", shelf="-", memory=256):
        """Starts a sandbox that the end of the test kills; the host's pid of its PID 1."""
        disk = disk or name
        self.addCleanup(self.jailer.ask, f"kill {name}")
        return int(self.jailer.ask(
            f"start {name} {slot} {disk} {shelf} {LAYER} - 1000 {memory} 128 3 {profile}")["pid"])

    def stop(self, name):
        self.jailer.ask(f"kill {name}")

    def sh(self, pid, script, check=True):
        return self.jailer.exec(pid, "/bin/sh", "-c", script, check=check)

    def refused(self, code, line):
        with self.assertRaises(JailerError) as caught:
            self.jailer.ask(line)
        self.assertEqual(caught.exception.code, code, caught.exception)

    def debugfs(self, disk, command):
        return self.jailer.inside_pin("debugfs", "-R", command,
                                      f"{self.jailer.data}/pool/disks/{disk}.img")


class RootFileSystemTest(SandboxCase):
    def test_df_shows_the_size_of_the_disk(self):
        pid = self.start("df")
        size = int(self.sh(pid, "df -k / | grep overlay").split()[1])
        self.assertTrue(2.8 * (1 << 20) < size <= 3 << 20, size)

    def test_files_on_disk_keep_ids_below_65536_in_every_slot(self):
        pid = self.start("ids", slot=1)
        self.sh(pid, "echo a >/root/a; touch /tmp/b; chown 1000:1000 /tmp/b; sync")
        self.assertEqual(os.stat(f"/proc/{pid}/root/tmp/b").st_uid, UID_BASE + 65536 + 1000)
        self.stop("ids")
        self.assertRegex(self.debugfs("ids", "stat upper/root/a"), r"User:\s+0\s+Group:\s+0")
        self.assertRegex(self.debugfs("ids", "stat upper/tmp/b"), r"User:\s+1000\s+Group:\s+1000")
        pid = self.start("ids", slot=2)
        self.assertEqual(self.sh(pid, "stat -c %u /root/a /tmp/b /home/file"), "0\n1000\n1000")
        self.assertEqual(os.stat(f"/proc/{pid}/root/tmp/b").st_uid, UID_BASE + 2 * 65536 + 1000)

    def test_the_agent_is_preferred_and_what_it_starts_is_not(self):
        pid = self.start("busy")
        self.assertEqual(-5, os.getpriority(os.PRIO_PROCESS, pid))
        self.assertEqual("0", self.jailer.agent("busy", "cat /proc/self/stat").rpartition(")")[2].split()[16])

    def test_device_nodes_on_the_disk_do_not_open(self):
        """Not even when they came there from outside: the root's file system belongs to the user namespace."""
        pid = self.start("nodes")
        self.jailer.inside_pin("mknod", "-m", "666", f"{self.jailer.data}/sbx/nodes/disk/upper/node", "c", "1", "3")
        self.assertTrue(stat.S_ISCHR(os.stat(f"/proc/{pid}/root/node").st_mode))
        self.sh(pid, "mkdir -p /mnt && mount -o bind / /mnt && mount -o remount,bind,dev /mnt")
        for node in ("/node", "/mnt/node"):
            self.assertIn("Permission denied", self.sh(pid, f"cat {node}", check=False).stderr)
        self.sh(pid, "cat /dev/null")

    def test_what_was_written_is_there_after_kill_and_start(self):
        pid = self.start("keep")
        self.sh(pid, "echo kept >/root/file")
        self.stop("keep")
        self.assertEqual(self.sh(self.start("keep"), "cat /root/file"), "kept")

    def test_nested_overlays_have_a_directory_that_is_no_overlay(self):
        pid = self.start("docker")
        self.sh(pid, "cd /var/lib/docker && mkdir l u w m && touch l/x && "
                     "mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w,userxattr m && "
                     "touch m/y && ls u | grep y")

    def test_names_are_written_and_the_users_own_are_kept(self):
        pid = self.start("names")
        self.assertEqual(self.sh(pid, "cat /etc/hostname"), "names")
        self.assertIn("127.0.1.1\tnames", self.sh(pid, "cat /etc/hosts"))
        self.assertIn("nameserver", self.sh(pid, "cat /etc/resolv.conf"))
        self.assertEqual(self.sh(pid, "cat /proc/sys/kernel/hostname"), "names")
        self.sh(pid, "echo 10.1.2.3 mine >>/etc/hosts")
        self.stop("names")
        self.assertIn("mine", self.sh(self.start("names"), "cat /etc/hosts"))

    def test_layers_lie_over_each_other_the_last_one_on_top(self):
        for name, content in (("over0001", b"one"), ("over0002", b"two")):
            data = archive(("etc/which", content), ("etc/" + name, content))
            self.jailer.ask(f"layer-import {name} {len(data)}", data)
        self.addCleanup(self.jailer.ask, "kill layers")
        pid = int(self.jailer.ask(
            f"start layers 1 layers - {LAYER},over0001,over0002 - 1000 256 128 3 default")["pid"])
        self.assertEqual(self.sh(pid, "cat /etc/which /etc/over0001 /etc/over0002"), "twoonetwo")
        self.refused("busy", "layer-drop over0001")

    def test_a_shelved_disk_becomes_the_sandbox_s(self):
        self.jailer.ask("disk-make shelf-1 3")
        self.start("taken", shelf="shelf-1")
        disks = [line[1] for line in self.jailer.list() if line[0] == "disk"]
        self.assertIn("taken", disks)
        self.assertNotIn("shelf-1", disks)

    def test_mount_options_inside_name_no_path_of_the_host(self):
        pid = self.start("paths")
        root = [line for line in self.sh(pid, "cat /proc/self/mounts").splitlines() if " / " in line]
        self.assertIn("lowerdir=0,upperdir=d/upper", root[0])
        self.assertNotIn(self.jailer.data, self.sh(pid, "cat /proc/self/mountinfo"))


class IsolationTest(SandboxCase):
    def test_pid_1_is_the_agent_in_namespaces_and_ids_of_its_own(self):
        pid = self.start("agent")
        self.assertTrue(os.readlink(f"/proc/{pid}/exe").endswith("/.daytona/agent"))
        for kind in ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup"):
            self.assertNotEqual(os.readlink(f"/proc/{pid}/ns/{kind}"), os.readlink(f"/proc/self/ns/{kind}"))
        self.assertEqual(os.stat(f"/proc/{pid}").st_uid, UID_BASE + 65536)
        with open(f"/proc/{pid}/uid_map", encoding="ascii") as file:
            self.assertEqual(file.read().split(), ["0", str(UID_BASE + 65536), "65536"])
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        self.assertEqual(status["Seccomp"], "2")
        self.assertEqual(int(status["CapInh"], 16), 0)

    def test_the_agent_has_three_harmless_descriptors_and_its_socket(self):
        pid = self.start("fds")
        links = {int(fd): os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        self.assertTrue(links[0].startswith("pipe:"))
        self.assertIn("memfd:console", links[1])
        self.assertIn("memfd:console", links[2])
        self.assertTrue(links[3].startswith("socket:"))

    def test_the_console_cannot_grow(self):
        pid = self.start("console")
        console = os.open(f"/proc/{pid}/fd/1", os.O_RDWR)
        self.addCleanup(os.close, console)
        os.pwrite(console, b"x", 65535)
        with self.assertRaises(PermissionError):
            os.pwrite(console, b"x", 65536)
        self.assertEqual(os.stat(f"/proc/{pid}/fd/1").st_size, 65536)

    def test_root_inside_neither_reads_nor_traces_pid_1(self):
        pid = self.start("sealed")
        for mine, of_pid_1 in (("ls /proc/$$/fd", "ls /proc/1/fd"), ("cat /proc/$$/environ", "cat /proc/1/environ"),
                               ("ls /proc/$$/root/", "ls /proc/1/root/"), ("head -c 4 /bin/sh", "head -c 4 /.daytona/agent"),
                               ("true < /proc/$$/mem", "true < /proc/1/mem")):
            self.sh(pid, mine)
            self.assertNotEqual(self.sh(pid, of_pid_1, check=False).returncode, 0, of_pid_1)

    def test_sandboxes_share_no_device_file(self):
        """Watches and locks are the inode's: on one that two sandboxes had, each would notice the other."""
        one, two = self.start("devices1"), self.start("devices2", slot=2)
        for name in ("null", "zero", "full", "random", "urandom", "tty", "fuse", "net/tun"):
            files = [os.stat(f"/proc/{pid}/root/dev/{name}") for pid in (one, two)]
            self.assertEqual(files[0].st_rdev, files[1].st_rdev)
            self.assertNotEqual(files[0].st_dev, files[1].st_dev, name)

    def test_the_socket_belongs_to_the_platform_s_user(self):
        self.start("socket")
        path = os.path.join(self.jailer.data, "run", "a", "socket")
        st = os.stat(path)
        self.assertTrue(stat.S_ISSOCK(st.st_mode))
        self.assertEqual((st.st_uid, st.st_gid, st.st_mode & 0o777), (UID, GID, 0o600))
        directory = os.stat(os.path.dirname(path))
        self.assertEqual((directory.st_uid, directory.st_gid, directory.st_mode & 0o777), (0, GID, 0o750))
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(path)
        self.stop("socket")
        self.assertFalse(os.path.exists(path))

    def test_devices_are_usable_and_the_host_s_are_untouched(self):
        before = [(os.stat(p).st_uid, os.stat(p).st_mode) for p in ("/dev/null", "/dev/zero", "/dev/fuse")]
        pid = self.start("devices")
        self.sh(pid, "echo x >/dev/null && dd if=/dev/zero of=/tmp/z bs=1 count=1 2>/dev/null && "
                     "dd if=/dev/urandom of=/tmp/z bs=1 count=1 2>/dev/null && : <>/dev/fuse && "
                     ": <>/dev/net/tun && test -c /dev/tty")
        self.assertNotEqual(self.sh(pid, "chmod 600 /dev/null", check=False).returncode, 0)
        after = [(os.stat(p).st_uid, os.stat(p).st_mode) for p in ("/dev/null", "/dev/zero", "/dev/fuse")]
        self.assertEqual(before, after)

    def test_no_mount_of_another_sandbox_or_of_the_pool_is_visible(self):
        self.start("first", slot=1)
        pid = self.start("second", slot=2)
        with open(f"/proc/{pid}/mountinfo", encoding="ascii") as file:
            mounts = file.read()
        self.assertNotIn("/pool", mounts)
        self.assertNotIn("/sbx/", mounts)

    def test_default_allows_mounts_and_namespaces_restricted_does_not(self):
        mounting = "unshare -m mount -t tmpfs none /tmp && echo mounted"
        self.start("free", slot=1)
        self.assertEqual(self.jailer.agent("free", mounting), "mounted")
        self.assertEqual(self.jailer.agent("free", "unshare -U -r id -u"), "0")
        self.start("bound", slot=2, profile="restricted")
        self.assertNotIn("mounted", self.jailer.agent("bound", mounting))
        self.assertIn("not permitted", self.jailer.agent("bound", "unshare -U id -u"))
        bounding = int(self.jailer.agent("bound", "grep CapBnd /proc/self/status").split()[1], 16)
        for capability in (12, 19, 21, 27):  # NET_ADMIN, SYS_PTRACE, SYS_ADMIN, MKNOD
            self.assertFalse(bounding & 1 << capability, capability)

    def errors(self, name, *calls):
        script = "; ".join("probe " + " ".join(str(part) for part in call) for call in calls)
        return [int(line) for line in self.jailer.agent(name, script).split()]

    def test_the_filter_refuses_what_no_namespace_divides(self):
        self.start("filter")
        self.assertEqual(self.errors(
            "filter",
            (246,), (175,), (176,), (313,),  # kexec_load, init_module, delete_module, finit_module
            (304,), (323,), (298,), (321,),  # open_by_handle_at, userfaultfd, perf_event_open, bpf
            (172,), (173,), (167,), (168,),  # iopl, ioperm, swapon, swapoff
            (164,), (227,), (103,), (163,)), [errno.EPERM] * 16)  # settimeofday, clock_settime, syslog, acct
        self.assertEqual(self.errors("filter", (250,), (248,), (249,), (425,)), [errno.ENOSYS] * 4)

    def test_the_filter_lets_common_sockets_and_personalities_through(self):
        self.start("sockets")
        stream = 1
        self.assertEqual(self.errors("sockets", *((41, family, stream) for family in (1, 2, 10))), [0] * 3)
        self.assertEqual(self.errors("sockets", (41, 16, 3, 0), (41, 17, 3, 0)), [0, 0])
        refused = (3, 5, 8, 9, 21, 29, 30, 31, 38, 40, 44, 1 << 16 | 1)
        self.assertEqual(self.errors("sockets", *((41, family, stream) for family in refused)),
                         [errno.EAFNOSUPPORT] * len(refused))
        self.assertEqual(self.errors("sockets", (135, 0xffffffff), (135, 0), (135, 0x40000), (135, 8)), [0] * 4)
        self.assertEqual(self.errors("sockets", (135, 0x400000), (135, 0x80400000), (135, 0x80000000)),
                         [errno.EPERM] * 3)

    def test_other_calling_conventions_do_not_exist(self):
        self.start("x32")
        self.assertEqual(self.errors("x32", (0x40000000 + 39,)), [errno.ENOSYS])

    def test_unprivileged_ports_and_ping_are_open_inside(self):
        pid = self.start("ports")
        self.assertEqual(self.sh(pid, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start"), "0")
        self.assertEqual(self.sh(pid, "cat /proc/sys/net/ipv4/ping_group_range").split(), ["0", "65535"])

    def test_limits_hold_and_change(self):
        self.start("limits", memory=200)
        self.assertEqual(self.jailer.ask("stats limits")["memory_limit"], str(200 << 20))
        self.jailer.ask("limits limits 500 300 64")
        stats = self.jailer.ask("stats limits")
        self.assertEqual((stats["memory_limit"], stats["cpu_millis"]), (str(300 << 20), "500"))
        self.assertLessEqual(int(stats["memory_cache"]), int(stats["memory"]))
        self.refused("absent", "limits nobody 500 300 64")
        self.refused("absent", "stats nobody")

    def test_the_hierarchy_inside_is_writable_below_the_limits(self):
        pid = self.start("cgroups")
        base = "/sys/fs/cgroup"
        if os.path.isdir("/sys/fs/cgroup/memory"):
            base += "/memory"
            self.assertNotEqual(
                self.sh(pid, f"echo 1000000000 >{base}/memory.limit_in_bytes", check=False).returncode, 0)
        self.sh(pid, f"mkdir {base}/child && test -f {base}/child/cgroup.procs")


    def test_cgroups_made_inside_do_not_stop_the_slot_s_next_sandbox(self):
        pid = self.start("nested")
        self.sh(pid, "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/inner 2>/dev/null; done; true")
        self.assertGreater(int(self.jailer.ask("stats nested")["cpu_ns"]), 0)
        self.stop("nested")
        self.start("next", memory=100)
        self.assertEqual(self.jailer.ask("stats next")["memory_limit"], str(100 << 20))


    def test_processes_that_root_inside_froze_die_with_the_sandbox(self):
        """In cgroup v1 not even SIGKILL ends a frozen process, and PID 1 waits for all of its namespace."""
        self.start("ice")
        freezer = "/sys/fs/cgroup/freezer" if os.path.isdir("/sys/fs/cgroup/freezer") else "/sys/fs/cgroup"
        script = (f"mkdir -p {freezer}/a/b && cd {freezer}/a/b && {{ sleep 1000 >/dev/null 2>&1 & }} && "
                  "while ! grep -q sleep /proc/$!/comm; do :; done; echo $! >cgroup.procs && "
                  "if test -e freezer.state; then echo FROZEN >freezer.state; else echo 1 >cgroup.freeze; fi && echo done")
        self.assertEqual(self.jailer.agent("ice", script), "done")
        self.stop("ice")
        self.assertEqual(self.sh(self.start("ice"), "echo lives"), "lives")

    def test_names_and_depth_of_cgroups_made_inside_do_not_keep_the_slot(self):
        pid = self.start("deep")
        top = "/sys/fs/cgroup/pids" if os.path.isdir("/sys/fs/cgroup/pids") else "/sys/fs/cgroup"
        self.sh(pid, f"cd {top} && mkdir {'n' * 250} && mkdir wide && cd wide && i=0 && "
                     "while [ $i -lt 60 ]; do mkdir w$i w$i/x; i=$((i+1)); done; cd .. && i=0 && "
                     "while [ $i -lt 100 ]; do mkdir deep && cd deep; i=$((i+1)); done")
        self.stop("deep")
        self.jailer.ask("slot-drop 1")
        self.jailer.ask("slot-make 1")
        self.start("deep")

    def test_the_host_would_rather_end_a_sandbox_than_the_platform(self):
        pid = self.start("score")
        with open(f"/proc/{pid}/oom_score_adj", encoding="ascii") as file:
            self.assertEqual(file.read(), "250\n")
        # What an engine of containers does for its own; below it nobody goes.
        self.assertEqual("0", self.sh(pid, "echo 0 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj"))
        self.assertEqual("0", self.sh(pid, "echo 0 >/proc/self/oom_score_adj; echo -1 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj"))

    def test_buffers_of_sockets_count_against_the_sandbox(self):
        pid = self.start("buffers", memory=200)
        file = "/sys/fs/cgroup/memory/memory.kmem.tcp.limit_in_bytes"
        if os.path.exists(file):  # cgroup v1; v2 counts them as memory
            self.assertEqual(self.sh(pid, f"cat {file}"), str(200 << 20))
        self.jailer.ask("limits buffers 500 300 64")
        if os.path.exists(file):
            self.assertEqual(self.sh(pid, f"cat {file}"), str(300 << 20))


class FreezeTest(SandboxCase):
    def test_a_frozen_disk_can_be_cloned_and_the_clone_is_clean(self):
        pid = self.start("frozen")
        self.sh(pid, "echo before >/root/file")
        self.refused("busy", "disk-clone frozen snapshot")
        self.jailer.ask("freeze frozen")
        self.jailer.ask("freeze frozen")
        self.jailer.ask("disk-clone frozen snapshot")
        self.jailer.ask("thaw frozen")
        self.jailer.ask("thaw frozen")
        self.assertEqual(self.debugfs("snapshot", "cat upper/root/file"), "before\n")
        self.jailer.inside_pin("e2fsck", "-n", f"{self.jailer.data}/pool/disks/snapshot.img")
        self.sh(pid, "echo after >/root/file && sync")

    def test_a_disk_is_captured_while_its_sandbox_writes(self):
        pid = self.start("busy")
        self.sh(pid, "mkdir /root/d && (i=0; while :; do i=$((i + 1)); echo $i >/root/d/$((i % 50)); done) >/dev/null 2>&1 &")
        for turn in range(5):
            self.jailer.ask(f"disk-capture busy capture{turn}")
            self.jailer.inside_pin("e2fsck", "-fn", f"{self.jailer.data}/pool/disks/capture{turn}.img")
        self.assertFalse(os.path.exists(f"{self.jailer.data}/sbx/busy/frozen"))
        self.refused("exists", "disk-capture busy capture0")
        last = self.sh(pid, "cat /root/d/0")
        deadline = time.monotonic() + 20
        while self.sh(pid, "cat /root/d/0") == last:
            self.assertLess(time.monotonic(), deadline, "the sandbox does not go on writing")

    def test_a_disk_that_nothing_uses_is_captured(self):
        self.jailer.ask("disk-make idle 3")
        self.jailer.ask("disk-capture idle copy")
        self.refused("absent", "disk-capture nothing copy2")

    def test_a_capture_leaves_frozen_what_was(self):
        self.start("held")
        self.jailer.ask("freeze held")
        self.jailer.ask("disk-capture held heldcopy")
        self.jailer.ask("disk-clone held heldcopy2")
        self.jailer.ask("thaw held")

    def test_a_frozen_sandbox_can_be_killed(self):
        self.start("stuck")
        self.jailer.ask("freeze stuck")
        self.stop("stuck")
        self.assertEqual(self.sh(self.start("stuck"), "echo lives"), "lives")

    def test_a_new_jailer_thaws_everything(self):
        pid = self.start("thawed")
        self.jailer.ask("freeze thawed")
        self.jailer.kill9()
        self.jailer.start()
        self.assertEqual(self.sh(pid, "echo x >/root/file && sync && cat /root/file"), "x")
        self.refused("busy", "disk-clone thawed other")


class ContractTest(SandboxCase):
    def test_start_may_be_repeated(self):
        pid = self.start("again")
        self.assertEqual(self.start("again"), pid)
        self.refused("exists", f"start again 2 again - {LAYER} - 1000 256 128 3 default")

    def test_what_is_in_use_is_busy(self):
        self.start("user", slot=1)
        self.refused("busy", f"start other 1 other - {LAYER} - 1000 256 128 3 default")
        self.refused("busy", f"start other 2 user - {LAYER} - 1000 256 128 3 default")
        self.refused("busy", "disk-drop user")
        self.refused("busy", "disk-grow user 5")
        self.refused("busy", f"layer-drop {LAYER}")
        self.refused("busy", "slot-drop 1")

    def test_what_does_not_exist_is_absent(self):
        self.refused("absent", f"start lost 9 lost - {LAYER} - 1000 256 128 3 default")
        self.refused("absent", "start lost 1 lost - nolayer0 - 1000 256 128 3 default")
        self.jailer.ask("kill lost")
        self.assertFalse(os.path.exists(os.path.join(self.jailer.data, "sbx", "lost")))

    def test_two_start_at_the_same_time(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            jobs = [pool.submit(self.start, f"both-{slot}", slot) for slot in (1, 2, 3)]
            pids = [job.result() for job in jobs]
        self.assertEqual([self.sh(pid, "cat /etc/hostname") for pid in pids], ["both-1", "both-2", "both-3"])


class HostileTest(SandboxCase):
    """Root inside prepares the next start; nothing of the host may change."""

    def setUp(self):
        self.victim = os.path.join(self.jailer.data, "victim")
        run("rm", "-rf", self.victim)
        os.makedirs(self.victim)
        for name in ("resolv.conf", "hosts", "hostname", "agent", "docker"):
            with open(os.path.join(self.victim, name), "w", encoding="ascii") as file:
                file.write("host\n")
        os.chmod(self.victim, 0o777)

    def assert_untouched(self):
        self.assertEqual(sorted(os.listdir(self.victim)),
                         ["agent", "docker", "hostname", "hosts", "resolv.conf"])
        for name in os.listdir(self.victim):
            with open(os.path.join(self.victim, name), encoding="ascii") as file:
                self.assertEqual(file.read(), "host\n", name)

    def prepare_and_restart(self, name, script):
        """A start that then fails is the sandbox's own affair; the reply must still be a reply."""
        self.sh(self.start(name), script)
        self.stop(name)
        try:
            pid = self.start(name)
        except JailerError as error:
            self.assertEqual(error.code, "system")
            pid = None
        self.assert_untouched()
        return pid

    def test_links_in_place_of_names(self):
        links = "; ".join(f"rm -f /etc/{n}; ln -s {self.victim}/{n} /etc/{n}"
                          for n in ("resolv.conf", "hosts", "hostname"))
        pid = self.prepare_and_restart("links", links)
        self.assertIn("nameserver", self.sh(pid, "cat /etc/resolv.conf"))

    def test_the_directory_of_names_is_a_link(self):
        self.prepare_and_restart("etc", f"rm -rf /etc; ln -s {self.victim} /etc")

    def test_fifos_and_directories_in_place_of_names(self):
        pid = self.prepare_and_restart(
            "fifo", "rm -f /etc/hosts /etc/resolv.conf; mkfifo /etc/hosts; mkdir -p /etc/resolv.conf/x")
        self.assertIsNotNone(pid)

    def test_links_in_place_of_mount_points(self):
        names = ("proc", "sys", "dev", ".daytona", "var/lib/docker")
        script = "mkdir /x; mount --bind / /x; " + "; ".join(
            f"rm -rf /x/{name}; ln -s {self.victim} /x/{name}" for name in names) + "; umount /x"
        self.prepare_and_restart("points", script)

    def test_links_to_the_host_s_root_of_processes(self):
        script = ("mkdir /x; mount --bind / /x; rm -rf /x/.daytona /x/var/lib/docker; "
                  f"ln -s /proc/1/root{self.victim} /x/.daytona; ln -s /proc/self/root/etc /x/var/lib/docker; "
                  "umount /x")
        self.prepare_and_restart("magic", script)

    def test_a_full_disk_still_starts(self):
        self.jailer.ask("disk-make full 1")
        pid = self.prepare_and_restart("full", "i=0; while fallocate -l 67108864 /fill$i; do i=$((i+1)); done; "
                                               "while echo 0123456789 >>/rest; do :; done 2>/dev/null; true")
        self.assertIsNotNone(pid)
        self.assertEqual(self.sh(pid, "df -k / | grep overlay").split()[3], "0")
