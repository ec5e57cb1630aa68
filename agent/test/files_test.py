import errno
import grp
import os
import pwd
import socket
import stat
import subprocess

from client import ROOT, AgentTest, eventually


class FilesTest(AgentTest):
    def setUp(self):
        super().setUp()
        self.tree = self.dir + "/tree"
        os.mkdir(self.tree)

    def path(self, name):
        return self.tree + "/" + name

    def make(self, name, data=b""):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def names(self, name=""):
        return sorted(os.listdir(self.path(name)))


class Stat(FilesTest):
    def test_every_field(self):
        path = self.make("file", b"12345")
        os.chmod(path, 0o4751)
        os.utime(path, ns=(1, 1_234_567_890_123_456_789))
        st = os.stat(path)
        self.assertEqual(self.client.call("stat", path=path), dict(
            type="f", mode=0o4751, size=5, uid=st.st_uid, gid=st.st_gid, mtime_ns=1_234_567_890_123_456_789,
            owner=pwd.getpwuid(st.st_uid).pw_name, group=grp.getgrgid(st.st_gid).gr_name))
        os.utime(path, ns=(1, -1_500_000_000))
        self.assertEqual(self.client.call("stat", path=path)["mtime_ns"], -1_500_000_000)

    def test_types_and_links(self):
        os.mkfifo(self.path("fifo"))
        os.mkdir(self.path("dir"))
        os.symlink("dir", self.path("link"))
        os.symlink("nowhere", self.path("dangling"))
        s = socket.socket(socket.AF_UNIX)
        self.addCleanup(s.close)
        s.bind(self.path("socket"))
        for name, kind in dict(fifo="p", dir="d", link="d", socket="s").items():
            self.assertEqual(self.client.call("stat", path=self.path(name))["type"], kind)
        self.assertEqual(self.client.call("stat", path="/dev/null")["type"], "c")
        link = self.client.call("stat", path=self.path("link"), flags=1)
        self.assertEqual((link["type"], link["target"]), ("l", "dir"))
        self.assertFails("stat", self.client.call, "stat", path=self.path("dangling"), errno=errno.ENOENT)
        self.assertFails("usage", self.client.call, "stat")

    def test_unknown_owners_are_numbers(self):
        if not ROOT:
            return self.assertFails("chown", self.client.call, "chmod", path=self.make("x"), owner="0", errno=errno.EPERM)
        os.chown(self.make("x"), 54321, 54322)
        about = self.client.call("stat", path=self.path("x"))
        self.assertEqual((about["owner"], about["group"]), ("54321", "54322"))

    def test_list(self):
        for i in range(3000):
            self.make(f"file-{i}", b"x" * (i % 7))
        os.symlink("file-3", self.path("link"))
        os.symlink("nowhere", self.path("dangling"))
        os.mkdir(self.path("\xe4 odd\nname"))
        entries = self.client.listing(self.tree)
        self.assertEqual(sorted(entries), self.names())
        self.assertEqual((entries["link"]["type"], entries["link"]["size"]), ("f", 3))
        self.assertNotIn("target", entries["link"])
        self.assertEqual((entries["dangling"]["type"], entries["dangling"]["target"]), ("l", "nowhere"))
        self.assertEqual(self.client.listing(self.path("\xe4 odd\nname")), {})
        self.assertFails("open", self.client.listing, self.path("file-1"), errno=errno.ENOTDIR)
        self.assertFails("open", self.client.listing, self.path("none"), errno=errno.ENOENT)


