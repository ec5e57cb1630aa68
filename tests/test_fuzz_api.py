"""Mutated valid requests for every operation that the OpenAPI documents name: no 5xx, no silence, nothing left behind, and at least a third succeed.

Needs schemathesis: `tests/api_fuzz/run` starts it. The commit chooses the mutants, so that it passes always or never; DAYTONA_FUZZ_SEED (any word) chooses others, DAYTONA_FUZZ_EXAMPLES (per operation) makes a long run.
"""

import collections
import concurrent.futures
import functools
import http.client
import json
import os
import time
import types
import unittest
import urllib.parse

import host_census
import own_platform
import platform_under_test as platform
from api_fuzz import documents, examples, mutation

EXAMPLES = int(os.environ.get("DAYTONA_FUZZ_EXAMPLES", "12"))
SEED = os.environ.get("DAYTONA_FUZZ_SEED") or platform.commit()
MARK = "fuzz-" + platform.MARK  # the other organization
SILENCE = 20  # seconds; every valid request here has a limit of 5
# 502 with this code tells of a Git server that the request itself names.
FOREIGN = b'"code":"GIT_TRANSPORT_FAILED"'
# Sockets are fuzzed by their messages (toolbox), these two paths only open them.
SOCKETS = {("GET", "/toolbox/process/interpreter/execute"), ("GET", "/toolbox/process/pty/{sessionId}/connect")}


