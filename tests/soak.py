"""`./test soak MINUTES`: sandboxes live and die at a steady rate while the platform's processes are killed at random.

Memory, descriptors, mounts, loop devices, namespaces, cgroups, firewall elements, rows and disk use stay flat, every operation is done in
the end, and when all sandboxes have been deleted everything is as it was at the start. The seed of the kills is printed and can be given.
The table, and all samples, are kept in bench/results.
"""

import argparse
import datetime
import json
import pathlib
import random
import sys
import threading
import time

import host_census
import kill_victims
import own_platform
import platform_under_test as platform
import soak_clients
import soak_samples

RESULTS = platform.ROOT / "bench/results"
WORKERS = 4
RESIDENTS = 4
PERIOD = 5.0  # seconds from one life of a worker to the next
SAMPLE_EVERY = 10  # seconds
KILL_AFTER = (15, 45)  # seconds from one recovery to the next kill
WARM_UP = 0.15  # share of the time whose samples are not judged: caches fill
GRACE = 5  # seconds for what was under way when everything answered again
# How often each is the next one.
WEIGHTS = {"JVM": 2, "PostgreSQL": 2, "jailer": 3, "supervisor": 2, "all": 1, "agent": 6}


def say(text):
    print(f"{datetime.datetime.now(datetime.UTC):%H:%M:%S} {text}", flush=True)


class Kills(threading.Thread):
    """Kills something, waits until the platform is whole again, and goes on after a random time."""

    def __init__(self, own, windows, record, seed, until):
        super().__init__(daemon=True)
        self.own, self.windows, self.record, self.until = own, windows, record, until
        self.random, self.counts, self.slowest = random.Random(seed), {}, {}

    def run(self):
        while True:
            pause = self.random.uniform(*KILL_AFTER)
            if time.monotonic() + pause > self.until:
                return
            time.sleep(pause)
            name = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            try:
                self.kill_one(name)
            except Exception as error:
                self.record.fault(f"{name} killed: {type(error).__name__}: {error}")

    def kill_one(self, name):
        window, begun = self.windows.open(name), time.monotonic()
        try:
            whom = self.kill_agent() if name == "agent" else self.kill_process(name)
            platform.eventually(self.whole, 90, f"recovery from the death of {name}")
        finally:
            window["end"] = time.monotonic() + GRACE
        took = time.monotonic() - begun
        self.counts[name] = self.counts.get(name, 0) + 1
        self.slowest[name] = max(self.slowest.get(name, 0), took)
        say(f"killed {name} {whom}, whole again after {took:.1f} s")

    def kill_process(self, name):
        victim = kill_victims.VICTIMS[name](self.own)
        pids = victim.pids()
        victim.strike([])
        victim.finish()
        return " ".join(map(str, pids))

    def kill_agent(self):
        """Of any running sandbox, whatever is going on with it."""
        lines = [line.split() for line in platform.jailer("list")]
        words = self.random.choice([words for words in lines if words[0] == "sandbox" and words[-1] == "state=running"])
        dead = self.windows.lost.setdefault(words[1], threading.Event())
        kill_victims.kill([int(words[3].removeprefix("pid="))])
        dead.set()
        return words[1]

    def whole(self):
        healthy = platform.api("GET", "/health", key="", timeout=5).status == 200
        return healthy and platform.api("GET", "/sandbox?limit=1", timeout=5).status == 200 and platform.jailer("list")[-1].startswith("ok")


