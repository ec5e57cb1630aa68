"""Mounts: what is below them, and what could be mounted."""

import os
import struct
from errno import EACCES, EBUSY, EINVAL, ENODEV, ENOENT, EPERM, EROFS, ETXTBSY
from hostile.files import read
from hostile.probe import Held, attempt
from hostile.system import (CLONE_NEWNS, CLONE_NEWUSER, MS_BIND, MS_MOVE, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_RELATIME, MS_REMOUNT,
                            call, mount, umount, unshare)

THEME = "mounts"

# What Linux lets the root of a user namespace mount: each shows that namespace's own state only.
OF_A_NAMESPACE = {"binfmt_misc", "bpf", "cgroup", "cgroup2", "cpuset", "devpts", "fuse", "mqueue", "overlay", "proc", "ramfs", "sysfs", "tmpfs", "virtiofs"}


def private():
    """A mount namespace of this attempt's own, with an empty directory."""
    unshare(CLONE_NEWNS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    os.makedirs("/tmp/at", exist_ok=True)
    return "/tmp/at"


def mount_tmpfs(world):
    at = private()
    mount("none", at, "tmpfs")
    with open(at + "/file", "w") as file:
        file.write("x")
    return "mounted and written"


@attempt(THEME, "every kind of file system that the host knows", control=mount_tmpfs)
def any_file_system(world):
    at = private()
    mounted, refused = [], 0
    for kind in world["file_systems"]:
        for source in ("none", "/dev/null", "/var/lib/docker/image"):
            try:
                mount(source, at, kind)
            except OSError as error:
                if error.errno not in (EPERM, EACCES, EINVAL, ENODEV, ENOENT, EBUSY, 15, 20, 22, 95, 121):
                    raise
                refused += 1
            else:
                mounted.append(kind)
                umount(at)
    strange = set(mounted) - OF_A_NAMESPACE
    if strange:
        return strange
    if "tmpfs" not in mounted:
        raise RuntimeError("not even a tmpfs")
    raise Held(f"{refused} refusals; {', '.join(sorted(set(mounted)))} show the sandbox's own")


def look_around(at, world, kind):
    """What a fresh mount of a kind shows of the host."""
    private()
    mount("none", at, kind)
    return at


@attempt(THEME, "host processes in a proc of its own", control=lambda world: os.stat(os.path.join(look_around("/tmp/at", world, "proc"), "1/stat")))
def fresh_proc(world):
    at = look_around("/tmp/at", world, "proc")
    for pid in world["host_pids"]:
        if os.path.exists(f"{at}/{pid}"):
            return pid
    raise Held(f"{sum(map(str.isdigit, os.listdir(at)))} processes, none of the host's")


@attempt(THEME, "host interfaces in a sysfs of its own", control=lambda world: os.stat(os.path.join(look_around("/tmp/at", world, "sysfs"), "class/net/eth0")))
def fresh_sysfs(world):
    names = set(os.listdir(look_around("/tmp/at", world, "sysfs") + "/class/net"))
    others = names & set(world["host_links"]) - {"lo", "eth0"}
    if others:
        return others
    raise Held(f"only {', '.join(sorted(names))}")


@attempt(THEME, "mount --move of the root", EINVAL, EBUSY, EPERM, control=lambda world: move("/tmp/at"))
def move_root(world):
    private()
    mount("/", "/tmp/at", None, MS_MOVE)
    return "moved"


def move(source):
    private()
    mount("none", source, "tmpfs")
    with open(source + "/file", "w") as file:
        file.write("x")
    os.makedirs("/tmp/to", exist_ok=True)
    mount(source, "/tmp/to", None, MS_MOVE)
    return read("/tmp/to/file")


def strip():
    """Takes every mount away, the newest first."""
    private()
    with open("/proc/self/mountinfo") as file:
        targets = [line.split()[4] for line in file]
    for target in reversed(targets):
        try:
            umount(target)
        except OSError as error:
            if error.errno not in (EINVAL, EBUSY, ENOENT, EPERM):
                raise
    return len(targets)


def stripped(world):
    strip()
    return "the cover is off" if not os.path.exists("/proc/self") else 1 / 0


@attempt(THEME, "host files below the mounts", ENOENT, control=stripped)
def below_mounts(world):
    strip()
    for climb in ("", "/..", "/proc/..", "/dev/../.."):
        try:
            return read(climb + world["host_file"])
        except FileNotFoundError:
            pass
    return read(world["host_file"])


def pivot(path):
    at = private()
    mount("none", at, "tmpfs")
    os.mkdir(at + "/old")
    call("pivot_root", at, at + "/old")
    os.chdir("/old")
    for _ in range(20):
        os.chdir("..")
    return read("/old" + path)


@attempt(THEME, "the host's root below a pivoted one", ENOENT, control=lambda world: pivot("/etc/hostname"))
def pivoted(world):
    return pivot(world["host_file"])


def remount_writable(target, flags=0):
    mount(None, target, None, MS_REMOUNT | MS_BIND | flags)
    return os.open(target, os.O_WRONLY)


def clear_flag(target):
    call("mount_setattr", -100, target, 0, struct.pack("QQQQ", 0, 1, 0, 0), 32)  # MOUNT_ATTR_RDONLY
    return os.open(target, os.O_WRONLY)


def own_remount(world):
    bound = mount("none", private(), "tmpfs") + "/bound"
    with open(bound, "w") as file:
        file.write("x")
    mount(bound, bound, None, MS_BIND)
    mount(None, bound, None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    try:
        os.open(bound, os.O_WRONLY)
        raise RuntimeError("it was not read-only")
    except OSError as error:
        if error.errno != EROFS:
            raise
    return clear_flag(bound) if world.get("by_attribute") else remount_writable(bound)


@attempt(THEME, "remounting the agent writable", EPERM, EACCES, EROFS, ETXTBSY, control=own_remount)
def remount_agent(world):
    private()
    return remount_writable("/.daytona/agent", MS_NOSUID | MS_NODEV | MS_RELATIME)


@attempt(THEME, "clearing a mount's read-only flag (mount_setattr)", EPERM, EACCES, EROFS, ETXTBSY, control=lambda world: own_remount({"by_attribute": True}))
def setattr_agent(world):
    private()
    return clear_flag("/.daytona/agent")


def overlay(lower, upper, work):
    at = private()
    mount("none", "/var/tmp", "tmpfs")
    for name in ("lower", "upper", "work"):
        os.mkdir("/var/tmp/" + name)
    with open("/var/tmp/lower/file", "w") as file:
        file.write("x")
    os.chdir("/var/tmp")
    mount("overlay", at, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work},userxattr")
    return os.listdir(at)


@attempt(THEME, "an overlay over the directories that its own root is made of", ENOENT, control=lambda world: overlay("lower", "upper", "work"))
def overlay_of_platform(world):
    return overlay("0", "d/upper", "d/work")


@attempt(THEME, "an overlay over another sandbox's disk", ENOENT, control=lambda world: overlay("lower", "upper", "work"))
def overlay_of_sibling(world):
    return overlay(f"{world['data_dir']}/sbx/{world['sibling']}/disk/upper", "upper", "work")


@attempt(THEME, "more rights in a user namespace of its own", EPERM, control=lambda world: nested("none", "tmpfs"))
def nested_namespace(world):
    return nested("/dev/loop0", "ext4")


def nested(source, kind):
    unshare(CLONE_NEWUSER | CLONE_NEWNS)
    os.makedirs("/tmp/at", exist_ok=True)
    return mount(source, "/tmp/at", kind)


@attempt(THEME, "a block device by the new mount interface", EPERM, control=lambda world: configured("tmpfs"))
def new_interface(world):
    return configured("ext4")


def configured(kind):
    context = call("fsopen", kind, 0)
    call("fsconfig", context, 1, "source", "/dev/loop0", 0)  # FSCONFIG_SET_STRING
    return call("fsconfig", context, 6, None, None, 0)  # FSCONFIG_CMD_CREATE
