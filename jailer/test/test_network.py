"""What a hostile root inside a slot reaches. Every refusal has a positive control: the same packet
arrives when the firewall is away, so it was the firewall that stopped it."""

import contextlib
import pathlib
import socket
import subprocess
import threading
import unittest

from support import INSTANCE, PREFIX, SYSTEM_PYTHON, TABLE, JailerTest, eventually, nft_table, run

OUTSIDE = "dt-test-51"  # a network namespace of the test: "the internet"
LINK = "t51out"
HOST, SERVER, METADATA = "198.51.100.1", "198.51.100.2", "169.254.169.254"
A, B = f"10.213.{4 * INSTANCE}.2", f"10.213.{4 * INSTANCE}.3"
PORT = 18051

SERVE = f"""
import socket, sys, threading
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("", {PORT}))
t = socket.socket(); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(("", {PORT})); t.listen(64)
def datagrams():
    while True:
        data, peer = u.recvfrom(2048)
        print("udp", peer[0], data.decode(), flush=True)
threading.Thread(target=datagrams, daemon=True).start()
print("ready", flush=True)
while True:
    c, peer = t.accept()
    c.sendall(peer[0].encode()); c.close()
"""

CONNECT = """
import socket, sys
try:
    c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)
    print(c.recv(100).decode())
except OSError as e:
    print("error", type(e).__name__)
"""

SEND = f"""
import socket, sys
source, target, text = sys.argv[1:]
u = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
if source: u.bind((source, 0))
try: u.sendto(text.encode(), (target, {PORT}))
except OSError as e: print(e)
"""