class Soak:
    def __init__(self, own, minutes, seed):
        self.own, self.minutes, self.seed = own, minutes, seed
        self.windows = soak_clients.Windows()
        self.record = soak_clients.Record(self.windows)
        self.samples, self.residents = [], []

    def run(self):
        self.first_lives()
        self.rest()
        self.start = soak_samples.look(self.own, [])
        begun = time.monotonic()
        until = begun + self.minutes * 60
        self.residents = [soak_clients.Resident(self.record, until) for _ in range(RESIDENTS)]
        self.kills = Kills(self.own, self.windows, self.record, self.seed, until - 20)
        workers = [soak_clients.Worker(self.record, number, PERIOD, until) for number in range(WORKERS)]
        threads = [*self.residents, *workers, self.kills]
        for thread in threads:
            thread.start()
        self.watch(begun, until)
        for thread in threads:
            thread.join(soak_clients.DEADLINE * 2)
            if thread.is_alive():
                self.record.fault(f"{type(thread).__name__} hangs")
        self.finish()

    def first_lives(self):
        """What is made once only is there afterwards: connections, classes, the files of the database."""
        for _ in range(5):
            soak_clients.Worker(self.record, 0, PERIOD, 0).life(soak_clients.Box(self.record, "first"))

    def rest(self):
        """Nothing is under way, and what is made ahead is complete."""
        seen = [None]

        def still():
            before, differences = seen[0], host_census.Census(self.own).differences()
            seen[0] = differences, dict(soak_samples.host(self.own)) | {"logs (bytes)": 0}
            return before == seen[0] and not differences

        try:
            platform.eventually(still, 90, "rest")
        except AssertionError as error:
            self.record.fault(f"{error}; {seen[0]}")

    def watch(self, begun, until):
        turn = begun
        while turn < until:
            time.sleep(max(0, turn - time.monotonic()))
            sample = soak_samples.look(self.own, [resident.box.id for resident in self.residents])
            self.samples.append({"at": round(time.monotonic() - begun, 1), "figures": sample})
            if len(self.samples) % 6 == 1:
                memory = sum(value for name, value in sample.items() if name.startswith("memory"))
                say(f"{self.record.cycles} lives, {memory:.0f} MiB, {sample.get('mounts', '-')} mounts, {len(self.record.faults)} faults")
            turn += SAMPLE_EVERY

    def finish(self):
        """Everything is deleted, and looked at until it is as at the start; what never is, is a fault."""
        for resident in self.residents:
            resident.box.delete()
        if platform.listed():
            self.record.fault(f"left over: {platform.listed()}")
        self.rest()
        self.end = soak_samples.look(self.own, [])
        for name in ("memory of first processes (MiB)", "descriptors of first processes"):
            self.start[name] = self.end[name] = 0
        warm = [one["figures"] for one in self.samples if one["at"] > self.minutes * 60 * WARM_UP]
        self.lines = list(soak_samples.summary(warm, self.record.cycles, self.start, self.end))

    # ---- what is said about it ----

    def faults(self):
        return self.record.faults + [f"{line['name']}: {line['fault']}" for line in self.lines if line["fault"]]

    def report(self):
        record = self.record
        yield f"soak of {self.minutes:g} minutes, seed {self.seed}, {datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC"
        yield (
            f"{record.cycles} lives of passing sandboxes ({WORKERS} at once, one begun every {PERIOD / WORKERS:g} s, {record.missed} turns let out), "
            f"{RESIDENTS} that stayed, {sum(self.kills.counts.values())} kills"
        )
        yield from (
            f"  killed {name:10} {count:4} times, whole again after {self.kills.slowest[name]:.1f} s at most"
            for name, count in sorted(self.kills.counts.items())
        )
        yield ""
        yield from soak_samples.table(self.lines)
        yield ""
        yield f"{'calls while nothing was dead':42}{'number':>10}{'p50 ms':>10}{'p99 ms':>10}"
        for name, seconds in sorted(record.calm.items()):
            ordered = sorted(seconds)
            p50, p99 = (ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 for share in (0.5, 0.99))
            yield f"{name:42}{len(ordered):10}{p50:10.1f}{p99:10.1f}"
        yield ""
        yield f"{sum(record.errors.values())} refusals while something was dead, every operation was done in the end:"
        yield from (f"{count:6}  {kind}" for kind, count in sorted(record.errors.items()))
        yield ""
        faults = self.faults()
        yield f"{len(faults)} faults"
        yield from (f"  {text}" for text in faults)

    def keep(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        stamp = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d-%H%M%S}"
        text = "\n".join(self.report()) + "\n"
        (folder / f"{stamp}-soak.txt").write_text(text)
        raw = {"minutes": self.minutes, "seed": self.seed, "lives": self.record.cycles, "kills": self.kills.counts, "faults": self.faults()}
        (folder / f"{stamp}-soak.json").write_text(json.dumps(raw | {"start": self.start, "end": self.end, "samples": self.samples}) + "\n")
        print(text)
        print(f"kept: {folder / stamp}-soak.txt, .json")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("minutes", type=float)
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options.add_argument("--results", type=pathlib.Path, default=RESULTS)
    given = options.parse_args()
    say(f"soak of {given.minutes:g} minutes, seed {given.seed}")
    own = own_platform.OwnPlatform()
    try:
        own.use()
        soak = Soak(own, given.minutes, given.seed)
        soak.run()
        soak.keep(given.results)
    finally:
        own.purge()
    sys.exit(1 if soak.faults() else 0)


if __name__ == "__main__":
    main()
