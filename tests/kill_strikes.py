"""The operations of the kill matrix: what is going on when something is killed, and how it may end.

Each is one sandbox and the failpoint at which its operation is held. The names of the failpoints come from the tables in the code;
one that is new and has no operation here fails the matrix.
"""

import hashlib
import re
import tempfile
import threading

import platform_under_test as platform
import root_archives

TRANSITIONS = platform.ROOT / "control/src/main/java/io/daytona/control/sandbox/SandboxTransitions.java"
SNAPSHOT_STEPS = platform.ROOT / "control/src/main/java/io/daytona/control/snapshot/SnapshotStep.java"
HOST_STEPS = platform.ROOT / "runner/src/main/java/io/daytona/runner/HostStep.java"
GONE = "gone"
BROKEN = "broken"  # a snapshot whose layer is missing


def transitions():
    """Failpoints behind the rows of the table of transitions, in its order."""
    text = TRANSITIONS.read_text()
    rows = re.findall(r"new SandboxTransition\(\s*(\w+),\s*(\w+),\s*SandboxTrigger\.\w+\)", text)
    assert rows and len(rows) == text.count("new SandboxTransition("), "the table is written in a way that is not understood here"
    return list(dict.fromkeys(f"sandbox.{'new' if start == 'null' else start.lower()}-{end.lower()}" for start, end in rows))


def named_steps(table, prefix):
    """Failpoints behind the steps of an enumeration, in its order."""
    names = re.findall(r"^  ([A-Z_]+)[,;]$", table.read_text(), re.MULTILINE)
    assert len(names) > 2, "the table is written in a way that is not understood here"
    return [prefix + name.lower().replace("_", "-") for name in names]


def steps():
    return transitions() + named_steps(HOST_STEPS, "host.") + named_steps(SNAPSHOT_STEPS, "snapshot.")


def break_layers(own, table, where):
    """Rows name a layer that the host does not have."""
    own.sql(f"UPDATE {table} SET layers = '{{{'0' * 16}}}' WHERE {where}")


def make_broken_snapshot(own):
    """Made anew for each death: the server repairs it when it starts."""
    own.sql(
        f"DELETE FROM snapshot WHERE name = '{BROKEN}';"
        "CREATE TEMPORARY TABLE copy AS SELECT * FROM snapshot WHERE name = 'daytona-small';"
        f"UPDATE copy SET id = gen_random_uuid(), name = '{BROKEN}'; INSERT INTO snapshot SELECT * FROM copy"
    )
    break_layers(own, "snapshot", f"name = '{BROKEN}'")


class Strike:
    """One sandbox that is deleted, held at a failpoint. Others differ in what they do and how it may end."""

    done = {GONE}  # states at the end of an operation that was finished
    undone = set()  # states at the end of one that was cleanly undone
    starts = True  # a sandbox that is left can be started
    marked = True  # and has the file that was written before
    first = False  # in the background, where it would wait for starts that are held
    alone = False  # in a thread of the server that does one after the other
    waits = False  # its client waits until the platform has returned

    def __init__(self, own, failpoint, victim):
        self.own, self.failpoint = own, failpoint
        self.name = f"{type(self).__name__} @ {failpoint}"
        self.mark = f"{type(self).__name__}.{failpoint}.{victim}"
        self.sandbox, self.calls = None, []

    def labels(self):
        return {"e2e": platform.MARK, "strike": self.mark}

    def prepare(self):
        """Makes ready what the operation needs."""
        self.sandbox = self.marked_sandbox()

    def act(self):
        """The operation, by a client's thread."""
        platform.delete(self.sandbox)

    def hold(self):
        """Begins the operation and returns when it is held at the failpoint."""
        self.begin(self.failpoint, self.act)

    # ---- what operations use ----

    def begin(self, failpoint, call):
        self.own.arm(failpoint)
        self.later(call)
        platform.eventually(lambda: self.own.holds(failpoint), 20, f"{self.name}: reach {failpoint}")

    def later(self, call):
        def run():
            try:
                call()
            except (OSError, AssertionError):
                return  # the connection died with the server, or the server said so: what counts is the state afterwards

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.calls.append(thread)

    def marked_sandbox(self):
        sandbox = platform.create(labels=self.labels())
        platform.output(sandbox, "echo kept > mark && sync mark")
        return sandbox

    def stopped_sandbox(self):
        sandbox = self.marked_sandbox()
        assert platform.api("POST", f"/sandbox/{sandbox['id']}/stop?force=true").status == 200
        platform.eventually(lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == "stopped", 20, "stop")
        return sandbox

    # ---- how it ended ----

    def id(self):
        """The sandbox's id; None for one whose row is gone or was never written."""
        if self.sandbox:
            return self.sandbox["id"]
        rows = self.own.sql(f"SELECT id FROM sandbox WHERE labels->>'strike' = '{self.mark}' ORDER BY created_at")
        return rows[0][0] if rows else None

    def state(self):
        id = self.id()
        reply = platform.api("GET", f"/sandbox/{id}") if id else None
        return GONE if reply is None or reply.status == 404 else reply.json()["state"]

    def verdict(self, died):
        """`done` or `undone`; an assertion says why it is neither. `died`: the processes of running sandboxes were killed too."""
        assert not any(call.is_alive() for call in self.calls), "the client hangs"
        state = self.state()
        if state in self.done:
            verdict = "done"
        elif state in self.undone:
            verdict = "undone"
        else:
            # It was started, and then its processes were killed.
            assert died and state == "stopped" and "started" in self.done | self.undone, f"is {state}: {self.reason()}"
            verdict = "done"
        if state in ("started", "stopped") and self.starts:
            self.use(state)
        return verdict

    def reason(self):
        id = self.id()
        return id and self.own.sql(f"SELECT error_reason FROM sandbox WHERE id = '{id}'")

    def use(self, state):
        """It works, with what was written before."""
        path = "/sandbox/" + self.id()
        if state == "stopped":
            reply = platform.api("POST", path + "/start")
            assert reply.status == 200 and reply.json()["state"] == "started", f"does not start again: {reply.status} {reply.body[:200]}"
        sandbox = platform.api("GET", path).json()
        command, expected = ("cat mark", "kept\n") if self.marked else ("echo $((6*7))", "42\n")
        assert platform.output(sandbox, command) == expected, "its file is lost"