class Read(FilesTest):
    def test_ranges(self):
        data = os.urandom(1_500_000)
        path = self.make("file", data)
        about, got = self.client.download(path)
        self.assertEqual((about["size"], about["type"], got), (len(data), "f", data))
        for offset, size in ((0, 0), (1, 1), (1000, 300_000), (len(data) - 5, 100), (len(data), 1), (1 << 40, 1)):
            self.assertEqual(self.client.download(path, offset=offset, size=size)[1], data[offset:offset + size])

    def test_through_a_small_window(self):
        path = self.make("file", b"abc" * 10_000)
        stream = self.client.request("read", path=path, window=7)
        stream.reply()
        self.assertEqual(bytes(stream.collect()[0][1]), b"abc" * 10_000)

    def test_files_of_proc(self):
        self.assertIn(b"MemTotal", self.client.download("/proc/meminfo")[1])

    def test_only_regular_files_are_opened(self):
        os.mkfifo(self.path("fifo"))
        os.symlink("fifo", self.path("to-fifo"))
        for name in ("fifo", "to-fifo"):
            self.assertFails("open", self.client.download, self.path(name), errno=errno.EINVAL)
        self.assertFails("open", self.client.download, "/dev/zero", errno=errno.EINVAL)
        self.assertFails("open", self.client.download, self.tree, errno=errno.EISDIR)
        self.assertFails("open", self.client.download, self.path("none"), errno=errno.ENOENT)

    def test_abandoned_download(self):
        path = self.make("file", b"x" * 3_000_000)
        for _ in range(10):
            stream = self.client.request("read", path=path, window=100_000)
            stream.reply()
            stream.close()
        self.assertEqual(len(self.client.download(path)[1]), 3_000_000)


class Write(FilesTest):
    def test_new_file(self):
        data = os.urandom(3_000_000)
        self.client.upload(self.path("new"), data)
        self.assertEqual((self.read("new"), self.mode("new"), self.names()), (data, 0o644, ["new"]))

    def test_mode_on_overwrite(self):
        os.chmod(self.make("file", b"old"), 0o700)
        self.client.upload(self.path("file"), b"new")
        self.assertEqual((self.read("file"), self.mode("file")), (b"new", 0o644))
        self.client.upload(self.path("file"), b"", mode=0o6755)
        self.assertEqual((self.read("file"), self.mode("file")), (b"", 0o6755))

    def test_parents(self):
        self.assertFails("open", self.client.upload, self.path("a/b/c"), b"x", errno=errno.ENOENT)
        self.client.upload(self.path("a/b/c"), b"x", flags=1)
        self.assertEqual((self.read("a/b/c"), self.mode("a"), self.mode("a/b")), (b"x", 0o755, 0o755))
        self.make("file")
        self.assertFails("open", self.client.upload, self.path("file/x/y"), b"x", flags=1, errno=errno.ENOTDIR)

    def test_links_are_written_through(self):
        self.make("real", b"old")
        os.mkdir(self.path("dir"))
        os.symlink("real", self.path("one"))
        os.symlink(self.path("one"), self.path("two"))
        os.symlink("../dangling-target", self.path("dir/dangling"))
        os.symlink("loop", self.path("loop"))
        self.client.upload(self.path("two"), b"new")
        self.client.upload(self.path("dir/dangling"), b"made")
        self.assertEqual((self.read("real"), self.read("dangling-target")), (b"new", b"made"))
        for name in ("one", "two", "dir/dangling"):
            self.assertTrue(os.path.islink(self.path(name)))
        self.assertFails("open", self.client.upload, self.path("loop"), b"x", errno=errno.ELOOP)

    def test_targets_that_are_no_files(self):
        os.mkdir(self.path("dir"))
        os.symlink("dir", self.path("link"))
        os.mkfifo(self.path("fifo"))
        for name in ("dir", "dir/", "link", "dir/.", "new/"):
            self.assertFails("open", self.client.upload, self.path(name), b"x", errno=errno.EISDIR)
        self.assertFails("open", self.client.upload, self.path("fifo"), b"x", errno=errno.EINVAL)
        self.assertEqual((self.names(), self.names("dir")), (["dir", "fifo", "link"], []))

    def test_a_directory_that_appears_during_the_upload(self):
        stream = self.client.request("write", path=self.path("late"))
        stream.reply()
        stream.write(b"data")
        os.mkdir(self.path("late"))
        stream.eof()
        self.assertFails("write", stream.collect, errno=errno.EISDIR)
        self.assertEqual(self.names(), ["late"])

    def test_the_target_is_untouched_until_the_end(self):
        self.make("file", b"old")
        stream = self.client.request("write", path=self.path("file"))
        stream.reply()
        stream.write(b"n" * 500_000)
        self.assertEqual(self.read("file"), b"old")
        temp = [n for n in self.names() if n != "file"]
        self.assertEqual(len(temp), 1)
        self.assertRegex(temp[0], r"^\.file\.daytona-upload-[0-9a-f]{16}$")
        stream.eof()
        stream.collect()
        self.assertEqual((self.read("file"), self.names()), (b"n" * 500_000, ["file"]))

    def test_giving_up_removes_everything(self):
        self.make("file", b"old")
        for hang_up in (False, True):
            for flags in (0, 2):
                client = self.connect()
                stream = client.request("write", path=self.path("file"), flags=flags)
                stream.reply()
                stream.write(b"x" * 400_000)
                client.close() if hang_up else stream.close()
                self.assertTrue(eventually(lambda: self.names() == ["file"] and self.read("file") == b"old"))

    def test_announced_size(self):
        self.client.upload(self.path("file"), b"12345", size=5)
        for size in (4, 6):
            self.assertFails("size", self.client.upload, self.path("other"), b"12345", size=size)
        self.assertTrue(eventually(lambda: self.names() == ["file"]))

    def test_append(self):
        for piece in (b"one ", b"two ", b"", b"three"):
            self.client.upload(self.path("log"), piece, flags=2)
        self.assertEqual((self.read("log"), self.mode("log")), (b"one two three", 0o644))
        os.chmod(self.path("log"), 0o600)
        self.client.upload(self.path("log"), b"!", flags=2)
        self.assertEqual(self.mode("log"), 0o600)
        os.mkfifo(self.path("fifo"))
        self.assertFails("open", self.client.upload, self.path("fifo"), b"x", flags=2, errno=errno.EINVAL)

    def test_longest_name(self):
        name = "n" * 255
        self.client.upload(self.path(name), b"x")
        self.assertEqual(self.names(), [name])

    def test_errors_while_data_is_on_its_way(self):
        stream = self.client.request("write", path="/proc/sys/kernel/none")
        with self.assertRaises(Exception):
            stream.reply()
        self.assertEqual(self.client.run("true")[2], 0)

    def test_two_at_once(self):
        a, b = (self.client.request("write", path=self.path("file")) for _ in range(2))
        for stream, byte in ((a, b"a"), (b, b"b")):
            stream.reply()
            stream.write(byte * 100_000)
        for stream in (a, b):
            stream.eof()
            stream.collect()
        self.assertEqual(self.read("file"), b"b" * 100_000)


