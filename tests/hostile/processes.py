"""Processes, namespaces and memory of others."""

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
from errno import ECONNREFUSED, ENOENT, EPERM, ESRCH, ETIMEDOUT
from hostile.probe import Held, Outside, attempt
from hostile.system import CLONE_NEWNS, CLONE_NEWUSER, PTRACE_ATTACH, PTRACE_SEIZE, call, idle_child, unshare

THEME = "processes"


def on_host(title, *refusals, act):
    """The same on a process of the host, by its number there, and on a child."""
    refusals = refusals or (ESRCH,)

    def each(world):
        for pid in world["host_pids"]:
            try:
                return act(pid)
            except OSError as error:
                if error.errno not in refusals:
                    raise
                last = error
        raise last

    attempt(THEME, title, *refusals, control=lambda world: act(idle_child()))(each)


def read_memory(pid, address, local):
    into, of = struct.pack("QQ", ctypes.addressof(local), 8), struct.pack("QQ", address, 8)
    return call("process_vm_readv", pid, into, 1, of, 1, 0)


ANYWHERE = ctypes.create_string_buffer(8)  # at the same address in a child

on_host("a signal to a host process", act=lambda pid: os.kill(pid, 0))
on_host("killing a host process", act=lambda pid: os.kill(pid, signal.SIGKILL))
on_host("tracing a host process", act=lambda pid: call("ptrace", PTRACE_SEIZE, pid, 0, 0))
on_host("attaching to a host process", act=lambda pid: call("ptrace", PTRACE_ATTACH, pid, 0, 0))
on_host("a handle of a host process (pidfd)", act=os.pidfd_open)
on_host("memory of a host process", act=lambda pid: read_memory(pid, ctypes.addressof(ANYWHERE), ctypes.create_string_buffer(8)))
on_host("limits of a host process", act=lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE))
on_host("CPUs of a host process", act=lambda pid: os.sched_setaffinity(pid, os.sched_getaffinity(0)))
on_host("the priority of a host process", act=lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 5))
on_host("the environment of a host process", ENOENT, act=lambda pid: open(f"/proc/{pid}/environ", "rb").read())


def join(name):
    def act(pid):
        file = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        if name == "mnt":
            unshare(CLONE_NEWNS)
        return call("setns", file, 0)

    return act


for name in ("mnt", "net", "pid", "ipc", "uts", "cgroup"):
    on_host(f"the {name} namespace of a host process", ENOENT, act=join(name))


def parent_of(path):
    return fcntl.ioctl(os.open(path, os.O_RDONLY), 0xB702)  # NS_GET_PARENT


@contextlib.contextmanager
def nested():
    """Pid of a child in a user namespace of its own."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        unshare(CLONE_NEWUSER)
        os.write(told, b"x")
        signal.pause()
    os.read(ready, 1)
    try:
        yield child
    finally:
        os.kill(child, signal.SIGKILL)


def nested_parent(world):
    """From a nested namespace its parent, the sandbox's own, can be had."""
    with nested() as child:
        return parent_of(f"/proc/{child}/ns/user")


for name in ("user", "pid"):
    attempt(THEME, f"the host's {name} namespace as the parent of its own", EPERM, control=nested_parent)(lambda world, name=name: parent_of(f"/proc/self/ns/{name}"))


def map_ids(inside, outside, count):
    """A nested user namespace with a map of its own, written from outside of it."""
    with nested() as child:
        with open(f"/proc/{child}/uid_map", "w") as file:
            file.write(f"{inside} {outside} {count}\n")
        with open(f"/proc/{child}/uid_map") as file:
            return file.read().split()


@attempt(THEME, "a nested user namespace with another sandbox's ids", EPERM, control=lambda world: map_ids(0, 1000, 1))
def map_sibling(world):
    return map_ids(0, world["sibling_uid"], 65536)


@attempt(THEME, "a shared memory segment of the host", ENOENT, control=Outside())
def host_shared_memory(world):
    return call("shmget", world["shm_key"], 0, 0)


@attempt(THEME, "an abstract socket of the host", ECONNREFUSED, control=Outside())
def host_abstract_socket(world):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect("\0" + world["abstract"])
        return "connected"


def path_sockets(world):
    return [world["agent_socket"], world["jailer_socket"], world["postgres_socket"]]


def connect_path(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(path)
        return f"connected to {path}"


for index, title in enumerate(("its own agent's socket", "the jailer's socket", "PostgreSQL's socket")):
    attempt(THEME, f"{title} by the host's path", ENOENT, control=Outside())(lambda world, index=index: connect_path(path_sockets(world)[index]))


def unix_sockets():
    with open("/proc/net/unix") as file:
        return file.read()


def own_socket(world):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0hostile-own")
        listener.listen()
        return unix_sockets().index("@hostile-own")


@attempt(THEME, "unix sockets of the host in /proc/net/unix", control=own_socket)
def listed_sockets(world):
    for path in path_sockets(world)[1:] + [world["abstract"]]:
        if path in unix_sockets():
            return path
    raise Held("none")


@attempt(THEME, "host processes in /proc", control=lambda world: os.stat(f"/proc/{idle_child()}"))
def listed_processes(world):
    names = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                names.add(file.read().strip())
        except OSError:
            pass
    if names & {"java", "postgres", "jailer", "supervisor", "systemd"}:
        return names
    raise Held("only the sandbox's own")


@attempt(THEME, "events of all the host's processes (netlink connector)", ECONNREFUSED, ETIMEDOUT, EPERM, control=Outside())
def process_events(world):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 11) as link:
        link.bind((0, 1))
        link.settimeout(0.5)
        link.send(struct.pack("IHHII", 40, 3, 0, 0, 0) + struct.pack("IIIIHHI", 1, 1, 0, 0, 4, 0, 1))  # PROC_CN_MCAST_LISTEN
        idle_child()
        try:
            return f"{len(link.recv(4096))} bytes"
        except TimeoutError:
            raise TimeoutError(ETIMEDOUT, "none comes") from None
