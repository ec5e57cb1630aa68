"""The host, the platform and other sandboxes by the network, with whatever packets root inside can make."""

import concurrent.futures
import os
import socket
import struct
from errno import EACCES, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, EPERM, ETIMEDOUT
from hostile.packets import ARP, GATEWAY, IPV4, IPV6, VLAN, Link, arp, icmp, icmp6, ip4, ip6, tcp, udp
from hostile.probe import Arrives, Held, attempt
from hostile.system import CLONE_NEWNET, unshare

THEME = "network"
SILENT = (ETIMEDOUT, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH)


def connect(host, port):
    try:
        with socket.create_connection((host, port), 0.5) as server:
            return f"connected to {host}:{port}, {server.recv(20)!r}"
    except TimeoutError:
        raise TimeoutError(ETIMEDOUT, "no answer") from None


def each(places, act):
    """The first of several places that lets it through."""
    def one(place):
        try:
            return act(*place), None
        except OSError as error:
            if error.errno not in SILENT:
                raise
            return None, error

    with concurrent.futures.ThreadPoolExecutor(len(places)) as threads:
        results = list(threads.map(one, places))
    for gained, _ in results:
        if gained is not None:
            return gained
    raise results[0][1]


def outside(world):
    return connect(world["outside_address"], world["outside_port"])


def connecting(title, places):
    attempt(THEME, title, *SILENT, control=outside)(lambda world: each(places(world), connect))


def addresses(world):
    return world["host_addresses"] + [GATEWAY]


connecting("a port of the host that is open to everybody", lambda world: [(a, world["open_port"]) for a in addresses(world)])
connecting("the platform's API", lambda world: [(a, world["api_port"]) for a in addresses(world)])
connecting("the platform's proxy", lambda world: [(a, world["proxy_port"]) for a in addresses(world)])
connecting("PostgreSQL on the host", lambda world: [(a, 5432) for a in addresses(world)])
connecting("ssh on the host", lambda world: [(a, 22) for a in addresses(world)])
connecting("metadata of clouds: 169.254.169.254", lambda world: [("169.254.169.254", world["outside_port"])])
connecting("metadata of clouds: 100.100.100.200", lambda world: [("100.100.100.200", world["outside_port"])])
connecting("another link-local address", lambda world: [("169.254.170.2", world["outside_port"])])
attempt(THEME, "another sandbox's server", *SILENT, control=lambda world: own_server())(lambda world: connect(world["sibling_address"], world["sibling_port"]))


def own_server():
    with socket.create_server((Link().address, 0)) as server:
        with socket.create_connection(server.getsockname(), 1):
            return "connected to its own address"


def ping(address):
    link = Link()
    link.send(ip4(link.address, address, 1, icmp(8, 0, struct.pack("!HH", 7, 7) + b"hostile")))
    wanted = socket.inet_aton(address)
    return link.answer(lambda f: f[12:14] == b"\x08\0" and f[23] == 1 and f[26:30] == wanted and f[34] == 0 and f"echo from {address}")


attempt(THEME, "an echo of the host", *SILENT, control=lambda world: ping(world["outside_address"]))(
    lambda world: each([(a,) for a in addresses(world)], ping))
attempt(THEME, "an echo of another sandbox", *SILENT, control=lambda world: ping(world["outside_address"]))(lambda world: ping(world["sibling_address"]))


def handshake(target, port, flags=2, source=None):
    link = Link()
    link.send(ip4(source or link.address, target, 6, tcp(source or link.address, target, port, flags)))
    wanted = socket.inet_aton(target)
    return link.answer(lambda f: f[12:14] == b"\x08\0" and f[23] == 6 and f[26:30] == wanted and f"flags {f[47]:#x} from {target}:{port}")


def shaking(title, places):
    attempt(THEME, title, *SILENT, control=lambda world: handshake(world["outside_address"], world["outside_port"]))(
        lambda world: each(places(world), handshake))


shaking("127.0.0.1 of the host, by frames of its own making", lambda world: [("127.0.0.1", world[p]) for p in ("api_port", "proxy_port", "open_port")])
shaking("a handshake with the host, by frames of its own making", lambda world: [(a, world["open_port"]) for a in addresses(world)])
shaking("a packet of a connection that does not exist (ACK)", lambda world: [(a, world["open_port"], 16) for a in addresses(world)])
shaking("a handshake with another sandbox", lambda world: [(world["sibling_address"], world["sibling_port"])])

# ---- packets that the host's listeners and the server outside look out for ----

