"""System calls that reach kernel state which no namespace divides."""

import ctypes
import os
import resource
import socket
import struct
import time
from errno import (EACCES, EAFNOSUPPORT, EBADF, ECONNREFUSED, EINVAL, ENOENT, ENOEXEC, ENOSYS, EPERM, EPROTONOSUPPORT)
from hostile.probe import Held, Outside, attempt
from hostile.system import PTRACE_SEIZE, call, idle_child, machine_code

THEME = "kernel"


def modules_off():
    """the host itself loads no modules"""
    try:
        with open("/proc/sys/kernel/modules_disabled") as file:
            return file.read().strip() == "1"
    except FileNotFoundError:
        return True


def no_kexec():
    """this kernel has no kexec"""
    return not os.path.exists("/sys/kernel/kexec_loaded")


def timespec():
    now = time.clock_gettime(time.CLOCK_REALTIME)
    return struct.pack("qq", int(now), int(now % 1 * 1e9))


def bpf_map():
    return struct.pack("IIII", 2, 4, 4, 1).ljust(128, b"\0")  # an array of one number


def refused(title, error, name, *arguments, control=None):
    """A system call that the filter refuses; outside, as root, it gets further."""
    attempt(THEME, title, error, control=control or Outside())(lambda world: call(name, *[a() if callable(a) else a for a in arguments]))


refused("bpf: making a map", EPERM, "bpf", 0, bpf_map, 128)
refused("perf_event_open: counting on a CPU", EPERM, "perf_event_open", lambda: struct.pack("IIQ", 1, 128, 0).ljust(128, b"\0"), -1, 0, -1, 0)
refused("userfaultfd", EPERM, "userfaultfd", 0)
refused("io_uring", ENOSYS, "io_uring_setup", 4, lambda: ctypes.create_string_buffer(120))
refused("adding a key", ENOSYS, "add_key", "user", "hostile", b"x", 1, -1)
refused("asking for a key", ENOSYS, "request_key", "user", "hostile-none", None, -1, control=Outside(126))  # ENOKEY
refused("reading the session's keys", ENOSYS, "keyctl", 0, -3, 1)
refused("loading a module from memory", EPERM, "init_module", b"x" * 64, 64, "", control=Outside(ENOEXEC, EINVAL, unless=modules_off))
refused("loading a module from a file", EPERM, "finit_module", -1, "", 0, control=Outside(EBADF, ENOEXEC, unless=modules_off))
refused("removing a module", EPERM, "delete_module", "hostile_none", 0, control=Outside(ENOENT, unless=modules_off))
refused("kexec from memory", EPERM, "kexec_load", 0, 0, None, 0xFFFF0000 | 0x8000, control=Outside(EINVAL, unless=no_kexec))
refused("kexec from a file", EPERM, "kexec_file_load", -1, -1, 0, "", 0x8000, control=Outside(EINVAL, EBADF, unless=no_kexec))
refused("swapon", EPERM, "swapon", "/nonexistent-swap", 0, control=Outside(ENOENT))
refused("swapoff", EPERM, "swapoff", "/nonexistent-swap", control=Outside(ENOENT))
refused("setting the clock (clock_settime)", EPERM, "clock_settime", 0, timespec)
refused("setting the clock (settimeofday)", EPERM, "settimeofday", None, None)
refused("reading the kernel's log (syslog)", EPERM, "syslog", 3, lambda: ctypes.create_string_buffer(64), 64)
refused("clearing the kernel's log", EPERM, "syslog", 10, None, 0)
refused("process accounting", EPERM, "acct", "/nonexistent-acct", control=Outside(ENOENT))
refused("quotas", EPERM, "quotactl", 0x800001 << 8, None, 0, None)
refused("I/O ports (iopl)", EPERM, "iopl", 3, control=Outside(ENOSYS))
refused("I/O ports (ioperm)", EPERM, "ioperm", 0x80, 1, 1, control=Outside(ENOSYS))
refused("hanging terminals up", EPERM, "vhangup")
refused("making all readable memory executable", EPERM, "personality", 0x0400000)
refused("deciding about file accesses (fanotify)", EPERM, "fanotify_init", 4, 0, control=Outside(ENOSYS, EINVAL))


@attempt(THEME, "turning the clock's speed (adjtimex)", EPERM, control=Outside())
def adjust_clock(world):
    state = ctypes.create_string_buffer(208)
    call("adjtimex", state)
    tick = struct.unpack_from("q", state, 88)[0]
    struct.pack_into("I", state, 0, 0x4000)  # ADJ_TICK, to what it is
    struct.pack_into("q", state, 88, tick)
    return call("adjtimex", state)


# mov eax, 20 (getpid of the 32-bit table); int 0x80; ret — and the same by the 64-bit table.
INT80 = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"
SYSCALL = b"\xb8\x27\x00\x00\x00\x0f\x05\xc3"


