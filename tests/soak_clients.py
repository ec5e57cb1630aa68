"""Clients of the soak: sandboxes that come and go at a steady rate, and some that stay.

While something has been killed a call may fail, in ways that say so; then it is repeated until it is done. At any other time every
call works the first time.
"""

import http.client
import json
import threading
import time
import uuid

import platform_under_test as platform

DEADLINE = 120  # seconds until an operation must be done, however often it is repeated
PAUSE = 0.2  # seconds before a call that failed is repeated
COUNTER = (
    "nohup setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count.new; mv /tmp/count.new /tmp/count; sleep 1; done' "
    ">/dev/null 2>&1 </dev/null &"
)


class Windows:
    """Times at which something was dead or coming back, and which sandboxes lost their first process."""

    def __init__(self):
        # Of a sandbox that lost its first process whether it is dead already.
        self.all, self.lost, self.lock = [], {}, threading.Lock()

    def open(self, victim):
        """From now on calls may fail; returns what `close` takes."""
        window = {"victim": victim, "begin": time.monotonic(), "end": float("inf")}
        with self.lock:
            self.all.append(window)
        return window

    def victims(self, begin, end):
        """What was dead or coming back at some time between both."""
        with self.lock:
            return {window["victim"] for window in self.all if window["begin"] <= end and begin <= window["end"]}


class Record:
    """What the clients did: latencies of calls that worked the first time, errors that were allowed, and what was not."""

    def __init__(self, windows):
        self.windows, self.lock = windows, threading.Lock()
        self.calm, self.errors, self.faults, self.cycles, self.missed = {}, {}, [], 0, 0
        self.ended = False

    def call(self, name, box, send):
        """Does an operation until it is done; `send` answers None when it is, and the reply that is not good enough otherwise."""
        sandbox_id = box.id
        begun = time.monotonic()
        tries = 0
        while True:
            tries += 1
            start = time.monotonic()
            try:
                reply = send()
            except (OSError, http.client.HTTPException) as error:
                reply = error
            now = time.monotonic()
            if reply is None:
                with self.lock:
                    if tries == 1 and not self.windows.victims(start, now):
                        self.calm.setdefault(name, []).append(now - start)
                return
            self.judge(name, sandbox_id, reply, start, now, tries)
            if now - begun > DEADLINE:
                raise AssertionError(f"{name} of {sandbox_id}: not done after {DEADLINE} s and {tries} calls; last {described(reply)}")
            time.sleep(PAUSE)
            if sandbox_id in self.windows.lost and name not in ("stop", "delete"):
                box.revive()

    def judge(self, name, sandbox_id, reply, start, end, tries):
        """Whether a call may have failed as it did."""
        victims = self.windows.victims(start, end)
        text = described(reply)
        if isinstance(reply, Exception):
            # The server that had the connection died.
            allowed = victims & {"JVM", "all"}
        elif sandbox_id in self.windows.lost:
            allowed = typed(reply)
        else:
            # After a call whose end nobody knows, the operation may still be going on.
            allowed = victims and typed(reply) and (reply.status in (502, 503) or tries > 1 and reply.status == 409)
        with self.lock:
            if allowed:
                cause = "+".join(sorted(victims)) or "agent"
                kind = f"{name} × {cause}: {text[:60]}"
                self.errors[kind] = self.errors.get(kind, 0) + 1
            else:
                self.faults.append(f"{name} of {sandbox_id} with {sorted(victims) or 'nothing'} dead: {text}")

    def fault(self, text):
        with self.lock:
            self.faults.append(text)


def typed(reply):
    """Whether an error says its code, its status and a cause."""
    try:
        body = json.loads(reply.body)
    except ValueError:
        return False
    return bool(body.get("message")) and bool(body.get("code")) and body.get("statusCode") == reply.status


def described(reply):
    if isinstance(reply, Exception):
        return f"{type(reply).__name__}: {reply}"
    try:
        body = json.loads(reply.body)
        return f"{reply.status} {body.get('code')}: {body.get('message')}"
    except (ValueError, AttributeError):
        return f"{reply.status} {reply.body[:200]!r}"