COUNT = [0]


def arriving(title, send):
    """`send(link, world, token, source, target, port)`: to the host in the attempt, to the outside in the control."""
    COUNT[0] += 1
    token = f"hostile-{COUNT[0]}".encode()

    def attack(world):
        link = Link()
        send(link, world, world["mark"].encode() + b":" + token + b":attack", False)
        raise Held("sent")

    def control(world):
        link = Link()
        send(link, world, world["mark"].encode() + b":" + token + b":control", True)
        return "sent"

    attempt(THEME, title, control=Arrives(control, token.decode()))(attack)


def datagram(link, source, target, port, token, **options):
    return ip4(source, target, 17, udp(source, target, port, token), **options)


def to_host(link, world, token, allowed):
    if allowed:
        return link.send(datagram(link, link.address, world["outside_address"], world["outside_port"], token))
    for address in addresses(world) + ["127.0.0.1"]:
        link.send(datagram(link, link.address, address, world["open_port"], token))


arriving("datagrams to the host", to_host)


def spoofed(source):
    def send(link, world, token, allowed):
        fake = link.address if allowed else source(link, world)
        link.send(datagram(link, fake, world["outside_address"], world["outside_port"], token))
        if not allowed:
            for address in addresses(world):
                link.send(datagram(link, fake, address, world["open_port"], token))

    return send


arriving("another sandbox's source address", spoofed(lambda link, world: world["sibling_address"]))
arriving("an unused source address of the sandboxes' network", spoofed(lambda link, world: world["unused_address"]))
arriving("the host's source address", spoofed(lambda link, world: world["host_addresses"][0]))
arriving("the gateway's source address", spoofed(lambda link, world: GATEWAY))
arriving("a source address on the internet", spoofed(lambda link, world: "198.51.100.77"))
arriving("the source address 127.0.0.1", spoofed(lambda link, world: "127.0.0.1"))
arriving("the source address 0.0.0.0", spoofed(lambda link, world: "0.0.0.0"))
arriving("the source address of the server outside", spoofed(lambda link, world: world["outside_address"]))


def by_own_kernel(link, world, token, allowed):
    """As a program would: an address added to the interface."""
    source = link.address
    if not allowed:
        source = world["sibling_address"]
        os.system(f"ip address add {source}/32 dev eth0")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            sender.sendto(token, (world["outside_address"], world["outside_port"]))
    finally:
        if not allowed:
            os.system(f"ip address del {source}/32 dev eth0")


arriving("another sandbox's address on its own interface", by_own_kernel)


def fragments(link, world, token, allowed):
    targets = [world["outside_address"]] if allowed else addresses(world)
    port = world["outside_port"] if allowed else world["open_port"]
    for identity, target in enumerate(targets, 99):
        whole = udp(link.address, target, port, token.ljust(64, b" "))
        link.send(ip4(link.address, target, 17, whole[:8], fragment=0x2000, identity=identity))
        link.send(ip4(link.address, target, 17, whole[8:], fragment=1, identity=identity))


arriving("datagrams in fragments that hide the port", fragments)


