"""What the platform must do on a host with cgroup v2 and systemd, step after step; each step is a function whose text says what it shows."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent.parent
DATA = pathlib.Path(os.environ.get("DAYTONA_DATA_DIR", "/var/lib/daytona"))
CGROUPS = pathlib.Path("/sys/fs/cgroup")
os.environ.setdefault("DAYTONA_TEST_DATA_DIR", str(DATA))

import host_census  # noqa: E402 - both want the data directory's name
import platform_under_test as platform  # noqa: E402

KERNELS = {"bookworm": "6.1.", "trixie": "6.12."}
STEPS, FIRST = [], []
SANDBOXES = {}
FORKS = """
import os, signal
for n in range(100_000):
    try:
        pid = os.fork()
    except OSError as error:
        print(n, error.strerror, flush=True)
        break
    if pid == 0:
        signal.pause()
os.killpg(0, signal.SIGKILL)
"""


def step(function):
    STEPS.append(function)
    return function


def first(function):
    FIRST.append(function)
    return step(function)


def run(*command, timeout=120, **options):
    """Output of a program that must succeed."""
    return subprocess.run(command, check=True, timeout=timeout, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options).stdout


def daytona(*arguments, timeout=300):
    """Output of ./daytona, also on the console, each line with its second: what was slow, or never came, shows there."""
    began, lines = time.monotonic(), []
    with subprocess.Popen([CHECKOUT / "daytona", *arguments], text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        with watchdog(process, timeout):
            for line in process.stdout:
                print(f"  {time.monotonic() - began:6.1f} s  {line.rstrip()}", flush=True)
                lines.append(line)
    assert process.returncode == 0, f"./daytona {arguments[0]} ended with {process.returncode}: {''.join(lines)[-3000:]}"
    return "".join(lines)


@contextlib.contextmanager
def watchdog(process, seconds):
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def state(sandbox):
    return platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"]


def slot(sandbox):
    """The host's directory of a sandbox's limits."""
    line = next(line for line in platform.jailer("list") if line.startswith(f"sandbox {sandbox['id']} "))
    return CGROUPS / host_census.configuration(DATA)["cgroup"] / line.split()[2].removeprefix("slot=")


def stats(sandbox):
    """The jailer's line of what a sandbox uses."""
    return " ".join(platform.jailer("stats " + sandbox["id"]))


def read(path):
    return path.read_text().strip()


def events(path, key):
    return dict(line.split() for line in path.read_text().splitlines())[key]


def expect(wanted, found):
    assert wanted == found, f"expected {wanted!r}, found {found!r}"


@first
def host():
    """the host: Debian's own kernel, systemd, cgroup v2 and nothing of v1"""
    expect("systemd", read(pathlib.Path("/proc/1/comm")))
    release = os.uname().release
    suite = re.search(r"(?m)^VERSION_CODENAME=(\w+)$", pathlib.Path("/etc/os-release").read_text())[1]
    assert release.startswith(KERNELS[suite]), (suite, release)
    groups = {tuple(line.split()[1:3]) for line in pathlib.Path("/proc/mounts").read_text().splitlines() if line.split()[2].startswith("cgroup")}
    expect({(str(CGROUPS), "cgroup2")}, groups)
    return f"{suite}, {release}, {read(CGROUPS / 'cgroup.controllers')}"


@first
def up():
    """up, with a first sandbox"""
    lines = daytona("up", "--pool-size", "4", timeout=1500)
    assert "Hello from Python" in lines, lines
    platform.point_at(DATA)
    return lines.split("The platform runs")[0]


@step
def doctor():
    """doctor finds nothing missing, and nothing at all once its remedies are carried out"""
    found = json.loads(daytona("doctor", "--json"))["checks"]
    warnings = [check for check in found if check["state"] != "ok"]
    expect([], [check for check in warnings if check["state"] != "warning"])
    for check in warnings:
        run("bash", "-euc", "\n".join(check["remedy"]))
    expect("ok", json.loads(daytona("doctor", "--json"))["state"])
    return f"{len(found)} checks; remedied: {[check['title'] for check in warnings]}"


@step
def create():
    """create, and exec of shell and Python"""
    for name in ("one", "two"):
        SANDBOXES[name] = platform.create(env={"A": "1"})
    one = SANDBOXES["one"]
    expect("daytona 1\n", platform.output(one, 'echo "$(whoami) $A"'))
    reply = platform.toolbox(one, "POST", "/process/code-run", {"code": "print(6 * 7)", "language": "python"})
    expect("42\n", reply.json()["result"])


