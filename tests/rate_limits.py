"""Limits of request rates, as the published clients meet them and by plain requests; part of test_contention.py, whose platform they need.

Organizations have limits of their own, and every address of the loopback network is a client of its own, so that nobody else is refused.
DAYTONA_TEST_CLIENTS names the directory where conformance/run has installed the published clients.
"""

import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import urllib.parse
import uuid

import platform_under_test as platform

HOUR = 3600
MANY = 1_000_000
ANONYMOUS = 30
LIMIT, WINDOW = 3, 600

# Both ask for sandboxes of a snapshot that does not exist until they are told to wait. The Python client waits by itself where a request may be repeated.
PYTHON = """
import daytona, json, time
client, answered, told = daytona.Daytona(), 0, None
while answered < 10 and not told:
    try:
        client.create(daytona.CreateSandboxFromSnapshotParams(snapshot="nope"))
    except daytona.DaytonaRateLimitError as error:
        told = {"answered": answered, "status": error.status_code, "message": str(error), "headers": dict(error.headers)}
    except daytona.DaytonaBadRequestError:
        answered += 1
began = time.monotonic()
for _ in range(2):
    list(client.list())
print(json.dumps(told | {"waited": time.monotonic() - began}))
"""
TYPESCRIPT = """
const { Daytona, DaytonaRateLimitError } = require("@daytona/sdk");
(async () => {
  const client = new Daytona();
  for (let answered = 0; answered < 10;) {
    try {
      await client.create({ snapshot: "nope" });
    } catch (error) {
      if (error instanceof DaytonaRateLimitError) {
        console.log(JSON.stringify({ answered, status: error.statusCode, message: error.message, headers: error.headers }));
        break;
      }
      answered += error.statusCode === 400;
    }
  }
  await client[Symbol.asyncDispose]();
})();
"""


def ask(client, url, key=""):
    """A GET from an address of the loopback network."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30, source_address=(client, 0))
    try:
        connection.request("GET", parts.path, headers={"Authorization": "Bearer " + key} if key else {})
        answer = connection.getresponse()
        return platform.Reply(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class RateLimits:
    SETTINGS = {
        "RATE_LIMIT_ANONYMOUS_TTL": HOUR, "RATE_LIMIT_ANONYMOUS_LIMIT": ANONYMOUS,
        "RATE_LIMIT_FAILED_AUTH_TTL": HOUR, "RATE_LIMIT_FAILED_AUTH_LIMIT": 3,
        "RATE_LIMIT_AUTHENTICATED_TTL": HOUR, "RATE_LIMIT_AUTHENTICATED_LIMIT": MANY,
        "RATE_LIMIT_SANDBOX_CREATE_TTL": HOUR, "RATE_LIMIT_SANDBOX_CREATE_LIMIT": MANY,
    }

    def limited(self, **limits):
        """Key of an organization with limits of its own."""
        key = "dtn_" + uuid.uuid4().hex * 2
        self.own.add_organization("limited-" + key[-6:], key, **limits)
        return key

    def output(self, program, key, **environment):
        """What a program with a published client prints, as JSON."""
        done = subprocess.run(program, env={**os.environ, **environment, "DAYTONA_API_KEY": key}, timeout=60, capture_output=True, text=True)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        return json.loads(done.stdout)

    def test_published_clients_tell_a_burst_apart_and_when_to_go_on(self):
        clients = pathlib.Path(os.environ["DAYTONA_TEST_CLIENTS"])
        locked = hashlib.sha256((platform.ROOT / "conformance/python/requirements.txt").read_bytes()).hexdigest()[:16]
        for program in ([clients / f"venv-{locked}" / "bin/python", "-c", PYTHON], ["node", "-e", TYPESCRIPT]):
            with self.subTest(program=program[0]):
                key = self.limited(sandbox_create_rate_limit=LIMIT, sandbox_create_rate_limit_ttl_seconds=WINDOW,
                                   authenticated_rate_limit=1, authenticated_rate_limit_ttl_seconds=1)
                told = self.output(program, key, NODE_PATH=str(clients / "typescript-2026/node_modules"))
                self.assertEqual((LIMIT, 429), (told["answered"], told["status"]))
                self.assertIn(f"allows {LIMIT} in {WINDOW} seconds; try again in", told["message"])
                headers = {name.lower(): value for name, value in told["headers"].items()}
                self.assertTrue(1 <= int(headers["retry-after"]) <= WINDOW, headers)
                self.assertEqual(headers["retry-after"], headers["retry-after-sandbox-create"])
                self.assertEqual((str(LIMIT), "0"), tuple(headers[f"x-ratelimit-{name}-sandbox-create"] for name in ("limit", "remaining")))
                self.assertGreaterEqual(told.get("waited", 1), 1)

    def test_creations_count_apart(self):
        key = self.limited(sandbox_create_rate_limit=1)
        statuses = [platform.api("POST", "/sandbox", {"snapshot": "nope"}, key=key).status for _ in range(2)]
        self.assertEqual([400, 429], statuses)
        other = platform.api("GET", "/sandbox", key=key)
        self.assertEqual((200, str(MANY - 1)), (other.status, other.headers["X-RateLimit-Remaining-authenticated"]))

    def test_failed_attempts_are_refused_on_every_way_in(self):
        key, other = os.environ["DAYTONA_API_KEY"], "127.0.0.2"
        sandbox = platform.create()
        ways = [
            platform.api_url() + "/sandbox",
            platform.api_url() + f"/toolbox/{sandbox['id']}/toolbox/work-dir",
            f"{sandbox['toolboxProxyUrl']}/{sandbox['id']}/work-dir",
        ]
        self.assertEqual([200] * 3, [ask(other, way, key).status for way in ways])
        self.assertEqual([401] * 3, [ask(other, way, "dtn_wrong").status for way in ways])
        for way in ways:
            refused = ask(other, way, key)
            self.error(refused, 429, "failed-auth", ("path", "timestamp"))
            self.assertEqual(refused.headers["Retry-After"], refused.headers["Retry-After-failed-auth"])
        self.assertEqual([200] * 3, [ask("127.0.0.1", way, key).status for way in ways])

    def test_public_routes_count_by_address(self):
        front = platform.api_url().removesuffix("/api") + "/"
        config = platform.api_url() + "/config"
        limits = ask("127.0.0.3", config).json()["rateLimit"]
        self.assertEqual({"ttl": HOUR, "limit": 3}, limits["failedAuth"])
        self.assertEqual({"failedAuth", "authenticated", "sandboxCreate"}, set(limits))
        statuses = [ask("127.0.0.3", url).status for url in [front, config] * (ANONYMOUS // 2)]
        self.assertEqual([200] * (ANONYMOUS - 1) + [429], statuses)
        self.assertEqual(200, ask("127.0.0.3", platform.api_url() + "/health").status)
        self.assertEqual(200, ask("127.0.0.4", config).status)