class Delete(Strike):
    pass


class DeleteStopped(Strike):
    def prepare(self):
        self.sandbox = self.stopped_sandbox()


class Background(Strike):
    first = True


class ClearDeleted(Background):
    """What follows in the background when a sandbox has been deleted."""


class Create(Strike):
    done, undone, marked = {"started"}, {GONE}, False
    fields = {}

    def prepare(self):
        return None

    def act(self):
        platform.api("POST", "/sandbox", {"labels": self.labels(), **self.fields})


class CreateNamed(Create):
    fields = {"name": "named-" + platform.MARK}


class CreateReplaces(Create):
    """What follows in the background when sandboxes have taken what was made ahead, however much that was."""

    first = True

    def act(self):
        while not self.own.holds(self.failpoint):
            super().act()


class CreateForUnknownUser(Create):
    """The host refuses it, and it is undone; a refusal that no client could be told is kept as an error."""

    done = {GONE, "error"}
    fields = {"user": "nobody-has-this-name"}


class CreateBroken(Create):
    """The host fails: it has no such layer."""

    done, fields = {"error"}, {"snapshot": BROKEN}


class CreateCancelled(Create):
    done = {GONE}

    def hold(self):
        self.begin("sandbox.new-creating", self.act)
        row, = platform.listed(strike=self.mark)
        assert row["state"] == "creating", row
        self.begin(self.failpoint, lambda: platform.delete(row))


class Stop(Strike):
    done, undone = {"stopped"}, {"started"}

    def act(self):
        platform.api("POST", f"/sandbox/{self.sandbox['id']}/stop")


class ForcedStop(Stop):
    def act(self):
        platform.api("POST", f"/sandbox/{self.sandbox['id']}/stop?force=true")


class Exit(Stop):
    """The sandbox ends itself."""

    undone = set()

    def act(self):
        platform.execute(self.sandbox, "sudo kill -TERM 1")


class Start(DeleteStopped):
    done, undone = {"started"}, {"stopped"}

    def act(self):
        platform.api("POST", f"/sandbox/{self.sandbox['id']}/start")


class StartRefused(Start):
    """The sandbox has removed its own user: the host refuses to start it, and it stays stopped."""

    done, undone, starts = {"stopped"}, set(), False

    def prepare(self):
        self.sandbox = self.marked_sandbox()
        platform.output(self.sandbox, "sudo sed -i /^daytona:/d /etc/passwd")
        platform.api("POST", f"/sandbox/{self.sandbox['id']}/stop?force=true")
        platform.eventually(lambda: self.state() == "stopped", 20, "stop")


class StartBroken(Start):
    done, starts = {"error"}, False

    def hold(self):
        break_layers(self.own, "sandbox", f"id = '{self.sandbox['id']}'")
        super().hold()


class DeleteErrored(Delete):
    def prepare(self):
        reply = platform.api("POST", "/sandbox", {"labels": self.labels(), "snapshot": BROKEN})
        assert reply.status == 400, reply.body
        self.sandbox, = platform.listed(strike=self.mark)
        assert self.sandbox["state"] == "error", self.sandbox


class DeleteLeft(DeleteStopped):
    """Deleted in a passing state that no operation looks after: between two attempts of the reconciler."""

    left = None

    def act(self):
        desired = {"stopping": "stopped", "starting": "started"}[self.left]
        self.own.sql(
            f"UPDATE sandbox SET state = '{self.left}', desired_state = '{desired}', updated_at = now() WHERE id = '{self.sandbox['id']}'"
        )
        platform.delete(self.sandbox)


class DeleteLeftStopping(DeleteLeft):
    left = "stopping"


class DeleteLeftStarting(DeleteLeft):
    left = "starting"


