"""The platform's container: the one command that the launcher shows elsewhere, carried out by Debian's podman on the image of deploy/build.

Runs by tests/apart, in a network and with mounts of its own: the ports of the command are free there, and nothing stays. The storage with the
image is DAYTONA_TEST_CONTAINERS.
"""

import os
import pathlib
import shlex
import subprocess
import time
import unittest
import uuid

os.environ.setdefault("DAYTONA_TEST_DATA_DIR", "/var/lib/daytona")  # as seen in the container

import host_census  # noqa: E402
import platform_under_test as platform  # noqa: E402

STORAGE = pathlib.Path(os.environ["DAYTONA_TEST_CONTAINERS"])
# Debian's runc: its crun refuses hosts that mount both generations of control groups.
PODMAN = ["podman", "--runtime", "runc", "--root", STORAGE, "--runroot", STORAGE / "run"]
CGROUPS = "daytona-container-" + uuid.uuid4().hex[:8]
NAME = "daytona"


def podman(*arguments, check=True, timeout=120):
    done = subprocess.run([*PODMAN, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=timeout)
    assert not check or done.returncode == 0, f"podman {arguments}: {done.stdout[-3000:]}"
    return done.stdout


def inside(script):
    """Output of a shell in the platform's container."""
    return podman("exec", NAME, "sh", "-c", script)


def run_as_documented():
    """Carries out the launcher's command. Without systemd nobody looks at the health check by itself: the test does."""
    shown = subprocess.run(["bash", "-c", ". launcher/container.sh; echo \"$CONTAINER_RUN\""], cwd=platform.ROOT, check=True, capture_output=True,
                           text=True, timeout=20).stdout
    verb, *options = shlex.split(shown.replace("\\\n", " "))
    podman(verb, "--cgroup-parent", "/" + CGROUPS, "--health-interval", "disable", *options, "--pool-size", "2")


def until(condition, what, seconds):
    """Polls a condition; says what was waited for, with the container's log."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s; log:\n{podman('logs', '--tail', '60', NAME, check=False)}"
        assert podman("inspect", "--format", "{{.State.Running}}", NAME).strip() == "true", podman("logs", "--tail", "60", NAME, check=False)
        time.sleep(0.3)


def is_healthy():
    return subprocess.run([*PODMAN, "healthcheck", "run", NAME], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          timeout=60).returncode == 0


def become_healthy():
    until(is_healthy, "the health check", 300)


def read_environment():
    for line in podman("exec", NAME, "daytona", "env").splitlines():
        name, value = line.removeprefix("export ").split("=", 1)
        os.environ[name] = "".join(shlex.split(value))


def start(sandbox):
    reply = platform.api("POST", f"/sandbox/{sandbox['id']}/start")
    assert reply.status == 200, reply.body[:500]
    until(lambda: state_of(sandbox) == "started", "the sandbox's start", 60)


def state_of(sandbox):
    return platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"]


def host_cgroups():
    return [path for path in pathlib.Path("/sys/fs/cgroup").glob("*/" + CGROUPS + "/*") if path.is_dir()]


class Container(unittest.TestCase):
    def tearDown(self):
        podman("rm", "--force", "--time", "0", "--volumes", NAME, check=False)
        podman("volume", "rm", "--force", NAME, check=False)
        subprocess.run(["find", "/sys/fs/cgroup", "-depth", "-type", "d", "-path", f"*/{CGROUPS}*", "-delete"], check=False, timeout=20)

    def test_without_the_powers_it_needs(self):
        self.assertIn("start it with --privileged", podman("run", "--rm", "--name", NAME, "--health-interval", "disable", NAME, check=False))

    def test_a_platform_in_a_container(self):
        """In one go: each part goes on with the volume of the one before."""
        run_as_documented()
        become_healthy()
        read_environment()
        self.says_what_it_does_and_no_secret()
        sandbox = platform.create()
        platform.output(sandbox, "echo kept > kept && nohup sleep 987 >/dev/null 2>&1 &")
        self.has_limits_and_a_network(sandbox)
        self.survives_its_supervisor(sandbox)
        self.leaves_no_zombies()
        self.is_restarted_in_order(sandbox)
        self.loses_its_power_and_its_container(sandbox)
        self.ends_in_order_and_leaves_nothing(sandbox)

    def says_what_it_does_and_no_secret(self):
        until(lambda: "First sandbox: created in" in podman("logs", NAME), "the first sandbox", 120)
        log = podman("logs", NAME)
        self.assertNotIn("Preparing", log, "the image brings what sandboxes are made of")
        self.assertNotIn(os.environ["DAYTONA_API_KEY"], log)
        self.assertEqual("http://127.0.0.1:3000/api", os.environ["DAYTONA_API_URL"])

    def has_limits_and_a_network(self, sandbox):
        # A slot's cgroup lies below the container's own.
        limits = inside("cat /sys/fs/cgroup/memory/daytona-0/*/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/daytona-0/*/memory.max")
        self.assertIn(str(1 << 30), limits.split())
        self.assertRegex(platform.output(sandbox, "hostname -I"), r"^10\.213\.0\.\d+ *\n$")
        self.assertIn("3.0G", platform.output(sandbox, "df -h /"))
        self.assertEqual(200, platform.toolbox(sandbox, "GET", "/files?path=/").status)

    def survives_its_supervisor(self, sandbox):
        """PID 1 starts another one, which adopts what runs."""
        first = inside("cut -d' ' -f1 /var/lib/daytona/run/supervisor.pid").strip()
        inside("kill -KILL " + first)
        until(lambda: inside("cut -d' ' -f1 /var/lib/daytona/run/supervisor.pid 2>/dev/null || true").strip() not in ("", first), "a supervisor", 60)
        become_healthy()
        self.assertEqual(1, platform.output(sandbox, "pgrep -cf 'sleep 987'").count("1"))

    def leaves_no_zombies(self):
        """What has lost its parent is waited for by PID 1."""
        orphan = inside("setsid sh -c 'sh -c \"echo \\$\\$ >/tmp/orphan; exec sleep 0.2\" & exec true'; until [ -s /tmp/orphan ]; do sleep 0.05; done; cat /tmp/orphan")
        until(lambda: "gone" in inside(f"[ -e /proc/{orphan.strip()} ] || echo gone"), "the end of an orphan", 20)

    def is_restarted_in_order(self, sandbox):
        podman("restart", "--time", "120", NAME)
        log = podman("logs", NAME)
        self.assertIn("Stopping sandboxes that run: 1", log)
        self.assertIn("Stopped; ./daytona up continues", log)
        become_healthy()
        self.assertEqual("stopped", state_of(sandbox))
        start(sandbox)
        self.assertEqual("kept\n", platform.output(sandbox, "cat kept"))

    def loses_its_power_and_its_container(self, sandbox):
        platform.output(sandbox, "echo later > later && sync later")
        podman("kill", "--signal", "KILL", NAME)
        podman("rm", "--force", "--time", "0", NAME)
        run_as_documented()
        become_healthy()
        until(lambda: state_of(sandbox) == "stopped", "the state of a sandbox whose host lost its power", 60)
        start(sandbox)
        self.assertEqual("kept\nlater\n", platform.output(sandbox, "cat kept later"))

    def ends_in_order_and_leaves_nothing(self, sandbox):
        def devices():
            return [label for label in host_census.loop_names().values() if label.endswith(sandbox["id"])]

        self.assertEqual(1, len(devices()))
        podman("stop", "--time", "120", NAME)
        self.assertEqual("0", podman("inspect", "--format", "{{.State.ExitCode}}", NAME).strip())
        podman("rm", NAME)
        self.assertEqual([], devices())
        self.assertEqual([], [path for path in host_cgroups() if path.name != "conmon"])
        self.assertNotIn("veth", subprocess.run(["ip", "-o", "link"], check=True, capture_output=True, text=True, timeout=20).stdout)


if __name__ == "__main__":
    unittest.main()
