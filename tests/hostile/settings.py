"""Kernel settings below /proc and /sys."""

import os
import re
from errno import EACCES, ENOENT, EPERM, EROFS
from hostile.probe import Held, Outside, attempt

THEME = "settings"

# Of a namespace that is the sandbox's own: network, IPC, process ids, limits of its user namespace.
NAMESPACED = re.compile(
    r"/proc/sys/(net|user)/|/proc/sys/fs/mqueue/|/sys/devices/virtual/net/|/proc/sys/fs/binfmt_misc/"
    r"|/proc/sys/kernel/(auto_msgmni|msg_next_id|msgmax|msgmnb|msgmni|ns_last_pid|pid_max|sem|sem_next_id|shm_next_id|shm_rmid_forced|shmall|shmmax|shmmni"
    r"|domainname|hostname)$"
    r"|/proc/pressure/"  # a write there asks to be woken up; docs/threat-model.md
)


def open_to_write(path):
    os.close(os.open(path, os.O_WRONLY))
    return "opened to write"


def own_setting(world):
    path = "/proc/sys/kernel/msgmax"
    with open(path) as file:
        value = int(file.read())
    with open(path, "w") as file:
        file.write(str(value + 1))
    with open(path) as file:
        assert int(file.read()) == value + 1
    return f"msgmax {value + 1}"


def absent(path):
    """Whether the host lacks the setting, too."""

    def missing():
        """no such setting"""
        return not os.path.exists(path)

    return missing


for path in (
    "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/sysrq", "/proc/sys/kernel/panic",
    "/proc/sys/kernel/perf_event_paranoid", "/proc/sys/kernel/dmesg_restrict", "/proc/sys/kernel/randomize_va_space", "/proc/sys/vm/drop_caches",
    "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/file-max", "/proc/sys/fs/protected_symlinks", "/proc/sys/fs/suid_dumpable",
    "/proc/sys/net/netfilter/nf_conntrack_max", "/proc/irq/default_smp_affinity", "/proc/mtrr", "/proc/scsi/scsi", "/sys/kernel/uevent_helper",
    "/sys/power/state", "/sys/kernel/mm/ksm/run", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/devices/system/cpu/cpu1/online",
):
    attempt(THEME, f"writing {path}", EACCES, EPERM, EROFS, ENOENT, control=Outside(unless=absent(path)))(lambda world, path=path: open_to_write(path))


def writable():
    """Every file below /proc and /sys that root inside may open to write."""
    for top in ("/proc", "/sys"):
        for directory, directories, names in os.walk(top):
            directories[:] = [name for name in directories if not (directory == "/proc" and (name.isdigit() or name in ("self", "thread-self")))
                              and os.path.join(directory, name) != "/sys/fs/cgroup"]
            for name in names:
                path = os.path.join(directory, name)
                if not os.path.islink(path) and os.access(path, os.W_OK):
                    yield path


@attempt(THEME, "any setting that is not of a namespace of its own", control=own_setting)
def any_setting(world):
    found, own = [], 0
    for path in writable():
        if NAMESPACED.match(path):
            own += 1
        else:
            found.append(path)
    if found:
        return found
    raise Held(f"only {own} of its own namespaces")


@attempt(THEME, "changing every setting it may write", control=own_setting)
def change_all(world):
    """Whether the host's changed too is for the host to say."""
    changed = 0
    for path in writable():
        if not path.startswith("/proc/sys/") or path.endswith(("ns_last_pid", "disable_ipv6", "pid_max")):
            continue
        try:
            with open(path) as file:
                value = int(file.read())
            with open(path, "w") as file:
                file.write(str(value + 1 if value < 1 else value - 1))
            with open(path) as file:
                changed += int(file.read()) != value
        except (OSError, ValueError):
            pass
    if changed < 20:
        raise RuntimeError(f"only {changed} settings changed")
    raise Held(f"{changed} changed; the host's stay as they are")