class Tree(FilesTest):
    def test_mkdir(self):
        call = self.client.call
        call("mkdir", path=self.path("d"), mode=0o1777)
        self.assertEqual(self.mode("d"), 0o1777)
        call("mkdir", path=self.path("d"))
        self.assertFails("mkdir", call, "mkdir", path=self.path("a/b"), errno=errno.ENOENT)
        call("mkdir", path=self.path("a//b/c/"), recursive=True, mode=0o700)
        self.assertEqual((self.mode("a"), self.mode("a/b/c")), (0o755, 0o700))
        self.make("file")
        self.assertFails("mkdir", call, "mkdir", path=self.path("file"), errno=errno.EEXIST)
        self.assertFails("mkdir", call, "mkdir", path=self.path("file/x"), recursive=True, errno=errno.ENOTDIR)

    def test_remove(self):
        call = self.client.call
        os.makedirs(self.path("full/sub/deep"))
        os.mkdir(self.path("empty"))
        self.make("file")
        self.make("full/sub/f")
        os.mkdir(self.path("outside"))
        self.make("outside/kept")
        os.symlink("../outside", self.path("full/link"))
        os.symlink("outside", self.path("link"))
        call("remove", path=self.path("file"))
        call("remove", path=self.path("empty"))
        self.assertFails("remove", call, "remove", path=self.path("full"), errno=errno.ENOTEMPTY)
        self.assertFails("remove", call, "remove", path=self.path("none"), errno=errno.ENOENT)
        call("remove", path=self.path("full"), recursive=True)
        call("remove", path=self.path("link"), recursive=True)
        self.assertEqual((self.names(), self.names("outside")), (["outside"], ["kept"]))
        self.assertFails("remove", call, "remove", path="/", recursive=True, errno=errno.EBUSY)

    def test_remove_of_wide_and_deep_trees(self):
        for i in range(300):
            os.makedirs(self.path(f"wide/{i}/x"))
            self.make(f"wide/{i}/x/f")
        self.client.call("remove", path=self.path("wide"), recursive=True)
        here = os.open(self.tree, os.O_RDONLY)
        for _ in range(1500):
            os.mkdir("d" * 100, dir_fd=here)
            down = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = down
        os.close(here)
        self.client.call("remove", path=self.path("d" * 100), recursive=True)
        self.assertEqual(self.names(), [])

    def test_rename(self):
        call = self.client.call
        self.make("a", b"a")
        self.make("b", b"b")
        self.assertFails("rename", call, "rename", path=self.path("a"), path2=self.path("b"), no_replace=True,
                         errno=errno.EEXIST)
        call("rename", path=self.path("a"), path2=self.path("b"))
        self.assertEqual((self.names(), self.read("b")), (["b"], b"a"))
        call("rename", path=self.path("b"), path2=self.path("c"), no_replace=True)
        os.mkdir(self.path("d"))
        self.assertFails("rename", call, "rename", path=self.path("c"), path2=self.path("d"), errno=errno.EISDIR)
        self.assertFails("rename", call, "rename", path=self.path("d"), path2=self.path("d/e"), errno=errno.EINVAL)
        self.assertFails("rename", call, "rename", path=self.path("none"), path2=self.path("x"), errno=errno.ENOENT)
        self.assertFails("usage", call, "rename", path=self.path("c"))

    def test_rename_across_devices(self):
        other = "/dev/shm/agent-test-%d" % os.getpid()
        os.mkdir(other)
        self.addCleanup(subprocess.run, ["rm", "-rf", other], check=True)
        self.assertNotEqual(os.stat(other).st_dev, os.stat(self.tree).st_dev)
        os.makedirs(self.path("d/sub"))
        os.symlink("sub/x", self.path("d/link"))
        os.mkfifo(self.path("d/fifo"))
        os.chmod(self.make("d/sub/x", b"x" * 200_000), 0o640)
        os.utime(self.path("d/sub/x"), ns=(5, 7))
        os.chmod(self.path("d/sub"), 0o711)
        if ROOT:
            os.chown(self.path("d/sub/x"), 12, 13)
        before = os.stat(self.path("d/sub/x"))
        self.client.call("rename", path=self.path("d"), path2=other + "/moved")
        after = os.stat(other + "/moved/sub/x")
        for field in ("st_mode", "st_uid", "st_gid", "st_size", "st_mtime_ns"):
            self.assertEqual(getattr(before, field), getattr(after, field))
        self.assertEqual(os.readlink(other + "/moved/link"), "sub/x")
        self.assertTrue(stat.S_ISFIFO(os.stat(other + "/moved/fifo").st_mode))
        self.assertEqual((self.names(), os.listdir(other), os.stat(other + "/moved/sub").st_mode & 0o777),
                         ([], ["moved"], 0o711))
        self.make("f", b"f")
        self.assertFails("rename", self.client.call, "rename", path=self.path("f"), path2=other + "/moved",
                         no_replace=True, errno=errno.EEXIST)
        self.assertFails("rename", self.client.call, "rename", path=self.path("f"), path2=other + "/moved")
        self.assertEqual((self.names(), os.listdir(other)), (["f"], ["moved"]))

    def test_chmod(self):
        path = self.make("f")
        os.symlink("f", self.path("link"))
        self.client.call("chmod", path=self.path("link"), mode=0o4711)
        self.assertEqual(self.mode("f"), 0o4711)
        self.assertFails("user", self.client.call, "chmod", path=path, owner="nobody-at-all", errno=errno.EINVAL)
        self.assertFails("group", self.client.call, "chmod", path=path, group="nobody-at-all", errno=errno.EINVAL)
        if ROOT:
            self.client.call("chmod", path=path, owner="nobody", group="1234", mode=0o600)
            st = os.stat(path)
            self.assertEqual((st.st_uid, st.st_gid, self.mode("f")), (pwd.getpwnam("nobody").pw_uid, 1234, 0o600))
            self.assertFails("chmod", self.client.call, "chmod", path=path, mode=0o777, user="daemon", errno=errno.EPERM)

    def test_relative_paths_start_at_the_identitys_directory(self):
        self.make("here", b"x")
        self.client.call("identity", cwd=self.tree)
        self.assertEqual(self.client.download("here")[1], b"x")
        self.client.upload("there", b"y")
        self.assertEqual(self.read("there"), b"y")


