"""Runs fsutil (docs/protocols/fsutil.md) on trees of its own."""

import os
import subprocess
import tempfile
import unittest

FSUTIL = os.environ["FSUTIL"]
ERRNO = 100


def fields(output):
    """The NUL-terminated fields of an output, as text with undecodable bytes kept."""
    assert output == b"" or output.endswith(b"\0"), output[-100:]
    return [os.fsdecode(field) for field in output.split(b"\0")[:-1]]


class FsutilTest(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="fsutil-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(subprocess.run, ["rm", "-rf", self.dir], check=True)  # trees are too deep for Python

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def make(self, name, content=b""):
        """Writes a file below the test's directory, with its directories."""
        path = os.path.join(os.fsencode(self.dir), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
        return os.fsdecode(path)

    def run_fsutil(self, *arguments, **options):
        return subprocess.run([FSUTIL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, **options)

    def output(self, *arguments, **options):
        done = self.run_fsutil(*arguments, **options)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return fields(done.stdout)

    def assertExit(self, code, *arguments, **options):
        done = self.run_fsutil(*arguments, **options)
        self.assertEqual((done.returncode, done.stdout), (code, b""))
        return done.stderr
