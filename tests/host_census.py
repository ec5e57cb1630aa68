"""What one platform holds on its host, by kind, as the kernel and the file system show it, and what of it nobody should hold.

Everything is told apart by the names of its own data directory: other platforms of the host are not looked at.
"""

import fcntl
import pathlib
import re
import subprocess

import platform_under_test as platform


def configuration(data):
    """The keys of jailer.conf."""
    return dict(line.split("=", 1) for line in (data / "jailer.conf").read_text().splitlines() if "=" in line)


def cgroups(data):
    """The platform's own cgroup in every hierarchy that has it."""
    name = configuration(data)["cgroup"]
    root = pathlib.Path("/sys/fs/cgroup")
    return [directory for directory in [root / name, *root.glob("*/" + name)] if directory.is_dir() and not directory.parent.is_symlink()]


def cgroup_processes(data):
    """Pids of all processes in cgroups of the platform's sandboxes."""
    found = set()
    for cgroup in cgroups(data):
        for file in cgroup.rglob("cgroup.procs"):
            found |= {int(pid) for pid in read(file).split()}
    return found


def loops(data):
    """Device name and disk (`pool!` for the pool itself) of every loop device of the platform."""
    prefix = f"daytona-{configuration(data)['instance']}/"
    return {device: name.removeprefix(prefix) for device, name in loop_names().items() if name.startswith(prefix)}


def loop_names():
    """What every attached loop device of the host is called by whoever attached it."""
    found = {}
    for device in pathlib.Path("/sys/block").glob("loop*/loop"):
        information = bytearray(232)  # struct loop_info64
        try:
            with open(f"/dev/{device.parent.name}", "rb") as file:
                fcntl.ioctl(file, 0x4C05, information)  # LOOP_GET_STATUS64
        except OSError:
            continue  # detached meanwhile
        found[device.parent.name] = information[56:120].partition(b"\0")[0].decode("utf-8", "replace")
    return found


def links(data):
    """Network links of the platform's slots that the host sees, by slot."""
    prefix = configuration(data)["veth_prefix"]
    names = [entry.name for entry in pathlib.Path("/sys/class/net").iterdir() if entry.name.startswith(prefix)]
    return {int(name.removeprefix(prefix)) for name in names if name.removeprefix(prefix).isdigit()}


def mounts(data):
    """Mount points below the data directory: on the host, and in the platform's own mount namespace when there is one."""
    tables = [pathlib.Path("/proc/self/mounts").read_text()]
    pin = data / "ns/mnt"
    if str(pin) in tables[0]:
        tables.append(output("nsenter", f"--mount={pin}", "cat", "/proc/self/mounts"))
    return [line.split()[1] for table in tables for line in table.splitlines() if line.split()[1].startswith(f"{data}/")]


def tables(data):
    """How many firewall tables have the platform's name."""
    return len(re.findall(rf"^table \w+ {configuration(data)['nft_table']}$", output("nft", "list", "tables"), re.MULTILINE))


def processes(data):
    """Command lines of all processes that name the data directory, by pid."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        line = read(entry / "cmdline").split("\0")
        if any(str(data) in argument for argument in line):
            found[int(entry.name)] = line
    return found


def read(file):
    """A file's text; nothing of one that is gone."""
    try:
        return file.read_text()
    except OSError:
        return ""


def output(*command):
    return subprocess.run(command, check=True, timeout=30, capture_output=True, text=True).stdout


def of_kernel(data):
    """What of a platform would be gone after a reboot."""
    found = [f"process {pid}: {' '.join(line)[:80]}" for pid, line in processes(data).items()]
    found += [f"process {pid} of a sandbox" for pid in cgroup_processes(data)]
    found += [f"loop device {name}: {file}" for name, file in loops(data).items()]
    found += [f"mount {path}" for path in mounts(data)]
    found += [f"cgroup {path}" for path in cgroups(data)]
    found += [f"network link of slot {slot}" for slot in links(data)]
    return found + ["firewall table"] * tables(data)


