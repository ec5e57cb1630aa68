"""What one platform holds of its host and its database, looked at again and again, and whether it stays the same."""

import json
import os
import pathlib
import statistics
import subprocess

import host_census
import platform_under_test as platform

MIB = 1 << 20
# Rows that the platform keeps for a time after what they tell of: they may grow, but only with the work, this many a life at most.
KEPT = {"sandbox, destroyed": 1.5, "sandbox_journal": 15, "outbox": 15, "idempotency_key": 1.5}
# Of each figure the growth of its median, from the first to the last third, that is no growth: a share, and an amount in its unit.
TOLERANCES = {
    "memory": (0.15, 16), "memory of jailer": (0.15, 1), "memory of supervisor": (0.15, 0.5), "memory of first processes": (0.15, 0.5),
    "descriptors": (0.1, 16), "descriptors of jailer": (0, 4), "descriptors of supervisor": (0, 2), "descriptors of first processes": (0, 2),
    "mounts": (0.1, 12), "loops": (0.1, 4), "network namespaces": (0.1, 4), "links": (0.1, 4), "cgroups": (0.1, 8),
    "firewall elements": (0.1, 8), "processes": (0.1, 8), "files": (0.1, 24), "pool used": (0.05, 96), "database": (0, 24), "rows": (0, 4),
}
# What must be exactly as it was at the start when everything has been deleted.
RETURNS = ("mounts", "loops", "network namespaces", "links", "cgroups", "firewall elements", "files", "rows of sandbox, living")
LOG_BYTES_A_LIFE = 4096


def tolerance(name):
    """The most special one that the name begins with."""
    return TOLERANCES[max((key for key in TOLERANCES if name.startswith(key)), key=len)]


def pss(pid):
    """Proportional share of a process's memory in MiB."""
    for line in host_census.read(pathlib.Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def firewall_elements(data):
    """Elements of all sets and maps, and rules, of the platform's table."""
    listed = host_census.output("nft", "--json", "list", "table", "inet", host_census.configuration(data)["nft_table"])
    items = json.loads(listed)["nftables"]
    sets = [item[kind] for item in items for kind in ("set", "map") if kind in item]
    return sum(len(one.get("elem", [])) for one in sets) + sum("rule" in item for item in items)


def rows(own):
    """Rows of every table, and of the sandboxes those that are kept though destroyed apart."""
    names = [name for name, in own.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    counts = [f"SELECT '{name}', count(*) FROM {name}" for name in names if name != "sandbox"]
    counts.append("SELECT 'sandbox, living', count(*) FROM sandbox WHERE state <> 'destroyed'")
    counts.append("SELECT 'sandbox, destroyed', count(*) FROM sandbox WHERE state = 'destroyed'")
    counts.append("SELECT 'bytes', pg_database_size(current_database())")
    return {name: int(number) for name, number in own.sql(" UNION ALL ".join(counts))}


def processes(own, residents):
    """Figures of each of the platform's processes."""
    postgres = platform.postgres_pid()
    groups = {
        "server": [platform.pid_of("server")], "postgres": [postgres, *platform.children(postgres)],
        "jailer": [platform.pid_of("jailer")], "supervisor": [platform.pid_of("supervisor")],
        "first processes": [pid for pid in map(first_process, residents) if pid],
    }
    for name, pids in groups.items():
        yield f"memory of {name} (MiB)", sum(map(pss, pids))
        yield f"descriptors of {name}", sum(map(descriptors, pids))


def first_process(resident):
    """Host pid of a sandbox's PID 1, from the jailer's record; None while there is none."""
    words = host_census.read(platform.DATA / "sbx" / resident / "pid").split()
    return int(words[0]) if words else None


def host(own):
    """Figures of what is made on the host."""
    data = own.data
    mounted = host_census.mounts(data)
    yield "mounts", len(mounted)
    yield "loops", len(host_census.loops(data))
    yield "network namespaces", sum(path.endswith("/net") for path in mounted)
    yield "links", len(host_census.links(data))
    yield "cgroups", sum(1 for cgroup in host_census.cgroups(data) for _ in os.walk(cgroup))
    yield "firewall elements", firewall_elements(data)
    # Below its own ones only: to read another's command line may take for ever while its memory is at its limit.
    yield "processes", sum(len(platform.children(platform.pid_of(role))) for role in ("server", "jailer"))
    yield "files", sum(len(names) for part in ("run", "sbx", "slots", "runner") for _, _, names in os.walk(data / part))
    pool = os.statvfs(f"/proc/{platform.pid_of('jailer')}/root{data}/pool")
    yield "pool used (MiB)", (pool.f_blocks - pool.f_bfree) * pool.f_frsize / MIB
    yield "logs (bytes)", sum(file.stat().st_size for file in (data / "log").rglob("*") if file.is_file())


def database(own):
    found = rows(own)
    yield "database (MiB)", found.pop("bytes") / MIB
    for name, number in sorted(found.items()):
        yield f"rows of {name}", number


def look(own, residents):
    """One sample: figures by name; those of what is dead or passing by right now are missing."""
    sample = {}
    for part in (lambda: processes(own, residents), lambda: host(own), lambda: database(own)):
        try:
            sample |= dict(part())
        except (OSError, AssertionError, StopIteration, IndexError, ValueError, subprocess.CalledProcessError):
            continue  # something was just killed: the next look has it again
    return sample


def summary(samples, lives, at_start, at_end):
    """A line for each figure: name, medians of the thirds, what it was at the start and is at the end, what is wrong with it."""
    third = max(1, len(samples) // 3)
    for name in sorted({name for sample in samples for name in sample}, key=lambda text: (text.split()[0] == "rows", text)):
        first, middle, last = (
            [sample[name] for sample in part if name in sample] for part in (samples[:third], samples[third:-third], samples[-third:])
        )
        start, end = at_start.get(name), at_end.get(name)
        line = {"name": name, "first": median(first), "middle": median(middle), "last": median(last), "start": start, "end": end}
        yield line | {"fault": fault(name, line, lives)}


def median(values):
    return statistics.median(values) if values else None


def fault(name, line, lives):
    first, last, start, end = line["first"], line["last"], line["start"], line["end"]
    if None in (first, last, start, end):
        return "was not seen"
    kept = name.removeprefix("rows of ")
    if kept in KEPT or name.startswith("logs"):
        most = KEPT.get(kept, LOG_BYTES_A_LIFE) * (lives + 10)
        return f"grew by {end - start:.0f}, more than {most:.0f} for {lives} lives" if end - start > most else ""
    share, amount = tolerance(name)
    if last > first * (1 + share) + amount:
        return f"grows: more than {share:.0%} and {amount}"
    if name in RETURNS and end != start:
        return f"is not back at {start}"
    # PostgreSQL has a process for each connection of a pool that breathes.
    if name.startswith("descriptors") and "first" not in name and end > start * (1.25 if "postgres" in name else 1.1) + 8:
        return f"is not back at {start}"
    return ""


def table(lines):
    yield f"{'':42}{'first':>10}{'middle':>10}{'last':>10}{'at start':>11}{'at end':>10}"
    for line in lines:
        cells = "".join(f"{shown(line[key]):>{wide}}" for key, wide in (("first", 10), ("middle", 10), ("last", 10), ("start", 11), ("end", 10)))
        yield f"{line['name']:42}{cells}  {line['fault'] or 'flat'}"


def shown(value):
    return "-" if value is None else f"{value:.0f}" if float(value).is_integer() else f"{value:.1f}"
