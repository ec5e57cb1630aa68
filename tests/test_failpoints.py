"""The server dies right behind each transition of a sandbox: what was begun is finished or undone, and nothing else suffers.

The names are those of the table in SandboxTransitions.java; one that is new and not covered here fails. On a platform of its own.
"""

import contextlib
import re
import threading
import unittest

import own_platform
import platform_under_test as platform

TABLE = platform.ROOT / "control/src/main/java/io/daytona/control/sandbox/SandboxTransitions.java"
# Runtime.halt(137) as the status of waitpid; kill -9 from outside would be 9.
HALTED = 137 << 8
COUNTER = (
    "nohup setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count.new; mv /tmp/count.new /tmp/count; sleep 0.05; done' "
    ">/dev/null 2>&1 </dev/null &"
)
GONE = "gone"


def transitions():
    """(failpoint, from, to) of every row of the table."""
    text = TABLE.read_text()
    rows = re.findall(r"new SandboxTransition\(\s*(\w+),\s*(\w+),\s*SandboxTrigger\.\w+\)", text)
    assert rows and len(rows) == text.count("new SandboxTransition("), "the table is written in a way that is not understood here"
    named = [("new" if start == "null" else start.lower(), end.lower()) for start, end in rows]
    return [(f"sandbox.{start}-{end}", start, end) for start, end in dict.fromkeys(named)]


class Strike:
    """What happens between two restarts: `prepare` makes a sandbox ready, `act` is the operation in whose middle the server dies."""

    ends = GONE
    starts = True  # a sandbox that is left can be started
    marked = True  # and has the file that was written before

    def __init__(self, test):
        self.test, self.own = test, test.own

    def prepare(self):
        return self.test.sandbox()

    def act(self, sandbox):
        platform.delete(sandbox)


class Create(Strike):
    ends = "started"
    marked = False
    fields = {}

    def prepare(self):
        return None

    def act(self, sandbox):
        platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK, "failpoint": "op"}, **self.fields})


class CreateNamed(Create):
    fields = {"name": "named-" + platform.MARK}


class CreateForUnknownUser(Create):
    """The host refuses it, and it is undone."""

    ends = GONE
    fields = {"user": "nobody-has-this-name"}


class CreateBroken(Create):
    """The host fails: it has no such layer."""

    ends = "error"

    def act(self, sandbox):
        with self.test.layers_lost("snapshot", "name = 'daytona-small'"):
            super().act(sandbox)


class CreateCancelled(Create):
    ends = GONE

    def act(self, sandbox):
        with self.own.frozen_jailer():
            creation = self.test.later(lambda: super(CreateCancelled, self).act(None))
            row, = platform.eventually(lambda: platform.listed(failpoint="op"), 10, "row in state creating")
            self.test.assertEqual("creating", row["state"])
            platform.delete(row)
        creation.join(30)


class Stop(Strike):
    ends = "stopped"

    def act(self, sandbox):
        platform.api("POST", f"/sandbox/{sandbox['id']}/stop")


class ForcedStop(Strike):
    ends = "stopped"

    def act(self, sandbox):
        platform.api("POST", f"/sandbox/{sandbox['id']}/stop?force=true")


class Exit(Strike):
    """The sandbox ends itself."""

    ends = "stopped"

    def act(self, sandbox):
        platform.execute(sandbox, "sudo kill -TERM 1")


class Start(Strike):
    ends = "started"

    def prepare(self):
        return self.test.stopped(self.test.sandbox())

    def act(self, sandbox):
        platform.api("POST", f"/sandbox/{sandbox['id']}/start")


class StartRefused(Start):
    """The sandbox has removed its own user: the host refuses to start it, and it stays stopped."""

    ends = "stopped"
    starts = False

    def prepare(self):
        sandbox = self.test.sandbox()
        platform.output(sandbox, "sudo sed -i /^daytona:/d /etc/passwd")
        return self.test.stopped(sandbox)


class StartBroken(Start):
    ends = "error"

    def act(self, sandbox):
        with self.test.layers_lost("sandbox", f"id = '{sandbox['id']}'"):
            super().act(sandbox)


