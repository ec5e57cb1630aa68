"""The kill matrix: at every journalled step of every operation each of the platform's processes is killed, and the operation ends done or undone.

Nothing else suffers and nothing is left over. The operations of one victim are held at their steps together, so that one death serves
them all. A seventh of the cells, chosen by the commit, and all of the JVM and of all processes at once; DAYTONA_TEST_MATRIX=all is all of
them, a space-separated list of victims is these, a text with @ the operations whose names begin so. The table goes to the file
DAYTONA_TEST_MATRIX_TABLE, or to the output.
"""

import hashlib
import os
import pathlib
import sys
import time
import unittest

import host_census
import kill_strikes
import kill_victims
import own_platform
import platform_under_test as platform

COUNTER = (
    "nohup setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.05; done' "
    ">/dev/null 2>&1 </dev/null &"
)
ALWAYS = {"JVM", "all"}
SHARE = 7
# What a batch holds at once must fit the platform's own bounds.
ROOM = {"CREATE_CONCURRENCY": 64, "RUNNER_PARALLEL_STARTS": 64, "RUNNER_UPKEEP_WORKERS": 24}


def rows():
    """(operation's class, failpoint) of every row of the matrix."""
    return [(kind, failpoint) for failpoint in kill_strikes.steps() for kind in kill_strikes.STRIKES.get(failpoint, [])]


def label(kind, failpoint):
    return f"{kind.__name__} @ {failpoint}"


def chosen(kind, failpoint, victim, seed):
    """Whether a cell is run."""
    wish = os.environ.get("DAYTONA_TEST_MATRIX", "")
    if wish == "all":
        return True
    if wish:
        names = [word for word in wish.split() if word in kill_victims.VICTIMS]
        begins = [word for word in wish.split() if word not in kill_victims.VICTIMS]
        return (not names or victim in names) and (not begins or any(part in label(kind, failpoint) for part in begins))
    lot = int(hashlib.sha256(f"{seed} {label(kind, failpoint)} {victim}".encode()).hexdigest(), 16)
    return victim in ALWAYS or lot % SHARE == 0


class Bystander:
    """A sandbox that has nothing to do with it, and counts."""

    def __init__(self):
        self.sandbox = platform.create(labels={"strike": "bystander"})
        self.id = self.sandbox["id"]
        self.begin()

    def begin(self):
        platform.execute(self.sandbox, COUNTER)
        self.pid = platform.eventually(self.counter, 10, "counter")

    def counter(self):
        return platform.execute(self.sandbox, "pgrep -o -f count.new")["result"].strip()

    def check(self, lived):
        """It goes on as if nothing had been; after a reboot it is stopped and can be started."""
        if not lived:
            reply = platform.api("POST", f"/sandbox/{self.id}/start")
            assert reply.status == 200, f"the bystander does not start: {reply.body[:300]}"
            assert platform.output(self.sandbox, "test -s /tmp/count && echo kept") == "kept\n", "the bystander's file is lost"
            self.begin()
        assert self.counter() == self.pid, "the bystander's process is another one"
        platform.eventually(lambda: "MemTotal:        1048576 kB" in platform.output(self.sandbox, "cat /proc/meminfo"), 20, "the bystander's own limits")
        before = int(platform.output(self.sandbox, "cat /tmp/count"))
        platform.eventually(lambda: int(platform.output(self.sandbox, "cat /tmp/count")) > before, 10, "the bystander's counting")