class ImportImage(Strike):
    """An operator's image becomes a snapshot."""

    alone = waits = True
    archive = staticmethod(root_archives.smallest)

    def prepare(self):
        self.image = "strike-" + hashlib.sha256(self.mark.encode()).hexdigest()[:12]
        self.before = self.kept()

    def image_command(self, *arguments):
        return self.own.daytona("image", *arguments, timeout=120)

    def import_image(self):
        with tempfile.NamedTemporaryFile(suffix=".tar") as file:
            file.write(self.archive())
            file.flush()
            self.image_command("import", self.image, file.name)

    act = import_image

    def kept(self):
        """What the platform has of images."""
        files = {str(path) for path in (self.own.data / "images").rglob("*") if path.is_file() and path.name != ".lock"}
        return files | {line for line in platform.jailer("list") if line.startswith("layer ")}

    def state(self):
        reply = platform.api("GET", "/snapshots/" + self.image)
        return GONE if reply.status == 404 else reply.json()["state"]

    def id(self):
        return None

    def verdict(self, died):
        assert not any(call.is_alive() for call in self.calls), "the operator's command hangs"
        platform.eventually(lambda: self.state() in ("active", "error", GONE), 30, "the end of the import")
        undone = self.state() == GONE
        if undone:
            self.import_image()
        self.check()
        self.remove()
        return "undone" if undone else "done"

    def check(self):
        assert self.state() == "active", self.state()
        sandbox = platform.create(snapshot=self.image)
        assert platform.output(sandbox, "echo $((6*7))") == "42\n", "its sandbox does not work"
        assert platform.delete(sandbox).status == 200

    def remove(self):
        platform.eventually(lambda: not self.own.sql("SELECT id FROM sandbox WHERE snapshot LIKE 'strike-%' AND state <> 'destroyed'"), 20, "end of its sandbox")
        self.image_command("remove", self.image)
        self.check_gone()

    def check_gone(self):
        platform.eventually(lambda: self.state() == GONE, 20, "end of the snapshot")
        platform.eventually(lambda: self.kept() == self.before, 20, "end of the image's files")


class ImportRefused(ImportImage):
    """An archive that cannot be unpacked is refused; then the operator's command takes it back."""

    archive = staticmethod(root_archives.refused)

    def verdict(self, died):
        assert not any(call.is_alive() for call in self.calls), "the operator's command hangs"
        # A reboot ends the command, too: then the operator finds the refused image in the list.
        if died and self.image in self.image_command("list"):
            assert self.state() == "error", self.state()
            self.image_command("remove", self.image)
        self.check_gone()
        return "done"


class RemoveImage(ImportImage):
    def prepare(self):
        super().prepare()
        self.import_image()

    def act(self):
        self.image_command("remove", self.image)

    def verdict(self, died):
        assert not any(call.is_alive() for call in self.calls), "the operator's command hangs"
        self.check_gone()
        return "done"


STRIKES = {
    "sandbox.new-creating": [Create, CreateNamed],
    "sandbox.creating-started": [Create],
    "sandbox.creating-destroyed": [CreateForUnknownUser],
    "sandbox.creating-error": [CreateBroken],
    "sandbox.creating-destroying": [CreateCancelled],
    "sandbox.started-stopping": [Stop],
    "sandbox.started-stopped": [Exit],
    "sandbox.started-destroying": [Delete],
    "sandbox.stopping-stopped": [ForcedStop],
    "sandbox.stopping-destroying": [DeleteLeftStopping],
    "sandbox.stopped-starting": [Start],
    "sandbox.stopped-destroying": [DeleteStopped],
    "sandbox.starting-started": [Start],
    "sandbox.starting-stopped": [StartRefused],
    "sandbox.starting-error": [StartBroken],
    "sandbox.starting-destroying": [DeleteLeftStarting],
    "sandbox.error-destroying": [DeleteErrored],
    "sandbox.destroying-destroyed": [Delete],
    "host.start-slot-taken": [Create, Start],
    "host.start-slot-noted": [Create, Start],
    "host.start-jailed": [Create, Start],
    "host.start-connected": [Create, Start],
    "host.start-identified": [Create, Start],
    "host.start-identity-noted": [Create, Start],
    "host.stop-asked": [Stop],
    "host.end-killed": [ForcedStop, Delete],
    "host.clear-killed": [Exit, CreateForUnknownUser],
    "host.clear-disk-due": [ClearDeleted],
    "host.clear-disk-dropped": [ClearDeleted],
    "host.slot-made": [CreateReplaces],
    "host.slot-dropped": [ClearDeleted],
    "host.slot-forgotten": [ClearDeleted],
    "host.disk-shelved": [CreateReplaces],
    "host.layer-sealed": [ImportImage],
    "host.layer-dropped": [RemoveImage],
    "snapshot.pulling": [ImportImage],
    "snapshot.active": [ImportImage],
    "snapshot.error": [ImportRefused],
    "snapshot.removing": [RemoveImage],
    "snapshot.removed": [RemoveImage],
}
