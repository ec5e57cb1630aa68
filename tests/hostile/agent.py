"""PID 1, the platform's own program in the sandbox."""

import ctypes
import fcntl
import os
import signal
import socket
import struct
from errno import EACCES, ECONNREFUSED, ENXIO, EPERM
from hostile.probe import Held, attempt
from hostile.system import PTRACE_ATTACH, PTRACE_SEIZE, call, idle_child

THEME = "agent"
LISTENER = 3


def interfaces(file):
    """Names of the links in the network namespace that a socket belongs to."""
    names = []
    for index in range(1, 40):
        try:
            names.append(fcntl.ioctl(file, 0x8910, struct.pack("16si20x", b"", index))[:16].rstrip(b"\0").decode())
        except OSError:
            pass
    return names


def descriptor_of(pid, number):
    return call("pidfd_getfd", os.pidfd_open(pid), number, 0)


def own_descriptor(world):
    with socket.socket() as own:
        return interfaces(descriptor_of(idle_child(), own.fileno()))


@attempt(THEME, "taking the agent's listening socket, which is of the host's network", EPERM, control=own_descriptor)
def take_listener(world):
    return interfaces(descriptor_of(1, LISTENER))


def workers():
    """Processes of the agent's beside PID 1: what it forked and did not exec."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm") as file:
                if file.read().startswith("agent"):
                    yield int(pid)
        except OSError:
            pass


@attempt(THEME, "descriptors of the agent and of every process it forked", control=own_descriptor)
def take_any(world):
    refused = 0
    for pid in workers():
        for number in range(0, 40):
            try:
                taken = descriptor_of(pid, number)
                return pid, number, os.readlink(f"/proc/self/fd/{taken}"), interfaces(taken)
            except OSError as error:
                if error.errno != EPERM:
                    raise
                refused += 1
    if not refused:
        raise RuntimeError("no agent found")
    raise Held(f"EPERM {refused} times")


@attempt(THEME, "listing the agent's descriptors", EACCES, EPERM, control=lambda world: os.listdir(f"/proc/{idle_child()}/fd"))
def list_descriptors(world):
    return os.listdir("/proc/1/fd")


for title, request in (("attaching to", PTRACE_ATTACH), ("seizing", PTRACE_SEIZE)):
    attempt(THEME, f"{title} the agent as a debugger", EPERM, control=lambda world, request=request: call("ptrace", request, idle_child(), 0, 0) == 0 or 1 / 0)(
        lambda world, request=request: f"attached: {call('ptrace', request, 1, 0, 0)}")


def write_memory(pid):
    with open(f"/proc/{pid}/mem", "r+b", buffering=0) as memory:
        memory.seek(ctypes.addressof(WORD))
        return memory.write(b"y")


WORD = ctypes.create_string_buffer(b"x")


@attempt(THEME, "writing the agent's memory by /proc/1/mem", EACCES, EPERM, control=lambda world: write_memory(idle_child()))
def agent_memory(world):
    return write_memory(1)


def copy_memory(pid):
    local = ctypes.create_string_buffer(b"y")
    return call("process_vm_writev", pid, struct.pack("QQ", ctypes.addressof(local), 1), 1, struct.pack("QQ", ctypes.addressof(WORD), 1), 1, 0)


@attempt(THEME, "writing the agent's memory by process_vm_writev", EPERM, control=lambda world: copy_memory(idle_child()))
def agent_memory_directly(world):
    return copy_memory(1)


def connect(path):
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(2)
        client.connect(path)
        return "connected"


def own_listener(world):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/tmp/own-{os.getpid()}")
        listener.listen()
        return connect(f"/tmp/own-{os.getpid()}")


@attempt(THEME, "connecting to the agent through its descriptor's path", ENXIO, EACCES, EPERM, ECONNREFUSED, control=own_listener)
def connect_agent(world):
    return connect(f"/proc/1/fd/{LISTENER}")


@attempt(THEME, "reading the agent's program", EACCES, EPERM, control=lambda world: open("/bin/sh", "rb").read(4))
def read_program(world):
    return open("/.daytona/agent", "rb").read(4)


def start_of(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[19]


def killed_child(world):
    child = idle_child()
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] == signal.SIGKILL or 1 / 0


@attempt(THEME, "killing and stopping the agent", control=killed_child)
def kill_agent(world):
    before = start_of(1)
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV, signal.SIGQUIT):
        os.kill(1, number)
    with open("/proc/1/stat") as file:
        state = file.read().rsplit(")", 1)[1].split()[0]
    if start_of(1) != before or state in "TtZX":
        return state
    raise Held("the kernel keeps such signals from PID 1")