def multicast(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    for target, mac in (("224.0.0.251", b"\1\0\x5e\0\0\xfb"), ("224.0.0.1", b"\1\0\x5e\0\0\1"), ("255.255.255.255", b"\xff" * 6)):
        link.send(datagram(link, link.address, target, world["open_port"], token), to=mac)


arriving("multicast and broadcast to the host", multicast)


def source_routed(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    for hop in addresses(world):
        for target in (world["sibling_address"], "127.0.0.1", world["host_addresses"][0]):
            route = struct.pack("!BBB", 131, 7, 4) + socket.inet_aton(target) + b"\0"
            link.send(datagram(link, link.address, hop, world["open_port"], token, options=route))
            link.send(datagram(link, link.address, world["outside_address"], world["open_port"], token, options=route))


arriving("packets that name their own route", source_routed)


def vlan(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    for tag in (0, 1, 100):
        for address in addresses(world):
            link.send(struct.pack("!HH", tag, IPV4) + datagram(link, link.address, address, world["open_port"], token), VLAN)


arriving("VLAN-tagged frames", vlan)


def tunnels(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    for address in addresses(world):
        inner = datagram(link, world["host_addresses"][0], address, world["open_port"], token)
        inner6 = ip6("::1", "::1", 17, udp("::1", "::1", world["open_port"], token))
        for protocol, packet in ((4, inner), (41, inner6), (47, struct.pack("!HH", 0, IPV4) + inner), (94, inner)):
            link.send(ip4(link.address, address, protocol, packet))


arriving("packets within packets (IPIP, 6in4, GRE)", tunnels)


def v6(source, targets):
    def send(link, world, token, allowed):
        if allowed:
            return to_host(link, world, token, True)
        for target in targets(world):
            link.send(ip6(source(link, world), target, 17, udp(source(link, world), target, world["open_port"], token)), IPV6)

    return send


def own_v6(link, world):
    m = bytearray(link.mac)
    m[0] ^= 2
    return f"fe80::{m[0]:02x}{m[1]:02x}:{m[2]:02x}ff:fe{m[3]:02x}:{m[4]:02x}{m[5]:02x}"


def v6_targets(world):
    return world["host_addresses6"] + ["::1", "ff02::1", "ff02::fb"]


arriving("IPv6 to the host", v6(own_v6, v6_targets))
arriving("IPv6 with the host's source address", v6(lambda link, world: (world["host_addresses6"] or ["::1"])[0], v6_targets))
arriving("IPv6 with an address on the internet", v6(lambda link, world: "2001:db8::77", v6_targets))


def router_advertisement(link, world, token, allowed):
    """Whether the host's routes changed is for the host to say, too."""
    if allowed:
        return to_host(link, world, token, True)
    source = own_v6(link, world)
    prefix = struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 86400, 86400, 0) + socket.inet_pton(socket.AF_INET6, "2001:db8:666::")
    link.send(ip6(source, "ff02::1", 58, icmp6(source, "ff02::1", 134, struct.pack("!BBHII", 64, 0, 1800, 0, 0) + prefix)), IPV6, b"\x33\x33\0\0\0\1")
    link.send(ip6(source, "ff02::1", 58, icmp6(source, "ff02::1", 136, b"\xa0\0\0\0" + socket.inet_pton(socket.AF_INET6, (world["host_addresses6"] or ["::1"])[0]))), IPV6,
              b"\x33\x33\0\0\0\1")


arriving("IPv6 router and neighbour advertisements", router_advertisement)


def redirect(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    inner = datagram(link, world["host_addresses"][0], world["outside_address"], world["outside_port"], b"")[:28]
    for address in addresses(world):
        link.send(ip4(GATEWAY, address, 1, icmp(5, 1, socket.inet_aton(link.address) + inner)))
        link.send(ip4(link.address, address, 1, icmp(5, 1, socket.inet_aton(link.address) + inner)))


arriving("ICMP redirects: the host's way out through the sandbox", redirect)


def claim(link, world, token, allowed):
    if allowed:
        return to_host(link, world, token, True)
    for address in (world["outside_address"], world["sibling_address"], world["host_addresses"][0], *world["host_gateways"]):
        for operation in (1, 2):
            link.send(arp(operation, link.mac, address, address, link.mac), ARP, b"\xff" * 6)
            link.send(arp(operation, link.mac, address, GATEWAY, link.gateway), ARP)


arriving("ARP: claiming other addresses", claim)


def ask(address):
    return f"{address} is at {Link().ask(address).hex(':')}"


attempt(THEME, "ARP: asking for the host's other addresses", *SILENT, control=lambda world: ask(GATEWAY))(
    lambda world: each([(a,) for a in world["host_addresses"] + [world["sibling_address"]]], ask))


def filters(world):
    """A packet filter of its own, in a network namespace of its own, is what root may have."""
    unshare(CLONE_NEWNET)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12) as link:
        return link.getsockname()


@attempt(THEME, "the host's interfaces by netlink", control=lambda world: "eth0" in links() or 1 / 0)
def host_links(world):
    others = links() & set(world["host_links"]) - {"lo", "eth0"}
    if others:
        return others
    raise Held(", ".join(sorted(links())))


def links():
    return {name for _, name in socket.if_nameindex()}


@attempt(THEME, "moving its link into the host's network namespace", EPERM, EACCES, 3, 22, control=lambda world: filters(world))
def give_link(world):
    """RTM_NEWLINK with IFLA_NET_NS_PID of a process of the host's."""
    for pid in world["host_pids"]:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
            body = struct.pack("BxHiII", 0, 0, socket.if_nametoindex("eth0"), 0, 0) + struct.pack("HHI", 8, 19, pid)
            link.send(struct.pack("IHHII", 16 + len(body), 16, 5, 1, 0) + body)
            error = struct.unpack_from("i", link.recv(4096), 16)[0]
            if error == 0:
                return pid
    raise OSError(-error, "netlink")
