"""What root inside a sandbox tries against host, platform and other sandboxes, and what becomes of it.

The attempts lie in tests/hostile, each with a positive control: the same where it must succeed. docs/threat-model.md says what they stand for.
"""

import io
import json
import pathlib
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import unittest

import platform_under_test as platform
from hostile import host

THEMES = ("agent", "cgroups", "files", "kernel", "mounts", "network", "processes", "settings")
AT_LEAST = 150


def package():
    """The attempts as a tar file."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for file in sorted((pathlib.Path(__file__).parent / "hostile").glob("*.py")):
            tar.add(file, "hostile/" + file.name)
    return data.getvalue()


def address_of(sandbox):
    return platform.output(sandbox, "ip -4 -o address show eth0").split()[3].split("/")[0]


def configuration():
    lines = (platform.DATA / "jailer.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


class HostileSandbox(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(platform.delete_all)
        cls.attacker, cls.sibling = platform.create(), platform.create()
        cls.outside = host.Outside(platform.MARK)
        cls.addClassCleanup(cls.outside.close)
        cls.listeners = host.Listeners()
        cls.addClassCleanup(cls.listeners.close)
        cls.memory = host.SharedMemory()
        cls.addClassCleanup(cls.memory.close)
        cls.secret = tempfile.NamedTemporaryFile(prefix="hostile-", suffix=".secret", mode="w", delete=True)
        cls.addClassCleanup(cls.secret.close)
        cls.secret.write("of the host")
        cls.secret.flush()
        cls.loop = host.LoopDevice()
        cls.addClassCleanup(cls.loop.close)
        cls.abstract = socket.socket(socket.AF_UNIX)
        cls.addClassCleanup(cls.abstract.close)
        cls.abstract.bind("\0hostile-" + platform.MARK)
        cls.abstract.listen()
        cls.world = cls.describe()
        cls.before = host.routes(), host.settings()
        cls.rows = cls.attack()
        cls.print_table()

    @classmethod
    def describe(cls):
        run = platform.DATA / "run"
        conf = configuration()
        subnet = conf["subnet"].split(".")
        return {
            "mark": platform.MARK,
            "outside": False,
            "data_dir": str(platform.DATA),
            "host_file": cls.secret.name,
            "host_loop": cls.loop.path,
            "host_disk": host.host_disk(),
            "host_pids": sorted({platform.pid_of("server"), platform.pid_of("jailer"), platform.postgres_pid(), platform.agent_of(cls.attacker), platform.agent_of(cls.sibling)}),
            "host_links": host.links(),
            "host_addresses": host.addresses("-4"),
            "host_addresses6": host.addresses("-6"),
            "host_gateways": host.gateways(),
            "open_port": cls.listeners.port,
            "api_port": int((run / "api.port").read_text()),
            "proxy_port": int((run / "proxy.port").read_text()),
            "outside_address": host.OUTSIDE,
            "outside_port": cls.outside.port,
            "sibling": cls.sibling["id"],
            "sibling_address": address_of(cls.sibling),
            "sibling_port": cls.serve(cls.sibling),
            "sibling_uid": int(platform.output(cls.sibling, "awk '{print $2}' /proc/self/uid_map")),
            "unused_address": ".".join(subnet[:2] + [str(int(subnet[2]) + 3), "250"]),
            "cgroup": conf["cgroup"],
            "memory": cls.attacker["memory"] << 30,
            "shm_key": cls.memory.key,
            "abstract": "hostile-" + platform.MARK,
            "agent_socket": str(run / "a" / cls.attacker["id"]),
            "jailer_socket": str(run / "jailer.sock"),
            "postgres_socket": str(platform.DATA / "postgres" / ".s.PGSQL.5432"),
            "file_systems": [line.split()[-1] for line in pathlib.Path("/proc/filesystems").read_text().splitlines()],
        }

    @classmethod
    def serve(cls, sandbox):
        """A server in a sandbox; its port."""
        program = "import socket\ns = socket.create_server(('0.0.0.0', 8123))\nwhile True:\n    s.accept()[0].sendall(b'hello')\n"
        platform.put(sandbox, "/tmp/server.py", program.encode())
        platform.output(sandbox, "nohup python3 /tmp/server.py >/dev/null 2>&1 & for i in $(seq 100); do curl -s telnet://127.0.0.1:8123 </dev/null >/dev/null && exit 0; sleep 0.05; done; exit 1")
        return 8123

    @classmethod
    def attack(cls):
        """Everything inside in one go, then the controls that belong outside."""
        platform.put(cls.attacker, "/tmp/hostile.tar", package())
        platform.put(cls.attacker, "/tmp/world.json", json.dumps(cls.world).encode())
        inside = platform.execute(cls.attacker, "sudo sh -c 'cd /root && tar -xf /tmp/hostile.tar && python3 -m hostile inside /tmp/world.json'", timeout=120)
        assert inside["exitCode"] == 0, inside["result"][-3000:]
        rows = [json.loads(line) for line in inside["result"].splitlines()]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({**cls.world, "outside": True}, file)
            file.flush()
            done = subprocess.run([sys.executable, "-m", "hostile", "outside", file.name], cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr[-3000:]
        controls = {row["title"]: row["control"] for row in map(json.loads, done.stdout.splitlines())}
        for row in rows:
            row.setdefault("control", controls.get(row["title"], ("broken", "no control")))
            if "token" in row:
                cls.judge_arrival(row)
        return rows

    @classmethod
    def judge_arrival(cls, row):
        """Of packets that were only sent: whether they came."""
        attack, control = (f"{platform.MARK}:{row['token']}:{kind}" for kind in ("attack", "control"))
        if row["control"][0] == "gained":
            try:
                platform.eventually(lambda: control in cls.outside.seen, 3, "the control's packet")
            except AssertionError:
                row["control"] = ("broken", "did not arrive")
            else:
                row["control"] = ("gained", "arrived outside")
        for place, seen in (("outside", cls.outside.seen), ("at the host", cls.listeners.seen)):
            if attack in seen:
                row["attack"] = ("gained", "arrived " + place)

    @classmethod
    def print_table(cls):
        print(f"\n{'':2}{'attempt':75} {'outcome':52} control")
        for row in cls.rows:
            good = row["attack"][0] == "held" and row["control"][0] == "gained"
            cells = [re.sub(r"\s+", " ", str(row[kind][1])) for kind in ("attack", "control")]
            print(f"{' ' if good else '!'} {(row['theme'] + ': ' + row['title'])[:75]:75} {cells[0][:52]:52} {cells[1][:60]}" + f" {row['seconds']} s")
        print(f"== {len(cls.rows)} attempts, {sum(row['attack'][0] == 'held' for row in cls.rows)} held, "
              f"{sum(row['control'][0] == 'gained' for row in cls.rows)} controls succeeded")

    def check(self, theme):
        rows = [row for row in self.rows if row["theme"] == theme]
        self.assertTrue(rows)
        for row in rows:
            with self.subTest(attempt=row["title"]):
                self.assertEqual("held", row["attack"][0], row["attack"][1])
                self.assertEqual("gained", row["control"][0], f"the control failed: {row['control'][1]}")

    def test_enough_attempts_each_with_its_control(self):
        self.assertGreaterEqual(len(self.rows), AT_LEAST)
        self.assertEqual(len(self.rows), len({row["title"] for row in self.rows}), "titles are unique")
        self.assertEqual(set(THEMES), {row["theme"] for row in self.rows})

    def test_sandboxes_share_no_file_that_could_be_watched_or_locked(self):
        """Watches and locks belong to an inode. Of what is mounted only the agent's program is one for all, and that nobody may open."""
        script = "import os; print(*{f'{(s := os.stat(m)).st_dev}:{s.st_ino} {m}' for m in (line.split()[4] for line in open('/proc/self/mountinfo'))}, sep='\\n')"
        one, two = ({line for line in platform.output(s, f'sudo python3 -c "{script}"').splitlines()} for s in (self.attacker, self.sibling))
        self.assertGreater(len(one), 15, one)
        self.assertEqual({"/.daytona/agent"}, {line.split()[1] for line in one & two})

    def test_the_same_profile_runs_sudo_fuse_tun_and_a_container(self):
        """apt is tried in tests/test_sandbox.py, a Docker engine in tests/test_docker.py."""
        platform.put(self.sibling, "/tmp/hostile.tar", package())
        done = platform.output(self.sibling, "sudo sh -c 'cd /root && tar -xf /tmp/hostile.tar && python3 -m hostile.powers'", timeout=30)
        print(done)
        powers = dict(line.split(": ", 1) for line in done.splitlines())
        self.assertEqual({"fuse": "fuse!", "tun": "tun!", "container": "pid 1 as 0 on powers sees inner lo"}, powers)

    def test_the_host_is_as_it_was(self):
        routes, settings = self.before
        self.assertEqual(routes, host.routes())
        after = host.settings()
        self.assertEqual({}, {path: (value, after[path]) for path, value in settings.items() if path in after and after[path] != value})
        for address in (host.OUTSIDE, *self.outside.claimed):
            with socket.create_connection((address, self.outside.port), 2) as server:
                self.assertEqual(host.GREETING, server.recv(100), "positive control: the same server, asked by the host")


for theme in THEMES:
    setattr(HostileSandbox, f"test_{theme}", lambda self, theme=theme: self.check(theme))


if __name__ == "__main__":
    unittest.main()
