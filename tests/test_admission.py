"""Many requests at once, and the end of the platform in their middle: the queue of creates, what one organization leaves to the others, and how `./daytona down` and SIGTERM let requests come to their end.

On a platform of its own, whose queue is short. The latencies of an organization beside one at full load are printed; only success is asserted.
"""

import concurrent.futures
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import threading
import time
import unittest
import urllib.parse
import uuid

import own_platform
import platform_under_test as platform
import websocket_client

CONCURRENCY, QUEUE, STOP = 4, 16, 40
GREEDY = "dtn_" + uuid.uuid4().hex * 2
LOAD_CREATORS, LOAD_EXECUTORS, ROUNDS = 24, 8, 12


def connection_to(url):
    parts = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)


class Admission(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(CREATE_CONCURRENCY=CONCURRENCY, CREATE_QUEUE=QUEUE, HTTP_STOP_SECONDS=STOP)
        cls.own.add_organization("greedy", GREEDY)
        cls.threads = concurrent.futures.ThreadPoolExecutor(64)
        cls.addClassCleanup(cls.threads.shutdown)

    def tearDown(self):
        def nothing_left():
            platform.delete_all()
            for sandbox in platform.api("GET", "/sandbox?limit=100", key=GREEDY).json()["items"]:
                platform.api("DELETE", "/sandbox/" + sandbox["id"], key=GREEDY)
            return self.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'") == []

        platform.eventually(nothing_left, 60, "end of every sandbox")

    def create(self, key="", **rest):
        return platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK}}, key=key or None, **rest)

    def level(self, name):
        text = platform.request("GET", urllib.parse.urljoin(platform.api_url(), "/metrics")).body.decode()
        return float(re.search(rf'^daytona_admission_{name}{{listener="none",(?:reason="\w+",)?resource="creates"}} (\S+)$', text, re.M)[1])

    # ---- one organization beside another ----

    def test_an_organization_at_full_load_leaves_room_for_another(self):
        alone = self.latencies()
        over, refused, made = threading.Event(), [], []

        def creates():
            while not over.is_set():
                reply = self.create(GREEDY)
                (made if reply.status == 200 else refused).append(reply)
                if reply.status == 200:
                    platform.api("DELETE", "/sandbox/" + reply.json()["id"], key=GREEDY)
                else:
                    self.assertIn(reply.status, (429, 503), reply.body)
                    over.wait(0.05)

        def executes():
            sandbox = platform.eventually(lambda: (reply := self.create(GREEDY)).status == 200 and reply.json(), 30, "sandbox of the load")
            while not over.is_set():
                reply = platform.toolbox(sandbox, "POST", "/process/execute", {"command": "true"}, key=GREEDY)
                self.assertEqual(200, reply.status, reply.body)

        load = [self.threads.submit(creates) for _ in range(LOAD_CREATORS)] + [self.threads.submit(executes) for _ in range(LOAD_EXECUTORS)]
        try:
            platform.eventually(lambda: len(made) > CONCURRENCY and refused, 30, "full load")
            beside = self.latencies()
        finally:
            over.set()
            for one in load:
                one.result(60)
        print(f"\n  beside an organization with {LOAD_CREATORS} creators and {LOAD_EXECUTORS} executors ({len(made)} made, {len(refused)} refused):")
        for what, values in beside.items():
            print(f"  {what:7} alone {self.told(alone[what])}, beside {self.told(values)}")
        statuses = {reply.status for reply in refused}
        self.assertEqual({429}, statuses, "only its own share was full")
        self.assertIn("Your organization", refused[0].json()["message"])
        self.assertRegex(refused[0].headers["Retry-After"], r"\A[1-9]\d?\Z")

    def latencies(self):
        """Of an organization that asks one after the other; each must succeed."""
        values = {"create": [], "exec": [], "get": [], "delete": []}

        def timed(what, ask):
            began = time.monotonic()
            reply = ask()
            self.assertEqual(200, reply.status, (what, reply.body))
            values[what].append(time.monotonic() - began)
            return reply

        for _ in range(ROUNDS):
            sandbox = timed("create", self.create).json()
            timed("exec", lambda s=sandbox: platform.toolbox(s, "POST", "/process/execute", {"command": "true"}))
            timed("get", lambda s=sandbox: platform.api("GET", "/sandbox/" + s["id"]))
            timed("delete", lambda s=sandbox: platform.delete(s))
        return values

    @staticmethod
    def told(values):
        ordered = sorted(values)
        return f"median {statistics.median(ordered) * 1000:6.1f} ms, p95 {ordered[int(0.95 * (len(ordered) - 1))] * 1000:6.1f} ms, 100 % of {len(ordered)}"

    def test_the_queue_is_served_organization_by_organization(self):
        with self.own.frozen_jailer():
            greedy = [self.threads.submit(self.create, GREEDY) for _ in range(CONCURRENCY + QUEUE)]
            share = -(-3 * QUEUE // 4)
            platform.eventually(lambda: self.level("waiting") == share, 20, "a queue with the whole share of one organization")
            quiet = self.threads.submit(self.create)
            # One place of the host is nobody's but another's: it does not even wait.
            platform.eventually(lambda: self.level("used") == CONCURRENCY, 10, "the create of another organization at the host")
            self.assertEqual(share, self.level("waiting"))
        self.assertEqual(200, quiet.result(60).status)
        statuses = [one.result(60).status for one in greedy]
        self.assertEqual({200, 429}, set(statuses))
        self.assertEqual(CONCURRENCY - 1 + share, statuses.count(200))

    def test_who_leaves_the_queue_gets_no_sandbox(self):
        with self.own.frozen_jailer():
            running = [self.threads.submit(self.create, GREEDY) for _ in range(CONCURRENCY - 1)]
            platform.eventually(lambda: self.level("used") == CONCURRENCY - 1, 10, "creates at the host")
            client = connection_to(platform.api_url())
            body = json.dumps({"labels": {"e2e": platform.MARK}})
            client.request("POST", urllib.parse.urlsplit(platform.api_url()).path + "/sandbox", body, {"Authorization": "Bearer " + GREEDY, "Content-Type": "application/json"})
            platform.eventually(lambda: self.level("waiting") == 1, 10, "a create in the queue")
            client.close()
            platform.eventually(lambda: self.level("waiting") == 0, 19, "the queue without the client that left")
        self.assertEqual({200}, {one.result(60).status for one in running})
        rows = self.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'")
        self.assertEqual(CONCURRENCY - 1, len(rows))

    # ---- the end of the platform ----

    def in_flight(self, sandbox, seconds):
        """A command that runs when the platform is told to stop."""
        done = self.threads.submit(platform.toolbox, sandbox, "POST", "/process/execute", {"command": f"touch /tmp/begun; sleep {seconds}; echo whole"})
        platform.eventually(lambda: platform.execute(sandbox, "cat /tmp/begun")["exitCode"] == 0, 10, "command that runs")
        return done

    def refused(self, url):
        """A reply to new work, on a connection of its own."""
        connection = connection_to(url)
        try:
            connection.request("GET", urllib.parse.urlsplit(url).path)
            answer = connection.getresponse()
            answer.read()
            return answer if answer.status == 503 else None
        finally:
            connection.close()

    def test_down_lets_requests_come_to_their_end(self):
        sandbox = platform.create()
        platform.output(sandbox, "echo kept > ~/file")
        url = f"{sandbox['toolboxProxyUrl']}/{sandbox['id']}/process/pty"
        made = platform.request("POST", url, {"id": "pty"})
        self.assertEqual(201, made.status, made.body)
        follower = websocket_client.WebSocket(url.replace("http", "ws", 1) + "/pty/connect", {"Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"]})
        running = self.in_flight(sandbox, 6)
        down = subprocess.Popen([platform.ROOT / "daytona", "down", "--data-dir", self.own.data], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            for address in (platform.api_url() + "/health", sandbox["toolboxProxyUrl"].removesuffix("/toolbox") + "/health"):
                answer = platform.eventually(lambda a=address: self.refused(a), 10, "503 of what is new")
                self.assertEqual("close", answer.headers["Connection"])
                self.assertRegex(answer.headers["Retry-After"], r"\A[1-9]\d?\Z")
            self.assertFalse(running.done())
            with follower:
                while not isinstance(closed := follower.receive(), tuple):
                    pass
            self.assertEqual((1001, "The server is stopping."), closed)
            reply = running.result(60)
            self.assertEqual((200, "whole\n"), (reply.status, reply.json()["result"]))
            said, _ = down.communicate(timeout=90)
        finally:
            down.kill()
        self.assertEqual(0, down.returncode, said)
        self.assertIn("Waiting for requests that run: 1", said)
        self.own.up()
        platform.point_at(self.own.data)
        self.assertEqual("stopped", platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"])
        self.assertEqual(200, platform.api("POST", f"/sandbox/{sandbox['id']}/start").status)
        self.assertEqual("kept\n", platform.output(sandbox, "cat ~/file"))

    def test_sigterm_lets_requests_end_and_a_second_one_does_not(self):
        sandbox = platform.create()
        running = self.in_flight(sandbox, 4)
        os.kill(platform.pid_of("supervisor"), signal.SIGTERM)
        reply = running.result(30)
        self.assertEqual((200, "whole\n"), (reply.status, reply.json()["result"]))
        self.own.up()
        platform.point_at(self.own.data)
        self.assertEqual("started", platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"])

        platform.output(sandbox, "rm /tmp/begun")
        endless = self.in_flight(sandbox, 600)
        pid = platform.pid_of("supervisor")
        os.kill(pid, signal.SIGTERM)
        platform.eventually(lambda: self.refused(platform.api_url() + "/health"), STOP - 10, "the beginning of the end")
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        platform.eventually(lambda: not os.path.exists(f"/proc/{pid}"), 60, "end of the platform")
        took = time.monotonic() - began
        self.assertLess(took, STOP - 5, "the configured time was waited for")
        with self.assertRaises((OSError, http.client.HTTPException)):
            reply = endless.result(10)
            raise http.client.HTTPException(reply.status) if reply.status >= 500 else AssertionError(reply.body)
        self.own.up()
        platform.point_at(self.own.data)
        self.assertEqual("started", platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"])


if __name__ == "__main__":
    unittest.main()
