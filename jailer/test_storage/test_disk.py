"""Disks on every kind of pool: one contract, three implementations."""

import os
import subprocess
import unittest

from harness import Jailer, JailerError, busybox_tar, run


class DiskContract:
    """What every pool promises. The subclasses say which pool."""

    def path(self, disk):
        return f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/disks/{disk}.img"

    def put(self, disk, text):
        """Writes a file into an unmounted disk's upper directory."""
        image = f"{self.jailer.data}/pool/disks/{disk}.img"
        source = os.path.join(self.jailer.data, "put")
        with open(source, "w", encoding="ascii") as file:
            file.write(text)
        self.jailer.inside_pin("debugfs", "-w", "-R", f"write {source} upper/put", image)

    def get(self, disk):
        image = f"{self.jailer.data}/pool/disks/{disk}.img"
        return self.jailer.inside_pin("debugfs", "-R", "cat upper/put", image)

    def check(self, disk):
        self.jailer.inside_pin("e2fsck", "-f", "-n", f"{self.jailer.data}/pool/disks/{disk}.img")

    def refused(self, code, line):
        with self.assertRaises(JailerError) as caught:
            self.jailer.ask(line)
        self.assertEqual(caught.exception.code, code, caught.exception)

    def test_a_new_disk_is_small_owned_and_sound(self):
        self.jailer.ask("disk-make new 3")
        self.jailer.ask("disk-make new 3")
        self.refused("exists", "disk-make new 4")
        st = os.stat(self.path("new"))
        self.assertEqual((st.st_uid, st.st_gid, st.st_mode & 0o777), (0, self.jailer.gid, 0o640))
        self.assertEqual(st.st_size, 3 << 30)
        self.assertLess(st.st_blocks * 512, 1 << 20)
        self.check("new")
        self.assertIn(["disk", "new", "3", str(st.st_blocks // 2)], self.jailer.list())

    def test_directories_belong_to_root_of_the_disk(self):
        self.jailer.ask("disk-make dirs 3")
        for name in ("upper", "work", "docker"):
            text = self.jailer.inside_pin("debugfs", "-R", f"stat {name}",
                                          f"{self.jailer.data}/pool/disks/dirs.img")
            self.assertRegex(text, r"Type: directory\s+Mode:\s+0755")
            self.assertRegex(text, r"User:\s+0\s+Group:\s+0")

    def test_a_clone_has_the_content_and_a_life_of_its_own(self):
        self.jailer.ask("disk-make from 3")
        self.put("from", "first")
        self.jailer.ask("disk-clone from to")
        self.refused("exists", "disk-clone from to")
        self.refused("absent", "disk-clone nothing other")
        self.assertEqual(self.get("to"), "first")
        self.jailer.ask("disk-drop from")
        self.check("to")
        self.assertEqual(self.get("to"), "first")

    def test_a_grown_disk_keeps_its_content(self):
        self.jailer.ask("disk-make grow 1")
        self.put("grow", "kept")
        self.jailer.ask("disk-grow grow 9")
        self.jailer.ask("disk-grow grow 9")
        self.refused("usage", "disk-grow grow 2")
        self.refused("absent", "disk-grow nothing 2")
        self.assertEqual(os.stat(self.path("grow")).st_size, 9 << 30)
        self.check("grow")
        self.assertEqual(self.get("grow"), "kept")

    def test_a_dropped_disk_is_gone_and_may_be_dropped_again(self):
        self.jailer.ask("disk-make drop 3")
        self.jailer.ask("disk-drop drop")
        self.jailer.ask("disk-drop drop")
        self.assertFalse(os.path.exists(self.path("drop")))

    def test_a_full_pool_refuses_new_disks(self):
        filler = os.path.join(os.path.dirname(self.path("x")), "..", "tmp", "filler")
        space = os.statvfs(os.path.dirname(filler))
        size = int((space.f_bavail - space.f_blocks * 0.07) * space.f_frsize)
        with open(filler, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
        try:
            self.refused("space", "disk-make full 3")
        finally:
            os.truncate(filler, 0)  # XFS frees an unlinked file's blocks in the background
            os.unlink(filler)
        self.jailer.ask("disk-make full 3")

    def test_a_sandbox_runs_on_it_and_keeps_its_files(self):
        data = busybox_tar()
        self.jailer.ask(f"layer-import base00000001 {len(data)}", data)
        self.jailer.ask("slot-make 1")
        start = "start runs 1 runs - base00000001 - 1000 256 128 3 default"
        self.jailer.ask(start)
        self.jailer.agent("runs", "echo kept >/root/file; dd if=/dev/zero of=/big bs=1048576 count=20 2>&1")
        self.jailer.ask("kill runs")
        self.check("runs")
        self.jailer.ask(start)
        self.assertEqual(self.jailer.agent("runs", "cat /root/file; stat -c %s /big"), "kept\n20971520")
        self.jailer.ask("kill runs")

    def test_half_made_disks_are_removed_at_the_next_start(self):
        with open(self.path("half") + ".tmp", "wb") as file:
            file.write(b"x")
        self.jailer.ask("disk-make whole 3")
        self.jailer.kill9()
        self.jailer.start()
        self.assertFalse(os.path.exists(self.path("half") + ".tmp"))
        self.assertTrue(os.path.exists(self.path("whole")))


class XfsImagePoolTest(DiskContract, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jailer = Jailer()
        cls.addClassCleanup(cls.jailer.remove)
        cls.jailer.start()

    def test_the_pool_is_preallocated_and_invisible_to_the_host(self):
        st = os.stat(os.path.join(self.jailer.data, "pool.img"))
        self.assertEqual((st.st_uid, st.st_mode & 0o777), (0, 0o600))
        self.assertGreaterEqual(st.st_blocks * 512, st.st_size)
        self.assertEqual(os.listdir(os.path.join(self.jailer.data, "pool")), [])


class GrowingPoolTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer(pool_bytes=1 << 30)
        self.addCleanup(self.jailer.remove)
        self.jailer.start()

    def pool_bytes(self):
        return int(self.jailer.ask("hello")["pool_total"]) * 1024

    def test_the_pool_is_enlarged_while_in_use_and_when_mounted_anew_and_never_shrinks(self):
        self.jailer.ask("disk-make kept 1")
        before = self.pool_bytes()
        self.jailer.kill9()  # its mounts stay
        self.jailer.set_pool_bytes(2 << 30)
        self.jailer.start()
        grown = self.pool_bytes()
        self.assertGreater(grown, before + (900 << 20))
        self.jailer.stop()
        self.jailer.set_pool_bytes(3 << 30)
        self.jailer.start()
        self.assertGreater(self.pool_bytes(), grown + (900 << 20))
        image = os.stat(os.path.join(self.jailer.data, "pool.img"))
        self.assertGreaterEqual(image.st_blocks * 512, image.st_size, "preallocated")
        self.jailer.kill9()
        self.jailer.set_pool_bytes(1 << 30)
        self.jailer.start()
        self.assertGreater(self.pool_bytes(), grown + (900 << 20))
        self.assertTrue(["disk", "kept", "1"] in [line[:3] for line in self.jailer.list()])

    def test_more_than_the_host_has_leaves_the_pool_as_it_was(self):
        before = self.pool_bytes()
        self.jailer.kill9()
        self.jailer.set_pool_bytes(1 << 49)
        self.jailer.start()
        self.assertEqual(self.pool_bytes(), before)
        self.assertIn("the pool keeps its size: fallocate", self.jailer.log())
        self.assertEqual(os.stat(os.path.join(self.jailer.data, "pool.img")).st_size, 1 << 30)


class OwnFileSystem:
    """A data directory on a small file system of its own."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.jailer = Jailer(pool_bytes=cls.pool_bytes, filesystem=cls.filesystem)
        cls.addClassCleanup(cls.jailer.remove)
        cls.jailer.start()

    def test_the_pool_is_the_data_directory_itself(self):
        self.assertFalse(os.path.exists(os.path.join(self.jailer.data, "pool.img")))
        self.assertIn("disks", os.listdir(os.path.join(self.jailer.data, "pool")))


class ReflinkPoolTest(OwnFileSystem, DiskContract, unittest.TestCase):
    filesystem, pool_bytes = ("mkfs.xfs", "-q", "-m", "reflink=1"), 1 << 30

    def test_a_clone_shares_its_blocks(self):
        self.jailer.ask("disk-make shared 3")
        self.jailer.ask("disk-clone shared sharing")
        extents = subprocess.run(["filefrag", "-v", self.path("sharing")], check=True,
                                 capture_output=True, text=True).stdout
        self.assertIn("shared", extents)


class PlainPoolTest(OwnFileSystem, DiskContract, unittest.TestCase):
    filesystem, pool_bytes = ("mkfs.ext4", "-q"), 0

    def test_a_clone_is_sparse(self):
        self.jailer.ask("disk-make thin 3")
        self.jailer.ask("disk-clone thin copy")
        self.assertLess(os.stat(self.path("copy")).st_blocks * 512, 1 << 20)
        self.assertEqual(run("cmp", self.path("thin"), self.path("copy")), "")
