"""System calls that Python has no function for, by their x86-64 numbers."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long

NUMBERS = {
    "acct": 163, "add_key": 248, "adjtimex": 159, "bpf": 321, "clock_settime": 227, "delete_module": 176, "fanotify_init": 300,
    "finit_module": 313, "fsconfig": 431, "fsopen": 430, "init_module": 175, "io_uring_setup": 425, "ioperm": 173, "iopl": 172, "ioprio_set": 251, "kexec_file_load": 320,
    "kexec_load": 246, "keyctl": 250, "mount": 165, "mount_setattr": 442, "name_to_handle_at": 303, "open_by_handle_at": 304,
    "perf_event_open": 298, "personality": 135, "pidfd_getfd": 438, "pivot_root": 155, "prctl": 157, "process_vm_readv": 310,
    "process_vm_writev": 311, "ptrace": 101, "quotactl": 179, "reboot": 169, "request_key": 249, "setns": 308, "settimeofday": 164,
    "shmget": 29, "shmctl": 31, "socket": 41, "swapoff": 168, "swapon": 167, "syslog": 103, "umount2": 166, "unshare": 272,
    "userfaultfd": 323, "vhangup": 153,
}

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE, MS_RELATIME = 1, 2, 4, 32, 4096, 8192, 16384, 1 << 18, 1 << 21
MNT_DETACH = 2
CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
PTRACE_PEEKDATA, PTRACE_ATTACH, PTRACE_DETACH, PTRACE_SEIZE, PTRACE_SETOPTIONS = 2, 16, 17, 0x4206, 0x4200


def fail():
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def call(name, *arguments):
    """A system call by name or number; OSError when it fails."""
    passed = []
    for value in arguments:
        if isinstance(value, str):
            value = value.encode()
        passed.append(ctypes.c_long(value) if isinstance(value, int) else value)
    result = _libc.syscall(ctypes.c_long(name if isinstance(name, int) else NUMBERS[name]), *passed)
    if result < 0:
        fail()
    return result


def mount(source, target, kind, flags=0, data=None):
    call("mount", source, target, kind, flags, data)
    return target


def umount(target, flags=MNT_DETACH):
    call("umount2", target, flags)


def unshare(flags):
    call("unshare", flags)


def machine_code(code):
    """Runs bytes of x86-64 machine code and returns rax."""
    import mmap

    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_long)(address)()


def idle_child():
    """Pid of a child that waits; it dies with its parent's end at the latest."""
    child = os.fork()
    if child == 0:
        call("prctl", 1, 9, 0, 0, 0)
        import time

        while True:
            time.sleep(60)
    return child