class DeleteStopped(Start):
    ends = GONE

    def act(self, sandbox):
        platform.delete(sandbox)


class DeleteErrored(Strike):
    def prepare(self):
        with self.test.layers_lost("snapshot", "name = 'daytona-small'"):
            reply = platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK, "failpoint": "op"}})
        self.test.assertEqual(400, reply.status, reply.body)
        sandbox, = platform.listed(failpoint="op")
        self.test.assertEqual("error", sandbox["state"])
        return sandbox


class DeleteLeft(Strike):
    """Deleted in a passing state that no operation looks after: between two attempts of the reconciler."""

    left = None

    def prepare(self):
        sandbox = super().prepare() if self.left == "stopping" else self.test.stopped(super().prepare())
        desired = {"stopping": "stopped", "starting": "started"}[self.left]
        self.own.sql(f"UPDATE sandbox SET state = '{self.left}', desired_state = '{desired}', updated_at = now() WHERE id = '{sandbox['id']}'")
        return sandbox


class DeleteLeftStopping(DeleteLeft):
    left = "stopping"


class DeleteLeftStarting(DeleteLeft):
    left = "starting"


STRIKES = {
    "sandbox.new-creating": [Create, CreateNamed],
    "sandbox.creating-started": [Create],
    "sandbox.creating-destroyed": [CreateForUnknownUser],
    "sandbox.creating-error": [CreateBroken],
    "sandbox.creating-destroying": [CreateCancelled],
    "sandbox.started-stopping": [Stop],
    "sandbox.started-stopped": [Exit],
    "sandbox.started-destroying": [Strike],
    "sandbox.stopping-stopped": [ForcedStop],
    "sandbox.stopping-destroying": [DeleteLeftStopping],
    "sandbox.stopped-starting": [Start],
    "sandbox.stopped-destroying": [DeleteStopped],
    "sandbox.starting-started": [Start],
    "sandbox.starting-stopped": [StartRefused],
    "sandbox.starting-error": [StartBroken],
    "sandbox.starting-destroying": [DeleteLeftStarting],
    "sandbox.error-destroying": [DeleteErrored],
    "sandbox.destroying-destroyed": [Strike],
}


