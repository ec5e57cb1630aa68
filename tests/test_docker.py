"""A Docker engine inside a sandbox of the default image, in the profile that tests/test_hostile.py attacks."""

import pathlib
import subprocess
import types
import unittest

import docker_engine
import host_census
import own_platform
import platform_under_test as platform
from hostile import host

MIB = 1 << 20


def tearDownModule():
    platform.delete_all()


def fetch(engine, address):
    """A page as the sandbox's own curl sees it, once it is there."""
    return platform.eventually(lambda: platform.output(engine.sandbox, f"curl -sf -m 5 http://{address}/index.html"), 20, address).strip()


class Docker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = docker_engine.Engine()

    def limit(self, options, *files):
        """What a container reads in those files of its cgroup that there are: they have other names in version 1 and 2."""
        return self.engine.run("cd /sys/fs/cgroup; cat " + " ".join(files) + " 2>/dev/null; true", options).split()

    def test_run(self):
        self.assertEqual("hello from 1 as 0", self.engine.run("echo hello from $$ as $(id -u)"))
        self.assertEqual("", self.engine.run("exit 7", status=7))
        self.assertEqual("overlay2", self.engine.docker("info --format {{.Driver}}"))

    def test_kinds_of_containers(self):
        self.assertIn("Read-only file system", self.engine.run("echo x >/x", "--read-only", status=1))
        self.assertIn("can't create /v", self.engine.run("cat /v; echo x >/v", "-v /etc/hostname:/v:ro", status=1))
        self.assertIn("docker-init", self.engine.run("cat /proc/1/cmdline", "--init"))
        self.assertIn("eth0", self.engine.run("ip -o link show eth0", "--network host"))
        self.assertEqual("/proc", self.engine.run("mkdir /p && mount -t tmpfs p /p && umount /p && echo /proc", "--privileged"))

    def test_memory_limit(self):
        self.assertEqual([str(64 * MIB)], self.limit("-m 64m", "memory.max", "memory/memory.limit_in_bytes"))
        eat = "head -c {}m /dev/zero | tail -c {}m | wc -c"
        self.assertEqual(str(16 * MIB), self.engine.run(eat.format(16, 16), "-m 64m").split()[-1], "positive control")
        self.engine.run(eat.format(300, 300).removesuffix(" | wc -c"), "-m 64m", status=137)
        # The kernel's own count: containerd may lose the event for the engine's State.OOMKilled when the container ends with it (containerd issue 8893).
        count = 'cd /sys/fs/cgroup; cat memory.events memory/memory.oom_control 2>/dev/null | grep "^oom_kill "'
        self.assertEqual(["oom_kill", "0"], self.engine.run(f"{eat.format(16, 16)} >/dev/null; {count}", "-m 64m").split(), "positive control")
        self.assertEqual(["oom_kill", "1"], self.engine.run(f"{eat.format(300, 300)} >/dev/null; {count}", "-m 64m").split()[-2:])

    def test_cpu_limit(self):
        self.assertEqual(["50000", "100000"], self.limit("--cpus 0.5", "cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))

    def test_published_port(self):
        self.engine.serve("web", "published", "-p 8080:80")
        address = platform.output(self.engine.sandbox, "ip -4 -o address show eth0").split()[3].split("/")[0]
        for local in ("127.0.0.1:8080", f"{address}:8080"):
            self.assertEqual("published", fetch(self.engine, local))
        self.assertIn(8080, platform.toolbox(self.engine.sandbox, "GET", "/port").json()["ports"])
        self.engine.docker("rm -f web")
        self.assertNotEqual(0, platform.execute(self.engine.sandbox, "curl -s -m 5 http://127.0.0.1:8080/")["exitCode"])

    def test_network_of_its_own(self):
        self.engine.docker("network create pair")
        self.engine.serve("server", "by name", "--network pair")
        self.assertEqual("by name", self.engine.run("wget -qO- http://server/index.html", "--network pair"))
        self.assertIn("bad address", self.engine.run("wget -qO- http://server/index.html", status=1))
        self.engine.docker("rm -f server")
        self.engine.docker("network rm pair")

    def test_containers_reach_what_sandboxes_reach(self):
        outside, listeners = host.Outside(platform.MARK), host.Listeners()
        self.addCleanup(listeners.close)
        self.addCleanup(outside.close)
        targets = [(host.OUTSIDE, outside.port), *((address, listeners.port) for address in host.addresses("-4"))]
        self.assertGreater(len(targets), 1)
        asked = " ".join(f"nc -w 3 {address} {port} </dev/null 2>/dev/null | grep -q outside && echo {address} &" for address, port in targets)
        self.assertEqual([host.OUTSIDE], self.engine.run(asked + " wait").split())

    def test_build(self):
        platform.put(self.engine.sandbox, "/tmp/context/Dockerfile", f"FROM {docker_engine.IMAGE}\nRUN echo built by $(id -u) >/built\n".encode())
        self.assertIn("Successfully tagged made", self.engine.docker("build --tag made /tmp/context"))
        self.assertEqual("built by 0", self.engine.docker("run --rm made cat /built"))
        self.engine.docker("rmi made")

    def test_removal(self):
        def traces():
            """Containers, processes, links and cgroups of them."""
            return platform.output(self.engine.sandbox, "sudo docker ps -aq; pgrep -f 'containerd-shim|httpd -f|docker-proxy'; ip -o link | grep -o 'veth[0-9a-f]*@'; "
                                   "find /sys/fs/cgroup -mindepth 1 -type d -regextype egrep -regex '.*/docker/[0-9a-f]{64}'; true").split()

        before = traces()
        self.engine.serve("short", "lived", "-p 8081:80")
        self.assertEqual("lived", fetch(self.engine, "127.0.0.1:8081"))
        self.assertGreater(len(traces()), len(before) + 4, "positive control")
        self.engine.docker("rm -f short")
        platform.eventually(lambda: traces() == before, 20, "nothing of a removed container")


class Ends(unittest.TestCase):
    """An engine with a container that runs, when its sandbox stops and when it is deleted."""

    @classmethod
    def setUpClass(cls):
        cls.census = types.SimpleNamespace(data=platform.DATA, sql=lambda statement: own_platform.sql(platform.DATA, statement))

    def setUp(self):
        self.before = set(host_census.Census(self.census).differences())
        self.engine = docker_engine.Engine()
        self.engine.serve("web", "running", "-p 8080:80")
        self.assertEqual("running", fetch(self.engine, "127.0.0.1:8080"))

    def agree(self):
        """Host and database agree, as far as they did before."""
        platform.eventually(lambda: not set(host_census.Census(self.census).differences()) - self.before, 30, "host as the database says")

    def test_images_and_containers_outlive_a_stop(self):
        platform.restart(self.engine.sandbox)
        self.agree()
        self.engine.start()
        self.assertEqual(docker_engine.IMAGE, self.engine.docker("images --format {{.Repository}}"))
        self.assertIn("Exited", self.engine.docker("ps -a --format {{.Status}}"))
        self.engine.docker("start web")
        self.assertEqual("running", fetch(self.engine, "127.0.0.1:8080"))
        self.assertEqual("hello", self.engine.run("echo hello"))

    def test_deletion_leaves_nothing_on_the_host(self):
        seen = engines_of_the_host()
        processes = {pid: birth(pid) for pid in platform.children(platform.agent_of(self.engine.sandbox))}
        names = {host_census.read(pathlib.Path(f"/proc/{pid}/comm")).strip() for pid in processes}
        self.assertLessEqual({"dockerd", "containerd", "containerd-shim", "docker-proxy", "httpd"}, names)
        slot = str(host_census.Census(self.census).running[self.engine.sandbox["id"]])
        self.assertTrue(cgroups(slot))

        self.assertEqual(200, platform.delete(self.engine.sandbox).status)
        platform.eventually(lambda: not [pid for pid, born in processes.items() if birth(pid) == born], 30, "no process of the engine")
        platform.eventually(lambda: not cgroups(slot), 30, "no cgroup of the engine")
        self.agree()
        self.assertEqual(seen, engines_of_the_host())


def engines_of_the_host():
    """Firewall chains and bridges of engines that run on the host itself."""
    rules = subprocess.run(["nft", "list", "ruleset"], check=True, capture_output=True, text=True, timeout=30).stdout
    return sorted(line.strip() for line in rules.splitlines() if "chain DOCKER" in line), {name for name in host.links() if name.startswith(("docker", "br-"))}


def cgroups(slot):
    """The engine's cgroups below a slot's."""
    return [path for cgroup in host_census.cgroups(platform.DATA) for path in (cgroup / slot).rglob("docker")]


def birth(pid):
    """When a process started, in ticks; nothing of one that is gone."""
    return host_census.read(pathlib.Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[19:20]


if __name__ == "__main__":
    unittest.main()
