"""One sandbox takes all it can get of one thing; twenty others do not notice, and the API names what it ran into.

The bystanders' latency is measured in turns, before a hog, beside it and after it, so that whatever else the machine does is in both. So is that of a
program of the host, outside of all sandboxes and of the platform: what it has to wait is the kernel's doing, and no more is asked of the slowest
execs. The table goes to the output.
"""

import sys
import unittest

import platform_under_test as platform
from limits.bystanders import Bystanders, high, median
from limits.hogs import HOGS

BYSTANDERS = 20
BOUND = 2.0
TURNS, MOST_TURNS = 2, 6
SAMPLES = 100

# What those are told whose sandbox is taken up by its own programs.
REMEDIES = {503: "may have no more processes: end some", 504: "end some, or stop it by force and start it again"}


class Ratios:
    """How many times the quiet latency that beside a hog is: of execs, and of the host's program; of each the median and p95."""

    def __init__(self, quiet, during):
        self.execs, self.host = ([value(b) / value(a) for value in (median, high)] for a, b in zip(quiet, during))

    def excess(self):
        """What is above the bound; at p95 only what the host's program did not have to wait too."""
        bounds = [BOUND, max(BOUND, self.host[1])]
        return [f"{ratio:.2f} > {bound:.2f}" for ratio, bound in zip(self.execs, bounds) if ratio > bound]

    def __str__(self):
        return "".join(f"{ratio:7.2f}" for ratio in self.execs + self.host)


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = []
        cls.addClassCleanup(cls.print_table)
        cls.addClassCleanup(platform.delete_all)
        cls.bystanders = Bystanders(BYSTANDERS)
        cls.bystanders.latencies(20 * BYSTANDERS)

    @classmethod
    def print_table(cls):
        print(f"\n== {'exec in 20 bystanders, ms':26}{'quiet':>16}{'hog':>16}{'ratios':>14}{'on the host':>14}  what the API says", file=sys.stderr)
        print(f"== {'':26}{'p50     p95' :>16}{'p50     p95':>16}{'p50    p95':>14}{'p50    p95':>14}", file=sys.stderr)
        for row in cls.rows:
            print("== " + row, file=sys.stderr)

    def measure(self, hog, sandbox):
        """Latencies without and with the hog, in turns, each of execs and of the host's program; and what it answers meanwhile."""
        quiet, during = ([], []), ([], [])
        for turn in range(MOST_TURNS):
            self.add(quiet, SAMPLES)
            hog.begin(sandbox)
            platform.eventually(lambda: self.used(sandbox) > 1e9, 120, "the hog's first second of CPU time")
            self.add(during, 2 * SAMPLES)
            meanwhile = self.answer_under_attack(sandbox)
            self.restart(sandbox)
            self.add(quiet, SAMPLES)
            if turn + 1 >= TURNS and Ratios(quiet, during).excess() == []:
                break
        return quiet, during, meanwhile

    def add(self, latencies, count):
        for kind, more in zip(latencies, self.bystanders.latencies_and_host(count)):
            kind += more

    def attack(self, hog):
        sandbox = platform.eventually(platform.create, 60, "room in the pool")
        quiet, during, meanwhile = self.measure(hog, sandbox)
        ratios = Ratios(quiet, during)
        row = f"{hog.name:26}" + "".join(f"{value(latencies):8.2f}" for latencies in (quiet[0], during[0]) for value in (median, high)) + str(ratios)
        self.rows.append(row)
        self.rows[-1] += f"  {self.after(hog, sandbox)}{meanwhile}"
        self.assertEqual([], ratios.excess(), row)

    @staticmethod
    def used(sandbox):
        answer = platform.jailer("stats " + sandbox["id"])[0]
        return int(dict(word.split("=") for word in answer.split()[1:])["cpu_ns"])

    def answer_under_attack(self, sandbox):
        """It still answers: with a result, or with an error that says why not."""
        reply = platform.toolbox(sandbox, "POST", "/process/execute", {"command": "echo here"}, timeout=200)
        if reply.status == 200:
            self.assertEqual("here\n", reply.json()["result"], reply.body)
            return ""
        self.assertIn((reply.status, True), {(status, words in reply.json()["message"]) for status, words in REMEDIES.items()}, reply.body)
        return f", {reply.status} meanwhile"

    def restart(self, sandbox):
        """It can be stopped and started."""
        path = "/sandbox/" + sandbox["id"]
        self.assertEqual(200, platform.api("POST", path + "/stop?force=true", timeout=90).status)
        platform.eventually(lambda: platform.api("GET", path).json()["state"] == "stopped", 90, "the sandbox's end")
        self.assertEqual(200, platform.api("POST", path + "/start", timeout=90).status)
        platform.output(sandbox, "rm -rf /tmp/big /tmp/i")

    def after(self, hog, sandbox):
        """It works, and is told by name what it ran into."""
        answer = platform.execute(sandbox, hog.limit, timeout=120)
        self.assertEqual(hog.reason, answer.get("reason"), {**answer, "result": answer["result"][-300:]})
        self.assertEqual(hog.reason is None, answer["exitCode"] == 0)
        if hog.name == "log flood":
            self.assertIn("bytes of output left out", answer["result"])
        if hog.reason in ("disk full", "out of inodes"):
            self.refuses_files(sandbox)
        self.assertEqual("works\n", platform.output(sandbox, "echo works"))
        self.assertEqual(200, platform.delete(sandbox).status)
        platform.eventually(lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).status == 404, 30, "its end")
        return hog.reason or "nothing was refused"

    def refuses_files(self, sandbox):
        body = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + b"x" * 2**20 + b"\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        reply = platform.toolbox(sandbox, "POST", "/files/upload?path=/tmp/mine", body, headers=headers)
        self.assertEqual(400, reply.status, reply.body)
        self.assertIn("no space left on device", reply.json()["message"])


def add_tests():
    for number, hog in enumerate(HOGS):
        def test(self, hog=hog):
            self.attack(hog)

        test.__name__ = f"test_{number}_{hog.name.replace(' ', '_').replace('-', '_')}"
        setattr(Limits, test.__name__, test)


add_tests()

if __name__ == "__main__":
    unittest.main()
