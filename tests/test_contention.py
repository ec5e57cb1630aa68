"""Requests that meet each other: creations cancelled, too many at once or in too short a time, a sandbox that is busy, and somebody else's sandbox.

Against a platform of its own that takes two creations at once and lets three wait, and that limits rates so that only those whom a test limits notice. A stopped jailer holds operations in their middle.
"""

import concurrent.futures
import json
import re
import threading
import unittest
import urllib.parse
import uuid

import own_platform
import platform_under_test as platform
from rate_limits import RateLimits

CONCURRENCY, QUEUE = 2, 3
BUSY = "Sandbox state change in progress"
DEAF = "nohup setsid sh -c 'trap \"\" TERM; while :; do sleep 0.2; done' >/dev/null 2>&1 </dev/null &"
STRANGER = "dtn_" + uuid.uuid4().hex * 2


class Contention(RateLimits, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(CREATE_CONCURRENCY=CONCURRENCY, CREATE_QUEUE=QUEUE, RUNNER_STOP_GRACE="2s", **RateLimits.SETTINGS)
        cls.own.add_organization("stranger", STRANGER)
        cls.threads = concurrent.futures.ThreadPoolExecutor(32)
        cls.addClassCleanup(cls.threads.shutdown)

    def tearDown(self):
        """Whatever happened: nothing is left of it, and host and rows agree."""

        def nothing_left():
            platform.delete_all()
            return self.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'") == []

        platform.eventually(nothing_left, 30, "end of every sandbox")
        self.assertEqual((set(), set()), platform.host_sandboxes())

    def sandbox(self, state="started", **fields):
        sandbox = platform.create(**fields)
        if state == "stopped":
            self.assertEqual(200, self.post(sandbox, "/stop?force=true").status)
            self.await_state(sandbox, "stopped")
        return sandbox

    def post(self, sandbox, path, **rest):
        return platform.api("POST", f"/sandbox/{sandbox['id']}{path}", **rest)

    def state(self, sandbox):
        reply = platform.api("GET", "/sandbox/" + sandbox["id"])
        return reply.json()["state"] if reply.status == 200 else reply.status

    def await_state(self, sandbox, state, seconds=20):
        platform.eventually(lambda: self.state(sandbox) == state, seconds, f"state {state}")

    def later(self, method, path, body=None):
        return self.threads.submit(platform.api, method, path, body)

    def creation(self, **fields):
        return self.later("POST", "/sandbox", {"labels": {"e2e": platform.MARK}, **fields})

    def creating(self):
        return platform.api("GET", "/sandbox?limit=100&states=creating").json()["items"]

    def error(self, reply, status, text, keys=("path", "timestamp", "error")):
        self.assertEqual(status, reply.status, reply.body[:300])
        body = reply.json()
        self.assertEqual(status, body["statusCode"])
        self.assertIn(text, body["message"])
        for key in keys:
            self.assertIn(key, body)

    def assert_busy(self, sandbox):
        """Every operation is refused with the reason, and the toolbox says that the sandbox changes."""
        for operation in ("/start", "/stop", "/stop?force=true"):
            with self.subTest(operation=operation):
                self.error(self.post(sandbox, operation), 409, BUSY)
        self.error(platform.delete(sandbox), 409, BUSY)
        self.error(platform.toolbox(sandbox, "GET", "/work-dir"), 409, BUSY, ("path", "timestamp", "code"))

    def assert_gone(self, sandbox):
        platform.eventually(lambda: self.state(sandbox) == 404, 10, "404")
        running, disks = platform.host_sandboxes()
        self.assertNotIn(sandbox["id"], running | disks)

    # ---- creations that are cancelled ----

    def test_deleted_while_it_is_created(self):
        name = "cancelled-" + platform.MARK
        with self.own.frozen_jailer():
            creation = self.creation(name=name)
            sandbox, = platform.eventually(self.creating, 10, "row in state creating")
            for _ in range(2):
                deleted = platform.delete(sandbox)
                self.assertEqual((200, "destroying"), (deleted.status, deleted.json()["state"]))
        self.error(creation.result(30), 409, "deleted while it was being created")
        self.assert_gone(sandbox)
        self.assertEqual(200, self.creation(name=name).result(30).status, "the name is free")

    def test_deletions_within_bursts_of_creations(self):
        cancelled = 0
        for _ in range(30):
            creations = [self.creation(name=f"burst-{uuid.uuid4().hex}") for _ in range(CONCURRENCY + QUEUE)]
            deleted = {}
            while not all(creation.done() for creation in creations):
                for sandbox in self.creating():
                    deleted.setdefault(sandbox["id"], sandbox)
                    self.assertEqual(200, platform.delete(sandbox).status)
            statuses = [creation.result().status for creation in creations]
            self.assertLessEqual(set(statuses), {200, 409})
            for sandbox in deleted.values():
                # Without waiting for the reconciler, which looks at what was left after 5 s.
                platform.eventually(lambda s=sandbox: self.state(s) == 404, 3, "end of a cancelled sandbox")
            running, disks = platform.host_sandboxes()
            self.assertFalse(set(deleted) & (running | disks), "a cancelled sandbox is left on the host")
            self.assertEqual({s["id"] for s in platform.listed()}, running)
            self.assertLessEqual(statuses.count(409), len(deleted))
            cancelled += statuses.count(409)
            platform.delete_all()
            if cancelled >= 5:
                break
        self.assertGreaterEqual(cancelled, 5, "creations that were cancelled")

    # ---- too many at once ----

    def test_more_creations_than_may_wait(self):
        surplus = 7
        stopped = self.sandbox("stopped")
        with self.own.frozen_jailer():
            creations = [self.creation() for _ in range(CONCURRENCY + QUEUE + surplus)]
            platform.eventually(lambda: sum(creation.done() for creation in creations) == surplus, 10, "refusals")
            refusals = [creation.result() for creation in creations if creation.done()]
            refusals.append(self.post(stopped, "/start"))
            self.assertEqual("stopped", self.state(stopped))
        replies = [creation.result(30) for creation in creations]
        made = {reply.json()["id"] for reply in replies if reply.status == 200}
        self.assertEqual(CONCURRENCY + QUEUE, len(made))
        for refusal in refusals:
            self.error(refusal, 503, "Try again")
            self.assertRegex(refusal.headers["Retry-After"], re.compile(r"\A[1-9][0-9]?\Z"))
        rows = {id for id, in self.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'")}
        self.assertEqual(made | {stopped["id"]}, rows)
        self.assertEqual((made, rows), platform.host_sandboxes())
        self.assertEqual([], self.own.sql("SELECT sandbox_id FROM sandbox_journal GROUP BY 1 HAVING min(id) <> min(id) FILTER (WHERE from_state IS NULL)"))
        self.assertEqual("started", self.post(stopped, "/start").json()["state"], "afterwards there is room again")

    # ---- a busy sandbox ----

    def test_while_it_starts(self):
        sandbox = self.sandbox("stopped")
        with self.own.frozen_jailer():
            start = self.later("POST", f"/sandbox/{sandbox['id']}/start")
            self.await_state(sandbox, "starting")
            self.assert_busy(sandbox)
        self.assertEqual((200, "started"), (start.result(30).status, start.result().json()["state"]))
        self.assertEqual("42\n", platform.output(sandbox, "echo $((6*7))"))

    def test_while_it_stops(self):
        sandbox = self.sandbox()
        platform.execute(sandbox, DEAF)
        platform.eventually(lambda: platform.output(sandbox, "pgrep -f 'trap.*TER[M]'"), 10, "process that ignores SIGTERM")
        self.assertEqual((200, "stopping"), ((reply := self.post(sandbox, "/stop")).status, reply.json()["state"]))
        self.assert_busy(sandbox)
        self.assertEqual("stopping", self.state(sandbox), "it stopped too early for the test to prove anything")
        self.await_state(sandbox, "stopped")
        self.assertEqual("started", self.post(sandbox, "/start").json()["state"])

    def test_two_starts_at_once(self):
        sandbox = self.sandbox("stopped")
        together = threading.Barrier(2)

        def start():
            together.wait()
            return self.post(sandbox, "/start")

        for _ in range(5):
            starts = [self.threads.submit(start) for _ in range(2)]
            replies = sorted((start.result(30) for start in starts), key=lambda reply: reply.status)
            self.assertEqual((200, "started"), (replies[0].status, replies[0].json()["state"]))
            if replies[1].status != 200:
                self.error(replies[1], 409, BUSY)
            self.assertEqual("started", self.state(sandbox))
            self.assertEqual({sandbox["id"]}, platform.host_sandboxes()[0])
            self.assertEqual(200, self.post(sandbox, "/stop?force=true").status)
            self.await_state(sandbox, "stopped")

    def test_two_deletions_at_once(self):
        sandbox = self.sandbox()
        deletions = [self.later("DELETE", "/sandbox/" + sandbox["id"]) for _ in range(4)]
        statuses = [deletion.result(30).status for deletion in deletions]
        self.assertIn(200, statuses)
        self.assertLessEqual(set(statuses), {200, 404})
        self.assert_gone(sandbox)

    # ---- somebody else's sandbox ----

    def test_foreign_sandbox_on_every_route(self):
        sandbox = self.sandbox(name="mine-" + platform.MARK)
        before = platform.api("GET", "/sandbox/" + sandbox["id"]).json()
        routes = self.routes_to_a_sandbox()
        for method in ("getSandbox", "startSandbox", "stopSandbox", "deleteSandbox", "replaceLabels", "getToolboxProxyUrl", "getPortPreviewUrl"):
            self.assertIn(method, {operation for operation, _, _ in routes})
        for operation, method, path in routes:
            for wanted in (sandbox["id"], sandbox["id"].upper(), sandbox["name"]):
                with self.subTest(operation=operation, wanted=wanted):
                    body = {"labels": {"stolen": "yes"}} if operation == "replaceLabels" else None
                    foreign = platform.api(method, path.format(wanted), body, key=STRANGER)
                    self.error(foreign, 404, "not found")
                    nobody = platform.api(method, path.format("x" + wanted[1:]), body, key=STRANGER)
                    self.assertEqual(nobody.json()["message"].replace("x" + wanted[1:], wanted), foreign.json()["message"])
        after = platform.api("GET", "/sandbox/" + sandbox["id"]).json()
        self.assertEqual(before, after, "a refused stranger changed it")

    @staticmethod
    def routes_to_a_sandbox():
        """Every route of the API with a sandbox in its path, as the product describes itself; {} stands for the sandbox."""
        document = json.loads(platform.request("GET", platform.api_url().removesuffix("/api") + "/api-json").body)
        values = {"interval": "5", "isPublic": "true", "port": "80"}
        routes = []
        for path, operations in document["paths"].items():
            path = path.removeprefix("/api")
            if path.startswith("/sandbox/{sandboxId"):
                filled = re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], "{}"), path)
                routes += [(row["operationId"], method.upper(), filled) for method, row in operations.items()]
        return routes

    def test_foreign_sandbox_through_the_proxy(self):
        sandbox = self.sandbox(name="box-" + platform.MARK)
        parts = urllib.parse.urlsplit(sandbox["toolboxProxyUrl"])
        base = f"{parts.scheme}://{parts.netloc}"
        calls = [("GET", "/work-dir", None), ("POST", "/process/execute", {"command": "touch /tmp/stolen"}), ("GET", "/files?path=/", None),
                 ("GET", "/files/download?path=/etc/hostname", None), ("DELETE", "/files?path=/home/daytona", None)]
        for method, path, body in calls:
            for wanted in (sandbox["id"], sandbox["name"]):
                host = {"Host": f"2280-{wanted}.proxy.localhost:{parts.port}"}
                with self.subTest(method=method, path=path, wanted=wanted):
                    self.assertEqual(404, platform.request(method, f"{base}/toolbox/{wanted}{path}", body, key=STRANGER).status)
                    self.assertEqual(404, platform.request(method, base + path, body, key=STRANGER, headers=host).status)
        for headers in ({}, {"Host": f"2280-{sandbox['id']}.proxy.localhost:{parts.port}"}):
            path = "/work-dir" if headers else f"/toolbox/{sandbox['id']}/work-dir"
            self.assertEqual(200, platform.request("GET", base + path, headers=headers).status, "the same call of its owner")
        self.assertEqual("no\n", platform.output(sandbox, "test -e /tmp/stolen && echo yes || echo no"))

    def test_lists_show_no_foreign_sandbox(self):
        name = "same-" + platform.MARK
        mine = self.sandbox(name=name, labels={"team": "a"})
        label = urllib.parse.quote(json.dumps({"e2e": platform.MARK}))
        queries = ["", f"?id={mine['id']}", f"?name={name}", f"?labels={label}", "?states=started", "?includeErroredDeleted=true"]
        lists = [path + query for path in ("/sandbox", "/sandbox/paginated") for query in queries]
        for path in lists:
            self.assertEqual([], platform.api("GET", path, key=STRANGER).json()["items"], path)
            self.assertEqual([mine["id"]], [item["id"] for item in platform.api("GET", path).json()["items"]], path)
        reply = platform.api("POST", "/sandbox", {"name": name, "labels": {"e2e": platform.MARK}}, key=STRANGER)
        self.assertEqual(200, reply.status, "each organization has its own names")
        theirs = reply.json()
        for path in lists:
            if "?id=" not in path:
                self.assertEqual([theirs["id"]], [item["id"] for item in platform.api("GET", path, key=STRANGER).json()["items"]], path)
                self.assertEqual([mine["id"]], [item["id"] for item in platform.api("GET", path).json()["items"]], path)
        self.assertEqual(theirs["id"], platform.api("GET", "/sandbox/" + name, key=STRANGER).json()["id"])
        self.assertEqual(200, platform.api("DELETE", "/sandbox/" + name, key=STRANGER).status)
        self.assertEqual(mine["id"], platform.api("GET", "/sandbox/" + name).json()["id"])


if __name__ == "__main__":
    unittest.main()