FUSE = """
import ctypes, os, stat, sys, time
libc = ctypes.CDLL(None, use_errno=True)
try:
    fd = os.open('/dev/fuse', os.O_RDWR)
except FileNotFoundError:
    os.mknod('/run/test-fuse', 0o600 | stat.S_IFCHR, os.makedev(10, 229))
    fd = os.open('/run/test-fuse', os.O_RDWR)
    os.unlink('/run/test-fuse')
options = f'fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other'.encode()
if libc.mount(b'hang', sys.argv[1].encode(), b'fuse', 0, options):
    raise OSError(ctypes.get_errno(), 'mount')
print('mounted', flush=True)
time.sleep(1000)
"""


class Hanging(FilesTest):
    """A file system that never answers, mounted inside the sandbox."""

    wrapper = ("unshare", "--mount") if ROOT else ("unshare", "--user", "--map-root-user", "--mount")

    def setUp(self):
        super().setUp()
        self.hang = self.path("hang")
        os.mkdir(self.hang)
        self.server = self.client.request("spawn", argv=["python3", "-c", FUSE, self.hang], window=10_000, merge=True)
        self.server_process = self.server.reply()["process"]
        self.assertEqual(self.server.until(b"\n"), b"mounted\n")

    def children(self):
        with open(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children") as f:
            return [int(pid) for pid in f.read().split()]

    def test_hangs_only_who_touches_it(self):
        before = self.children()
        stuck = self.connect()
        streams = [stuck.request(verb, path=self.hang + "/x") for verb in
                   ("stat", "list", "read", "read-many", "write", "mkdir", "remove", "dial")]
        streams += [stuck.request("chmod", path=self.hang + "/x", mode=0o600),
                    stuck.request("identity", cwd=self.hang + "/x"),
                    stuck.request("rename", path=self.hang + "/x", path2="/x"),
                    stuck.request("spawn", argv=["true"], cwd=self.hang + "/x"),
                    stuck.request("spawn", argv=[self.hang + "/x"], kill_on_close=True)]
        self.assertTrue(eventually(lambda: len(self.children()) == len(before) + len(streams)))
        for _ in range(20):
            self.assertEqual(self.client.run("true")[2], 0)
            self.assertEqual(self.client.call("stat", path="/")["type"], "d")
        running = self.client.call("processes")["entry"]
        self.assertEqual(len(running), 3)
        stuck.close()
        waiting = next(entry for entry in running if entry["argv"] == ["true"])
        self.client.call("signal", process=waiting["process"], signal=9)
        self.assertTrue(eventually(lambda: self.children() == before))


class Workers(FilesTest):
    def worker(self):
        with open(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children") as f:
            return int(f.read().split()[0])

    def test_a_stopped_worker_hangs_nobody_else(self):
        path = self.make("file", b"x" * 5_000_000)
        stuck = self.client.request("read", path=path, window=10)
        stuck.reply()
        worker = self.worker()
        os.kill(worker, 19)
        stuck.grant(10_000_000)
        other = self.connect()
        for _ in range(20):
            self.assertEqual(other.run("true")[2], 0)
            self.assertEqual(other.call("stat", path=path)["size"], 5_000_000)
        stuck.close()
        self.assertTrue(eventually(lambda: not os.path.exists(f"/proc/{worker}")))

    def test_a_killed_worker_is_an_error(self):
        stream = self.client.request("read", path=self.make("file", b"x" * 5_000_000), window=10)
        stream.reply()
        os.kill(self.worker(), 9)
        self.assertFails("worker", stream.collect, errno=errno.EIO)
