import errno
import os
import random
import subprocess
import unittest

from client import ROOT
from fsutil import ERRNO, FSUTIL, FsutilTest

LONGEST = 65535


def expected(data, text):
    """What the protocol's rules say, line by line."""
    if not data or b"\0" in data[:512]:
        return []
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    found = []
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST:
            break
        line = line.removesuffix(b"\r")
        if text in line:
            found.append((number, line.replace(b"\0", "\ufffd".encode())))
    return found


class Find(FsutilTest):
    def found(self, root, text):
        out = self.output("find", root, text)
        self.assertEqual(len(out) % 3, 0)
        return [(out[i], int(out[i + 1]), os.fsencode(out[i + 2])) for i in range(0, len(out), 3)]

    def check(self, data, text=b"needle"):
        path = self.make("file", data)
        want = expected(data, text)
        self.assertEqual(self.found(path, text), [(path, number, line) for number, line in want])
        return len(want)

    def test_lines(self):
        for data, count in [
                (b"needle", 1), (b"needle\n", 1), (b"\n\nxneedley\n\nneedle", 2), (b"needl\ne\n", 0), (b"NEEDLE", 0),
                (b"needle needle\n", 1), (b"needle\r\n", 1), (b"needle\r", 1), (b"", 0), (b"\n", 0), (b"a.needle*\xff\xfe\n", 1)]:
            self.assertEqual(self.check(data), count, data)

    def test_the_text_is_taken_literally(self):
        for text in b".*", b"[a]", b"\\", b"$", b"\xc3\xa9", b"\xff", b" ", b"-", b"--", b"":
            self.assertEqual(self.check(b"x" + text + b"y\nother\n", text), 2 if not text else 1, text)
        self.assertEqual(self.check(b"a\nb\n", b"a\nb"), 0)
        self.assertEqual(self.check(b"a\r\n", b"a\r"), 0)

    def test_binary_files_are_those_with_a_nul_near_the_beginning(self):
        for at in 0, 1, 510, 511:
            self.assertEqual(self.check(b"x" * at + b"\0" + b"\nneedle\n"), 0)
        for at in 512, 513, 5000:
            self.assertEqual(self.check(b"x" * at + b"\0" + b"\nneedle\n"), 1)
        self.assertEqual(self.check(b"x" * 512 + b"\n\0needle\0\0x\0\n"), 1)

    def test_scanning_stops_at_a_line_that_is_too_long(self):
        for size, count in (LONGEST - 6, 3), (LONGEST - 5, 1), (LONGEST, 1), (1_000_000, 1):
            self.assertEqual(self.check(b"needle\n" + b"x" * size + b"needle\nneedle\n"), count)
            self.assertEqual(self.check(b"needle\n" + b"x" * size + b"needle"), min(count, 2))
        self.assertEqual(self.check(b"a\n" * 131072 + b"x" * LONGEST + b"\nneedle\n"), 1)
        self.assertEqual(self.check(b"a\n" * 131072 + b"x" * (LONGEST + 1) + b"\nneedle\n"), 0)

    def test_files_larger_than_any_buffer(self):
        r = random.Random(7)
        for size in 262_143, 262_144, 262_145, 1_500_000:
            words = [b"needle", b"nee", b"dle", b"\n", b"\r\n", b"x" * 50, b"y" * 3000]
            data = b"".join(r.choices(words, [1, 5, 5, 9, 2, 5, 1], k=size // 100))
            data = (data * (size // len(data) + 1))[:size]
            self.assertGreater(self.check(data), 100)

    def test_what_is_not_a_file_is_never_opened(self):
        self.make("tree/plain", b"needle")
        os.mkfifo(self.path("tree/fifo"))
        os.symlink("plain", self.path("tree/link"))
        os.symlink("/dev/zero", self.path("tree/zero"))
        os.mkdir(self.path("tree/needle"))
        if ROOT:
            os.mknod(self.path("tree/device"), 0o020666, os.makedev(1, 5))
        self.assertEqual(self.found(self.path("tree"), "needle"), [(self.path("tree/plain"), 1, b"needle")])
        for name in "fifo", "zero":
            self.assertEqual(self.found(self.path("tree", name), "needle"), [])
        self.assertEqual(len(self.found(self.path("tree/link"), "needle")), 1, "a root may be a link")
        self.assertExit(ERRNO + errno.ENOENT, "find", self.path("absent"), "x")

    def test_names_that_are_no_text(self):
        path = self.make(b"tree/\xff\n\x01", b"needle")
        self.assertEqual(self.found(self.path("tree"), "needle"), [(path, 1, b"needle")])

    def test_a_file_that_grows_meanwhile_comes_to_an_end(self):
        path = self.make("file", b"needle\n" * 1000)
        done = subprocess.run(["sh", "-c", '"$0" find "$1" needle >> "$1"', FSUTIL, path], timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertLess(os.path.getsize(path), 1_000_000)

    def test_a_full_disk_for_the_output(self):
        path = self.make("file", b"needle\n")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([FSUTIL, "find", path, "needle"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (1, b"fsutil: write: No space left on device\n"))

    def test_unreadable_files_are_left_out(self):
        for name, mode in ("a", 0o644), ("b", 0), ("c", 0o644):
            os.chmod(self.make("tree/" + name, b"needle"), mode)
        options = {"preexec_fn": lambda: (os.setgid(65534), os.setuid(65534))} if ROOT else {}
        out = self.output("find", self.path("tree"), "needle", **options)
        self.assertEqual(out[::3], [self.path("tree/a"), self.path("tree/c")])


if __name__ == "__main__":
    unittest.main()
