"""Bad input: a 4xx sentence, and nothing is left behind."""

import json
import socket
import unittest
import urllib.parse
import uuid

import platform_under_test as platform

BAD_CREATES = [
    ({"snapshot": "no-such-thing"}, 400, "not found"),
    ({"name": "<b>x</b>"}, 400, "must not contain HTML tags"),
    ({"name": "https://x"}, 400, "must not contain HTML tags"),
    ({"name": "a\u0007b"}, 400, "control characters"),
    ({"labels": {"a": 1}}, 400, "labels"),
    ({"labels": ["a"]}, 400, "labels"),
    ({"env": {"A": {}}}, 400, "env"),
    ({"env": "A=1"}, 400, "env"),
    ({"autoStopInterval": -1}, 400, "non-negative"),
    ({"autoStopInterval": "soon"}, 400, ""),
    ({"cpu": 2}, 400, "Cannot specify Sandbox resources when using a snapshot"),
    ({"memory": 2, "snapshot": "daytona-small"}, 400, "Cannot specify Sandbox resources when using a snapshot"),
    ({"snapshot": "daytona-small", "buildInfo": {"dockerfileContent": "FROM x"}}, 400, "Cannot specify a snapshot when using a build info entry"),
    ({"target": "nowhere"}, 404, "Region not found"),
    ({"kvm": True}, 400, "nested virtualization"),
    ({"snapshot": "windows"}, 400, ""),
    ({"snapshot": "daytona-gpu"}, 400, ""),
    ({"snapshot": "android-14"}, 400, ""),
]


class Refusals(unittest.TestCase):
    def setUp(self):
        self.before = self.total()

    def tearDown(self):
        self.assertEqual(self.before, self.total(), "a refused request left a sandbox behind")

    def total(self):
        return platform.api("GET", "/sandbox/paginated?limit=1").json()["total"]

    def error(self, reply, status, text=""):
        self.assertEqual(status, reply.status, reply.body[:300])
        body = reply.json()
        self.assertEqual(status, body["statusCode"])
        self.assertIsInstance(body["message"], str)
        self.assertIn(text, body["message"])
        for key in ("path", "timestamp", "error"):
            self.assertIn(key, body)
        return body

    def test_bad_creates(self):
        for body, status, text in BAD_CREATES:
            with self.subTest(body=body):
                self.error(platform.api("POST", "/sandbox", body), status, text)

    def test_keys(self):
        for key in ("dtn_" + "0" * 64, "nonsense", "x" * 5000):
            self.error(platform.api("GET", "/sandbox", key=key), 401, "Invalid credentials")
        self.error(platform.api("GET", "/sandbox", key=""), 401)

    def test_unknown_ids(self):
        for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop"), ("GET", "/toolbox-proxy-url"), ("GET", "/ports/80/preview-url")):
            for name in (str(uuid.uuid4()), "no-such-name", "%2e%2e", "a%20b"):
                with self.subTest(method=method, path=path, name=name):
                    self.error(platform.api(method, f"/sandbox/{name}{path}"), 404)

    def test_unknown_route(self):
        body = self.error(platform.api("GET", "/no/such/route?x=1"), 404)
        self.assertIn("Cannot GET /api/no/such/route", body["message"])

    def test_malformed_json(self):
        reply = platform.api("POST", "/sandbox", b"{nope")
        self.assertEqual(400, reply.status)
        self.assertEqual({"message": "Invalid JSON in request body", "error": "Bad Request", "statusCode": 400}, reply.json())

    def test_bad_lists(self):
        for query in ("limit=0", "limit=201", "limit=x", "cursor=%21%21", "labels=%7Bnope", "states=flying", "sort=colour", "order=up"):
            with self.subTest(query=query):
                self.error(platform.api("GET", "/sandbox?" + query), 400)

    def test_raw_braces_in_the_query(self):
        parts = urllib.parse.urlsplit(platform.api_url())
        with socket.create_connection((parts.hostname, parts.port), 10) as wire:
            import os
            wire.sendall(
                (f'GET {parts.path}/sandbox/paginated?labels={{"e2e":"true"}} HTTP/1.1\r\nHost: {parts.netloc}\r\n'
                 f'Authorization: Bearer {os.environ["DAYTONA_API_KEY"]}\r\nConnection: close\r\n\r\n').encode()
            )
            answer = b""
            while chunk := wire.recv(65536):
                answer += chunk
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:200])

    def test_body_too_large(self):
        self.error(platform.api("POST", "/sandbox", json.dumps({"env": {"A": "x" * (3 << 20)}}).encode()), 413)

    def test_every_reply_has_request_id_and_timing(self):
        for reply in (platform.api("GET", "/config", key=""), platform.api("GET", "/no/such"), platform.api("GET", "/sandbox", key="x")):
            self.assertTrue(reply.headers["X-Request-Id"])
            self.assertTrue(reply.headers["Server-Timing"])
            self.assertTrue(reply.headers["X-Daytona-Api-Version"])

    def test_name_taken(self):
        sandbox = platform.create(name="taken-" + platform.MARK)
        try:
            self.error(platform.api("POST", "/sandbox", {"name": sandbox["name"]}), 409, "already exists")
        finally:
            platform.delete(sandbox)
            platform.eventually(lambda: self.total() == self.before, 10, "deletion")

    def test_toolbox_needs_a_key_and_a_running_sandbox(self):
        sandbox = platform.create()
        try:
            self.assertEqual(401, platform.toolbox(sandbox, "GET", "/work-dir", key="").status)
            self.assertEqual(401, platform.toolbox(sandbox, "GET", "/work-dir", key="dtn_" + "1" * 64).status)
            platform.api("POST", f"/sandbox/{sandbox['id']}/stop")
            platform.eventually(lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == "stopped", 30, "stop")
            reply = platform.toolbox(sandbox, "GET", "/work-dir")
            self.assertEqual(400, reply.status)
            self.assertIn("Is the Sandbox started", reply.json()["message"])
        finally:
            platform.delete(sandbox)
            platform.eventually(lambda: self.total() == self.before, 10, "deletion")


if __name__ == "__main__":
    unittest.main()
