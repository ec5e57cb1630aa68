"""Runs proxy, mirror and name server on one address until standard input ends, and prints their ports as one JSON line.

usage: python3 -m mirror --address A --domain D --log FILE --certificate PEM --debian URL --debian-security URL --pypi URL --npm URL

The URLs are the registries to fetch from. The mirror speaks HTTPS with the given certificate and key; the log has one line per
request: `proxy|mirror METHOD TARGET STATUS`, written when the answer's head is.
"""

import argparse
import http.server
import json
import ssl
import sys
import threading

from .forward_proxy import ForwardProxy
from .names import NameServer
from .registry_mirror import Registry, RegistryMirror
from .request_log import RequestLog


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        """Clients that go away in the middle are no news."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


class TlsServer(Server):
    """The handshake happens in the connection's own thread, so that a slow client keeps nobody waiting."""

    def __init__(self, address, handler, certificate):
        super().__init__(address, handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)

    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)


def arguments():
    parser = argparse.ArgumentParser(prog="mirror", description=__doc__.splitlines()[0])
    for name in ("address", "domain", "log", "certificate", "debian", "debian-security", "pypi", "npm"):
        parser.add_argument("--" + name, required=True)
    return parser.parse_args()


def main():
    wanted = arguments()
    log = RequestLog(wanted.log)
    ForwardProxy.log = RegistryMirror.log = log
    proxy = Server((wanted.address, 0), ForwardProxy)
    mirror = TlsServer((wanted.address, 0), RegistryMirror, wanted.certificate)
    RegistryMirror.registry = Registry(
        f"https://mirror.{wanted.domain}:{mirror.server_address[1]}",
        {
            "/debian-security/": wanted.debian_security,
            "/debian/": wanted.debian,
            "/pypi/simple/": wanted.pypi,
            "/npm/": wanted.npm,
        },
    )
    for server in (proxy, mirror, NameServer(wanted.address, wanted.domain)):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"proxy": proxy.server_address[1], "mirror": mirror.server_address[1]}), flush=True)
    sys.stdin.read()


main()