@attempt(THEME, "going around the filter by 32-bit calls", ENOSYS, control=lambda world: machine_code(SYSCALL) == os.getpid() or 1 / 0)
def by_int80(world):
    result = machine_code(INT80) & 0xFFFFFFFF
    if result >= 0xFFFFF000:
        raise OSError(2**32 - result, "int 0x80")
    return f"pid {result}"


@attempt(THEME, "going around the filter by x32 calls", ENOSYS, EPERM, control=Outside(ENOSYS))
def by_x32(world):
    return call(0x40000000 | 321, 0, bpf_map(), 128)


FAMILIES = {"VSOCK": 40, "ALG": 38, "XDP": 44, "TIPC": 30, "BLUETOOTH": 31, "CAN": 29, "RDS": 21, "NFC": 39, "KCM": 41, "QIPCRTR": 42,
            "SMC": 43, "KEY": 15, "PPPOX": 24, "X25": 9, "IEEE802154": 36, "IUCV": 32, "PHONET": 35, "MCTP": 45}


def open_families(families):
    opened = []
    for family in families:
        for kind in (1, 2, 3, 5):
            for upper in (0, 1 << 32):
                try:
                    os.close(call("socket", family | upper, kind, 0))
                    opened.append(family)
                except OSError as error:
                    if error.errno not in (EAFNOSUPPORT, EPERM, EINVAL, EPROTONOSUPPORT, 94, 93):
                        raise
    return opened


@attempt(THEME, "sockets of families that reach the hypervisor or rare kernel code", EAFNOSUPPORT,
         control=lambda world: len(set(open_families([1, 2, 16, 17]))) == 4 or 1 / 0)
def rare_families(world):
    opened = open_families(FAMILIES.values())
    if opened:
        return opened
    raise OSError(EAFNOSUPPORT, "all")


@attempt(THEME, "real-time scheduling", EPERM, control=Outside())
def real_time(world):
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    return "SCHED_FIFO"


@attempt(THEME, "a better priority than other sandboxes", EACCES, EPERM, control=Outside())
def priority(world):
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    return os.getpriority(os.PRIO_PROCESS, 0)


@attempt(THEME, "real-time disk access", EPERM, control=lambda world: call("ioprio_set", 1, 0, 2 << 13 | 7) == 0 or 1 / 0)
def real_time_disk(world):
    return call("ioprio_set", 1, 0, 1 << 13)


def oom_score(value):
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write(str(value))
    return value


@attempt(THEME, "escaping the host's out-of-memory killer", EACCES, control=lambda world: oom_score(900))
def oom_immunity(world):
    return oom_score(-1000)


def limit(kind, value):
    try:
        resource.setrlimit(kind, (value, value))
    except ValueError as error:
        raise OSError(EPERM, str(error)) from None
    return resource.getrlimit(kind)


@attempt(THEME, "more open files than given", EPERM, control=lambda world: limit(resource.RLIMIT_NOFILE, 64))
def more_files(world):
    return limit(resource.RLIMIT_NOFILE, resource.getrlimit(resource.RLIMIT_NOFILE)[1] + 1)


@attempt(THEME, "core files, which the host's program would get", EPERM, control=lambda world: limit(resource.RLIMIT_CORE, 0))
def core_files(world):
    return limit(resource.RLIMIT_CORE, 1 << 20)


def trace_option(option):
    return call("ptrace", PTRACE_SEIZE, idle_child(), 0, option)


@attempt(THEME, "suspending the system call filter of a child", EPERM, EINVAL, control=lambda world: trace_option(0x100000))
def suspend_filter(world):
    return trace_option(0x200000)


def kernel_text(path):
    with open(path, "rb") as file:
        return file.read(16)


for place in ("/proc/kcore", "/proc/kmsg"):
    attempt(THEME, f"reading {place}", EACCES, EPERM, ENOENT, control=Outside(EPERM, ENOENT))(lambda world, place=place: kernel_text(place))


def addresses():
    with open("/proc/kallsyms") as file:
        return [line for line, _ in zip(file, range(50)) if not line.startswith("0000000000000000")]


@attempt(THEME, "addresses of kernel functions", control=Outside())
def kernel_addresses(world):
    shown = addresses()
    if shown:
        return shown[0]
    raise Held("all zero")


@attempt(THEME, "writing into the host's audit log", EPERM, ECONNREFUSED, EPROTONOSUPPORT, control=lambda world: netlink(0))
def audit(world):
    return netlink(9)


def netlink(family):
    """A request that asks nothing: the answer is an acknowledgement or an error."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as link:
        link.settimeout(2)
        kind = 1107 if family == 9 else 1  # AUDIT_USER_… message, or NLMSG_NOOP
        link.send(struct.pack("IHHII", 16 + 8, kind, 5, 1, 0) + b"hostile\0")
        answer = link.recv(4096)
        error = struct.unpack_from("i", answer, 16)[0]
        if error < 0:
            raise OSError(-error, "netlink")
        return "acknowledged"