class Listener:
    """A process that serves PORT over TCP and UDP; keeps what datagrams it was sent."""

    def __init__(self, prefix):
        self.process = subprocess.Popen([*prefix, SYSTEM_PYTHON, "-c", SERVE], stdout=subprocess.PIPE, text=True)
        self.lines = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()
        eventually(lambda: "ready" in self.lines, "listener up")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def close(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()


class NetworkTest(JailerTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(run, "ip", "netns", "del", OUTSIDE)
        run("ip", "netns", "add", OUTSIDE)
        run("ip", "link", "add", LINK, "type", "veth", "peer", "name", "eth0", "netns", OUTSIDE)
        run("ip", "addr", "add", f"{HOST}/30", "dev", LINK)
        run("ip", "link", "set", LINK, "up")
        run("ip", "route", "add", f"{METADATA}/32", "dev", LINK)
        for command in (f"addr add {SERVER}/30 dev eth0", f"addr add {METADATA}/32 dev eth0", "link set eth0 up", "link set lo up", f"route add default via {HOST}"):
            run("ip", "-n", OUTSIDE, *command.split())
        client = cls.jailer.client()
        for slot, address in ((2, A), (3, B)):
            if client.ask(f"slot-make {slot}") != f"ok address={address}":
                raise AssertionError(f"slot {slot} was not made")
        client.close()
        cls.outside = cls.listener(["ip", "netns", "exec", OUTSIDE])
        cls.on_host = cls.listener([])
        cls.in_b = cls.listener(cls.enter(3))

    @classmethod
    def listener(cls, prefix):
        listener = Listener(prefix)
        cls.addClassCleanup(listener.close)
        return listener

    @classmethod
    def enter(cls, slot):
        at = cls.jailer.inside_pin(f"{cls.jailer.data}/slots/{slot}")
        return ["nsenter", f"--net={at}/net", f"--user={at}/user", "--setuid=0", "--setgid=0"]

    @classmethod
    def tearDownClass(cls):
        client = cls.jailer.client()
        for slot in (2, 3):
            client.ask(f"slot-drop {slot}")
        client.close()
        super().tearDownClass()

    def inside(self, slot, *argv):
        return run(*self.enter(slot), *argv).stdout.strip()

    def connect(self, slot, host, port=PORT):
        return self.inside(slot, SYSTEM_PYTHON, "-c", CONNECT, host, str(port))

    def send(self, slot, source, target, text):
        return self.inside(slot, SYSTEM_PYTHON, "-c", SEND, source, target, text)

    @contextlib.contextmanager
    def without_firewall(self):
        """Removes the table (but not the translation of addresses, without which no answer comes)."""
        table = nft_table()
        changed = []
        run("nft", "-f", "-", input="".join(f"flush chain inet {TABLE} {c}\n" for c in ("prerouting", "input", "forward")))
        for name in ("all", f"{PREFIX}2", f"{PREFIX}3"):
            path = pathlib.Path(f"/proc/sys/net/ipv4/conf/{name}/rp_filter")
            changed.append((path, path.read_text(encoding="ascii")))
            path.write_text("0", encoding="ascii")
        try:
            yield
        finally:
            for path, value in changed:
                path.write_text(value, encoding="ascii")
            run("nft", "-f", "-", input=f"delete table inet {TABLE}\n{table}")
        self.assertEqual(table, nft_table())

    def refused_by_firewall(self, slot, host):
        self.assertRegex(self.connect(slot, host), "^error")
        with self.without_firewall():
            self.assertNotRegex(self.connect(slot, host), "^error", "positive control")
        self.assertRegex(self.connect(slot, host), "^error")

    def datagrams(self, listener, text):
        return [line for line in listener.lines if line.endswith(" " + text)]

    def test_the_internet_answers_and_sees_the_hosts_address(self):
        for slot in (2, 3):
            self.assertEqual(HOST, self.connect(slot, SERVER))

    def test_ports_of_the_host_do_not_answer(self):
        addresses = {HOST, "169.254.77.1"} | {
            line.split()[3].split("/")[0] for line in run("ip", "-o", "-4", "addr", "show", "scope", "global").stdout.splitlines()
        }
        self.assertGreaterEqual(len(addresses), 2)
        for address in sorted(addresses):
            with self.subTest(address=address):
                self.refused_by_firewall(2, address)

    def test_a_port_published_by_translation_does_not_answer(self):
        """As a container engine publishes one: a packet to the host's address goes elsewhere."""
        run("nft", "-f", "-", input=f"table ip t51 {{\nchain pre {{\ntype nat hook prerouting priority dstnat\nip daddr {HOST} tcp dport 18052 dnat to {SERVER}:{PORT}\n}}\n}}\n")
        self.addCleanup(run, "nft", "delete", "table", "ip", "t51")
        self.assertRegex(self.connect(2, HOST, 18052), "^error")
        with self.without_firewall():
            self.assertEqual(HOST, self.connect(2, HOST, 18052), "positive control")

    def test_a_container_behind_a_bridge_of_the_host_does_not_answer(self):
        run("ip", "link", "add", "br-t51", "type", "bridge")
        self.addCleanup(run, "ip", "link", "del", "br-t51")
        run("ip", "link", "add", "t51port", "type", "veth", "peer", "name", "eth1", "netns", OUTSIDE)
        self.addCleanup(run, "ip", "link", "del", "t51port")
        for command in ("addr add 198.51.100.5/30 dev br-t51", "link set t51port master br-t51", "link set t51port up",
                        "link set br-t51 up", f"-n {OUTSIDE} addr add 198.51.100.6/30 dev eth1",
                        f"-n {OUTSIDE} link set eth1 up"):
            run("ip", *command.split())
        self.refused_by_firewall(2, "198.51.100.6")

    def test_one_slot_cannot_fill_the_table_of_connections(self):
        client = self.client()
        self.make_slot(client, 4)
        self.assertEqual(HOST, self.connect(4, SERVER), "positive control")
        flood = (f"import socket\nu = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nfor port in range(20000, 25000):\n"
                 f"    try: u.sendto(b'x', ('{SERVER}', port))\n    except OSError: pass\n")
        self.inside(4, SYSTEM_PYTHON, "-c", flood)
        self.assertRegex(self.connect(4, SERVER), "^error")
        self.assertEqual(HOST, self.connect(3, SERVER), "another slot")

    def test_another_slot_does_not_answer(self):
        self.assertEqual(B, self.connect(3, B), "the server is up")
        self.refused_by_firewall(2, B)

    def test_the_metadata_address_does_not_answer(self):
        with socket.create_connection((METADATA, PORT), 5) as server:
            self.assertEqual(METADATA, server.getpeername()[0], "it is up for the host")
        self.refused_by_firewall(2, METADATA)

    def test_the_host_and_the_outside_cannot_connect_into_a_slot(self):
        command = [SYSTEM_PYTHON, "-c", CONNECT, B, str(PORT)]
        self.assertRegex(run("ip", "netns", "exec", OUTSIDE, *command).stdout, "^error")
        self.assertRegex(run(*command).stdout, "^error")
        with self.without_firewall():
            self.assertEqual(SERVER, run("ip", "netns", "exec", OUTSIDE, *command).stdout.strip())

    def test_source_addresses_of_others_are_dropped(self):
        sources = {"sibling": B, "unused": f"10.213.{4 * INSTANCE}.77", "foreign": "203.0.113.9", "gateway": "169.254.77.1", "host": HOST, "broadcast range": f"10.213.{4 * INSTANCE}.0"}
        for name, source in sources.items():
            with self.subTest(source=name):
                self.inside(2, "ip", "addr", "add", f"{source}/32", "dev", "lo")
                try:
                    self.send(2, source, SERVER, f"spoof-{name.split()[0]}")
                    self.send(2, A, SERVER, f"own-{name.split()[0]}")
                    eventually(lambda: self.datagrams(self.outside, f"own-{name.split()[0]}"), "its own address passes")
                    self.assertEqual([], self.datagrams(self.outside, f"spoof-{name.split()[0]}"))
                finally:
                    self.inside(2, "ip", "addr", "del", f"{source}/32", "dev", "lo")

    def test_positive_control_of_spoofing(self):
        self.inside(2, "ip", "addr", "add", f"{B}/32", "dev", "lo")
        try:
            with self.without_firewall():
                self.send(2, B, SERVER, "spoof-open")
                eventually(lambda: self.datagrams(self.outside, "spoof-open"), "without the firewall it arrives")
            self.send(2, B, SERVER, "spoof-shut")
            self.send(2, A, SERVER, "own-shut")
            eventually(lambda: self.datagrams(self.outside, "own-shut"), "its own address passes")
            self.assertEqual([], self.datagrams(self.outside, "spoof-shut"))
        finally:
            self.inside(2, "ip", "addr", "del", f"{B}/32", "dev", "lo")

    def test_root_inside_changes_its_address_and_takes_its_siblings(self):
        """Replaces its own address by the sibling's: nothing passes, and the sibling goes on."""
        self.inside(2, "ip", "addr", "add", f"{B}/32", "dev", "eth0")
        self.inside(2, "ip", "addr", "del", f"{A}/32", "dev", "eth0")
        try:
            self.assertRegex(self.connect(2, SERVER), "^error")
            self.assertEqual(HOST, self.connect(3, SERVER), "the sibling is not disturbed")
        finally:
            self.inside(2, "ip", "addr", "add", f"{A}/32", "dev", "eth0")
            self.inside(2, "ip", "addr", "del", f"{B}/32", "dev", "eth0")
            self.inside(2, "ip", "route", "replace", "169.254.77.1", "dev", "eth0", "scope", "link")
            self.inside(2, "ip", "route", "replace", "default", "via", "169.254.77.1")
        self.assertEqual(HOST, self.connect(2, SERVER), "its own address again")

    def test_ipv6_is_dropped(self):
        script = f"import socket\nu=socket.socket(socket.AF_INET6,socket.SOCK_DGRAM)\nu.bind(('fd51::1',{PORT}))\nprint('ready',flush=True)\nwhile True: print('udp x', u.recvfrom(99)[0].decode(), flush=True)"
        sysctl = pathlib.Path(f"/proc/sys/net/ipv6/conf/{PREFIX}2/disable_ipv6")
        sysctl.write_text("0", encoding="ascii")
        self.addCleanup(sysctl.write_text, "1", encoding="ascii")
        run("ip", "-6", "addr", "add", "fd51::1/64", "dev", f"{PREFIX}2", "nodad")
        self.inside(2, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6")
        self.inside(2, "ip", "-6", "addr", "add", "fd51::2/64", "dev", "eth0", "nodad")
        # a fixed neighbour: else the first packet waits for the answer to a discovery and is sent later
        address = pathlib.Path(f"/sys/class/net/{PREFIX}2/address").read_text(encoding="ascii").strip()
        self.inside(2, "ip", "-6", "neigh", "replace", "fd51::1", "lladdr", address, "dev", "eth0", "nud", "permanent")
        process = subprocess.Popen([SYSTEM_PYTHON, "-c", script], stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertEqual("ready\n", process.stdout.readline())
        self.send(2, "", "fd51::1", "shut")
        with self.without_firewall():
            self.send(2, "", "fd51::1", "open")
            self.assertEqual("udp x open\n", process.stdout.readline(), "only the one that the firewall did not see")

    def test_the_host_side_answers_no_ipv6(self):
        self.assertEqual("", run("ip", "-6", "-o", "addr", "show", f"{PREFIX}3").stdout)

    def test_broadcast_and_multicast_do_not_leave(self):
        before = int(pathlib.Path(f"/sys/class/net/{LINK}/statistics/tx_packets").read_text(encoding="ascii"))
        for target in ("224.0.0.251", "255.255.255.255", "239.1.2.3"):
            self.inside(2, SYSTEM_PYTHON, "-c", f"import socket\nu=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\nu.setsockopt(socket.SOL_SOCKET,socket.SO_BROADCAST,1)\nu.sendto(b'cast-{target}',('{target}',{PORT}))")
        self.send(2, A, SERVER, "after-cast")
        eventually(lambda: self.datagrams(self.outside, "after-cast"), "positive control")
        self.assertEqual([], [line for listener in (self.outside, self.on_host, self.in_b) for line in listener.lines if "cast-" in line and "after" not in line])
        self.assertGreater(int(pathlib.Path(f"/sys/class/net/{LINK}/statistics/tx_packets").read_text(encoding="ascii")), before)

    def test_a_slot_has_no_power_over_the_hosts_network(self):
        for command in ("ip link set lo down", "ip addr add 10.9.9.9/32 dev lo", "nft add table inet mine", "sysctl -w net.ipv4.ip_forward=0"):
            run(*self.enter(2), "sh", "-c", command, check=False)
        self.assertIn("LOOPBACK,UP", run("ip", "link", "show", "lo").stdout)
        self.assertNotIn("10.9.9.9", run("ip", "addr").stdout)
        self.assertNotIn("mine", run("nft", "list", "tables").stdout)
        self.assertEqual("1\n", pathlib.Path("/proc/sys/net/ipv4/ip_forward").read_text(encoding="ascii"))
        self.inside(2, "ip", "link", "set", "lo", "up")


if __name__ == "__main__":
    unittest.main()
