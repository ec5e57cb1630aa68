import errno
import os
import pwd
import signal
import time
import unittest

from client import ROOT, AgentError, AgentTest, DATA, EOF, EXIT, alive, decode, eventually


class Programs(AgentTest):
    def test_output_and_status(self):
        out, err, status = self.client.shell("echo out; echo err >&2; exit 7")
        self.assertEqual((out, err, status), (b"out\n", b"err\n", 7))

    def test_status_of_a_signal_is_negative(self):
        self.assertEqual(self.client.shell("kill -9 $$")[2], -9)

    def test_merge_keeps_the_order(self):
        out, err, _ = self.client.shell("echo 1; echo 2 >&2; echo 3", merge=True)
        self.assertEqual((out, err), (b"1\n2\n3\n", b""))

    def test_every_channel_ends_once(self):
        stream = self.client.request("spawn", argv=["true"], window=10)
        reply = stream.reply()
        self.assertEqual(set(reply), {"process", "pid"})
        self.assertEqual(stream.collect()[2], {1, 2})

    def test_stdin(self):
        stream = self.client.request("spawn", argv=["cat"], stdin=True, window=1 << 20)
        stream.reply()
        stream.write(b"hello")
        stream.until(b"hello")
        stream.eof()
        self.assertEqual(stream.collect()[1], 0)

    def test_stdin_that_ends_before_the_reply(self):
        stream = self.client.request("spawn", argv=["cat"], stdin=True)
        stream.eof()
        stream.reply()
        self.assertEqual(stream.collect()[1], 0)

    def test_without_stdin_it_reads_nothing(self):
        self.assertEqual(self.client.run("cat"), (b"", b"", 0))

    def test_a_program_that_does_not_read_does_not_hold_up_its_end(self):
        stream = self.client.request("spawn", argv=["sleep", "0.2"], stdin=True, window=10)
        stream.reply()
        stream.write(b"x" * 200_000)
        self.assertEqual(stream.collect()[1], 0)

    def test_input_larger_than_every_buffer(self):
        data = os.urandom(3_000_000)
        stream = self.client.request("spawn", argv=["sha256sum"], stdin=True, window=1000)
        stream.reply()
        stream.write(data)
        stream.eof()
        import hashlib
        self.assertIn(hashlib.sha256(data).hexdigest().encode(), stream.collect()[0][1])

    def test_input_with_the_request(self):
        self.assertIn("spawn-input", self.client.hello["feature"])
        self.assertEqual(self.client.run("cat", input=b"two\0lines\n"), (b"two\0lines\n", b"", 0))
        self.assertEqual(self.client.run("cat", input=b""), (b"", b"", 0))
        self.assertEqual(self.client.run("/bin/sh", input=b"exit 3"), (b"", b"", 3))
        long = os.urandom(200_000)  # more than a pipe takes at once
        self.assertEqual(self.client.run("cat", input=long), (long, b"", 0))
        self.assertEqual(self.client.run("head", "-c", "5", input=long), (long[:5], b"", 0))
        self.assertEqual(self.client.run("true", input=long)[2], 0)

    def test_input_with_the_request_is_all_there_is(self):
        stream = self.client.request("spawn", argv=["sh", "-c", "read x; echo $x; sleep 1000"], input=b"it\n",
                                     detached=True, window=100)
        process = stream.reply()["process"]
        stream.until(b"it\n")
        self.assertFails("closed", self.client.call, "input", process=process, errno=errno.EPIPE)
        self.client.call("signal", process=process, signal=9)
        self.assertEqual(stream.collect()[1], -9)
        self.assertFails("usage", self.client.call, "spawn", argv=["cat"], input=b"x", pty=True)
        self.assertFails("exec", self.client.call, "spawn", argv=["/no/such"], input=b"x" * 200_000)

    def test_starts_only_when_a_file_is_unchanged(self):
        self.assertIn("spawn-stamp", self.client.hello["feature"])
        path, mark = self.dir + "/list", self.dir + "/mark"
        spawn = dict(argv=["touch", mark], path=path)
        self.assertEqual(self.client.run("true", path=path)[2], 0)  # absent, as expected
        with open(path, "w") as f:
            f.write("text")
        os.utime(path, ns=(0, -1_500_000_000))  # before 1970
        for same in range(2):
            now = os.stat(path)
            good = dict(size=now.st_size, mtime_ns=now.st_mtime_ns)
            for bad in {}, {"size": 4}, {**good, "size": 5}, {**good, "mtime_ns": now.st_mtime_ns + 1}:
                self.assertFails("stale", self.client.call, "spawn", **spawn, **bad, errno=errno.ESTALE)
            self.assertFalse(os.path.exists(mark))
            stream = self.client.request("spawn", argv=["true"], path=path, **good, window=100)
            stream.reply()
            self.assertEqual(stream.collect()[1], 0)
            os.utime(path)
        os.unlink(path)
        self.assertFails("stale", self.client.call, "spawn", **spawn, **good, errno=errno.ESTALE)
        self.assertFalse(os.path.exists(mark))

    def test_failures_to_start(self):
        run = self.client.run
        self.assertFails("exec", run, "no-such-program", errno=errno.ENOENT)
        self.assertFails("exec", run, "/no/such/program", errno=errno.ENOENT)
        self.assertFails("exec", run, "/etc/passwd", errno=errno.EACCES)
        self.assertFails("cwd", run, "true", cwd="/nowhere", errno=errno.ENOENT)
        self.assertFails("user", run, "true", user="nobody-at-all", errno=errno.ENOENT)
        self.assertFails("exec", run, "true", "x" * 200_000, errno=errno.E2BIG)
        self.assertFails("usage", self.client.call, "spawn")
        self.assertEqual(self.client.call("processes"), {"size": 0})

    def test_environment(self):
        base = self.client.call("identity", env=["BASE=1", "GONE=1", "WIN=base"])
        self.assertEqual(set(base), {"cwd", "user", "path"})
        out = self.client.run("env", env=["WIN=own", "NEW=2"], unset=["GONE"])[0].decode().split("\n")
        for entry in ("BASE=1", "WIN=own", "NEW=2", f"USER={base['user']}", f"HOME={base['path']}"):
            self.assertIn(entry, out)
        self.assertEqual([e for e in out if e.startswith(("GONE", "WIN=base", "AGENT"))], [])
        self.assertTrue({"PATH", "SHELL", "LOGNAME"} <= {e.partition("=")[0] for e in out})
        self.assertEqual(self.client.run("/usr/bin/env", clean_env=True, env=["A=b"])[0], b"A=b\n")
        self.assertNotIn(b"USER=", self.client.run("env", unset=["USER"])[0])

    def test_identity_replaces_the_whole_environment(self):
        self.client.call("identity", env=["OLD=1"])
        self.client.call("identity", env=["NEW=1"], cwd="/usr/bin/../lib")
        out = self.client.run("env")[0]
        self.assertIn(b"NEW=1\n", out)
        self.assertNotIn(b"OLD", out)
        self.assertEqual(self.client.run("pwd")[0], os.path.realpath("/usr/lib").encode() + b"\n")
        self.assertEqual(self.client.run("pwd", cwd="..")[0], b"/usr\n")

    def test_identity_that_fails_changes_nothing(self):
        self.client.call("identity", env=["KEPT=1"])
        self.assertFails("cwd", self.client.call, "identity", env=["X=1"], cwd="/nowhere")
        self.assertFails("user", self.client.call, "identity", env=["X=1"], user="nobody-at-all")
        self.assertFails("usage", self.client.call, "identity", env=["no equals sign"])
        self.assertIn(b"KEPT=1\n", self.client.run("env")[0])

    def test_a_clean_start(self):
        script = "grep -E '^Sig(Blk|Ign)' /proc/self/status; cat /proc/self/oom_score_adj; ls /proc/self/fd"
        out = self.client.shell(script)[0].decode().split()
        self.assertEqual(out[1], "0" * 16)
        self.assertEqual(out[3], "0" * 16)
        self.assertEqual(out[4], "500")
        self.assertEqual(out[5:], ["0", "1", "2", "3"])  # 3 is the directory that ls reads
        sid = self.client.shell("echo $$; cut -d' ' -f5,6 /proc/$$/stat")[0].split()
        self.assertEqual(len(set(sid)), 1, "own session and group")

    def test_limits_are_the_ones_the_agent_was_started_with(self):
        import resource
        self.assertEqual(int(self.client.shell("ulimit -n")[0]), resource.getrlimit(resource.RLIMIT_NOFILE)[0])

    def test_large_output_through_small_credit(self):
        size = 40_000_000
        stream = self.client.request("spawn", argv=["python3", "-c", f"""
import random, sys
r = random.Random(5)
for _ in range({size // 50000}): sys.stdout.buffer.write(r.randbytes(50000))
"""], window=3000)
        stream.reply()
        import hashlib, random
        got, want, n = hashlib.sha256(), hashlib.sha256(), 0
        outstanding = 3000
        while True:
            kind, channel, payload = stream.event()
            if kind == EXIT:
                break
            if kind == EOF:
                continue
            self.assertEqual((kind, channel), (DATA, 1))
            self.assertLessEqual(len(payload), outstanding)
            got.update(payload)
            n += len(payload)
            outstanding -= len(payload)
            if outstanding < 1000:
                stream.grant(60_000)
                outstanding += 60_000
        r = random.Random(5)
        for _ in range(size // 50000):
            want.update(r.randbytes(50000))
        self.assertEqual((n, got.digest()), (size, want.digest()))

    def test_output_blocks_without_credit(self):
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", "yes | head -c 1000000; echo done >&2"])
        pid = stream.reply()["pid"]
        other = self.connect()
        for _ in range(50):
            self.assertEqual(other.run("true")[2], 0)
        self.assertTrue(alive(pid))
        self.assertEqual(len(stream.events), 0)
        stream.grant(2_000_000)
        out, status, _ = stream.collect()
        self.assertEqual((len(out[1]), bytes(out[2]), status), (1_000_000, b"done\n", 0))

    def test_exit_does_not_wait_for_a_background_child(self):
        start = time.monotonic()
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", "sleep 100 & echo $!"], window=1000)
        stream.reply()
        out, status, ended = stream.collect()
        self.assertLess(time.monotonic() - start, 20)
        self.assertEqual(ended, {1, 2})
        child = int(out[1])
        self.assertTrue(alive(child))
        os.kill(child, signal.SIGKILL)

    def test_a_background_child_may_go_on_writing(self):
        marker = self.dir + "/marker"
        script = f"(sleep 0.3; yes | head -c 1000000; echo > {marker}) & echo started"
        self.assertEqual(self.client.shell(script)[0], b"started\n")
        self.assertTrue(eventually(lambda: os.path.exists(marker)))

    def test_what_was_in_the_pipes_comes_before_exit(self):
        for credit in (1, 10_000_000):
            stream = self.client.request("spawn", argv=["/bin/sh", "-c", "sleep 50 & head -c 60000 /dev/zero; kill -9 $$"],
                                         window=credit)
            stream.reply()
            out, status, _ = stream.collect() if credit > 1 else self.slowly(stream)
            self.assertEqual((len(out[1]), status), (60000, -9))

    def slowly(self, stream):
        out = {1: b""}
        while True:
            kind, channel, payload = stream.event()
            if kind == DATA:
                out[1] += payload
                stream.grant(7919)
            elif kind == EXIT:
                return out, decode(payload)["status"], None

    def test_orphans_are_reaped(self):
        out = self.client.shell("for i in 1 2 3 4 5; do (sh -c 'sleep 0.1 & echo $!') ; done")[0]
        pids = [int(p) for p in out.split()]
        self.assertEqual(len(pids), 5)
        self.assertTrue(eventually(lambda: not any(os.path.exists(f"/proc/{p}") for p in pids)), "zombies")

    def test_no_zombies_and_no_descriptors_are_left(self):
        fds = f"/proc/{self.agent.pid}/fd"
        self.client.run("true")
        self.assertTrue(eventually(lambda: self.children() == []))
        before = len(os.listdir(fds))
        for i in range(30):
            self.client.run("true", pty=bool(i % 2))
            self.client.call("stat", path="/")
            self.client.listing("/")
            self.assertFails("exec", self.client.run, "no-such-program")
        self.assertTrue(eventually(lambda: self.children() == []))
        self.assertTrue(eventually(lambda: len(os.listdir(fds)) <= before))
        self.assertEqual(self.client.call("processes"), {"size": 0})

    def children(self):
        with open(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children") as f:
            return f.read().split()

    def test_many_at_once(self):
        streams = [self.client.request("spawn", argv=["/bin/sh", "-c", f"echo {i}; exit {i % 100}"], window=100)
                   for i in range(100)]
        for i, stream in enumerate(streams):
            stream.reply()
            out, status, _ = stream.collect()
            self.assertEqual((bytes(out[1]), status), (b"%d\n" % i, i % 100))

    def test_close_lets_the_program_go_on(self):
        marker = self.dir + "/marker"
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", f"yes | head -c 1000000; echo > {marker}"])
        stream.reply()
        stream.close()
        self.assertTrue(eventually(lambda: os.path.exists(marker)))

    def test_kill_on_close_by_close_and_by_hang_up(self):
        for hang_up in (False, True):
            client = self.connect()
            stream = client.request("spawn", argv=["/bin/sh", "-c", "setsid sleep 100 & echo $!; sleep 100"],
                                    kill_on_close=True, window=100)
            pid = stream.reply()["pid"]
            child = int(stream.until(b"\n"))
            client.close() if hang_up else stream.close()
            self.assertTrue(eventually(lambda: not alive(pid) and not alive(child)))


class Signals(AgentTest):
    def spawn(self, script, **fields):
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", script], window=1000, **fields)
        return stream, stream.reply()

    def test_to_the_group(self):
        stream, reply = self.spawn("trap 'echo got; exit 3' TERM; echo ready; while :; do sleep 0.05; done")
        stream.until(b"ready")
        self.client.call("signal", process=reply["process"], signal=signal.SIGTERM)
        out, status, _ = stream.collect()
        self.assertEqual((bytes(out[1]).strip(), status), (b"got", 3))

    def test_to_the_tree(self):
        stream, reply = self.spawn("setsid sh -c 'setsid sleep 100 & echo $!; sleep 100' & sleep 100")
        grandchild = int(stream.until(b"\n"))
        self.client.call("signal", process=reply["process"], signal=signal.SIGKILL, tree=True)
        self.assertEqual(stream.collect()[1], -9)
        self.assertTrue(eventually(lambda: not alive(grandchild)))

    def test_to_a_group_whose_leader_has_ended(self):
        stream, reply = self.spawn("sleep 100 & echo $!", detached=True)
        child = int(stream.until(b"\n"))
        self.client.wait_ended(reply["process"])
        self.client.call("signal", process=reply["process"], signal=signal.SIGKILL)
        self.assertTrue(eventually(lambda: not alive(child)))

    def test_refusals(self):
        stream, reply = self.spawn("sleep 100")
        self.assertFails("usage", self.client.call, "signal", process=reply["process"], signal=99)
        self.assertFails("usage", self.client.call, "signal", process=reply["process"])
        self.assertFails("absent", self.client.call, "signal", process="nobody", signal=9)
        self.client.call("signal", process=reply["process"], signal=9)
        self.assertEqual(stream.collect()[1], -9)

    def test_sigterm_ends_the_agent_and_everything_below_it(self):
        stream, reply = self.spawn("trap '' TERM; setsid sleep 100 & echo $!; sleep 100")
        child = int(stream.until(b"\n"))
        self.stop()
        self.agent.wait(30)
        self.assertFalse(alive(child) or alive(reply["pid"]))
        self.agent.poll = lambda: None
        self.stop = lambda: None


class Keepers(AgentTest):
    """Programs whose orphans stay below them."""

    # Forks twice with a session of its own, as daemon(3) does, holds no pipe, and tells where it is.
    DAEMON = """
import os, signal, sys, time
if os.fork():
    os.wait()
    sys.exit()
os.setsid()
if os.fork():
    os._exit(0)
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
null = os.open("/dev/null", os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
os.environ.clear()
while os.getppid() == os.getsid(0):
    time.sleep(0.001)
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(300)
"""

    def setUp(self):
        super().setUp()
        self.daemon = self.dir + "/daemon.py"
        with open(self.daemon, "w") as f:
            f.write(self.DAEMON)
        os.chmod(self.dir, 0o777)

    def spawn(self, script, **fields):
        fields = dict(subreaper=True, detached=True, window=1000, cwd=self.dir) | fields
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", script], **fields)
        return stream, stream.reply()["process"]

    def pid(self, name):
        path = os.path.join(self.dir, name)
        self.assertTrue(eventually(lambda: os.path.exists(path)))
        with open(path) as f:
            return int(f.read())

    def gone(self, pid):
        return eventually(lambda: not alive(pid))

    def test_a_daemon_is_found_while_its_program_runs_and_after_its_end(self):
        for rest in ("sleep 300", "exit 3"):
            for pty in (False, True):
                with self.subTest(rest=rest, pty=pty):
                    name = f"{rest[0]}{pty}"
                    stream, process = self.spawn(f"python3 daemon.py {name}; {rest}", pty=pty)
                    pid = self.pid(name)
                    if rest == "exit 3":
                        self.assertEqual(self.client.wait_ended(process)["status"], 3)
                    self.client.call("signal", process=process, signal=0, tree=True)
                    self.client.call("signal", process=process, signal=signal.SIGKILL, tree=True)
                    self.assertTrue(self.gone(pid))
                    self.assertEqual(stream.collect()[1], 3 if rest == "exit 3" else -9)
                    self.nobody_is_left(process)

    def nobody_is_left(self, process):
        def told():
            try:
                self.client.call("signal", process=process, signal=0, tree=True)
            except AgentError as e:
                return e.errno == errno.ESRCH
            return False
        self.assertTrue(eventually(told))

    def test_who_ends_at_sigterm_is_told_apart_from_who_does_not(self):
        _, process = self.spawn("python3 daemon.py soft; python3 daemon.py hard deaf; sleep 300")
        soft, hard = self.pid("soft"), self.pid("hard")
        self.client.call("signal", process=process, signal=signal.SIGTERM, tree=True)
        self.assertTrue(self.gone(soft))
        self.client.wait_ended(process)
        self.client.call("signal", process=process, signal=0, tree=True)
        self.assertTrue(alive(hard))
        self.client.call("signal", process=process, signal=signal.SIGKILL, tree=True)
        self.assertTrue(self.gone(hard))
        self.nobody_is_left(process)

    def test_daemons_of_others_go_on(self):
        _, mine = self.spawn("python3 daemon.py mine; exec sleep 300")
        self.spawn("python3 daemon.py theirs; exec sleep 300")
        self.spawn("python3 daemon.py loose; exec sleep 300", subreaper=False)
        pids = {name: self.pid(name) for name in ("mine", "theirs", "loose")}
        self.client.call("signal", process=mine, signal=signal.SIGKILL, tree=True)
        self.assertTrue(self.gone(pids["mine"]))
        self.nobody_is_left(mine)
        self.assertTrue(alive(pids["theirs"]) and alive(pids["loose"]))

    def test_output_input_and_status_are_those_of_the_program(self):
        self.assertEqual(self.client.shell("echo out; echo err >&2; exit 7", subreaper=True), (b"out\n", b"err\n", 7))
        self.assertEqual(self.client.shell("kill -9 $$", subreaper=True)[2], -9)
        self.assertEqual(self.client.run("cat", subreaper=True, input=b"x" * 100_000)[0], b"x" * 100_000)
        self.assertFails("exec", self.client.call, "spawn", argv=["/no/such"], subreaper=True, errno=errno.ENOENT)
        self.assertFails("cwd", self.client.call, "spawn", argv=["true"], cwd="/no/such", subreaper=True)
        stream = self.client.request("spawn", argv=["sh", "-c", "echo $$"], window=100, subreaper=True)
        pid = stream.reply()["pid"]
        self.assertEqual(int(stream.collect()[0][1]), pid)

    def test_keepers_end_with_the_last_they_keep(self):
        def children():
            with open(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children") as f:
                return f.read().split()
        descriptors = f"/proc/{self.agent.pid}/fd"
        before = len(os.listdir(descriptors))
        for _ in range(20):
            self.client.shell("(sleep 0.01 &) ; exit 1", subreaper=True)
        self.assertTrue(eventually(lambda: not children()))
        self.assertTrue(eventually(lambda: len(os.listdir(descriptors)) == before))

    def test_a_killed_keeper_leaves_its_program_to_the_agent(self):
        stream, process = self.spawn("echo ready; read line; exit 5", stdin=True)
        stream.until(b"ready\n")
        with open(f"/proc/{self.agent.pid}/task/{self.agent.pid}/children") as f:
            os.kill(int(f.read()), signal.SIGKILL)
        self.client.call("signal", process=process, signal=0)
        stream.eof()
        self.assertEqual(stream.collect()[1], 5)

    def test_the_end_of_the_agent_is_the_end_of_daemons(self):
        self.spawn("python3 daemon.py deaf deaf; sleep 300")
        pid = self.pid("deaf")
        self.client.request("shutdown", timeout_ms=100).reply()
        self.assertFalse(alive(pid))


class Terminals(AgentTest):
    def pty(self, *argv, **fields):
        stream = self.client.request("spawn", argv=argv, pty=True, window=100_000, **fields)
        return stream, stream.reply()

    def test_echo_and_size(self):
        stream, reply = self.pty("/bin/sh", "-c", "stty size; read line; echo got $line; stty size", cols=100, rows=30)
        stream.until(b"30 100")
        self.client.call("resize", process=reply["process"], cols=132, rows=50)
        stream.write(b"hello\n")
        seen = stream.until(b"50 132\r\n")
        self.assertTrue(seen.strip().startswith(b"hello"), seen)
        self.assertIn(b"got hello", seen)
        out, status, ended = stream.collect()
        self.assertEqual((status, ended), (0, {1}))

    def test_is_the_controlling_terminal(self):
        stream, _ = self.pty("/bin/sh", "-c", "tty; echo through > /dev/tty; tty < /dev/tty")
        out = bytes(stream.collect()[0][1]).decode().split()
        self.assertTrue(out[0].startswith("/dev/pts/"), out)
        self.assertEqual(out[1], "through")

    def test_control_c_interrupts(self):
        stream, _ = self.pty("/bin/sh", "-c", "echo ready; exec sleep 100")
        stream.until(b"ready")
        stream.write(b"\x03")
        self.assertEqual(stream.collect()[1], -2)

    def test_end_of_input_is_typed(self):
        stream, _ = self.pty("cat")
        stream.write(b"line\n")
        stream.until(b"line\r\nline\r\n")
        stream.eof()
        self.assertEqual(stream.collect()[1], 0)

    def test_all_output_comes_before_exit(self):
        for _ in range(20):
            stream, _ = self.pty("/bin/sh", "-c", "seq 1 3000")
            out = bytes(stream.collect()[0][1])
            self.assertEqual(out, b"".join(b"%d\r\n" % i for i in range(1, 3001)))

    def test_resize_needs_a_terminal(self):
        stream = self.client.request("spawn", argv=["sleep", "100"], window=1)
        process = stream.reply()["process"]
        self.assertFails("pty", self.client.call, "resize", process=process, cols=1, rows=1, errno=errno.ENOTTY)
        self.assertFails("usage", self.client.call, "resize", process=process, cols=0, rows=1)


class Input(AgentTest):
    def test_from_another_connection(self):
        stream = self.client.request("spawn", argv=["cat"], stdin=True, window=1000, process="c-1")
        stream.reply()
        feeder = self.connect().request("input", process="c-1")
        feeder.reply()
        feeder.write(b"one ")
        stream.until(b"one ")
        stream.write(b"two ")
        stream.until(b"two ")
        feeder.write(b"three")
        feeder.eof()
        self.assertEqual(feeder.collect()[1], 0)
        out, status, _ = stream.collect()
        self.assertEqual((bytes(out[1]), status), (b"three", 0))

    def test_what_was_sent_before_close_arrives(self):
        stream = self.client.request("spawn", argv=["/bin/sh", "-c", "sleep 0.3; exec wc -c"], stdin=True, window=1000)
        process = stream.reply()["process"]
        for _ in range(2):
            feeder = self.client.request("input", process=process)
            feeder.reply()
            feeder.write(b"x" * 100_000)
            feeder.close()
        stream.eof()
        self.assertEqual(int(stream.collect()[0][1]), 200_000)

    def test_refusals_and_the_end(self):
        self.assertFails("absent", self.client.call, "input", process="nobody", errno=errno.ESRCH)
        stream = self.client.request("spawn", argv=["sleep", "100"], window=1)
        process = stream.reply()["process"]
        self.assertFails("closed", self.client.call, "input", process=process, errno=errno.EPIPE)
        stream = self.client.request("spawn", argv=["sleep", "100"], stdin=True, window=1)
        process = stream.reply()["process"]
        feeder = self.client.request("input", process=process)
        feeder.reply()
        self.client.call("signal", process=process, signal=9)
        self.assertFails("ended", feeder.collect, errno=errno.ESRCH)


    def test_echo_goes_into_the_output_before_what_the_program_makes_of_it(self):
        self.assertIn("input-echo", self.client.hello["feature"])
        stream = self.client.request("spawn", argv=["sh", "-c", "while read x; do echo got $x; echo err >&2; done"],
                                     stdin=True, detached=True, window=1000)
        process = stream.reply()["process"]
        for echo in True, False:
            for word in b"one\n", b"two\n":
                feeder = self.client.request("input", process=process, echo=echo)
                feeder.reply()
                feeder.write(word)
                stream.until(b"got " + word)
        feeder = self.client.request("input", process=process)
        feeder.reply()
        feeder.eof()
        self.assertEqual(stream.collect()[1], 0)
        late = self.client.request("attach", process=process, window=1000)
        late.reply()
        out = late.collect()[0]
        self.assertEqual(bytes(out[1]), b"one\ngot one\ntwo\ngot two\ngot one\ngot two\n")
        self.assertEqual(bytes(out[2]), b"err\n" * 4)

    def test_echo_of_much_from_many_in_the_order_it_was_accepted(self):
        stream = self.client.request("spawn", argv=["sh", "-c", "cat >&2"], stdin=True, detached=True)
        process = stream.reply()["process"]
        feeders = [self.connect().request("input", process=process, echo=True) for _ in range(3)]
        for feeder in feeders:
            feeder.reply()
        for i in range(30):
            feeders[i % 3].write(b"%05d " % i * 5000)
        self.assertTrue(eventually(lambda: self.client.call("processes")["entry"][0]["offset"] == 2 * 30 * 30_000))
        feeders[0].eof()
        self.assertEqual(decode(feeders[0].expect(EXIT)[1])["status"], 0)
        stream.grant(1 << 30)
        out, status, _ = stream.collect(grant=False)
        self.assertEqual((len(out[1]), out[1] == out[2], status), (30 * 30_000, True, 0))

    def test_echo_is_refused_or_left_out_where_nobody_takes_the_input(self):
        stream = self.client.request("spawn", argv=["cat"], stdin=True, window=1000)
        process = stream.reply()["process"]
        self.assertFails("usage", self.client.call, "input", process=process, echo=True)
        stream.eof()
        stream.collect()
        stream = self.client.request("spawn", argv=["sh", "-c", "exec 0<&-; echo closed; exec sleep 100"], stdin=True,
                                     detached=True, window=1000)
        process = stream.reply()["process"]
        stream.until(b"closed\n")
        feeder = self.client.request("input", process=process, echo=True)
        feeder.reply()
        feeder.write(b"first\n")  # finds out
        feeder.write(b"second\n")
        self.client.call("signal", process=process, signal=9)
        self.assertNotIn(b"second", stream.collect()[0][1])


class Environment(AgentTest):
    def now(self):
        out = self.client.run("/usr/bin/env")[0].decode().splitlines()
        implied = ("HOME=", "USER=", "LOGNAME=", "SHELL=")
        return sorted(entry for entry in out if not entry.startswith(implied))

    def change(self, **fields):
        return sorted(self.client.call("environment", **fields).get("env", []))

    def test_order_of_the_changes(self):
        self.assertIn("environment", self.client.hello["feature"])
        base = ["PATH=/usr/bin:/bin", "A=secret-1", "B=secret-2", "C=3", "D=", "E=x=y", "SECRET=no"]
        self.client.call("identity", env=base)
        self.assertEqual(self.change(), sorted(base))
        got = self.change(unset=["C", "ABSENT", "E"], env=["B=secret-3", "E=again", "NEW=secret-"], prefix="secret-")
        want = sorted(["PATH=/usr/bin:/bin", "B=secret-3", "E=again", "NEW=secret-", "D=", "SECRET=no"])
        self.assertEqual(got, want)
        self.assertEqual(self.now(), want)
        self.assertEqual(self.change(prefix=""), want, "an empty prefix is none")
        self.assertEqual(self.change(env=["D=1", "D=2"], unset=["D"]), sorted(set(want) - {"D="} | {"D=2"}))
        self.assertEqual(self.change(unset=["D", "B", "E", "NEW", "SECRET", "PATH"]), [])

    def test_running_programs_and_other_connections(self):
        self.client.call("identity", env=["A=1"])
        stream = self.client.request("spawn", argv=["sh", "-c", "read x; echo $A"], stdin=True, window=100)
        stream.reply()
        other = self.connect()
        other.call("environment", env=["A=2"])
        stream.write(b"\n")
        self.assertEqual(bytes(stream.collect()[0][1]), b"1\n")
        other.close()
        self.assertIn(b"A=2\n", self.client.run("env")[0])
        self.assertIn(b"A=3\n", self.client.run("env", env=["A=3"])[0])
        self.client.call("identity", env=["B=1"])
        self.assertEqual(self.change(), ["B=1"], "identity replaces it all")

    def test_refusals_change_nothing(self):
        self.client.call("identity", env=["A=1"])
        self.assertFails("usage", self.client.call, "environment", env=["no equals sign"])
        self.assertFails("usage", self.client.call, "environment", env=["=x"])
        many = [f"V{i}=" for i in range(5000)]
        self.assertFails("usage", self.client.call, "environment", env=many, errno=errno.E2BIG)
        self.change(env=["BIG=" + "x" * 150_000])
        self.assertFails("usage", self.client.call, "environment", env=["MORE=" + "x" * 150_000], errno=errno.E2BIG)
        self.assertEqual([entry[:4] for entry in self.change()], ["A=1", "BIG="])


class Users(AgentTest):
    def test_pipes_belong_to_the_user(self):
        self.assertIn("pipe-owner", self.client.hello["feature"])
        user = "nobody" if ROOT else ""
        script = "cat /dev/stdin > /dev/stdout; echo error > /dev/stderr; stat -Lc %U /dev/stdin /dev/stderr"
        out, err, status = self.client.shell(script, user=user, input=b"line\n")
        name = pwd.getpwuid(os.geteuid()).pw_name if not ROOT else "nobody"
        self.assertEqual((out, err, status), (f"line\n{name}\n{name}\n".encode(), b"error\n", 0))

    def test_another_program_of_the_user_opens_them(self):
        user = "nobody" if ROOT else ""
        stream = self.client.request("spawn", argv=["sh", "-c", "echo ready; while read x; do echo got $x; done"],
                                     user=user, stdin=True, detached=True, window=1000)
        reply = stream.reply()
        stream.until(b"ready\n")
        beside = f"cd /proc/{reply['pid']}/fd && echo in > 0 && echo out > 1 && echo err > 2 && exec 3<0 4<1 5<2"
        self.assertEqual(self.client.shell(beside, user=user), (b"", b"", 0))
        self.client.call("signal", process=reply["process"], signal=0)
        feeder = self.client.request("input", process=reply["process"])
        feeder.reply()
        feeder.eof()
        out, status, _ = stream.collect()
        self.assertEqual((sorted(bytes(out[1]).splitlines()), bytes(out[2]), status), ([b"got in", b"out"], b"err\n", 0))

    def test_pipes_do_not_belong_to_others(self):
        if not ROOT:
            return self.assertFails("user", self.client.run, "true", user="root", errno=errno.EPERM)
        stream = self.client.request("spawn", argv=["sleep", "100"], user="nobody", detached=True, window=1000)
        pid = stream.reply()["pid"]
        out = self.client.shell(f"echo x > /proc/{pid}/fd/1", user="daemon", merge=True)[0]
        self.assertIn(b"ermission denied", out)
        self.assertEqual(os.stat(f"/proc/{pid}/fd/0").st_mode & 0o170000, 0o020000, "/dev/null stays what it was")
        self.assertEqual(os.stat("/dev/null").st_uid, 0)

    def test_switching(self):
        if not ROOT:
            me = pwd.getpwuid(os.geteuid())
            self.assertEqual(int(self.client.run("id", "-u", user=me.pw_name)[0]), me.pw_uid)
            self.assertFails("user", self.client.run, "id", user="root", errno=errno.EPERM)
            return
        nobody = pwd.getpwnam("nobody")
        script = "id -u; id -g; id -G; echo $HOME $USER $LOGNAME; touch %s/file 2>&1" % self.dir
        out = self.client.shell(script, user="nobody")[0].decode().split("\n")
        self.assertEqual(out[:2], [str(nobody.pw_uid), str(nobody.pw_gid)])
        self.assertEqual(out[2], " ".join(map(str, os.getgrouplist("nobody", nobody.pw_gid))))
        self.assertEqual(out[3], f"{nobody.pw_dir} nobody nobody")
        self.assertIn("Permission denied", out[4])
        self.assertEqual(self.client.run("id", "-un", user=str(nobody.pw_uid))[0], b"nobody\n")
        self.assertIn(b"nobody", self.client.run("sh", "-c", "ls -l $(tty)", user="nobody", pty=True)[0])

    def test_files_are_accessed_as_the_user(self):
        if not ROOT:
            return self.assertFails("user", self.client.call, "stat", path="/", user="root", errno=errno.EPERM)
        os.chmod(self.dir, 0o777)
        secret = self.dir + "/secret"
        self.client.upload(secret, b"x", mode=0o600)
        self.assertFails("open", self.client.download, secret, user="nobody", errno=errno.EACCES)
        self.client.call("identity", user="nobody", cwd="/")
        self.assertFails("open", self.client.download, secret, errno=errno.EACCES)
        self.client.upload(self.dir + "/own", b"y")
        self.assertEqual(self.client.call("stat", path=self.dir + "/own")["owner"], "nobody")
        self.assertEqual(self.client.download(secret, user="root")[1], b"x")


class PidOne(AgentTest):
    """The agent as the first process of a pid namespace, as in a sandbox."""

    wrapper = ("unshare", "--fork", "--pid", "--mount-proc", "--uts", "--kill-child") if ROOT else \
        ("unshare", "--user", "--map-root-user", "--fork", "--pid", "--mount-proc", "--uts", "--kill-child")

    def stop(self):
        children = f"/proc/{self.agent.pid}/task/{self.agent.pid}/children"
        with open(children) as f:
            os.kill(int(f.read().split()[0]), signal.SIGTERM)

    def test_reaps_orphans_and_ignores_signals_from_inside(self):
        self.assertEqual(self.client.shell("echo $PPID")[0], b"1\n")
        out = self.client.shell("(sleep 0.1 & sleep 0.1 &); for s in HUP INT QUIT KILL STOP USR1 PIPE; do kill -$s 1; done; echo $?")
        self.assertIn(b"0", out[0])
        script = "grep -l 'State:.Z' /proc/[0-9]*/status 2>/dev/null | wc -l"
        self.assertTrue(eventually(lambda: self.client.shell(script)[0] == b"0\n"))

    def test_host_name(self):
        self.client.call("identity", hostname="sandbox-7")
        self.assertEqual(self.client.run("uname", "-n")[0], b"sandbox-7\n")

    def test_shutdown(self):
        stubborn = self.client.request("spawn", argv=["/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"], window=100)
        stubborn.reply()
        stubborn.until(b"up")
        polite = self.client.request("spawn", argv=["/bin/sh", "-c", "trap 'echo bye; exit 4' TERM; echo up; while :; do sleep 0.05; done"], window=100)
        polite.reply()
        polite.until(b"up")
        start = time.monotonic()
        self.client.call("shutdown", timeout_ms=1500)
        self.assertGreater(time.monotonic() - start, 1.4)
        self.assertEqual(stubborn.collect()[1], -9)
        out, status, _ = polite.collect()
        self.assertEqual((bytes(out[1]).strip(), status), (b"bye", 4))
        self.assertFails("busy", self.client.run, "true", errno=errno.ESHUTDOWN)

    def test_shutdown_undoes_uploads(self):
        upload = self.client.request("write", path=self.dir + "/file")
        upload.reply()
        upload.write(b"x" * 100_000)
        start = time.monotonic()
        self.client.call("shutdown", timeout_ms=20_000)
        self.assertLess(time.monotonic() - start, 15)
        self.assertFails("busy", upload.collect, errno=errno.ESHUTDOWN)
        self.assertEqual([name for name in os.listdir(self.dir) if "upload" in name], [])


@unittest.skipUnless(ROOT, "needs root, to run a program that its own user may not read")
class Unreadable(AgentTest):
    """As in a sandbox: nobody there may read the agent's program, hence trace it."""

    wrapper = ("sh", "-c", 'd=$(dirname "$2"); chmod 777 "$d"; install -m 0711 "$0" "$d/agent"; '
                           'exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c \'exec "$0" "$@"\' "$d/agent" "$@"')

    def test_programs_start_as_they_do_elsewhere(self):
        out = self.client.shell("id -u; cat /proc/self/oom_score_adj; ls /proc/self/fd")[0].decode().split()
        self.assertEqual(out, ["65534", "500", "0", "1", "2", "3"])
        self.client.upload(self.dir + "/file", b"by a worker")
        self.assertEqual(self.client.download(self.dir + "/file")[1], b"by a worker")

    def test_its_user_sees_nothing_of_it(self):
        for look in ("ls /proc/{}/fd", "cat /proc/{}/environ", "ls /proc/{}/root/", "true < /proc/{}/mem"):
            self.assertEqual(self.client.shell(look.format("$$"))[2], 0, look)
            self.assertNotEqual(self.client.shell(look.format(self.agent.pid))[2], 0, look)


if __name__ == "__main__":
    unittest.main()
