"""Output of a detached process while the platform is dead: nothing is lost below the ring's bound, and the loss above it is told.

Detached processes get their own operations with sessions; until then the agent is asked through its own protocol, on the socket of a
sandbox that the platform started, by the client that the agent's tests use.
"""

import os
import signal
import sys
import unittest

import platform_under_test as platform

os.environ.setdefault("AGENT", "/nonexistent: the agent is the running sandbox's")
sys.path.insert(0, str(platform.ROOT / "agent" / "test"))
import client  # noqa: E402

RATE = 10_000
LINES = 60_000
WRITER = (
    "import sys, time\n"
    "start = time.monotonic()\n"
    f"for i in range({LINES}):\n"
    "    sys.stdout.write('%010d\\n' % i)\n"
    f"    if i % {RATE // 100} == 0:\n"
    "        sys.stdout.flush()\n"
    f"        time.sleep(max(0, start + i / {RATE} - time.monotonic()))\n"
)
LINE_BYTES = 11


class Detached(unittest.TestCase):
    def setUp(self):
        self.sandbox = platform.create()
        self.socket = str(platform.DATA / "run" / "a" / self.sandbox["id"])

    def tearDown(self):
        platform.delete_all()

    def killed_server(self, process):
        """Starts the writer, kills the server in its middle, waits for both."""
        agent = client.Client(self.socket)
        agent.request("spawn", argv=["python3", "-c", WRITER], detached=1, window=0, process=process[0], ring=process[1]).reply()
        agent.close()
        before = platform.pid_of("server")
        os.kill(before, signal.SIGKILL)
        platform.eventually(lambda: platform.api("GET", "/health", key="").status == 200, 60, "health")
        self.assertNotEqual(before, platform.pid_of("server"))
        agent = client.Client(self.socket)
        ended = agent.wait_ended(process[0], 60)
        self.assertEqual((0, LINES * LINE_BYTES), (ended["status"], ended["offset"]))
        return agent

    def replay(self, agent, process):
        stream = agent.request("attach", process=process, offset=0, follow=0, window=1 << 20)
        about = stream.reply()
        out = bytearray()
        while True:
            kind, channel, payload = stream.event()
            if kind != client.DATA:
                return about, bytes(out)
            self.assertEqual(1, channel)
            out += payload
            stream.grant(len(payload))

    def test_nothing_is_lost_below_the_bound(self):
        agent = self.killed_server(("below", 64 << 20))
        about, out = self.replay(agent, "below")
        self.assertEqual(0, about["lost"])
        self.assertEqual(b"".join(b"%010d\n" % i for i in range(LINES)), out)
        self.assertEqual("alive\n", platform.output(self.sandbox, "echo alive"))

    def test_what_was_dropped_above_the_bound_is_told(self):
        agent = self.killed_server(("above", 256 << 10))
        about, out = self.replay(agent, "above")
        self.assertGreater(about["lost"], 0)
        self.assertEqual(about["offset_first"], about["lost"])
        self.assertEqual(LINES * LINE_BYTES, about["lost"] + len(out))
        whole = b"".join(b"%010d\n" % i for i in range(LINES))
        self.assertEqual(whole[about["lost"]:], out)


if __name__ == "__main__":
    unittest.main()
