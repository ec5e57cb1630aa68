"""What an operator uses: metrics, log lines with ids, `./daytona explain`; and a create that is repeated after the server died in its middle.

On a platform of its own.
"""

import os
import re
import signal
import threading
import unittest
import urllib.parse

import own_platform
import platform_under_test as platform

TOKEN = "scraper-" + platform.MARK


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(METRICS_TOKEN=TOKEN, ACCESS_LOG="true")

    def tearDown(self):
        platform.delete_all()

    # ---- metrics ----

    def scrape(self, key=TOKEN):
        return platform.request("GET", urllib.parse.urljoin(platform.api_url(), "/metrics"), key=key)

    def samples(self):
        reply = self.scrape()
        self.assertEqual(200, reply.status, reply.body)
        return {name: float(value) for name, value in re.findall(r"^([a-z_]+(?:\{.*\})?) (\S+)$", reply.body.decode(), re.M)}

    def idle(self):
        samples = self.samples()
        return samples if samples["daytona_host_slots_used"] == 0 == samples['daytona_sandboxes{state="destroying"}'] else None

    def test_metrics_follow_what_happens(self):
        before = platform.eventually(self.idle, 20, "end of what other tests left")
        sandbox = platform.create()
        platform.output(sandbox, "true")
        after = self.samples()

        def grown(name):
            return after[name] - before.get(name, 0)

        self.assertEqual(1, grown('daytona_sandboxes{state="started"}'))
        self.assertEqual(1, grown("daytona_host_slots_used"))
        self.assertEqual(1, grown("daytona_host_sandboxes_running"))
        self.assertEqual(1, grown('daytona_sandbox_create_duration_seconds_count{outcome="ok"}'))
        self.assertEqual(1, grown('daytona_sandbox_exec_duration_seconds_count{outcome="ok"}'))
        self.assertEqual(1, grown('daytona_http_request_duration_seconds_count{endpoint="ExecuteCommand",listener="proxy",status="2xx"}'))
        self.assertGreater(after["daytona_host_pool_size_bytes"], after["daytona_host_pool_free_bytes"])
        self.assertEqual(1, after["daytona_host_up"])
        self.assertNotIn(sandbox["id"], str(after), "an id is a label")

    def test_metrics_need_a_token(self):
        self.assertEqual(401, self.scrape(key="").status)
        self.assertEqual(401, self.scrape(key=TOKEN + "x").status)
        self.assertEqual(200, self.scrape(key=os.environ["DAYTONA_API_KEY"]).status)

    # ---- logs ----

    def line(self, request):
        log = (self.own.data / "log" / "server.log").read_text()
        return next((line for line in log.splitlines() if f" request={request} " in line), None)

    def test_lines_carry_request_sandbox_and_organization(self):
        create = platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK}, "env": {"SECRET": "hidden-" + platform.MARK}}, headers={"X-Request-Id": "log-create"})
        sandbox = create.json()
        platform.toolbox(sandbox, "POST", "/process/execute", {"command": "true"}, headers={"X-Request-Id": "log-exec"})
        platform.api("GET", "/sandbox/" + sandbox["id"], headers={"X-Request-Id": "log-get"})
        for request in ("log-create", "log-exec", "log-get"):
            line = platform.eventually(lambda: self.line(request), 10, request)
            self.assertIn(f" request={request} sandbox={sandbox['id']} organization={sandbox['organizationId']} ", line)
        log = (self.own.data / "log" / "server.log").read_text()
        for secret in (os.environ["DAYTONA_API_KEY"], TOKEN, "hidden-" + platform.MARK):
            self.assertNotIn(secret, log)

    # ---- explain ----

    def explain(self, sandbox):
        text = self.own.daytona("explain", sandbox)
        self.assertLess(len(text.splitlines()), 50)
        return dict(re.findall(r"^([a-z ]{1,14}?) {2,}(.*)$", text, re.M)), text

    def test_explains_a_sandbox_in_every_state(self):
        sandbox = platform.create(name="explained-" + platform.MARK)
        told, text = self.explain(sandbox["name"])
        self.assertEqual(f"{sandbox['id']}, named {sandbox['name']}", told["sandbox"])
        self.assertRegex(told["placement"], r"^slot \d+, address 10\.213\.\d+\.\d+, first process \d+ of the host, agent \S+$")
        self.assertRegex(told["usage"], r"^memory \d+ of 1024 MiB, CPU \d+\.\d s at most 1\.0 CPUs at once, processes \d+ of 2048$")
        self.assertRegex(told["disk"], r"^3 GiB, takes \d+ MiB of the pool$")
        address, = re.findall(r"address (\S+),", told["placement"])
        self.assertIn(f"only from {address};", told["network"])
        self.assertIn(platform.output(sandbox, "hostname -I").strip(), address)

        platform.api("POST", f"/sandbox/{sandbox['id']}/stop?force=true")
        platform.eventually(lambda: "stopped, wanted stopped" in self.explain(sandbox["id"])[1], 20, "stop")
        self.assertEqual("nothing of it runs", self.explain(sandbox["id"])[0]["placement"])

        platform.delete(sandbox)
        told, text = platform.eventually(lambda: self.deleted(sandbox), 20, "deletion")
        self.assertEqual("none", told["disk"])
        self.assertIn("stopped → destroying (delete): asked by a client", text)

    def deleted(self, sandbox):
        told, text = self.explain(sandbox["name"])
        return (told, text) if told["state"] == "destroyed, wanted destroyed" else None

    # ---- idempotency ----

    def create(self, key, **fields):
        return platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK, "once": key}, **fields}, headers={"Idempotency-Key": key})

    def test_a_create_in_whose_middle_the_server_dies_is_finished_by_repeating_it(self):
        def first():
            try:
                self.create("mid")
            except OSError:
                return  # the connection died with the server

        with self.own.frozen_jailer():
            creation = threading.Thread(target=first)
            creation.start()
            begun, = platform.eventually(lambda: platform.listed(once="mid"), 10, "row in state creating")
            self.assertEqual("creating", begun["state"])
            os.kill(platform.pid_of("server"), signal.SIGKILL)
            creation.join(30)
        platform.eventually(lambda: platform.api("GET", "/health", key="", timeout=5).status == 200, 30, "health")
        replies = []
        together = [threading.Thread(target=lambda: replies.append(self.create("mid"))) for _ in range(3)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join(60)
        self.assertEqual([(200, begun["id"], "started")] * 3, [(reply.status, reply.json().get("id"), reply.json().get("state")) for reply in replies])
        self.assertEqual("42\n", platform.output(replies[0].json(), "echo $((6*7))"))
        self.assertEqual(1, len(platform.listed(once="mid")))
        self.assertEqual(422, self.create("mid", public=True).status)


if __name__ == "__main__":
    unittest.main()
