"""`events`: every end of a sandbox is told once, with what is known of it."""

import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "test_storage"))
from test_sandbox import SandboxCase  # pylint: disable=wrong-import-position


class EventsTest(SandboxCase):
    def stream(self):
        client = self.jailer.client()
        self.addCleanup(client.close)
        client.send("events")
        self.assertEqual("beat", client.receive())
        return client

    @staticmethod
    def told(stream):
        while (line := stream.receive()) == "beat":
            pass
        return line

    def test_a_pid_1_that_is_killed(self):
        streams = [self.stream(), self.stream()]
        pid = self.start("one")
        os.kill(pid, signal.SIGKILL)
        for stream in streams:
            self.assertEqual("exited one status=9 oom_kills=0 pool_full=0", self.told(stream))

    def test_kill_is_told_too_and_once(self):
        stream = self.stream()
        self.start("two")
        self.stop("two")
        self.stop("two")
        self.start("two")
        self.stop("two")
        self.start("three")
        self.stop("three")
        told = [self.told(stream) for _ in range(3)]
        self.assertEqual([f"exited {name} status=9 oom_kills=0 pool_full=0" for name in ("two", "two", "three")], told)

    def test_many_at_once(self):
        stream = self.stream()
        for slot in (1, 2, 3):
            self.start(f"many{slot}", slot=slot)
        clients = [self.jailer.client() for _ in range(3)]
        for slot, client in enumerate(clients, 1):
            client.send(f"kill many{slot}")
        told = {self.told(stream) for _ in range(3)}
        for client in clients:
            self.assertEqual("ok", client.receive())
            client.close()
        self.assertEqual({f"exited many{slot} status=9 oom_kills=0 pool_full=0" for slot in (1, 2, 3)}, told)

    def test_memory_kills_are_counted_and_the_sandbox_goes_on(self):
        stream = self.stream()
        pid = self.start("hungry", memory=32)
        self.jailer.agent("hungry", "dd if=/dev/zero of=/dev/null bs=256M count=1")
        self.assertEqual("1", self.jailer.ask("stats hungry")["oom_kills"])
        os.kill(pid, 0)
        self.stop("hungry")
        self.assertEqual("exited hungry status=9 oom_kills=1 pool_full=0", self.told(stream))

    def test_the_wait_status_is_unknown_after_a_restart(self):
        pid = self.start("adopted")
        self.jailer.kill9()
        self.jailer.start()
        stream = self.stream()
        os.kill(pid, signal.SIGKILL)
        self.assertEqual("exited adopted status=-1 oom_kills=0 pool_full=0", self.told(stream))
        self.stop("adopted")
        self.start("after")
        self.stop("after")
        self.assertEqual("exited after status=9 oom_kills=0 pool_full=0", self.told(stream))

    def test_a_reader_that_left_disturbs_nobody(self):
        gone = self.jailer.client()
        gone.send("events")
        gone.close()
        stream = self.stream()
        self.start("four")
        self.stop("four")
        self.assertEqual("exited four status=9 oom_kills=0 pool_full=0", self.told(stream))


if __name__ == "__main__":
    unittest.main()
