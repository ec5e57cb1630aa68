"""The supervisor: what it starts as whom, restarts, adoption, stopping. The server is a small script
here; the jailer is the real one."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

from support import DEADLINE, GID, PREFIX, SYSTEM_PYTHON, UID, Jailer, eventually, links, nft_table

SERVER = """
import os, signal, sys, time
def stop(*_):
    print("server got SIGTERM", flush=True)
    if os.path.exists("stubborn"): return
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("server up", os.getpid(), "cwd", os.getcwd(), "stdin", sys.stdin.read() == "", flush=True)
if os.path.exists("fails"): sys.exit(3)
while True: time.sleep(1)
"""


def start_time(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[19]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.jailer = Jailer()
        self.addCleanup(self.jailer.remove)
        self.addCleanup(self.stop_all)
        self.supervisor = None
        self.started = []
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "DAYTONA_SERVER_API_KEY": "dtn_secret", "DAYTONA_API_URL": "x", "SSH_AUTH_SOCK": "x", "LD_PRELOAD": ""}
        self.script = f"{self.jailer.directory}/server.py"
        pathlib.Path(self.script).write_text(SERVER, encoding="ascii")
        os.chmod(self.script, 0o644)

    def launch(self):
        self.supervisor = subprocess.Popen(
            [f"{self.jailer.app}/bin/supervisor", "--conf", self.jailer.conf, "--", SYSTEM_PYTHON, self.script], env=self.environment
        )
        self.started.append(self.supervisor)
        eventually(lambda: self.pid("supervisor") == self.supervisor.pid, "its pid file")
        eventually(self.jailer_answers, "jailer up")
        eventually(lambda: self.pid("server") and alive(self.pid("server")), "server up")

    def jailer_answers(self):
        if self.supervisor.poll() is not None:
            raise AssertionError("the supervisor ended")
        try:
            client = self.jailer.client()
        except OSError:
            return False
        try:
            return client.ask("hello").startswith("ok ")
        except OSError:
            return False
        finally:
            client.close()

    def stop_all(self):
        """Also what outlived a killed supervisor, by the pids that it wrote."""
        for supervisor in self.started:
            supervisor.kill()
            supervisor.wait(DEADLINE)
        for name in ("server", "jailer"):
            pid = self.pid(name)
            if pid and alive(pid) and start_time(pid) == self.pid_file(name)[1]:
                os.kill(pid, signal.SIGKILL)
                eventually(lambda: not alive(pid), f"{name} ends")

    def pid_file(self, name):
        try:
            return pathlib.Path(f"{self.jailer.data}/run/{name}.pid").read_text(encoding="ascii").split()
        except FileNotFoundError:
            return None

    def pid(self, name):
        content = self.pid_file(name)
        return int(content[0]) if content else None

    def log(self, name):
        return pathlib.Path(f"{self.jailer.data}/log/{name}.log").read_text(encoding="ascii")

    def test_what_it_starts_and_as_whom(self):
        self.launch()
        eventually(lambda: "server up" in self.log("server"), "server's first line")
        self.assertIn(f"cwd {self.jailer.data} stdin True", self.log("server"))
        status = pathlib.Path(f"/proc/{self.pid('server')}/status").read_text(encoding="ascii")
        for line in (f"Uid:\t{UID}\t{UID}\t{UID}\t{UID}", f"Gid:\t{GID}\t{GID}\t{GID}\t{GID}", "Groups:\t \n", "NoNewPrivs:\t1", "Umask:\t0077") + tuple(
            f"Cap{kind}:\t0000000000000000" for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")
        ):
            self.assertIn(line, status)
        self.assertNotIn("SigBlk:\t0000000000004", status)
        jailer = pathlib.Path(f"/proc/{self.pid('jailer')}/status").read_text(encoding="ascii")
        self.assertIn("Uid:\t0\t0\t0\t0", jailer)
        for name in ("jailer", "server"):
            self.assertEqual(self.pid_file(name)[1], start_time(self.pid(name)))
            self.assertEqual(self.pid(name), os.getpgid(self.pid(name)), "a process group of its own")
        self.assertEqual(self.pid("supervisor"), self.supervisor.pid)

    def test_environment_and_arguments(self):
        self.launch()
        eventually(lambda: "server up" in self.log("server"), "the server's own program runs")
        raw = pathlib.Path(f"/proc/{self.pid('server')}/environ").read_bytes()
        environment = dict(entry.split("=", 1) for entry in raw.decode().split("\0") if entry)
        self.assertEqual({"PATH", "LANG", "HOME", "DAYTONA_SERVER_API_KEY"}, set(environment))
        self.assertEqual((self.jailer.data, "dtn_secret"), (environment["HOME"], environment["DAYTONA_SERVER_API_KEY"]))
        self.assertNotIn(b"dtn_secret", pathlib.Path(f"/proc/{self.pid('jailer')}/environ").read_bytes())
        for name in ("jailer", "server", "supervisor"):
            self.assertNotIn(b"dtn_secret", pathlib.Path(f"/proc/{self.pid(name)}/cmdline").read_bytes())
            self.assertNotIn("dtn_secret", self.log(name))

    def test_a_killed_child_is_started_again_alone(self):
        self.launch()
        for victim, other in (("server", "jailer"), ("jailer", "server")):
            with self.subTest(victim=victim):
                killed, kept = self.pid(victim), self.pid_file(other)
                os.kill(killed, signal.SIGKILL)
                eventually(lambda: self.pid(victim) not in (None, killed) and alive(self.pid(victim)), f"{victim} starts again")
                self.assertEqual(kept, self.pid_file(other))
                self.assertTrue(alive(self.pid(other)))
                eventually(self.jailer_answers, "jailer answers")
        self.assertIn("server, pid ", self.log("supervisor"))

    def test_slots_outlive_the_jailer_and_the_supervisor(self):
        self.launch()
        client = self.jailer.client()
        self.assertEqual("ok address=10.213.204.40", client.ask("slot-make 40"))
        client.close()
        os.kill(self.pid("jailer"), signal.SIGKILL)
        eventually(lambda: alive(self.pid("jailer")) and self.jailer_answers(), "jailer answers again")
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(DEADLINE))
        self.assertEqual([f"{PREFIX}40"], links())
        self.launch()
        client = self.jailer.client()
        self.assertEqual(["slot 40 10.213.204.40"], client.list())
        self.assertEqual("ok", client.ask("slot-drop 40"))
        client.close()

    def test_a_killed_supervisor_leaves_both_running_and_the_next_adopts_them(self):
        self.launch()
        before = {name: self.pid_file(name) for name in ("jailer", "server")}
        self.supervisor.kill()
        self.supervisor.wait()
        for name, (pid, _) in before.items():
            self.assertTrue(alive(int(pid)), name)
        self.launch()
        self.assertEqual(before, {name: self.pid_file(name) for name in before})
        eventually(lambda: f"adopted jailer, pid {before['jailer'][0]}" in self.log("supervisor"), "adoption")
        for name in ("server", "jailer"):
            adopted = self.pid(name)
            os.kill(adopted, signal.SIGKILL)
            eventually(lambda: self.pid(name) not in (None, adopted) and alive(self.pid(name)), f"adopted {name} is watched")
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(DEADLINE))

    def test_sigterm_stops_both_and_removes_the_pid_files(self):
        self.launch()
        eventually(lambda: "server up" in self.log("server"), "server's handler is set")
        pids = [self.pid("server"), self.pid("jailer")]
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(DEADLINE))
        self.assertEqual([False, False], [alive(pid) for pid in pids])
        self.assertEqual([None] * 3, [self.pid_file(name) for name in ("server", "jailer", "supervisor")])
        self.assertIn("server got SIGTERM", self.log("server"))
        log = self.log("supervisor")
        self.assertLess(log.index("stopping server"), log.index("stopping jailer"))
        self.assertIsNotNone(nft_table(), "the firewall of what may still run stays")

    def test_sigterm_stops_adopted_ones(self):
        self.launch()
        self.supervisor.kill()
        self.supervisor.wait()
        self.launch()
        pids = [self.pid("server"), self.pid("jailer")]
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(DEADLINE))
        self.assertEqual([False, False], [alive(pid) for pid in pids])

    def test_a_server_that_ignores_sigterm_twice_is_killed_after_fifteen_seconds(self):
        pathlib.Path(f"{self.jailer.data}/stubborn").touch()
        self.launch()
        eventually(lambda: "server up" in self.log("server"), "server's handler is set")
        pid = self.pid("server")
        self.supervisor.terminate()
        eventually(lambda: "stopping server" in self.log("supervisor"), "the first one is heard")
        begun = time.monotonic()
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(40))
        self.assertFalse(alive(pid))
        self.assertGreater(time.monotonic() - begun, 14)

    def test_a_failing_server_is_started_again_later_and_later(self):
        pathlib.Path(f"{self.jailer.data}/fails").touch()
        self.launch()
        eventually(lambda: self.log("supervisor").count("starts again in") >= 4, "four failures")
        self.assertEqual(
            ["0 s", "1 s", "2 s", "4 s"],
            [line.rsplit("starts again in ", 1)[1] for line in self.log("supervisor").splitlines() if "server, pid" in line and "starts again" in line][:4],
        )
        self.assertTrue(self.jailer_answers(), "the jailer is not disturbed")

    def test_a_second_supervisor_is_refused(self):
        self.launch()
        second = subprocess.run([f"{self.jailer.app}/bin/supervisor", "--conf", self.jailer.conf, "--", SYSTEM_PYTHON, self.script], capture_output=True, text=True, timeout=DEADLINE, check=False)
        self.assertEqual(1, second.returncode)
        self.assertRegex(second.stderr, r"another supervisor, pid \d+, serves \S+: stop it with")
        self.assertEqual(self.supervisor.pid, self.pid("supervisor"))

    def test_a_pid_file_of_another_process_is_not_adopted(self):
        """The same pid with another start time, and a process of another user."""
        foreign = subprocess.Popen(["sleep", "100"])
        self.addCleanup(foreign.wait)
        self.addCleanup(foreign.kill)
        run_directory = pathlib.Path(f"{self.jailer.data}/run")
        run_directory.mkdir()
        (run_directory / "jailer.pid").write_text(f"{foreign.pid} 1\n", encoding="ascii")
        (run_directory / "server.pid").write_text(f"{foreign.pid} {start_time(foreign.pid)}\n", encoding="ascii")
        self.launch()
        eventually(lambda: self.pid("server") != foreign.pid and self.pid("jailer") != foreign.pid, "own ones are started")
        self.supervisor.terminate()
        self.assertEqual(0, self.supervisor.wait(DEADLINE))
        self.assertIsNone(foreign.poll(), "the foreign process goes on")

    def test_a_log_that_is_a_link_is_not_followed(self):
        """The log directory is the server's: it may plant anything there."""
        target = f"{self.jailer.directory}/target"
        pathlib.Path(target).write_text("precious", encoding="ascii")
        os.chmod(target, 0o600)
        log = pathlib.Path(f"{self.jailer.data}/log")
        log.mkdir()
        os.symlink(target, log / "jailer.log")
        os.mkfifo(log / "server.log")
        self.started.append(subprocess.Popen([f"{self.jailer.app}/bin/supervisor", "--conf", self.jailer.conf, "--", SYSTEM_PYTHON, self.script], env=self.environment))
        eventually(lambda: (log / "supervisor.log").exists() and self.log("supervisor").count("does not start") >= 2, "refused and said so")
        self.assertEqual("precious", pathlib.Path(target).read_text(encoding="ascii"))

    def test_bad_command_lines(self):
        for arguments in ([], ["--conf", self.jailer.conf], ["--conf", self.jailer.conf, "--"], ["--conf", self.jailer.conf, "--", "relative"], ["--conf", "relative", "--", "/bin/true"], ["--conf", self.jailer.conf, "/bin/true", "x"]):
            with self.subTest(arguments=arguments):
                result = subprocess.run([f"{self.jailer.app}/bin/supervisor", *arguments], capture_output=True, text=True, timeout=DEADLINE, check=False)
                self.assertEqual(2, result.returncode)
                self.assertIn("usage: supervisor", result.stderr)


if __name__ == "__main__":
    unittest.main()