@step
def limits():
    """limits: the sandbox's cgroup has them, and /sys/fs/cgroup inside shows the same"""
    one = SANDBOXES["one"]
    group, memory, cpu = slot(one), str(one["memory"] << 30), f"{one['cpu'] * 100_000} 100000"
    wanted = {"memory.max": memory, "cpu.max": cpu, "memory.swap.max": "0", "memory.oom.group": "0", "cgroup.max.descendants": "256"}
    for file, value in wanted.items():
        if (group / file).exists() or file != "memory.swap.max":
            expect((file, value), (file, read(group / file)))
            expect((file, value), (file, platform.output(one, f"cat /sys/fs/cgroup/{file}").strip()))
    pids = read(group / "pids.max")
    assert pids.isdigit() and int(pids) > 0, pids
    expect("0::/init\n", platform.output(one, "cat /proc/self/cgroup"))
    expect("1", events(group / "cgroup.events", "populated"))
    assert str(platform.agent_of(one)) in read(group / "init/cgroup.procs").split(), "the agent is elsewhere"
    # Also where programs look for them that do not look above their own cgroup.
    for file in ("memory.max", "cpu.max"):
        expect((file, wanted[file]), (file, platform.output(one, f"cat /sys/fs/cgroup/init/{file}").strip()))
    return {**wanted, "pids.max": pids}


@step
def own_view():
    """limits: nproc, os.cpu_count(), /proc/meminfo and df show the sandbox's own, also after the end of what shows them"""
    one = SANDBOXES["one"]
    ask = "nproc; python3 -c 'import os; print(os.cpu_count())'; awk '/^MemTotal/ { print $2 }' /proc/meminfo; df --output=size -BG / | tail -n 1"
    wanted = [str(one["cpu"]), str(one["cpu"]), str(one["memory"] << 20), f"{one['disk']}G"]
    expect(wanted, platform.output(one, ask).split())
    for name in ("procview", "procview-watch"):
        before = platform.procviews()[name]
        os.kill(before, signal.SIGKILL)
        platform.eventually(lambda: platform.procviews().get(name, before) != before, 60, "another " + name)
        platform.eventually(lambda: platform.output(one, ask).split() == wanted, 60, "the sandbox's own figures")
    return wanted


@step
def limits_are_the_hosts():
    """limits: root inside cannot write them, but makes groups of its own below"""
    one = SANDBOXES["one"]
    for file in ("memory.max", "cpu.max", "pids.max", "cgroup.max.descendants", "memory.high"):
        answer = platform.execute(one, f"sudo sh -c 'echo max >/sys/fs/cgroup/{file}'")
        assert answer["exitCode"] != 0 and "ermission denied" in answer["result"], (file, answer)
    own = "mkdir -p /sys/fs/cgroup/own/deeper; sleep 1000 & echo $! >/sys/fs/cgroup/own/deeper/cgroup.procs && cat /proc/$!/cgroup"
    expect("0::/own/deeper\n", platform.output(one, f"sudo sh -c '{own}'"))


@step
def forks():
    """limits: a fork bomb ends at pids.max, others do not notice"""
    one, two = SANDBOXES["one"], SANDBOXES["two"]
    group = slot(one)
    platform.put(one, "/tmp/forks.py", FORKS.encode())
    call = {"command": "setsid -w python3 /tmp/forks.py", "timeout": 280}
    answer = platform.toolbox(one, "POST", "/process/execute", call, timeout=300).json()
    assert "Resource temporarily unavailable" in answer["result"], answer
    assert int(answer["result"].split()[0]) < int(read(group / "pids.max")), answer
    assert "forks_refused=0" not in stats(one), stats(one)
    for sandbox in (one, two):
        expect("well\n", platform.output(sandbox, "echo well"))
    return answer["result"]


@step
def out_of_memory():
    """limits: out of memory ends one process, and the API names the reason"""
    one = SANDBOXES["one"]
    group = slot(one)
    before = int(events(group / "memory.events", "oom_kill"))
    # more than it may have, and less than the kernel refuses ahead on a machine of three
    answer = platform.execute(one, f'python3 -c "x = bytearray({one["memory"]} * 3 << 29)"')
    expect((137, "out of memory"), (answer["exitCode"], answer.get("reason")))
    expect(before + 1, int(events(group / "memory.events", "oom_kill")))
    expect("well\n", platform.output(one, "echo well"))
    told = daytona("explain", one["id"])
    assert f"processes it ended in this run: {before + 1}\n" in told, told


