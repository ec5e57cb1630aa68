"""A name server (RFC 1035, over UDP) that knows one domain: every name below it has the same address, no other name exists."""

import socketserver
import struct

NXDOMAIN = 3
TYPE_A, CLASS_IN = 1, 1
TTL_S = 60


class NameServer(socketserver.ThreadingUDPServer):
    daemon_threads = True

    def __init__(self, address, domain):
        super().__init__((address, 53), Query)
        self.address, self.domain = bytes(map(int, address.split("."))), "." + domain


class Query(socketserver.BaseRequestHandler):
    def handle(self):
        message, sender = self.request
        if len(message) < 17 or message[2] & 0x80:
            return
        labels, at = [], 12
        while at < len(message) and message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode("ascii", "replace"))
            at += 1 + message[at]
        question = message[12:at + 5]
        if len(question) < at - 7:
            return
        known = ("." + ".".join(labels)).lower().endswith(self.server.domain)
        answers = known and struct.unpack("!HH", question[-4:]) == (TYPE_A, CLASS_IN)
        # Flags: response, recursion available, and the query's own wish for recursion.
        flags = 0x8080 | (message[2] & 1) << 8 | (0 if known else NXDOMAIN)
        reply = message[:2] + struct.pack("!HHHHH", flags, 1, int(answers), 0, 0) + question
        if answers:
            reply += struct.pack("!HHHIH", 0xC00C, TYPE_A, CLASS_IN, TTL_S, 4) + self.server.address
        sender.sendto(reply, self.client_address)
