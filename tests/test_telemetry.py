"""The telemetry of a sandbox reaches an OTLP receiver of the operator: what it uses, and what its entrypoint writes.

Starts a platform of its own, whose operator names the receiver.
"""

import http.server
import threading
import unittest

import own_platform
import platform_under_test as platform

TOKEN = "token-of-the-first"
# What comes later is written to a file, which the entrypoint repeats.
ENTRYPOINT = "echo first line; echo bad line >&2; touch /tmp/lines; exec tail -n +1 -f /tmp/lines"
METRICS = ["cpu.limit", "cpu.utilization", "memory.limit", "memory.usage", "memory.utilization",
           "filesystem.usage", "filesystem.total", "filesystem.available", "filesystem.utilization"]

# A receiver in a sandbox, which writes down what comes.
INSIDE = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open("/tmp/came", "a") as came:
            print(self.path, self.headers["sandbox-auth-token"], file=came)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def fields(message):
    """(number, value) of every field of a protobuf message; groups do not occur in OTLP."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        else:
            size = {1: 8, 5: 4}[kind] if kind != 2 else varint()
            value = message[at:at + size]
            at += size
        yield key >> 3, value


def inner(message, *path):
    """All values at a path of field numbers."""
    values = [message]
    for number in path:
        values = [value for outer in values for found, value in fields(outer) if found == number]
    return values


def text(values):
    return [value.decode() for value in values]


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps what comes: (path, token, body)."""

    def __init__(self):
        self.came = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def messages(self, signal, token):
        return [body for path, sent, body in list(self.came) if path == f"/v1/{signal}" and sent == token]

    def lines(self, token):
        """(severity, text) of every log record, by OTLP's numbers: resource_logs 1, scope_logs 2, log_records 2."""
        records = [record for body in self.messages("logs", token) for record in inner(body, 1, 2, 2)]
        return [(inner(record, 2)[0], inner(record, 5, 1)[0].decode()) for record in records]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.headers["Content-Type"] == "application/x-protobuf", self.headers
        self.server.came.append((self.path, self.headers["sandbox-auth-token"], body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Telemetry(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver()
        cls.addClassCleanup(cls.receiver.server_close)
        cls.addClassCleanup(cls.receiver.shutdown)
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(OTEL_ENDPOINT=cls.receiver.url, OTEL_INTERVAL="500ms")
        # Snapshots with an entrypoint cannot be made by the API yet.
        cls.own.sql(f"UPDATE snapshot SET entrypoint = ARRAY['sh', '-c', '{ENTRYPOINT}']")
        cls.own.restart()

    def init(self, sandbox, token):
        reply = platform.toolbox(sandbox, "POST", "/init", {"token": token})
        self.assertEqual(200, reply.status, reply.body)

    def attributes(self, body):
        """Of the resource: resource_metrics 1, resource 1, attributes 1, key 1, value 2, string 1."""
        pairs = inner(body, 1, 1, 1)
        return {inner(pair, 1)[0].decode(): inner(pair, 2, 1)[0].decode() for pair in pairs}

    def test_metrics_and_entrypoint_lines_arrive_until_the_sandbox_is_gone(self):
        receiver = self.receiver
        sandbox = platform.create(env={"DAYTONA_SANDBOX_OTEL_EXTRA_LABELS": "team=blue"})
        self.assertEqual(receiver.url, platform.output(sandbox, "printenv DAYTONA_OTEL_ENDPOINT").strip())
        self.assertEqual([], receiver.came)
        self.init(sandbox, TOKEN)

        body = platform.eventually(lambda: receiver.messages("metrics", TOKEN), 20, "metrics")[0]
        self.assertEqual(
            {"service.name": "sandbox-" + sandbox["id"], "daytona_organization_id": sandbox["organizationId"],
             "daytona_region_id": sandbox["target"], "daytona_snapshot": sandbox["snapshot"], "team": "blue"},
            self.attributes(body))
        self.assertEqual(sorted("daytona.sandbox." + name for name in METRICS), sorted(text(inner(body, 1, 2, 2, 1))))

        expected = [(9, "first line"), (17, "bad line")]
        platform.eventually(lambda: sorted(receiver.lines(TOKEN)) == expected, 20, "lines of the entrypoint")

        self.own.restart()
        seen = len(receiver.came)
        platform.output(sandbox, "echo after the restart >> /tmp/lines")
        platform.eventually(lambda: (9, "after the restart") in receiver.lines(TOKEN), 20, "the line after the restart")
        self.assertEqual(sorted([*expected, (9, "after the restart")]), sorted(receiver.lines(TOKEN)))
        platform.eventually(lambda: any(path == "/v1/metrics" for path, _, _ in receiver.came[seen:]), 20, "metrics after the restart")

        self.assertEqual(200, platform.delete(sandbox).status)
        other = platform.create()
        self.init(other, "other")
        # What was on its way when the sandbox ended may still come; two exports of another one later, nothing may.
        platform.eventually(lambda: receiver.messages("metrics", "other"), 20, "metrics of the next sandbox")
        before, seen = len(receiver.messages("metrics", TOKEN)), len(receiver.messages("metrics", "other"))
        platform.eventually(lambda: len(receiver.messages("metrics", "other")) >= seen + 2, 20, "more metrics of the next sandbox")
        self.assertEqual(before, len(receiver.messages("metrics", TOKEN)))

        for file in (self.own.data / "log").iterdir():
            self.assertNotIn(TOKEN, file.read_text(errors="replace"), file)

    def test_a_receiver_that_a_sandbox_names_is_reached_from_inside_alone(self):
        """Its creator could name anything that only the host reaches: here both have a receiver at the same address."""
        trap = Receiver()
        self.addCleanup(trap.server_close)
        self.addCleanup(trap.shutdown)
        sandbox = platform.create(env={"DAYTONA_OTEL_ENDPOINT": trap.url})
        self.assertEqual(trap.url, platform.output(sandbox, "printenv DAYTONA_OTEL_ENDPOINT").strip())
        reply = platform.toolbox(sandbox, "POST", "/process/execute", {
            "command": f"cat > /tmp/inside.py <<'E'\n{INSIDE}\nE\nnohup setsid python3 /tmp/inside.py {trap.server_address[1]} >/tmp/inside.log 2>&1 </dev/null &"})
        self.assertEqual(200, reply.status, reply.body)
        self.init(sandbox, "inside")
        platform.eventually(
            lambda: {"/v1/metrics inside", "/v1/logs inside"} <= set(platform.output(sandbox, "cat /tmp/came").splitlines()),
            20, "telemetry at the receiver in the sandbox")
        self.assertEqual([], trap.came)
        self.assertEqual([], [token for _, token, _ in self.receiver.came if token == "inside"])


if __name__ == "__main__":
    unittest.main()
