"""Sandboxes that have nothing to do with it, and how long the platform takes to run `true` in them."""

import concurrent.futures
import http.client
import itertools
import json
import os
import statistics
import time
import urllib.parse

import platform_under_test as platform

BODY = json.dumps({"command": "true"})


class Bystanders:
    """So many small sandboxes, each with a connection that is kept open."""

    def __init__(self, count):
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            self.sandboxes = list(threads.map(lambda _: platform.create(), range(count)))
        self.turns = itertools.cycle([(box, self.connect(box)) for box in self.sandboxes])

    @staticmethod
    def connect(sandbox):
        parts = urllib.parse.urlsplit(sandbox["toolboxProxyUrl"])
        return http.client.HTTPConnection(parts.hostname, parts.port, timeout=120)

    def latency(self):
        """Milliseconds that one `true` took, in the sandbox whose turn it is."""
        sandbox, connection = next(self.turns)
        path = f"/toolbox/{sandbox['id']}/process/execute"
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"]}
        begun = time.perf_counter()
        connection.request("POST", path, BODY, headers)
        reply = connection.getresponse()
        body = reply.read()
        taken = (time.perf_counter() - begun) * 1000
        assert reply.status == 200 and json.loads(body)["exitCode"] == 0, (reply.status, body[:300])
        return taken

    def latencies(self, count):
        return [self.latency() for _ in range(count)]

    def latencies_and_host(self, count):
        """As many of each in turns: of execs, and of a program of the host that has nothing to do with the platform."""
        pairs = [(self.latency(), host_latency()) for _ in range(count)]
        return tuple(map(list, zip(*pairs)))


def host_latency():
    """Milliseconds that a shell took which did nothing, started by this process."""
    begun = time.perf_counter()
    _, status = os.waitpid(os.posix_spawn("/bin/bash", ["bash", "-c", "true"], os.environ), 0)
    assert status == 0, status
    return (time.perf_counter() - begun) * 1000


def median(latencies):
    return statistics.median(latencies)


def high(latencies):
    """95 of 100 are below it."""
    return statistics.quantiles(latencies, n=20)[-1]
