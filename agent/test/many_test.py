import errno
import os
import random
import struct
import unittest

from client import ROOT, decode, encode, eventually
from files_test import FilesTest

PARENTS = 1
SMALL = 65536


def record(path, content=b"", size=None, **fields):
    head = encode(dict(path=path, size=len(content) if size is None else size, **fields))
    return struct.pack(">I", len(head)) + head + content


def put(client, records, window=1 << 20, **fields):
    """Writes files; the errno of each."""
    stream = client.request("write-many", window=window, flags=PARENTS, **fields)
    stream.reply()
    stream.write(records if isinstance(records, bytes) else b"".join(records))
    stream.eof()
    out, status, ended = stream.collect()
    assert status == 0 and ended == {1}
    heads, rest = parse(bytes(out[1]))
    assert not rest
    return [head.get("errno", 0) for head, _ in heads]


def parse(data):
    """Heads with the content behind each, and what is left."""
    files, at = [], 0
    while at + 4 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        head = decode(data[at + 4:at + 4 + length])
        at += 4 + length
        files.append((head, data[at:at + head.get("size", 0)]))
        at += head.get("size", 0)
    return files, data[at:]


def get(client, *paths, window=1 << 20):
    """Reads files; content or errno of each."""
    stream = client.request("read-many", path=list(paths), window=window)
    stream.reply()
    out, status, ended = stream.collect()
    assert status == 0 and ended == {1}
    files, rest = parse(bytes(out[1]))
    assert not rest
    return [head["errno"] if "errno" in head else content for head, content in files]


class WriteMany(FilesTest):
    def test_contents_modes_and_parents(self):
        os.chmod(self.make("old", b"long old content"), 0o700)
        contents = {"empty": b"", "old": b"new", "a/b/c": b"\0\xff" * 1000, "large": random.randbytes(3_000_000)}
        self.assertIn("many-files", self.client.hello["feature"])
        self.assertEqual(put(self.client, [record(self.path(n), c) for n, c in contents.items()]), [0] * 4)
        for name, content in contents.items():
            self.assertEqual((self.read(name), self.mode(name)), (content, 0o644))
        self.assertEqual((self.mode("a"), self.mode("a/b")), (0o755, 0o755))
        self.assertEqual(put(self.client, [record(self.path("mode"), mode=0o4710)]), [0])
        self.assertEqual(self.mode("mode"), 0o4710)
        self.assertEqual(put(self.client, []), [])

    def test_thousands_and_the_last_of_a_name_wins(self):
        records = [record(self.path(f"d{i % 10}/{i % 2000}"), b"%d" % i) for i in range(4000)]
        self.assertEqual(put(self.client, records), [0] * 4000)
        self.assertEqual(self.read("d7/1997"), b"3997")
        self.assertEqual(sum(len(self.names(f"d{i}")) for i in range(10)), 2000)

    def test_results_through_a_small_window(self):
        self.assertEqual(put(self.client, [record(self.path(str(i % 2) + "/"[:i % 2])) for i in range(500)], window=3),
                         [0, errno.EISDIR] * 250)

    def test_links_are_written_through(self):
        os.mkdir(self.path("d"))
        os.symlink("../made", self.path("d/relative"))
        os.symlink(self.path("d/relative"), self.path("absolute"))
        os.symlink("loop", self.path("loop"))
        os.symlink("d", self.path("to-directory"))
        names = ["absolute", "loop", "to-directory", "to-directory/f"]
        self.assertEqual(put(self.client, [record(self.path(name), b"x") for name in names]),
                         [0, errno.ELOOP, errno.EISDIR, 0])
        self.assertEqual(self.read("made"), b"x")
        self.assertTrue(os.path.islink(self.path("absolute")) and os.path.islink(self.path("d/relative")))

    def test_refusals_do_not_stop_the_others(self):
        os.mkfifo(self.path("fifo"))
        self.make("file", b"kept")
        refused = {"fifo": errno.EINVAL, "/dev/zero": errno.EINVAL, "": errno.EISDIR, "file/": errno.EISDIR,
                   "file/x": errno.ENOTDIR, "x" * 256: errno.ENAMETOOLONG, "x" * 255: 0, "y/" * 300 + "z": 0}
        records, want = [], []
        for name, err in refused.items():
            records += [record(name if name.startswith("/") else self.path(name), b"r" * 70_000),
                        record(self.path("good"), name.encode())]
            want += [err, 0]
        self.assertEqual(put(self.client, records), want)
        self.assertEqual((self.read("file"), self.read("good")), (b"kept", ("y/" * 300 + "z").encode()))
        self.assertFalse([name for name in self.names() if name.startswith(".")])

    @unittest.skipUnless(ROOT, "needs root")
    def test_as_another_user(self):
        for name, owner in ("roots", 0), ("own", 65534):
            os.mkdir(self.path(name))
            os.chown(self.path(name), owner, owner)
        os.chmod(self.dir, 0o755)
        records = [record(self.path("roots/f")), record(self.path("own/new/f"))]
        self.assertEqual(put(self.client, records, user="nobody"), [errno.EACCES, 0])
        self.assertEqual(os.stat(self.path("own/new/f")).st_uid, 65534)
        self.assertEqual(self.names("roots"), [])

    def test_input_that_is_cut_or_malformed_leaves_nothing(self):
        whole = record(self.path("f"), b"content")
        cut = [whole[:end] for end in range(1, len(whole))]
        broken = [struct.pack(">I", 20_000) + b"x" * 20_000, struct.pack(">I", 3) + b"xyz", struct.pack(">I", 0),
                  record(self.path("f"), size=1 << 62), b"x" * 100_000,
                  struct.pack(">I", 6) + struct.pack(">BI", 40, 1) + b"\0"]
        for data in cut + broken:
            self.assertFails("usage", put, self.client, data)
            self.assertEqual(self.names(), [])

    def test_giving_up_leaves_whole_files_only(self):
        for hang_up in (False, True):
            client = self.connect()
            stream = client.request("write-many", window=1000)
            stream.reply()
            stream.write(record(self.path("whole"), b"x") + record(self.path("half"), b"y" * 500_000, size=900_000))
            self.assertTrue(eventually(lambda: len(self.names()) == 2))
            client.close() if hang_up else stream.close()
            self.assertTrue(eventually(lambda: self.names() == ["whole"]))
            os.unlink(self.path("whole"))


