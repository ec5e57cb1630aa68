import os
import socket
import subprocess
import unittest

from client import eventually
from fsutil import ERRNO, FsutilTest

FIELDS = ("pid", "parent", "name", "state", "cpu", "bytes", "fifo", "device", "unread", "socket")


class Activity(FsutilTest):
    def start(self, *argv, **options):
        process = subprocess.Popen(argv, cwd=self.dir, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def look(self, process):
        fields = self.output("activity", str(process.pid))
        return [dict(zip(FIELDS, fields[i:i + 10])) for i in range(0, len(fields), 10)]

    def until(self, process, **expected):
        """Looks until the process, or one below it, is seen so."""
        found = lambda: [t for t in self.look(process) if all(t[k] == v for k, v in expected.items())]
        self.assertTrue(eventually(lambda: bool(found())), self.look(process))
        return found()[0]

    def test_the_fifo_that_it_waits_to_open(self):
        os.mkfifo(self.path("fifo"))
        self.until(self.start("cat", "fifo"), name="cat", fifo=self.path("fifo"))
        self.until(self.start("cat", self.path("fifo")), name="cat", fifo=self.path("fifo"))

    def test_a_fifo_that_is_open_is_not_waited_for(self):
        os.mkfifo(self.path("fifo"))
        reader = self.start("cat", "fifo")
        fd = os.open(self.path("fifo"), os.O_WRONLY)
        self.addCleanup(os.close, fd)
        self.until(reader, state="S", fifo="")

    def test_what_has_not_been_read(self):
        writer, reader = os.pipe()[::-1]
        process = self.start("sleep", "600", stdin=reader)
        self.assertEqual(os.write(writer, b"four"), 4)
        self.until(process, name="sleep", unread="4", device="", socket="0")
        os.close(writer)
        os.close(reader)

    def test_a_device_and_a_socket(self):
        left, right = socket.socketpair()
        with left, right, open("/dev/zero", "rb") as zero:
            process = self.start("sleep", "600", stdin=zero, stdout=left)
            self.until(process, name="sleep", device="/dev/zero", socket="1")

    def test_work_of_children_counts(self):
        process = self.start("sh", "-c", "head -c 1000000 /dev/zero >/dev/null; read x", stdin=subprocess.PIPE)
        self.addCleanup(process.stdin.close)
        self.assertTrue(eventually(lambda: len(self.look(process)) == 1
                                   and int(self.look(process)[0]["bytes"]) > 2_000_000))

    def test_all_below(self):
        process = self.start("sh", "-c", "sh -c 'sleep 600; :' & wait")
        sleep = self.until(process, name="sleep")
        self.assertEqual(len(self.look(process)), 3)
        self.assertIn(sleep["parent"], [t["pid"] for t in self.look(process)])
        subprocess.run(["kill", sleep["pid"]], check=True)

    def test_nobody_there(self):
        self.assertExit(ERRNO + 3, "activity", "4194304")
        self.assertExit(2, "activity", "0")
        self.assertExit(2, "activity", "x")


if __name__ == "__main__":
    unittest.main()
