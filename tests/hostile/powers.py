"""What root inside is meant to be able to: run by `python3 -m hostile.powers` in a sandbox, one line for each power."""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading
from hostile.system import (CLONE_NEWCGROUP, CLONE_NEWIPC, CLONE_NEWNET, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWUTS, MS_PRIVATE, MS_REC, call, mount, umount,
                            unshare)


def run(command):
    return subprocess.run(command, shell=True, check=True, capture_output=True, text=True, timeout=10).stdout


def fuse():
    """A file system of a program's own, with one file in it."""
    os.makedirs("/tmp/fuse", exist_ok=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    mount("powers", "/tmp/fuse", "fuse.powers", 0, f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other")

    def attributes(node):
        mode = 0o40755 if node == 1 else 0o100644
        return struct.pack("QQQQQQIIIIIIIIII", node, 5, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer():
        while True:
            try:
                request = os.read(device, 1 << 17)
            except OSError:
                return
            _, opcode, unique, node = struct.unpack_from("IIQQ", request)
            error, body = 0, b""
            if opcode == 26:  # INIT
                body = struct.pack("IIIIHHIIHHIIHHII", 7, 31, 65536, 0, 12, 10, 65536, 1, 32, 0, 0, 0, 0, 0, 0, 0)[:64].ljust(64, b"\0")
            elif opcode == 1 and request[40:].startswith(b"file\0"):  # LOOKUP
                body = struct.pack("QQQQII", 2, 0, 60, 60, 0, 0) + attributes(2)
            elif opcode == 3:  # GETATTR
                body = struct.pack("QII", 60, 0, 0) + attributes(node)
            elif opcode in (14, 27):  # OPEN, OPENDIR
                body = struct.pack("QII", 1, 0, 0)
            elif opcode == 15:  # READ
                body = b"fuse!"
            elif opcode in (2, 42):  # FORGET
                continue
            elif opcode not in (18, 25, 29):  # RELEASE, FLUSH
                error = -38
            try:
                os.write(device, struct.pack("IiQ", 16 + len(body), error, unique) + body)
            except FileNotFoundError:  # nobody waits for it any more
                pass

    threading.Thread(target=answer, daemon=True).start()
    with open("/tmp/fuse/file") as file:
        text = file.read()
    umount("/tmp/fuse")
    return text


def tun():
    """A network interface of a program's own."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, 0x400454CA, struct.pack("16sH22x", b"tun9", 0x1001))
    run("ip address add 10.99.0.1/24 dev tun9 && ip link set tun9 up")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"tun!", ("10.99.0.2", 9))
    while True:
        packet = os.read(device, 2000)
        if packet[0] >> 4 == 4 and packet[9] == 17:
            return packet[28:].decode()


def image():
    """A root of a few programs and their libraries, below /var/lib/docker."""
    top = "/var/lib/docker/powers"
    for name in ("lower", "upper", "work", "root"):
        os.makedirs(f"{top}/{name}", exist_ok=True)
    programs = ["/bin/sh", "/bin/cat", "/usr/bin/id", "/bin/hostname", "/bin/ls"]
    libraries = {word for program in programs for word in run("ldd " + program).split() if word.startswith("/")}
    for file in [*programs, *libraries]:
        target = f"{top}/lower{os.path.dirname(file)}"
        os.makedirs(target, exist_ok=True)
        run(f"cp -L {file} {target}/")
    for name in ("proc", "sys", "old"):
        os.makedirs(f"{top}/lower/{name}", exist_ok=True)
    return top


def container():
    """What a container engine does: overlay, namespaces, cgroup, bridge, veth, pivot_root, proc and sysfs of its own."""
    top = image()
    group = "/sys/fs/cgroup/powers" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "/sys/fs/cgroup/pids/powers"
    os.makedirs(group, exist_ok=True)
    run("ip link add powers0 type bridge && ip address add 10.98.0.1/24 dev powers0 && ip link set powers0 up")
    reader, writer = os.pipe()
    ready, go = os.pipe()
    child = os.fork()
    if child == 0:
        with open(group + "/cgroup.procs", "w") as file:
            file.write("0")
        unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP)
        os.write(writer, b"made\n")
        os.read(ready, 1)
        if os.fork() == 0:
            mount(None, "/", None, MS_REC | MS_PRIVATE)
            root = f"{top}/root"
            mount("overlay", root, "overlay", 0, f"lowerdir={top}/lower,upperdir={top}/upper,workdir={top}/work,userxattr")
            socket.sethostname("powers")
            run("ip address add 10.98.0.2/24 dev inner && ip link set inner up && ping -c 1 -W 2 10.98.0.1")
            call("pivot_root", root, root + "/old")
            os.chdir("/")
            mount("proc", "/proc", "proc")
            mount("sysfs", "/sys", "sysfs")
            umount("/old")
            os.dup2(writer, 1)
            os.execv("/bin/sh", ["sh", "-c", "echo pid $$ as $(id -u) on $(hostname) sees $(ls /sys/class/net); echo x > /written"])
        os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
    assert os.read(reader, 5) == b"made\n"
    run(f"ip link add outer type veth peer name inner netns {child} && ip link set outer master powers0 up")
    os.write(go, b"x")
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(writer)
    text = os.read(reader, 1000).decode().strip()
    assert status == 0 and os.path.exists(f"{top}/upper/written"), (status, text)
    run("ip link del powers0")
    return " ".join(text.split())


def main():
    for power in (fuse, tun, container):
        print(f"{power.__name__}: {power()}", flush=True)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