@unittest.skipUnless(ROOT, "needs root")
class FullDisk(FilesTest):
    wrapper = ("unshare", "--mount")

    def test_what_does_not_fit_is_left_out(self):
        disk = self.path("disk")
        os.mkdir(disk)
        self.client.run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk)
        records = [record(disk + "/" + name, bytes(size)) for name, size in (("a", 300_000), ("b", 1))]
        self.assertEqual(put(self.client, records), [errno.ENOSPC, 0])
        self.assertEqual(self.client.run("ls", "-A", disk)[0], b"b\n")


class ReadMany(FilesTest):
    def test_contents_in_order(self):
        contents = [b"", b"1", os.urandom(SMALL), os.urandom(SMALL + 1), os.urandom(3_000_000), b"end"]
        paths = [self.make(str(i), content) for i, content in enumerate(contents)]
        self.assertEqual(get(self.client, *paths), contents)
        self.assertEqual(get(self.client, *paths[:3], window=1000), contents[:3])
        self.assertEqual(get(self.client, *paths * 3), contents * 3)

    def test_what_cannot_be_read_does_not_stop_the_others(self):
        os.mkfifo(self.path("fifo"))
        os.symlink("fifo", self.path("to-fifo"))
        good = self.make("good", b"good")
        refused = {self.path("fifo"): errno.EINVAL, self.path("to-fifo"): errno.EINVAL, "/dev/zero": errno.EINVAL,
                   self.tree: errno.EISDIR, self.path("none"): errno.ENOENT, good + "/x": errno.ENOTDIR,
                   "/" + "x" * 300: errno.ENAMETOOLONG, "/" + "y/" * 3000: errno.ENAMETOOLONG, "": errno.ENOENT}
        asked, want = [], []
        for path, err in refused.items():
            asked += [path, good]
            want += [err, b"good"]
        self.assertEqual(get(self.client, *asked), want)

    def test_files_whose_size_is_not_what_they_say(self):
        stat_, version = get(self.client, "/proc/self/stat", "/proc/version")
        self.assertIn(b"agent", stat_)
        with open("/proc/version", "rb") as f:
            self.assertEqual(version, f.read())
        self.assertEqual(get(self.client, "/proc/kallsyms", "/proc/version"), [errno.EOVERFLOW, version])

    @unittest.skipUnless(ROOT, "needs root")
    def test_as_another_user(self):
        os.chmod(self.dir, 0o755)
        os.chmod(self.make("secret", b"secret"), 0o600)
        stream = self.client.request("read-many", path=[self.path("secret")], window=1000, user="nobody")
        stream.reply()
        head = parse(bytes(stream.collect()[0][1]))[0][0][0]
        self.assertEqual(head, dict(errno=errno.EACCES))

    def test_a_file_that_shrinks_is_an_error(self):
        path = self.make("file", b"x" * 8_000_000)
        stream = self.client.request("read-many", path=[path, path], window=10)
        stream.reply()
        stream.event()  # it is open
        os.truncate(path, 100)
        stream.grant(20_000_000)
        self.assertFails("read", stream.collect, False, errno=errno.ENODATA)

    def test_abandoned(self):
        path = self.make("file", b"x" * 3_000_000)
        for _ in range(10):
            stream = self.client.request("read-many", path=[path] * 10, window=100_000)
            stream.reply()
            stream.close()
        self.assertEqual(get(self.client, path), [b"x" * 3_000_000])