class ApiFuzz(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"DAYTONA_FUZZ_SEED={SEED} DAYTONA_FUZZ_EXAMPLES={EXAMPLES}", flush=True)
        cls.own = types.SimpleNamespace(data=platform.DATA, sql=functools.partial(own_platform.sql, platform.DATA))
        cls.before = cls.rows()
        # An accepted quota would refuse the later requests of the organization that sends them.
        cls.addClassCleanup(own_platform.remove_organization, platform.DATA, MARK)
        cls.world = examples.World(own_platform.add_organization(platform.DATA, MARK, "dtn_" + MARK))
        cls.documented = {key: operation for key, operation in documents.operations().items() if key not in SOCKETS}
        cls.valid = cls.world.requests()

    @classmethod
    def rows(cls):
        """Ids of sandboxes, and how many rows the tables have that no request here may fill."""
        sandboxes = {id for id, in cls.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'")}
        tables = ("account", "organization", "membership", "api_key", "region", "snapshot")
        return sandboxes, {name: cls.own.sql(f"SELECT count(*) FROM {name}") for name in tables}

    def test_1_every_operation_has_a_valid_request(self):
        self.assertEqual(set(self.documented), set(self.valid))
        for request in self.valid.values():
            with self.subTest(request.operation):
                status, answer = self.send(request)
                self.assertTrue(200 <= status < 300, (status, answer))

    def test_2_mutated_requests(self):
        began = time.monotonic()
        statuses, faults = collections.defaultdict(collections.Counter), []
        # Generated ahead, by one thread and from the seed alone, so that a run can be repeated.
        mutants = {
            key: mutation.mutants(self.documented[key], request, max(3, EXAMPLES // (5 if request.slow else 1)), SEED)
            for key, request in sorted(self.valid.items())
        }
        print(f"generated in {time.monotonic() - began:.1f} s")
        groups, took = collections.defaultdict(list), {}
        for key in sorted(self.valid):
            groups[self.group(key)].append(key)

        def run(keys):
            for key in keys:
                took[key] = self.fuzz(key, mutants[key], statuses[key], faults)

        with concurrent.futures.ThreadPoolExecutor(len(groups)) as threads:
            list(threads.map(run, groups.values()))
        total = sum(statuses.values(), collections.Counter())
        for key, counts in sorted(statuses.items()):
            print(f"{key[0]:6} {key[1]:60} {took[key]:5.1f} s {dict(sorted(counts.items(), key=str))}")
        succeeded = sum(count for status, count in total.items() if isinstance(status, int) and 200 <= status < 300)
        print(f"== {sum(total.values())} mutated requests, {succeeded} answered 2xx: {dict(sorted(total.items(), key=str))}")
        self.assertFalse(faults, f"repeat with DAYTONA_FUZZ_SEED={SEED}:\n" + "\n".join(map(str, faults)))
        self.assertGreaterEqual(3 * succeeded, sum(total.values()), "too few requests were valid enough to get anywhere")
        for key, counts in statuses.items():
            tells = sum(counts.values()) < 20 or any(isinstance(status, int) and status < 300 for status in counts)
            self.assertTrue(tells, f"no mutant of {key} succeeded: {dict(counts)}")

    def test_3_nothing_is_left_behind(self):
        """Rows are those of sandboxes that the API names; when these are deleted, all is as before."""
        self.assertEqual({item["id"] for item in self.all_listed()}, self.rows()[0])
        for id in self.world.made:
            self.assertIn(platform.api("DELETE", "/sandbox/" + id).status, (200, 404))
        platform.eventually(lambda: not self.rows()[0] - self.before[0], 30, "end of every sandbox that was made here")
        own_platform.remove_organization(platform.DATA, MARK)
        self.assertEqual(self.before[1], self.rows()[1])
        found = []

        def agrees():
            found[:] = host_census.Census(self.own).differences()
            return not found

        try:
            platform.eventually(agrees, 30, "a host that agrees with the rows")
        except AssertionError as error:
            raise AssertionError(f"{error}: " + "; ".join(found)) from error

    def all_listed(self):
        items, cursor = [], ""
        while cursor is not None:
            page = platform.api("GET", f"/sandbox?limit=100&cursor={urllib.parse.quote(cursor)}" if cursor else "/sandbox?limit=100").json()
            items, cursor = items + page["items"], page["nextCursor"] or None
        return items

    @staticmethod
    def group(key):
        """Operations that touch the same things come one after the other, the others beside them."""
        parts = key[1].split("/")
        return "sandbox" if parts[1] == "api" else parts[2]

    def fuzz(self, key, mutants, counts, faults):
        """Sends all mutants of one operation, and tells how long that took."""
        began = time.monotonic()
        for mutant in mutants:
            status, answer = self.send(mutant)
            counts[status] += 1
            if not isinstance(status, int) or status >= 500 and FOREIGN not in answer:
                faults.append((status, *key, mutant.path, mutant.query, repr(mutant.body)[:300], answer[:300]))
        return time.monotonic() - began

    def send(self, request):
        """Status and answer; of no answer its exception's name."""
        if request.prepare:
            request.prepare()
        word = self.world.word()
        path = request.template
        for name, value in request.path.items():
            path = path.replace("{" + name + "}", quoted(fresh(value() if callable(value) else value, word)))
        if path.startswith("/toolbox"):
            url = f"{self.world.box['toolboxProxyUrl']}/{self.world.box['id']}{path.removeprefix('/toolbox')}"
        else:
            url = platform.api_url() + path.removeprefix("/api")
        pairs = [(name, each) for name, value in request.query.items() for each in (value if isinstance(value, list) else [value])]
        if pairs:
            url += "?" + "&".join(quoted(name) + "=" + quoted(fresh(value, word)) for name, value in pairs)
        headers = {}
        body = request.body
        if request.template.endswith(("/upload-v2", "/bulk-upload")):
            headers["Content-Type"] = f"multipart/form-data; boundary={examples.BOUNDARY}"
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body).replace("{fresh}", word).encode()
        status, answer = self.exchange(request, url, body, headers)
        if request.operation == ("POST", "/api/sandbox") and status == 200:
            self.world.made.add(json.loads(answer)["id"])
        return status, answer

    @staticmethod
    def exchange(request, url, body, headers):
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=SILENCE)
        try:
            target = parts.path + ("?" + parts.query if parts.query else "")
            connection.request(request.method, target, body, {"Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"], "Content-Type": "application/json", **headers})
            reply = connection.getresponse()
            # What is followed has a head and no end.
            return reply.status, b"" if "follow" in request.query and reply.status == 200 else reply.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__, str(error).encode()
        finally:
            connection.close()


def fresh(value, word):
    return value.replace("{fresh}", word) if isinstance(value, str) else value


def quoted(value):
    """A value of any type as it stands in a URL."""
    text = value if isinstance(value, str) else json.dumps(value)
    return urllib.parse.quote(text.encode("utf-8", "surrogatepass"), safe="")


if __name__ == "__main__":
    unittest.main()
