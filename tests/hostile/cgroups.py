"""The sandbox's control groups: raising limits, and leaving them."""

import os
from errno import EACCES, EINVAL, ENOENT, EPERM
from hostile.mounts import private
from hostile.probe import Held, attempt
from hostile.system import CLONE_NEWCGROUP, mount, unshare

THEME = "cgroups"
TOP = "/sys/fs/cgroup"
V2 = os.path.exists(TOP + "/cgroup.controllers")
LIMITS = (("memory.max", "cpu.max", "pids.max", "cgroup.max.descendants", "memory.swap.max", "cgroup.freeze", "memory.high", "cpu.idle") if V2 else
          ("memory/memory.limit_in_bytes", "memory/memory.memsw.limit_in_bytes", "memory/memory.oom_control", "cpu/cpu.cfs_quota_us", "cpu/cpu.shares", "cpu/cpu.idle",
           "pids/pids.max", "devices/devices.allow", "cpuset/cpuset.cpus", "memory/memory.kmem.tcp.limit_in_bytes"))
MEMORY = "memory.max" if V2 else "memory/memory.limit_in_bytes"


def below(file):
    """The same file in a child cgroup of the sandbox's own making."""
    directory, name = os.path.split(os.path.join(TOP, file))
    child = os.path.join(directory, f"hostile-{os.getpid()}")
    if V2:
        controller = name.split(".")[0]
        with open(os.path.join(TOP, "cgroup.subtree_control"), "w") as control:
            if controller != "cgroup":
                control.write("+" + controller)
    os.makedirs(child, exist_ok=True)
    return os.path.join(child, name)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)
    return text


def own_limit(world):
    """In a cgroup of its own below, root inside sets limits; v2 gives controllers to children only where no process is at the top."""
    if V2:
        child = os.path.join(TOP, f"hostile-{os.getpid()}")
        os.makedirs(child)
        return write(child + "/cgroup.max.descendants", "5")
    return write(below("pids/pids.max"), "50")


for file in LIMITS:
    if os.path.exists(os.path.join(TOP, file)):
        attempt(THEME, f"raising {file}", EACCES, EPERM, control=own_limit)(lambda world, file=file: os.open(os.path.join(TOP, file), os.O_WRONLY))


@attempt(THEME, "owning a limit's file", EPERM, control=lambda world: os.chmod(own_file(), 0o666))
def own_by_chmod(world):
    os.chmod(os.path.join(TOP, MEMORY), 0o666)
    return oct(os.stat(os.path.join(TOP, MEMORY)).st_mode)


def own_file():
    child = os.path.join(TOP, "" if V2 else "memory", f"hostile-{os.getpid()}")
    os.makedirs(child, exist_ok=True)
    return os.path.join(child, "cgroup.procs")


@attempt(THEME, "release_agent, which the host's root would run", EACCES, EPERM, ENOENT, control=own_limit)
def release_agent(world):
    for place in [TOP] + [os.path.join(TOP, name) for name in os.listdir(TOP)]:
        for name in ("release_agent", "../release_agent"):
            if os.path.exists(os.path.join(place, name)):
                return write(os.path.join(place, name), "/tmp/released")
    raise OSError(ENOENT, "no such file in any hierarchy")


def mount_cgroup(options):
    unshare(CLONE_NEWCGROUP)
    at = private()
    return mount("none", at, "cgroup2" if V2 else "cgroup", 0, options)


@attempt(THEME, "release_agent as an option of a new mount", EPERM, EINVAL, EACCES, control=lambda world: mount_cgroup(None if V2 else "pids"))
def release_agent_option(world):
    return mount_cgroup("release_agent=/tmp/released" if V2 else "pids,release_agent=/tmp/released")


@attempt(THEME, "a new hierarchy", EPERM, EINVAL, EACCES, control=lambda world: mount_cgroup(None if V2 else "pids"))
def new_hierarchy(world):
    return mount_cgroup("nsdelegate,name=hostile" if V2 else "none,name=hostile")


@attempt(THEME, "the host's cgroups in a mount and namespace of its own", control=lambda world: os.stat(mount_cgroup(None if V2 else "pids") + "/cgroup.procs"))
def fresh_mount(world):
    child = os.path.join(TOP, "" if V2 else "pids", f"hostile-{os.getpid()}")
    os.makedirs(child, exist_ok=True)
    at = mount_cgroup(None if V2 else "pids")
    for climb in ("", "/..", "/../..", "/../../.."):
        place = at + climb
        if os.path.isdir(os.path.join(place, world["cgroup"])):
            return place
        try:
            write(os.path.join(place, world["cgroup"], "cgroup.procs"), "0")
            return "moved to " + place
        except FileNotFoundError:
            pass
    raise Held("its root is the sandbox's own")


if not V2:
    @attempt(THEME, "devices in a cgroup of its own", EPERM, EACCES, EINVAL, control=own_limit)
    def allow_devices(world):
        return write(below("devices/devices.allow"), "b *:* rwm")

    @attempt(THEME, "more memory in a cgroup of its own", control=own_limit)
    def more_memory(world):
        path = below(MEMORY)
        write(path, str(1 << 50))
        with open(os.path.join(os.path.dirname(path), "memory.stat")) as file:
            limit = int(next(line for line in file if line.startswith("hierarchical_memory_limit")).split()[1])
        if limit > world["memory"]:
            return limit
        raise Held(f"the limit above stays {limit >> 20} MiB")
