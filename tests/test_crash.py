"""Anything may be killed at any time: afterwards nothing is lost, stuck or left over.

Ten sandboxes each run a counting process and five operations are in flight when the victims get SIGKILL.
"""

import os
import signal
import threading
import unittest

import platform_under_test as platform

COUNTER = (
    "nohup setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.05; done' "
    ">/dev/null 2>&1 </dev/null &"
)
SANDBOXES = 10
RECOVERY_SECONDS = 90


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.counting = [platform.create(labels={"crash": "counting"}) for _ in range(SANDBOXES)]
        for sandbox in cls.counting:
            platform.execute(sandbox, COUNTER)
            platform.eventually(lambda s=sandbox: cls.count(s) > 0, 10, "counter")
        cls.first_pid = {s["id"]: platform.output(s, "pgrep -o -f count.new").strip() for s in cls.counting}

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    @staticmethod
    def count(sandbox):
        answer = platform.execute(sandbox, "cat /tmp/count")
        return int(answer["result"]) if answer["exitCode"] == 0 else 0

    def operations(self):
        """Starts five operations; returns their threads and the sandboxes they concern."""
        stopped = platform.create(labels={"crash": "op"})
        platform.api("POST", f"/sandbox/{stopped['id']}/stop?force=true")
        platform.eventually(lambda: self.state(stopped) == "stopped", 30, "stop")
        running, doomed = platform.create(labels={"crash": "op"}), platform.create(labels={"crash": "op"})
        calls = [
            ("POST", "/sandbox", {"labels": {"e2e": platform.MARK, "crash": "op"}}),
            ("POST", "/sandbox", {"labels": {"e2e": platform.MARK, "crash": "op"}}),
            ("POST", f"/sandbox/{stopped['id']}/start", {}),
            ("POST", f"/sandbox/{running['id']}/stop", {}),
            ("DELETE", f"/sandbox/{doomed['id']}", None),
        ]

        def run(method, path, body):
            try:
                platform.api(method, path, body, timeout=RECOVERY_SECONDS)
            except OSError:
                return  # the connection died with its server: what counts is the state afterwards

        threads = [threading.Thread(target=run, args=call) for call in calls]
        for thread in threads:
            thread.start()
        return threads

    def state(self, sandbox):
        reply = platform.api("GET", "/sandbox/" + sandbox["id"])
        return reply.json()["state"] if reply.status == 200 else reply.status

    def assert_recovers(self, victims):
        before = {s["id"]: self.count(s) for s in self.counting}
        threads = self.operations()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(RECOVERY_SECONDS)
            self.assertFalse(thread.is_alive(), "an operation hangs")
        platform.eventually(self.healthy, RECOVERY_SECONDS, "health")
        for sandbox in self.counting:
            platform.eventually(lambda s=sandbox: self.count(s) > before[s["id"]], RECOVERY_SECONDS, f"counting in {sandbox['id']}")
            pid = platform.output(sandbox, "pgrep -o -f count.new").strip()
            self.assertEqual(self.first_pid[sandbox["id"]], pid, "the counting process is not the first one")
        platform.eventually(self.nothing_in_transition, RECOVERY_SECONDS, "end of every operation")
        platform.eventually(self.host_agrees, RECOVERY_SECONDS, "agreement of host and API")
        fresh = platform.create(labels={"crash": "after"})
        self.assertEqual("42\n", platform.output(fresh, "echo $((6*7))"))
        platform.delete(fresh)
        for sandbox in platform.listed(crash="op"):
            self.assertEqual(200, platform.delete(sandbox).status)
        platform.eventually(lambda: not platform.listed(crash="op"), 30, "deletion of what the operations left")

    def healthy(self):
        return platform.api("GET", "/health", key="").status == 200

    def nothing_in_transition(self):
        states = {s["state"] for s in platform.listed()}
        return not (states & platform.TRANSITIONAL) and states

    def host_agrees(self):
        """Every process and disk on the host belongs to a sandbox of the API, and the other way round."""
        sandboxes = platform.listed()
        running, disks = platform.host_sandboxes()
        started = {s["id"] for s in sandboxes if s["state"] == "started"}
        everybody = {s["id"] for s in self.everybody()}
        return started <= running and running <= everybody and disks <= everybody and not (running - started - self.others(sandboxes))

    def everybody(self):
        return platform.api("GET", "/sandbox/paginated?limit=200").json()["items"]

    def others(self, mine):
        ids = {s["id"] for s in mine}
        return {s["id"] for s in self.everybody() if s["id"] not in ids and s["state"] == "started"}

    def test_server(self):
        self.assert_recovers([platform.pid_of("server")])

    def test_postgres(self):
        self.assert_recovers([platform.postgres_pid()])

    def test_jailer(self):
        self.assert_recovers([platform.pid_of("jailer")])

    def test_supervisor(self):
        before = platform.pid_of("server"), platform.pid_of("jailer")
        self.assert_recovers([platform.pid_of("supervisor")])
        self.assertEqual(before, (platform.pid_of("server"), platform.pid_of("jailer")), "they go on without it")
        self.bring_back()

    def test_all(self):
        victims = [platform.pid_of("supervisor"), platform.pid_of("server"), platform.postgres_pid(), platform.pid_of("jailer")]
        before = {s["id"]: self.count(s) for s in self.counting}
        threads = self.operations()
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(RECOVERY_SECONDS)
        self.bring_back()
        for sandbox in self.counting:
            platform.eventually(lambda s=sandbox: self.count(s) > before[s["id"]], RECOVERY_SECONDS, f"counting in {sandbox['id']}")
        platform.eventually(self.nothing_in_transition, RECOVERY_SECONDS, "end of every operation")
        platform.eventually(self.host_agrees, RECOVERY_SECONDS, "agreement of host and API")
        for sandbox in platform.listed(crash="op"):
            platform.delete(sandbox)

    def bring_back(self):
        """`daytona up` again: a supervisor that adopts what still runs."""
        import subprocess

        subprocess.run(os.environ["DAYTONA_TEST_UP"], shell=True, check=True, timeout=120, stdout=subprocess.DEVNULL)
        platform.eventually(self.healthy, 30, "health")


if __name__ == "__main__":
    unittest.main()
