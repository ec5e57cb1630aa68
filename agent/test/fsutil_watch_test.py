import errno
import os
import select
import shutil
import signal
import subprocess
import time
import unittest

from client import ROOT, eventually
from fsutil import ERRNO, FSUTIL, FsutilTest

SECONDS = 30


class Watch(FsutilTest):
    def watch(self, root, *options, wrapper=()):
        child = subprocess.Popen([*wrapper, FSUTIL, "watch", root, *options], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, bufsize=0)
        self.addCleanup(self.end, child)
        self.child, self.buffer, self.root = child, b"", root
        return child

    def end(self, child):
        if child.poll() is None:
            child.kill()
        child.wait()
        child.stdout.close()
        self.assertEqual(child.stderr.read(), b"")
        child.stderr.close()

    def record(self):
        """(kind, path below the root, detail)"""
        while self.buffer.count(b"\0") < 3:
            self.assertTrue(select.select([self.child.stdout], [], [], SECONDS)[0], self.buffer)
            data = os.read(self.child.stdout.fileno(), 65536)
            self.assertTrue(data, "the end came")
            self.buffer += data
        kind, path, detail, self.buffer = self.buffer.split(b"\0", 3)
        path = os.fsdecode(path)
        self.assertTrue(path == self.root or path.startswith(self.root.rstrip("/") + "/"), path)
        return kind.decode(), path[len(self.root):].lstrip("/"), detail.decode()

    def expect(self, *records):
        """These in this order, with any others between them."""
        for wanted in records:
            seen = []
            while not seen or seen[-1] != wanted:
                seen.append(self.record())
                self.assertLess(len(seen), 20_000, wanted)
        return seen

    def start(self, root, *options, **more):
        self.watch(root, *options, **more)
        self.assertEqual(self.record(), ("ready", "", "d" if os.path.isdir(root) else "f"))

    def test_kinds(self):
        self.start(self.dir)
        path = self.make("file", b"x")
        self.expect(("create", "file", "f"), ("write", "file", "f"))
        os.chmod(path, 0o600)
        self.expect(("chmod", "file", "f"))
        os.rename(path, self.path("other"))
        self.expect(("rename", "file", "f"), ("create", "other", "f"))
        os.remove(self.path("other"))
        self.expect(("remove", "other", "f"))
        os.mkdir(self.path("directory"))
        self.expect(("create", "directory", "d"))
        os.chmod(self.dir, 0o711)
        self.expect(("chmod", "", "d"))
        self.make("directory/inside")
        os.symlink("directory", self.path("link"))
        self.assertEqual(self.record(), ("create", "link", "f"), "not recursive")
        os.rmdir(self.path("directory")) if not os.listdir(self.path("directory")) else shutil.rmtree(self.path("directory"))
        self.expect(("remove", "directory", "d"))

    def test_names_that_are_no_text(self):
        self.start(self.dir)
        self.make(b"a\n\xff")
        self.expect(("create", "a\n\udcff", "f"))

    def test_directories_that_were_there_and_that_come(self):
        self.make("old/deep/file")
        os.symlink(self.path("old"), self.path("link"))
        self.start(self.dir, "--recursive")
        self.make("old/deep/new")
        self.expect(("create", "old/deep/new", "f"))
        for i in range(20):
            self.make(f"a{i}/b/c/d/e/file", b"x")  # faster than watches can be set
            self.expect(*[("create", f"a{i}" + "/b/c/d/e/file"[:n], "f" if n == 13 else "d") for n in (0, 2, 4, 6, 8, 13)])
        with open(self.path("a7/b/c/d/e/file"), "w") as f:
            f.write("more")
        self.expect(("write", "a7/b/c/d/e/file", "f"))
        with open(self.path("link/deep/file"), "w") as f:
            f.write("more")
        self.expect(("write", "old/deep/file", "f"))

    def test_directories_that_move(self):
        self.make("tree/a/b/file")
        os.mkdir(self.path("outside"))
        self.start(self.path("tree"), "--recursive")
        os.rename(self.path("tree/a"), self.path("tree/z"))
        self.expect(("rename", "a", "d"), ("create", "z", "d"), ("create", "z/b", "d"), ("create", "z/b/file", "f"))
        self.make("tree/z/b/more")
        self.expect(("create", "z/b/more", "f"))
        os.rename(self.path("tree/z"), self.path("outside/z"))
        self.expect(("rename", "z", "d"))
        self.make("outside/z/b/unseen")
        self.make("tree/seen")
        self.assertEqual(self.record(), ("create", "seen", "f"))
        os.rename(self.path("outside/z"), self.path("tree/back"))
        self.expect(("create", "back", "d"), ("create", "back/b", "d"), ("create", "back/b/unseen", "f"))
        shutil.rmtree(self.path("tree/back"))
        self.expect(("remove", "back/b", "d"), ("remove", "back", "d"))
        self.make("tree/back/b/again")
        self.expect(("create", "back/b/again", "f"))

    def test_the_root_goes_away(self):
        for step in range(3):
            root = self.make("root/file") if step == 2 else self.make("root/x") and self.path("root")
            self.start(root, "--recursive")
            os.rename(root, self.path("moved")) if step == 1 else subprocess.run(["rm", "-r", root], check=True)
            self.expect(("end", "", ""))
            self.assertEqual(self.child.wait(SECONDS), 0)
            subprocess.run(["rm", "-rf", self.path("root"), self.path("moved")], check=True)

    def test_a_file_as_the_root(self):
        path = self.make("file")
        self.start(path)
        with open(path, "w") as f:
            f.write("x")
        self.expect(("write", "", "f"))

    def test_roots_that_cannot_be_watched(self):
        self.assertExit(ERRNO + errno.ENOENT, "watch", self.path("absent"))
        os.mkdir(self.path("closed"), 0)
        options = {"preexec_fn": lambda: (os.setgid(65534), os.setuid(65534))} if ROOT else {}
        self.assertExit(ERRNO + errno.EACCES, "watch", self.path("closed"), **options)

    def test_events_that_the_kernel_dropped(self):
        self.start(self.dir, "--recursive")
        with open("/proc/sys/fs/inotify/max_queued_events") as f:
            limit = int(f.read())
        self.child.send_signal(signal.SIGSTOP)
        for i in range(limit // 2 + 100):  # each is two events
            os.close(os.open(self.path("file"), os.O_CREAT | os.O_WRONLY))
            os.remove(self.path("file"))
        self.make("new/deep/file")
        self.child.send_signal(signal.SIGCONT)
        seen = []
        while not seen or seen[-1][0] != "overflow":
            seen.append(self.record())
        self.assertEqual(seen[-1], ("overflow", "", ""))
        self.make("new/deep/later")
        self.expect(("create", "new/deep/later", "f"))

    def limited(self, limit, value):
        script = f'echo {value} > /proc/sys/user/{limit} && exec "$@"'
        return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"]

    def test_the_limit_of_watches(self):
        for i in range(10):
            os.mkdir(self.path(str(i)))
        self.watch(self.dir, "--recursive", wrapper=self.limited("max_inotify_watches", 5))
        error = self.record()
        self.assertEqual((error[0], error[2]), ("error", str(errno.ENOSPC)))
        self.assertEqual(self.record(), ("ready", "", "d"))
        self.make("file")
        self.expect(("create", "file", "f"))

    def test_the_limit_of_watchers(self):
        done = subprocess.run([*self.limited("max_inotify_instances", 0), FSUTIL, "watch", self.dir],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (ERRNO + errno.EMFILE, b""))

    def test_unreadable_directories_are_named(self):
        os.mkdir(self.path("closed"), 0)
        wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if ROOT else []
        self.watch(self.dir, "--recursive", wrapper=wrapper)
        self.assertEqual(self.record(), ("error", "closed", str(errno.EACCES)))
        self.assertEqual(self.record(), ("ready", "", "d"))

    def test_ends_with_its_reader(self):
        child = self.watch(self.dir)
        self.record()
        child.stdout.close()
        self.assertEqual(child.wait(SECONDS), 1)

    def test_a_new_directory_is_told_once(self):
        """Whether it is found by the look into its new parent, or made between the watch on that and the look."""
        self.start(self.dir, "--recursive")
        for i in range(300):
            for path in (f"{i}", f"{i}/a", f"{i}/a/b", f"{i}/a/b/c"):
                os.mkdir(self.path(path))
                ends = time.perf_counter() + i * 1e-6  # whatever the watch needs to come just between
                while time.perf_counter() < ends:
                    pass
        self.make("last")
        told = []
        while not told or told[-1] != ("create", "last", "f"):
            told.append(self.record())
        for i in range(300):
            for path in (f"{i}", f"{i}/a", f"{i}/a/b", f"{i}/a/b/c"):
                self.assertEqual(told.count(("create", path, "d")), 1, path)

    def test_deep_trees(self):
        here = os.open(self.dir, os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("directory", dir_fd=here)
            below = os.open("directory", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        self.start(self.dir, "--recursive")
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)
        self.expect(("create", "directory/" * 1200 + "file", "f"))

    def test_descriptors_and_watches_are_given_back(self):
        self.start(self.dir, "--recursive")
        held = f"/proc/{self.child.pid}/fd"
        before = len(os.listdir(held))
        for _ in range(30):
            self.make("a/b/c/file")
            self.expect(("create", "a/b/c/file", "f"))
            shutil.rmtree(self.path("a"))
            self.expect(("remove", "a", "d"))
        self.assertTrue(eventually(lambda: len(os.listdir(held)) == before))
        self.assertTrue(eventually(lambda: self.watches() == 1), self.watches())

    def watches(self):
        total = 0
        for fd in os.listdir(f"/proc/{self.child.pid}/fdinfo"):
            with open(f"/proc/{self.child.pid}/fdinfo/{fd}") as f:
                total += sum(line.startswith("inotify") for line in f)
        return total

    def test_links_swapped_in_for_directories_are_not_followed(self):
        self.make("outside/x/y")
        os.mkdir(self.path("tree"))
        self.start(self.path("tree"), "--recursive")
        for i in range(200):
            os.mkdir(self.path("tree/d"))
            os.rmdir(self.path("tree/d"))
            os.symlink("../outside", self.path("tree/d"))
            os.remove(self.path("tree/d"))
        self.make("outside/x/unseen")
        self.make("outside/unseen")
        self.make("tree/last")
        kind = None
        while kind != "create" or path != "last":
            kind, path, _ = self.record()
            self.assertIn(path, ("d", "last"))


if __name__ == "__main__":
    unittest.main()
