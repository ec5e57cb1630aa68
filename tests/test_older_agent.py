"""A platform that is replaced by a newer version while its sandboxes run: they keep their older agent, and what works with it works on.

The older version is the same platform with an agent that speaks version 1 of the protocol and has none of the later features, built for
this test; the newer one is the platform as it is.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import platform_under_test as platform

os.environ.setdefault("AGENT", "/nonexistent: the agent is the running sandbox's")
sys.path.insert(0, str(platform.ROOT / "agent" / "test"))
import client  # noqa: E402


def restart(program):
    """Puts an agent into the distribution and restarts the platform, as `./daytona up` of another version does."""
    agent = (platform.DATA / "app" / "current").resolve() / "bin" / "agent"
    new = agent.with_suffix(".new")
    shutil.copy(program, new)
    new.rename(agent)
    subprocess.run([platform.ROOT / "daytona", "restart", "--data-dir", platform.DATA], check=True, timeout=180, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    platform.eventually(lambda: platform.api("GET", "/health", key="").status == 200, 60, "health")


def version(sandbox):
    """What the sandbox's agent answers to a client of both versions."""
    agent = client.Client(str(platform.DATA / "run" / "a" / sandbox["id"]))
    try:
        return agent.hello["version"]
    finally:
        agent.close()


class OlderAgentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        work = pathlib.Path(tempfile.mkdtemp(prefix="dtest-agent.", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, work)
        cls.addClassCleanup(platform.delete_all)
        current = work / "current"
        shutil.copy((platform.DATA / "app" / "current").resolve() / "bin" / "agent", current)
        subprocess.run(["make", "-s", "-C", platform.ROOT / "agent", f"BUILD={work}", f"{work}/agent-1"], check=True, timeout=300)
        restart(work / "agent-1")
        try:
            cls.old = platform.create()
            cls.session("POST", "", {"sessionId": "s"})
            cls.session("POST", "/s/exec", {"command": "x=before; echo $$ >/tmp/shell"})
            platform.output(cls.old, "sh -c 'echo $$ >/tmp/program; exec setsid sleep 100000' >/dev/null 2>&1 &")
            platform.put(cls.old, "/tmp/file", b"before")
            cls.pid = platform.agent_of(cls.old)
        finally:
            restart(current)
        cls.new = platform.create()

    @classmethod
    def session(cls, method, path, body=None):
        reply = platform.toolbox(cls.old, method, "/process/session" + path, body)
        assert reply.status in (200, 201, 204), (reply.status, reply.body)
        return reply.json() if reply.body else None

    def test_the_running_sandbox_keeps_its_agent_and_a_new_one_gets_the_newer(self):
        self.assertEqual((version(self.old), version(self.new)), (1, 2))
        self.assertEqual(platform.agent_of(self.old), self.pid)

    def test_programs_files_and_sessions_work_on(self):
        self.assertEqual(platform.output(self.old, "kill -0 $(cat /tmp/program) && echo alive"), "alive\n")
        self.assertEqual(self.session("POST", "/s/exec", {"command": "echo $x; cat /tmp/shell; echo $$"})["output"].split()[0], "before")
        self.assertEqual(platform.output(self.old, "cat /tmp/file"), "before")
        platform.put(self.old, "/tmp/file", b"after")
        reply = platform.toolbox(self.old, "GET", "/files/download?path=/tmp/file")
        self.assertEqual((reply.status, reply.body), (200, b"after"))
        reply = platform.toolbox(self.old, "POST", "/files/bulk-download", {"paths": ["/tmp/file"]})
        self.assertEqual(reply.status, 200, reply.body[:300])
        self.assertIn(b"after", reply.body)
        reply = platform.toolbox(self.old, "POST", "/process/code-run", {"code": "print(6 * 7)", "language": "python"})
        self.assertEqual((reply.status, reply.json()["result"]), (200, "42\n"))
        reply = platform.toolbox(self.old, "POST", "/process/interpreter/context", {})
        self.assertIn(reply.status, (200, 201), reply.body)

    def test_what_it_cannot_do_says_how_to_get_it(self):
        reply = platform.toolbox(self.old, "POST", "/env", {"set": {"A": "b"}})
        self.assertEqual(reply.status, 409, reply.body)
        self.assertIn("restart the sandbox", reply.json()["message"])
        reply = platform.toolbox(self.new, "POST", "/env", {"set": {"A": "b"}})
        self.assertIn(reply.status, (200, 204), reply.body)

    def test_zz_a_restart_brings_the_newer_agent(self):
        for step, state in (("stop", "stopped"), ("start", "started")):
            self.assertEqual(platform.api("POST", f"/sandbox/{self.old['id']}/{step}").status, 200)
            platform.eventually(lambda state=state: platform.api("GET", "/sandbox/" + self.old["id"]).json()["state"] == state, 60, state)
        self.assertEqual(version(self.old), 2)
        self.assertEqual(platform.output(self.old, "cat /tmp/file"), "after")


if __name__ == "__main__":
    unittest.main()