@step
def processor():
    """limits: two burning processes get the one CPU of their sandbox"""
    burn = "import time\nbegan, used = time.monotonic(), time.process_time()\nwhile time.monotonic() < began + 3: pass\nprint(began, time.monotonic(), time.process_time() - used)"
    one = SANDBOXES["one"]
    platform.put(one, "/tmp/burn.py", burn.encode())
    # One may begin a second after the other here.
    lines = platform.output(one, "python3 /tmp/burn.py & python3 /tmp/burn.py; wait").splitlines()
    began, ended, used = zip(*(map(float, line.split()) for line in lines))
    assert sum(used) < (max(ended) - min(began)) * 1.3, lines
    assert int(events(slot(one) / "cpu.stat", "nr_throttled")) > 0
    return lines


@step
def gives_way():
    """limits: a sandbox that computes is idle, with many processes light, and like the others when it pauses"""
    one = SANDBOXES["one"]
    group = slot(one)

    def rank():
        return "idle" if read(group / "cpu.idle") == "1" else read(group / "cpu.weight")

    expect("100", rank())
    platform.put(one, "/tmp/computes.py", b"import os, signal, sys\nfor _ in range(int(sys.argv[1])): os.fork() or signal.pause()\nwhile True: pass\n")
    for others, wanted in ((0, "idle"), (300, "10")):
        platform.output(one, f"setsid python3 /tmp/computes.py {others} >/dev/null 2>&1 </dev/null &")
        platform.eventually(lambda: rank() == wanted, 60, f"{wanted}, beside {others} other processes")
        platform.output(one, "pkill -f computes.p[y]")
        platform.eventually(lambda: rank() == "100", 60, "a pause")


@step
def disk():
    """limits: the disk is full at its size"""
    one = SANDBOXES["one"]
    answer = platform.execute(one, f"fallocate -l {one['disk'] + 1}G big; rm -f big; echo after >small && cat small")
    assert "No space left on device" in answer["result"] and answer["result"].endswith("after\n"), answer


@step
def clock():
    """the clock is set a day ahead, and back again: nothing is stopped or deleted for it, and all goes on to work"""
    one = SANDBOXES["one"]
    idle, left = platform.create(autoStopInterval=60), platform.create(autoDeleteInterval=60)
    expect(200, platform.api("POST", f"/sandbox/{left['id']}/stop").status)
    platform.eventually(lambda: state(left) == "stopped", 60, "stop")
    log = DATA / "log" / "server.log"
    for day in (86_400, -86_400):
        seen = log.read_text().count("the clock of this host jumped by ")
        time.clock_settime(time.CLOCK_REALTIME, time.time() + day)
        # Its next look is what could take them for idle.
        platform.eventually(lambda: log.read_text().count("the clock of this host jumped by ") > seen, 60, "the platform's look at its clock")
        expect("well\n", platform.output(one, "echo well"))
        made = platform.create()
        expect("well\n", platform.output(made, "echo well"))
        expect(200, platform.delete(made).status)
        for action, reached in (("stop", "stopped"), ("start", "started")):
            expect(200, platform.api("POST", f"/sandbox/{one['id']}/{action}").status)
            platform.eventually(lambda: state(one) == reached, 60, action)
        expect(("started", "stopped"), (state(idle), state(left)))
    for sandbox in (idle, left):
        expect(200, platform.delete(sandbox).status)
    return log.read_text().count("the clock of this host jumped by ")


@step
def hostile():
    """what root inside tries, each with its control, and what it may: sudo, FUSE, tun, a container"""
    return suite("test_hostile")


@step
def docker():
    """a Docker engine in a sandbox: its containers run, and have limits"""
    # Of the rest, which takes five minutes in emulation, nothing depends on the version of cgroups.
    return suite(*(f"test_docker.Docker.{name}" for name in ("test_run", "test_memory_limit", "test_cpu_limit")))


