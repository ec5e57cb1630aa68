"""Requests to the real registries, over connections that one thread keeps for its next requests."""

import contextlib
import http.client
import threading
import urllib.parse

HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
    "te", "trailer", "trailers", "transfer-encoding", "upgrade", "host", "accept-encoding", "content-length",
}
TIMEOUT_S = 120
REDIRECTS = 5
CHUNK = 1 << 16

_kept = threading.local()


def fetch(method, url, headers):
    """The answer to a request without a body; redirects are followed, as clients of a mirror expect."""
    for _ in range(REDIRECTS):
        answer = _ask(method, url, headers)
        if answer.status not in (301, 302, 303, 307, 308) or not answer.getheader("Location"):
            return answer
        answer.read()
        url = urllib.parse.urljoin(url, answer.getheader("Location"))
    return answer


def _ask(method, url, headers):
    parts = urllib.parse.urlsplit(url)
    target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
    passed = {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
    connections = _kept.__dict__.setdefault("connections", {})
    place = (parts.scheme, parts.netloc)
    for fresh in (place not in connections, True):
        if fresh:
            kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
            connections[place] = kind(parts.netloc, timeout=TIMEOUT_S)
        try:
            connections[place].request(method, target, headers=passed)
            return connections[place].getresponse()
        except (http.client.HTTPException, OSError):
            connections.pop(place).close()
            if fresh:
                raise


def relay(handler, answer):
    """Passes an answer on to the handler's client as it comes."""
    length = answer.getheader("Content-Length")
    handler.send_response(answer.status)
    for name, value in answer.getheaders():
        if name.lower() not in HOP_BY_HOP:
            handler.send_header(name, value)
    if length is not None:
        handler.send_header("Content-Length", length)
    elif handler.command != "HEAD" and answer.status not in (204, 304):
        handler.send_header("Connection", "close")
        handler.close_connection = True
    handler.end_headers()
    while chunk := answer.read(CHUNK):
        handler.wfile.write(chunk)


def forget_connections():
    """Closes what this thread kept."""
    for connection in _kept.__dict__.pop("connections", {}).values():
        with contextlib.suppress(OSError):
            connection.close()
