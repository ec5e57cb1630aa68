"""Frames and packets of a sandbox's link, byte by byte."""

import fcntl
import select
import socket
import struct
import time
from errno import ETIMEDOUT

LINK = "eth0"
GATEWAY = "169.254.77.1"
IPV4, ARP, IPV6, VLAN = 0x0800, 0x0806, 0x86DD, 0x8100
TIMEOUT = 0.5


class Link:
    """The sandbox's end of its link, below every check of its own kernel."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.socket.bind((LINK, 0))
        self.mac = self.socket.getsockname()[4]
        self.address = address_of(LINK)
        self.gateway = self.ask(GATEWAY)

    def send(self, payload, kind=IPV4, to=None):
        self.socket.send((to or self.gateway) + self.mac + struct.pack("!H", kind) + payload)

    def answer(self, wanted, seconds=TIMEOUT):
        """The first frame from outside that a function takes for an answer; a TimeoutError when there is none."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                frame, origin = self.socket.recvfrom(65536)
                if origin[2] != socket.PACKET_OUTGOING and (found := wanted(frame)):
                    return found
        raise TimeoutError(ETIMEDOUT, "no answer")

    def ask(self, address, source=None):
        """The hardware address that answers for an IPv4 address."""
        self.send(arp(1, self.mac, source or self.address, address), ARP, b"\xff" * 6)
        return self.answer(lambda f: f[12:14] == b"\x08\x06" and f[20:22] == b"\0\2" and f[28:32] == socket.inet_aton(address) and f[22:28])


def address_of(link):
    with socket.socket() as any_socket:
        return socket.inet_ntoa(fcntl.ioctl(any_socket, 0x8915, struct.pack("256s", link.encode()))[20:24])


def arp(operation, mac, source, target, target_mac=bytes(6)):
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, operation) + mac + socket.inet_aton(source) + target_mac + socket.inet_aton(target)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip4(source, target, protocol, payload, options=b"", fragment=0, identity=4711, ttl=64):
    length = 20 + len(options)
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | length // 4, 0, length + len(payload), identity, fragment, ttl, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(source, target, protocol, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 255) + socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + payload


def _pseudo(source, target, protocol, length):
    if ":" in source:
        return socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, target) + struct.pack("!II", length, protocol)
    return socket.inet_aton(source) + socket.inet_aton(target) + struct.pack("!BBH", 0, protocol, length)


def udp(source, target, port, payload):
    head = struct.pack("!HHHH", 4711, port, 8 + len(payload), 0)
    total = checksum(_pseudo(source, target, 17, 8 + len(payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def tcp(source, target, port, flags, from_port=40404):
    head = struct.pack("!HHIIBBHHH", from_port, port, 1000, 1000 if flags & 16 else 0, 5 << 4, flags, 65000, 0, 0)
    return head[:16] + struct.pack("!H", checksum(_pseudo(source, target, 6, 20) + head)) + head[18:]


def icmp(kind, code, rest):
    head = struct.pack("!BBH", kind, code, 0) + rest
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def icmp6(source, target, kind, rest):
    head = struct.pack("!BBH", kind, 0, 0) + rest
    return head[:2] + struct.pack("!H", checksum(_pseudo(source, target, 58, len(head)) + head)) + head[4:]