class Box:
    """One sandbox as a client sees it."""

    def __init__(self, record, kind):
        self.record, self.kind, self.sandbox, self.id = record, kind, None, None

    def call(self, name, send):
        self.record.call(name, self, send)

    def revive(self):
        """Starts the sandbox if it is stopped because its first process was killed."""
        try:
            if self.state() == "stopped":
                platform.api("POST", f"/sandbox/{self.id}/start")
        except (OSError, http.client.HTTPException):
            return  # the server is dead as well: the next turn does it

    def create(self):
        """Repeated with the same key, it is the same sandbox."""
        key = {"Idempotency-Key": str(uuid.uuid4())}

        def send():
            body = {"snapshot": "daytona-small", "labels": {"e2e": platform.MARK, "soak": self.kind}}
            reply = platform.api("POST", "/sandbox", body, headers=key)
            if reply.status != 200 or reply.json()["state"] != "started":
                return reply
            self.sandbox = reply.json()
            self.id = self.sandbox["id"]
            return None

        self.call("create", send)

    def execute(self, command, expected):
        def send():
            reply = platform.toolbox(self.sandbox, "POST", "/process/execute", {"command": command})
            if reply.status != 200:
                return reply
            answer = reply.json()
            assert answer["exitCode"] == 0 and answer["result"] == expected, f"exec of {command!r} in {self.id} gave {answer}"
            return None

        self.call("exec", send)

    def upload(self, path, data):
        def send():
            reply = platform.toolbox(self.sandbox, "POST", f"/files/upload-v2?path={path}", data, headers={"Content-Type": "application/octet-stream"})
            return None if reply.status == 200 else reply

        self.call("upload", send)

    def download(self, path, data):
        def send():
            reply = platform.toolbox(self.sandbox, "GET", f"/files/download?path={path}")
            if reply.status == 200:
                assert reply.body == data, f"{path} of {self.id} is another file: {len(reply.body)} bytes"
                return None
            return reply

        self.call("download", send)

    def state(self):
        """The state, or None for a sandbox that is no more."""
        reply = platform.api("GET", f"/sandbox/{self.id}")
        return None if reply.status == 404 else reply.json()["state"] if reply.status == 200 else reply

    def reach(self, name, wanted, send_once):
        """Asks for a state, and looks until it is there; asks again only where the platform has not taken it on."""
        asked = False

        def send():
            nonlocal asked
            if not asked:
                reply = send_once()
                if reply.status != 200:
                    return reply
                asked = True
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                state = self.state()
                if state == wanted:
                    return None
                if not isinstance(state, (str, type(None))):
                    return state
                if state not in platform.TRANSITIONAL:
                    asked = False
                    return platform.Reply(0, {}, json.dumps({"message": f"{name} ended {state}"}).encode())
                time.sleep(0.02)
            raise AssertionError(f"{name}: {self.id} stays {state}")

        def first_look():
            # A call before may have been taken on although its answer was lost.
            if asked or self.tries == 0:
                self.tries += 1
                return send()
            return None if self.state() == wanted else send()

        self.tries = 0
        self.call(name, first_look)

    def stop(self):
        self.reach("stop", "stopped", lambda: platform.api("POST", f"/sandbox/{self.id}/stop?force=true"))

    def start(self):
        self.reach("start", "started", lambda: platform.api("POST", f"/sandbox/{self.id}/start"))

    def delete(self):
        self.reach("delete", None, lambda: platform.delete({"id": self.id}))


class Worker(threading.Thread):
    """Whole lives of sandboxes, one begun each period; one that takes longer lets the next turns out."""

    def __init__(self, record, number, period, until):
        super().__init__(daemon=True)
        self.record, self.number, self.period, self.until = record, number, period, until

    def run(self):
        turn = time.monotonic()
        while turn < self.until:
            time.sleep(max(0, turn - time.monotonic()))
            try:
                self.life(Box(self.record, "passing"))
            except Exception as error:
                self.record.fault(f"worker {self.number}: {type(error).__name__}: {error}")
            turn += self.period
            while turn < time.monotonic():
                turn += self.period
                self.record.missed += 1

    def life(self, box):
        data = uuid.uuid4().bytes * 4096
        try:
            box.create()
            box.execute("echo $((6*7))", "42\n")
            box.upload("soak.bin", data)
            box.download("soak.bin", data)
            box.stop()
            box.start()
            box.download("soak.bin", data)
            box.execute("rm -f soak.bin; ls -A *.bin 2>/dev/null | wc -l", "0\n")
        finally:
            if box.id:
                box.delete()
        with self.record.lock:
            self.record.cycles += 1


class Resident(threading.Thread):
    """A sandbox that stays, with a process that counts: it outlives everything but the death of its own first process."""

    def __init__(self, record, until):
        super().__init__(daemon=True)
        self.record, self.until, self.box = record, until, Box(record, "resident")
        self.box.create()
        self.begin()

    def begin(self):
        self.box.execute("echo kept > mark && sync mark; " + COUNTER, "")
        self.pid = platform.eventually(self.counter, 20, "counter")

    def counter(self):
        reply = platform.toolbox(self.box.sandbox, "POST", "/process/execute", {"command": "pgrep -o -f count.new"})
        return reply.json()["result"].strip() if reply.status == 200 else None

    def run(self):
        while time.monotonic() < self.until:
            try:
                if self.box.id in self.record.windows.lost:
                    self.return_from_death()
                self.box.execute("pgrep -o -f count.new; cat mark", f"{self.pid}\nkept\n")
            except Exception as error:
                if self.box.id not in self.record.windows.lost:
                    self.record.fault(f"resident {self.box.id}: {type(error).__name__}: {error}")
            time.sleep(1)

    def return_from_death(self):
        """Its first process was killed: it is started again and has its disk, and a new process counts."""
        assert self.record.windows.lost[self.box.id].wait(DEADLINE), "the victim does not die"
        self.box.execute("cat mark", "kept\n")
        del self.record.windows.lost[self.box.id]
        self.begin()