class Census:
    """One look at a platform that runs."""

    def __init__(self, own):
        self.data, self.conf = own.data, configuration(own.data)
        self.rows = dict(own.sql("SELECT id, state FROM sandbox WHERE state <> 'destroyed'"))
        self.listed = [line.split() for line in platform.jailer("list")]
        self.first = {int(words[3].removeprefix("pid=")) for words in self.listed if words[0] == "sandbox"}
        self.running = {words[1]: int(words[2].removeprefix("slot=")) for words in self.listed if words[0] == "sandbox"}

    def differences(self):
        """Every disagreement between rows and host; none when all is as it should be at rest."""
        started = {id for id, state in self.rows.items() if state == "started"}
        found = [f"row {id} is left {state}" for id, state in self.rows.items() if state in platform.TRANSITIONAL]
        found += [f"sandbox {words[1]} ended and is not cleared away" for words in self.listed if words[-1] in ("state=exited", "state=pool_full")]
        for kind, ids in self.by_sandbox():
            found += [f"{kind} of {id}, which is {self.rows.get(id, 'no sandbox')}" for id in ids - started]
            found += [f"no {kind} of {id}" for id in started - ids]
        return found + self.disks() + self.slots() + self.strays()

    def by_sandbox(self):
        """Kinds of things that exactly the started sandboxes have, and the ids that have them."""
        yield "processes", set(self.running)
        yield "directory", {entry.name for entry in (self.data / "sbx").iterdir() if entry.name[0] != "."}
        yield "slot link", {entry.readlink().name for entry in (self.data / "sbx").iterdir() if entry.name.startswith(".slot-")}
        yield "agent socket", {entry.name for entry in (self.data / "run/a").iterdir()}
        yield "loop device", {disk for disk in loops(self.data).values() if disk != "pool!"}
        yield "mount", {pathlib.Path(path).parts[-2] for path in mounts(self.data) if path.startswith(f"{self.data}/sbx/")}
        agents = {id for id, slot in self.running.items() if self.processes_of(slot)}
        yield "living process", agents

    def processes_of(self, slot):
        return any(read(file).split() for cgroup in cgroups(self.data) for file in (cgroup / str(slot)).rglob("cgroup.procs"))

    def disks(self):
        disks = {words[1] for words in self.listed if words[0] == "disk" and not words[1].startswith("shelf-")}
        found = [f"disk {id} belongs to no sandbox" for id in disks - set(self.rows)]
        resting = {id for id, state in self.rows.items() if state in ("started", "stopped")}
        return found + [f"the disk of {id} is lost" for id in resting - disks]

    def slots(self):
        """Slots are whole or gone, and those with a record or a process are those of running sandboxes."""
        slots = {int(words[1]) for words in self.listed if words[0] == "slot"}
        used = set(self.running.values())
        parts = {
            "network link": links(self.data),
            "slot directory": numbers(self.data / "slots"),
            "user namespace": {int(pathlib.Path(path).parts[-2]) for path in mounts(self.data) if path.endswith("/user")},
            "network namespace": {int(pathlib.Path(path).parts[-2]) for path in mounts(self.data) if path.endswith("/net")},
        }
        for cgroup in cgroups(self.data):
            parts[f"cgroup in {cgroup.parent.name}"] = numbers(cgroup)
        found = [f"{kind} of slot {slot}, which does not exist" for kind, has in parts.items() for slot in has - slots]
        found += [f"slot {slot} has no {kind}" for kind, has in parts.items() for slot in slots - has]
        records = {int(entry.name) if entry.name.isdigit() else entry.name for entry in (self.data / "runner").iterdir() if entry.name != "server.lock"}
        found += [f"record of slot {slot}, which runs nothing" for slot in records - used]
        found += [f"processes in the cgroup of slot {slot}, which runs nothing" for slot in slots - used if self.processes_of(slot)]
        return found + [f"no record of slot {slot}" for slot in used - records]

    def strays(self):
        """Runtimes, half-made files and firewall tables."""
        found = [f"runtime {pid}" for pid, line in processes(self.data).items() if line[0] == self.conf["runtime"]]
        jailer = platform.pid_of("jailer")
        verbs = {int(pid) for pid in read(pathlib.Path(f"/proc/{jailer}/task/{jailer}/children")).split()} - self.first
        verbs = {pid for pid in verbs if not read(pathlib.Path(f"/proc/{pid}/comm")).startswith("procview")}
        found += [f"process {pid} of the jailer" for pid in verbs]
        half = [path for part in ("run", "sbx", "runner") for path in (self.data / part).rglob("*") if path.suffix in (".new", ".tmp")]
        found += [f"half-made file {path}" for path in half]
        return found if tables(self.data) == 1 else [*found, f"{tables(self.data)} firewall tables"]


def numbers(directory):
    """Numeric names in a directory."""
    return {int(entry.name) for entry in directory.iterdir() if entry.name.isdigit()}