class Failpoints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.own = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.own.purge)
        cls.own.use()
        cls.bystander = platform.create(labels={"failpoint": "bystander"})
        platform.execute(cls.bystander, COUNTER)
        cls.counter = platform.eventually(lambda: platform.output(cls.bystander, "pgrep -o -f count.new").strip(), 10, "counter")

    # ---- what strikes use ----

    def sandbox(self):
        sandbox = platform.create(labels={"failpoint": "op"})
        platform.output(sandbox, "echo kept > mark && sync mark")
        return sandbox

    def stopped(self, sandbox):
        self.assertEqual(200, platform.api("POST", f"/sandbox/{sandbox['id']}/stop?force=true").status)
        platform.eventually(lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == "stopped", 20, "stop")
        return sandbox

    def later(self, call):
        def run():
            try:
                call()
            except OSError:
                return  # the connection died with the server

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    @contextlib.contextmanager
    def layers_lost(self, table, where):
        """Meanwhile the rows name a layer that the host does not have."""
        (layers,), = self.own.sql(f"SELECT layers FROM {table} WHERE {where}")
        self.own.sql(f"UPDATE {table} SET layers = '{{{'0' * 16}}}' WHERE {where}")
        try:
            yield
        finally:
            self.own.sql(f"UPDATE {table} SET layers = '{layers}' WHERE {where}")

    # ---- the test of one failpoint ----

    def strike(self, failpoint, start, end, kind):
        """The supervisor's restart keeps the failpoint, which the finished operation does not pass again; the next test takes it away."""
        self.own.restart(failpoint)
        strike = kind(self)
        sandbox = strike.prepare()
        began = len(self.ends_of_server())
        pid = platform.pid_of("server")
        operation = self.later(lambda: strike.act(sandbox))
        platform.eventually(lambda: len(self.ends_of_server()) > began, 20, f"death at {failpoint}")
        operation.join(30)
        self.assertFalse(operation.is_alive(), "the client hangs")
        platform.eventually(self.healthy, 30, "health")
        platform.eventually(self.nothing_passes, 30, "end of every operation")
        platform.eventually(self.host_agrees, 30, "agreement of host and rows")
        self.assertEqual([(pid, HALTED)], self.ends_of_server()[began:], "it died once, there")
        id = sandbox["id"] if sandbox else self.last_created()
        self.assertIn((start, end), self.journal(id))
        self.assertEqual(strike.ends, self.state(id))
        self.assert_usable(id, strike)
        self.assert_bystander_untouched()
        self.clean_up()

    def ends_of_server(self):
        """(pid, status of waitpid) of every server that ended, from the supervisor's log."""
        log = (self.own.data / "log" / "supervisor.log").read_text()
        return [(int(pid), int(status)) for pid, status in re.findall(r"server, pid (\d+), ended \(wait status (-?\d+)\)", log)]

    @staticmethod
    def healthy():
        return platform.api("GET", "/health", key="", timeout=5).status == 200

    def last_created(self):
        (id,), = self.own.sql("SELECT sandbox_id FROM sandbox_journal WHERE from_state IS NULL ORDER BY id DESC LIMIT 1")
        return id

    def journal(self, id):
        """The transitions of a sandbox."""
        return self.own.sql(f"SELECT coalesce(from_state, 'new'), to_state FROM sandbox_journal WHERE sandbox_id = '{id}' ORDER BY id")

    def nothing_passes(self):
        return self.own.sql("SELECT id, state FROM sandbox WHERE state IN ('creating', 'starting', 'stopping', 'destroying')") == []

    def host_agrees(self):
        rows = dict(self.own.sql("SELECT id, state FROM sandbox WHERE state <> 'destroyed'"))
        running, disks = platform.host_sandboxes()
        started = {id for id, state in rows.items() if state == "started"}
        resting = {id for id, state in rows.items() if state in ("started", "stopped")}
        return running == started and resting <= disks <= set(rows)

    @staticmethod
    def state(id):
        reply = platform.api("GET", "/sandbox/" + id)
        return GONE if reply.status == 404 else reply.json()["state"]

    def assert_usable(self, id, strike):
        """It works, with what was written before."""
        if strike.ends not in ("started", "stopped") or not strike.starts:
            return
        if strike.ends == "stopped":
            reply = platform.api("POST", f"/sandbox/{id}/start")
            self.assertEqual((200, "started"), (reply.status, reply.json().get("state")))
        sandbox = platform.api("GET", "/sandbox/" + id).json()
        self.assertEqual("kept\n" if strike.marked else "42\n", platform.output(sandbox, "cat mark" if strike.marked else "echo $((6*7))"))

    def assert_bystander_untouched(self):
        self.assertEqual(self.counter, platform.output(self.bystander, "pgrep -o -f count.new").strip(), "its process is another one")
        before = int(platform.output(self.bystander, "cat /tmp/count"))
        platform.eventually(lambda: int(platform.output(self.bystander, "cat /tmp/count")) > before, 10, "counting")

    def clean_up(self):
        for sandbox in platform.listed(failpoint="op"):
            self.assertEqual(200, platform.delete(sandbox).status)
        only = {self.bystander["id"]}
        platform.eventually(lambda: platform.host_sandboxes() == (only, only), 20, "deletion")
        platform.eventually(self.nothing_passes, 20, "deletion")

    def test_every_transition_is_covered(self):
        self.assertEqual({name for name, _, _ in transitions()}, set(STRIKES))


def add_tests():
    for failpoint, start, end in transitions():
        for kind in STRIKES.get(failpoint, []):
            def test(self, args=(failpoint, start, end, kind)):
                try:
                    self.strike(*args)
                except BaseException:
                    self.own.restart()
                    self.clean_up()
                    raise

            name = f"test_{failpoint.removeprefix('sandbox.').replace('-', '_to_')}_{kind.__name__}"
            test.__name__ = name
            setattr(Failpoints, name, test)


add_tests()

if __name__ == "__main__":
    unittest.main()
