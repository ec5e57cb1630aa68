"""The host's side: a world outside that answers, listeners on the host, and what root inside may not learn or change."""

import ctypes
import json
import os
import pathlib
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading

OUTSIDE, HOST_SIDE = "203.0.113.2", "203.0.113.1"
CLAIMED = ("169.254.169.254", "100.100.100.200", "169.254.170.2")  # metadata: outside they answer
GREETING = b"hello from outside"

# Runs in the network namespace outside: a server, and a line for every packet with the mark in it.
RECORDER = """
import re, select, socket, sys
mark, link = sys.argv[1].encode(), sys.argv[2]
server = socket.create_server(("0.0.0.0", 0))
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
sniffer.bind((link, 0))
print(server.getsockname()[1], flush=True)
while True:
    for ready in select.select([server, sniffer], [], [])[0]:
        if ready is server:
            with server.accept()[0] as client:
                client.sendall(b"hello from outside")
        else:
            for found in re.findall(mark + rb":[a-z0-9-]+:[a-z]+", ready.recv(65536)):
                print(found.decode(), flush=True)
"""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout


class LoopDevice:
    """A loop device attached as anybody would: the kernel names its file to all."""

    def __init__(self):
        with tempfile.NamedTemporaryFile(prefix="hostile-", suffix=".img", delete=False) as file:
            file.truncate(1 << 20)
        self.path = file.name
        self.device = run("losetup", "--find", "--show", self.path).strip()

    def close(self):
        run("losetup", "--detach", self.device)
        os.unlink(self.path)


class Outside:
    """A network namespace behind the host, which sandboxes may reach as they may reach the internet."""

    def __init__(self, mark):
        self.name, self.link = "hostile-" + mark, "hx" + mark[:6]
        self.seen = set()
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "out0", "netns", self.name)
        run("ip", "address", "add", HOST_SIDE + "/30", "dev", self.link)
        run("ip", "link", "set", self.link, "up")
        for address in (OUTSIDE + "/30", *(claimed + "/32" for claimed in CLAIMED)):
            self.inside("ip", "address", "add", address, "dev", "out0")
        self.inside("ip", "link", "set", "out0", "up")
        self.inside("ip", "route", "add", "default", "via", HOST_SIDE)
        self.claimed = [address for address in CLAIMED if not run("ip", "route", "show", address + "/32").strip()]
        for address in self.claimed:
            run("ip", "route", "add", address, "via", OUTSIDE)
        self.process = subprocess.Popen(["ip", "netns", "exec", self.name, sys.executable, "-c", RECORDER, mark, "out0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.reader = threading.Thread(target=lambda: self.seen.update(line.strip() for line in self.process.stdout), daemon=True)
        self.reader.start()

    def inside(self, *command):
        return run("ip", "netns", "exec", self.name, *command)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.reader.join(10)
        self.process.stdout.close()
        for address in self.claimed:
            run("ip", "route", "del", address, "via", OUTSIDE)
        run("ip", "link", "del", self.link)
        run("ip", "netns", "del", self.name)


class Listeners:
    """A port of the host that is open to everybody, by TCP and UDP, over both versions of IP."""

    def __init__(self):
        self.seen = set()
        self.tcp = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self.udp.bind(("::", self.port))
        self.stop, self.stopped = os.pipe()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            ready = select.select([self.tcp, self.udp, self.stop], [], [])[0]
            if self.stop in ready:
                return
            if self.tcp in ready:
                with self.tcp.accept()[0] as client:
                    client.sendall(GREETING)
            if self.udp in ready:
                self.seen.add(self.udp.recv(65536).decode(errors="replace").strip())

    def close(self):
        os.close(self.stopped)
        self.thread.join(10)
        os.close(self.stop)
        self.tcp.close()
        self.udp.close()


class SharedMemory:
    """A System V segment of the host's."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.key = int.from_bytes(os.urandom(3), "big") | 0x10000000
        self.id = self.libc.shmget(self.key, 4096, 0o1600)  # IPC_CREAT is 01000
        assert self.id >= 0, os.strerror(ctypes.get_errno())

    def close(self):
        self.libc.shmctl(self.id, 0, None)


def addresses(family):
    """The host's addresses that other machines can use, without the gateway of the sandboxes."""
    links = json.loads(run("ip", "-j", family, "address", "show"))
    return [entry["local"] for link in links for entry in link["addr_info"] if link["ifname"] != "lo" and not re.fullmatch(r"dt\d+s\d+", link["ifname"])]


def links():
    return [name for _, name in socket.if_nameindex()]


def gateways():
    return [route["gateway"] for route in json.loads(run("ip", "-j", "route", "show", "default")) if "gateway" in route]


def host_disk():
    """Numbers of the first disk of the host that is one."""
    for disk in sorted(pathlib.Path("/sys/block").iterdir()):
        if (disk / "device").exists() or disk.name.startswith(("vd", "sd", "nvme", "xvd")):
            return [int(number) for number in (disk / "dev").read_text().split(":")]
    raise AssertionError("this host has no disk")


def routes():
    """Routes and neighbours that are not of the sandboxes' own links."""
    found = set()
    for command in (("-4", "route"), ("-6", "route"), ("-4", "address"), ("-6", "address")):
        for line in run("ip", "-o", *command, "show").splitlines():
            if not re.search(r"\b(dt\d+s\d+|hx[0-9a-f]+)\b", line):
                found.add(re.sub(r"(expires|valid_lft|preferred_lft) \S+", "", line).strip())
    return found


SETTINGS = re.compile(r"/(net|user|fs/mqueue|kernel/(msg|sem|shm)\w*)(/|$)")
COUNTERS = re.compile(r"nf_conntrack_count|/route/|conf/dt|neigh/dt|conf/hx|neigh/hx|conntrack_max")


def settings():
    """Kernel settings of the kinds that root inside may write for itself."""
    found = {}
    for directory, directories, names in os.walk("/proc/sys"):
        directories[:] = [name for name in directories if not re.match(r"dt\d+s", name)]
        for name in names:
            path = os.path.join(directory, name)
            if SETTINGS.search(path) and not COUNTERS.search(path):
                try:
                    found[path] = pathlib.Path(path).read_text()
                except OSError:
                    pass
    return found