def suite(*tests):
    """The last lines of tests of the host's, which must succeed."""
    environment = dict(line.removeprefix("export ").replace("'", "").split("=", 1) for line in daytona("env").splitlines() if "=" in line)
    done = subprocess.run(
        ["python3", "-B", "-m", "unittest", "-v", *tests], cwd=CHECKOUT / "tests", env={**os.environ, **environment}, timeout=900, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout[-12_000:]
    return [line for line in done.stdout.splitlines() if line.startswith(("== ", "Ran "))]


@step
def stop_and_start():
    """stop and start: processes end, files stay, limits are set again"""
    one = SANDBOXES["one"]
    group = slot(one)
    platform.output(one, "sync; mkdir kept; echo kept >kept/file")
    expect(200, platform.api("POST", f"/sandbox/{one['id']}/stop").status)
    platform.eventually(lambda: state(one) == "stopped", 60, "stop")
    assert not (group / "own").exists() and (not group.exists() or not read(group / "cgroup.procs")), "something is left in the cgroup"
    expect(200, platform.api("POST", f"/sandbox/{one['id']}/start").status)
    platform.eventually(lambda: state(one) == "started", 60, "start")
    expect("kept\n", platform.output(one, "cat kept/file"))
    expect(str(one["memory"] << 30), read(slot(one) / "memory.max"))
    expect("0", events(slot(one) / "memory.events", "oom_kill"))


@step
def killed_server():
    """kill -9 of the JVM: sandboxes run on, and answer again"""
    one = SANDBOXES["one"]
    agent = platform.agent_of(one)
    platform.output(one, "nohup sleep 5000 >/dev/null 2>&1 & echo $! >/tmp/sleep")
    os.kill(platform.pid_of("server"), signal.SIGKILL)
    answers(one, agent)


@step
def killed_platform():
    """kill -9 of everything but the sandboxes, and up: they run on"""
    one = SANDBOXES["one"]
    agent = platform.agent_of(one)
    for role in ("supervisor", "server", "jailer"):
        os.kill(platform.pid_of(role), signal.SIGKILL)
    os.kill(platform.postgres_pid(), signal.SIGKILL)
    daytona("up", timeout=300)
    answers(one, agent)


@step
def service():
    """the systemd service: sandboxes run on while it is installed and restarted, its supervisor killed, units reloaded"""
    one = SANDBOXES["one"]
    agent, before = platform.agent_of(one), {file: read(slot(one) / file) for file in ("cpu.max", "memory.max", "pids.max")}
    daytona("service", "install", timeout=900)
    expect("active\n", run("systemctl", "is-active", service_name()))
    answers(one, agent)
    run("systemctl", "restart", service_name(), timeout=900)
    answers(one, agent)
    supervisor = main_pid()
    os.kill(supervisor, signal.SIGKILL)
    platform.eventually(lambda: main_pid() not in (0, supervisor), 300, "another supervisor")
    answers(one, agent)
    run("systemctl", "daemon-reload")
    run("systemd-run", "--wait", "--property=CPUQuota=50%", "--property=MemoryMax=64M", "--property=TasksMax=10", "true")
    expect(before, {file: read(slot(one) / file) for file in before})


def service_name():
    return f"daytona-{host_census.configuration(DATA)['instance']}.service"


def main_pid():
    return int(run("systemctl", "show", "--property=MainPID", "--value", service_name()))


def answers(sandbox, agent):
    """The same processes as before run in a sandbox, and it is asked for."""
    platform.eventually(lambda: platform.api("GET", "/health").status == 200, 180, "health")
    platform.eventually(lambda: platform.output(sandbox, "kill -0 $(cat /tmp/sleep) && echo well") == "well\n", 60, "exec")
    expect(agent, platform.agent_of(sandbox))


@step
def delete():
    """delete: nothing of a sandbox stays, whatever groups it made"""
    two = SANDBOXES["two"]
    group = slot(two)
    frozen = "cd /sys/fs/cgroup; mkdir -p a/b/c; sleep 1000 & echo $! >a/b/c/cgroup.procs && echo 1 >a/cgroup.freeze"
    platform.output(two, f"sudo sh -c '{frozen}'")
    for sandbox in SANDBOXES.values():
        expect(200, platform.delete(sandbox).status)
    platform.eventually(lambda: platform.host_sandboxes() == (set(), set()), 60, "end of all sandboxes")
    platform.eventually(lambda: not (group / "a").exists(), 60, "end of their groups")


@step
def purge():
    """down --purge: no process, mount, loop device, network, firewall table or cgroup is left"""
    conf = (DATA / "jailer.conf").read_text()
    options = mount_options()
    daytona("down", "--purge")
    assert not DATA.exists(), "the data directory is left"
    DATA.mkdir()
    (DATA / "jailer.conf").write_text(conf)
    expect([], host_census.of_kernel(DATA))
    expect([], [entry.name for entry in pathlib.Path("/sys/block").glob("loop*") if (entry / "loop").exists()])
    expect("", run("nft", "list", "ruleset"))
    expect([], list(pathlib.Path("/etc/systemd/system").rglob("daytona*")))
    assert "favordynmods" in options and "favordynmods" not in mount_options(), (options, mount_options())


def mount_options():
    line = next(line for line in pathlib.Path("/proc/mounts").read_text().splitlines() if line.split()[2] == "cgroup2")
    return line.split()[3].split(",")
