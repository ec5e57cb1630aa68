"""A company's proxy: absolute-URI requests are forwarded, CONNECT opens a tunnel."""

import contextlib
import http.client
import http.server
import select
import socket

from . import upstream

IDLE_S = 120


class ForwardProxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log = None

    def do_GET(self):
        if not self.path.startswith("http://"):
            self.refuse(400, "a proxy wants an absolute http:// URI")
            return
        try:
            answer = upstream.fetch(self.command, self.path, self.headers)
        except (http.client.HTTPException, OSError) as error:
            self.refuse(502, str(error))
            return
        self.note(answer.status)
        upstream.relay(self, answer)

    do_HEAD = do_GET

    def do_CONNECT(self):
        host, _, port = self.path.rpartition(":")
        self.close_connection = True
        try:
            far = socket.create_connection((host.strip("[]"), int(port)), timeout=IDLE_S)
        except (OSError, ValueError) as error:
            self.refuse(502, str(error))
            return
        with far:
            self.note(200)
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            tunnel(self.connection, far)

    def refuse(self, status, reason):
        self.note(status)
        self.send_error(status, explain=reason)

    def note(self, status):
        self.log.add("proxy", self.command, self.path, status)

    def finish(self):
        super().finish()
        upstream.forget_connections()

    def log_message(self, format, *args):
        """The request log says it."""


def tunnel(near, far):
    """Copies both ways until both sides have ended, or nothing has come for a while."""
    other = {near: far, far: near}
    reading = {near, far}
    while reading:
        ready, _, _ = select.select(list(reading), [], [], IDLE_S)
        if not ready:
            return
        for source in ready:
            data = source.recv(upstream.CHUNK)
            if data:
                other[source].sendall(data)
                continue
            reading.discard(source)
            with contextlib.suppress(OSError):
                other[source].shutdown(socket.SHUT_WR)