class KillMatrix(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.verdicts, cls.reasons = {}, []
        cls.addClassCleanup(cls.print_table)
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(**ROOM)
        cls.bystander = Bystander()

    # ---- one death ----

    def run_batch(self, name, cells):
        self.begun = time.monotonic()
        victim = kill_victims.VICTIMS[name](self.own)
        self.failures = {}
        # The background's first: it would wait for the starts that are held.
        strikes = sorted((kind(self.own, failpoint, name) for kind, failpoint in cells), key=lambda strike: not strike.first)
        kill_strikes.make_broken_snapshot(self.own)
        for strike in strikes:
            self.guarded(strike, strike.prepare)
        self.progress("prepared")
        self.guarded(None, self.settle)
        self.progress("at rest")
        for strike in strikes:
            if strike not in self.failures:
                self.guarded(strike, strike.hold)
        self.progress("held")
        try:
            victim.strike([self.bystander.id])
        finally:
            self.own.release()
        self.join(strike for strike in strikes if not strike.waits)
        self.progress("killed, and every client has its answer")
        victim.finish()
        self.join(strikes)
        platform.eventually(self.healthy, 60, "health")
        self.guarded(None, self.come_to_rest)
        self.progress("recovered")
        verdicts = {strike: self.guarded(strike, lambda s=strike: s.verdict(victim.sandboxes_die)) for strike in strikes}
        if victim.bystander_lives or None not in self.failures:
            self.guarded(None, lambda: self.bystander.check(victim.bystander_lives))
        for strike, verdict in verdicts.items():
            met = verdict is None or victim.met(strike.id())
            self.note(name, strike.name, verdict if met else "-", self.failures.get(strike))
        if None in self.failures:
            self.note(name, "all together", None, self.failures[None])
        self.progress("judged")
        self.clean_up()
        self.progress("cleaned up")

    @staticmethod
    def join(strikes):
        for strike in strikes:
            for call in strike.calls:
                call.join(60)

    def progress(self, what):
        print(f"\n    {time.monotonic() - self.begun:6.1f} s  {what}", end=" ", file=sys.stderr, flush=True)

    def guarded(self, strike, step):
        """The result of a step; what fails is kept as the failure of its strike, or of all together."""
        try:
            return step()
        except Exception as error:
            self.failures.setdefault(strike, f"{type(error).__name__}: {error}")
            return None

    def note(self, victim, row, verdict, failure):
        if failure:
            self.reasons.append(f"{row} × {victim}: {failure}")
            verdict = f"FAILED {len(self.reasons)}"
            self.progress(f"{verdict}: {self.reasons[-1]}")
        self.verdicts[row, victim] = verdict

    @staticmethod
    def healthy():
        return platform.api("GET", "/health", key="", timeout=5).status == 200

    def settle(self):
        """Nothing is under way, so that what is held next is what was begun."""
        platform.eventually(lambda: not host_census.Census(self.own).differences(), 30, "rest")

    def come_to_rest(self):
        """Nothing is stuck, and nothing is there that nobody should have."""
        left = ["nothing was looked at"]

        def look():
            left[:] = host_census.Census(self.own).differences()
            return not left

        try:
            platform.eventually(look, 60, "rest")
        except AssertionError as error:
            raise AssertionError(f"{error}; " + "; ".join(left)) from error

    def clean_up(self):
        for sandbox in platform.listed():
            if sandbox["id"] != self.bystander.id:
                assert platform.delete(sandbox).status == 200, sandbox
        self.come_to_rest()
        assert self.own.sql("SELECT id FROM sandbox WHERE state <> 'destroyed'") == [(self.bystander.id,)]

    # ---- the table ----

    @classmethod
    def print_table(cls):
        lines = list(table(cls.verdicts)) + [f"{number}. {reason}" for number, reason in enumerate(cls.reasons, 1)]
        file = os.environ.get("DAYTONA_TEST_MATRIX_TABLE")
        if file:
            pathlib.Path(file).write_text("\n".join(lines) + "\n")
        else:
            print("\n".join(lines), file=sys.stderr)

    def test_every_step_has_an_operation(self):
        self.assertEqual(set(kill_strikes.steps()), set(kill_strikes.STRIKES))


def table(verdicts):
    """The matrix as lines: an operation at a step for each row, a victim for each column; cells that were not run are empty."""
    names = [label(*row) for row in rows()]
    names += sorted({row for row, _ in verdicts} - set(names))
    wide = max(map(len, names)) + 2
    yield "".join([f"{'operation @ step':{wide}}", *(f"{victim:11}" for victim in kill_victims.VICTIMS)]).rstrip()
    for name in names:
        yield "".join([f"{name:{wide}}", *(f"{verdicts.get((name, victim)) or '':11}" for victim in kill_victims.VICTIMS)]).rstrip()
    ran = [verdict for verdict in verdicts.values() if verdict]
    counts = {kind: sum(verdict.startswith(kind) for verdict in ran) for kind in ("done", "undone", "-", "FAILED")}
    yield f"{counts['done']} done, {counts['undone']} undone, {counts['-']} without the victim (-), {counts['FAILED']} failed"


def batches(cells):
    """What can be held at the same time: all but what the server does one after the other."""
    together = [cell for cell in cells if not cell[0].alone]
    return ([together] if together else []) + [[cell] for cell in cells if cell[0].alone]


def add_tests():
    seed = platform.commit()
    for number, victim in enumerate(kill_victims.VICTIMS):
        cells = [row for row in rows() if chosen(*row, victim, seed)]
        if not cells:
            continue

        def test(self, victim=victim, cells=cells):
            before = len(self.reasons)
            try:
                for batch in batches(cells):
                    self.run_batch(victim, batch)
            except BaseException:
                self.own.release()
                self.own.up()
                raise
            self.assertEqual([], self.reasons[before:])

        test.__name__ = f"test_{number}_{victim}"
        setattr(KillMatrix, test.__name__, test)


add_tests()

if __name__ == "__main__":
    unittest.main()
