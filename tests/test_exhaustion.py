"""What a host can run out of — the pool of disks, the database's disk, inodes, processes, file descriptors — and what may be confused
— its clock, two platforms: bystanders are unharmed, replies say what is missing, and all goes on when there is some again.

On platforms of its own, with pools of 2 GiB.
"""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
import urllib.parse

import own_platform
import platform_under_test as platform

# Each line is on the disk before it counts; the first one that is refused ends it.
WRITER = (
    "nohup sh -c 'i=0; while i=$((i+1)); echo line $i >>$HOME/log && sync -d $HOME/log && echo $i >$HOME/new && mv $HOME/new $HOME/count; "
    "do sleep 0.02; done; echo refused >$HOME/refused' >/dev/null 2>&1 </dev/null &"
)


class Case(unittest.TestCase):
    @classmethod
    def start(cls, parent="/tmp", environment=None, **options):
        cls.own = own_platform.OwnPlatform(parent, **(environment or {}))
        cls.addClassCleanup(cls.own.purge)
        cls.own.use(**options)

    def tearDown(self):
        platform.delete_all()
        platform.eventually(lambda: not platform.host_sandboxes()[0], 30, "end of all sandboxes")

    def count(self, sandbox):
        answer = platform.execute(sandbox, "cat $HOME/count")
        return int(answer["result"]) if answer["exitCode"] == 0 else 0

    def assert_writes(self, sandbox):
        before = self.count(sandbox)
        platform.eventually(lambda: self.count(sandbox) > before, 20, "a bystander's next line")
        self.assertEqual("no\n", platform.output(sandbox, "test -e $HOME/refused && echo yes || echo no"))

    def bystander(self):
        sandbox = platform.create()
        platform.execute(sandbox, WRITER)
        self.assert_writes(sandbox)
        return sandbox

    def assert_refused(self, reply, words):
        self.assertEqual(503, reply.status, reply.body)
        self.assertGreaterEqual(int(reply.headers["Retry-After"]), 1)
        self.assertRegex(reply.json()["message"], words)

    def create_reply(self):
        return platform.api("POST", "/sandbox", {"labels": {"e2e": platform.MARK}})

    def usable(self):
        reply = self.create_reply()
        assert reply.status == 200, reply.body
        return reply.json()["state"] == "started"

    def state(self, sandbox):
        return platform.api("GET", "/sandbox/" + sandbox["id"]).json()


class HostTest(Case):
    """A platform whose data directory has a disk of its own, of 4 GiB; on the host of the platform of `./test`."""

    @classmethod
    def setUpClass(cls):
        cls.neighbour = platform.DATA
        cls.neighbours_sandbox = platform.create()
        platform.execute(cls.neighbours_sandbox, WRITER)
        cls.addClassCleanup(cls.assert_neighbour_is_there)
        cls.disk = pathlib.Path(tempfile.mkdtemp(prefix="dtest-disk.", dir="/tmp"))
        cls.addClassCleanup(cls.disk.rmdir)
        image = cls.disk.with_suffix(".img")
        cls.addClassCleanup(image.unlink)
        with open(image, "wb") as file:
            file.truncate(4 << 30)
        subprocess.run(["mkfs.ext4", "-q", "-m", "0", image], check=True, timeout=60)
        subprocess.run(["mount", "-o", "loop", image, cls.disk], check=True, timeout=60)
        cls.addClassCleanup(subprocess.run, ["umount", cls.disk], check=True, timeout=60)
        cls.disk.chmod(0o755)
        cls.start(parent=cls.disk, METRICS_TOKEN="scraper-" + platform.MARK)

    @classmethod
    def assert_neighbour_is_there(cls):
        """Runs when this platform has been purged."""
        platform.point_at(cls.neighbour)
        before = int(platform.output(cls.neighbours_sandbox, "cat $HOME/count"))
        platform.eventually(lambda: int(platform.output(cls.neighbours_sandbox, "cat $HOME/count")) > before, 20, "the neighbour's next line")
        platform.delete(cls.neighbours_sandbox)

    def pool(self, name=""):
        return pathlib.Path(f"/proc/{platform.pid_of('jailer')}/root{self.own.data}/pool/{name}")

    @contextlib.contextmanager
    def filled(self, share):
        """Leaves this share of the pool free."""
        filler = self.pool("filler")
        with open(filler, "wb") as file:
            space = os.statvfs(file.fileno())
            os.posix_fallocate(file.fileno(), 0, int(space.f_bavail - space.f_blocks * share) * space.f_frsize)
        try:
            yield
        finally:
            os.truncate(filler, 0)
            filler.unlink()

    def level(self):
        reply = platform.request("GET", urllib.parse.urljoin(platform.api_url(), "/metrics"), key="scraper-" + platform.MARK)
        free, size = (float(re.search(rf"^daytona_host_pool_{name}_bytes (\S+)$", reply.body.decode(), re.M)[1]) for name in ("free", "size"))
        return free / size

    def test_a_sandbox_that_fills_it_is_stopped_and_says_why_and_others_write_on(self):
        bystanders = [self.bystander() for _ in range(2)]
        hog = platform.create()
        platform.execute(hog, "echo kept >$HOME/kept; sync; nohup dd if=/dev/zero of=$HOME/big bs=1M >/dev/null 2>&1 </dev/null &")
        platform.eventually(lambda: self.state(hog)["state"] == "stopped", 60, "the end of the sandbox that fills the pool")
        self.assertRegex(self.state(hog)["errorReason"], r"^no space left on the host: .*start it again when there is room, or delete it")
        for sandbox in bystanders:
            self.assert_writes(sandbox)
        platform.eventually(lambda: self.level() < 0.1, 10, "the level in the metrics")
        self.assert_refused(self.create_reply(), r"^This host has no room: only \d+ of the pool's \d+ MiB are free .*: delete sandboxes")
        self.assert_refused(platform.api("POST", f"/sandbox/{hog['id']}/start"), "of the pool's")
        self.assertRegex(self.own.daytona("doctor"), r"(?m)^warning +pool of disks: \d+ of (19|20)\d\d MiB free$")
        platform.delete(hog)
        self.assertTrue(self.usable(), "room that a deletion makes is room for the next create at once")
        self.assert_writes(bystanders[0])

    def test_what_is_deleted_inside_comes_back(self):
        bystander, box = self.bystander(), platform.create()
        platform.output(box, "dd if=/dev/zero of=$HOME/big bs=1M count=400 2>/dev/null; sync")
        with self.filled(0.09):
            self.assert_refused(self.create_reply(), "of the pool's")
            platform.output(box, "rm $HOME/big; sync")
            platform.eventually(self.usable, 30, "room from what was deleted inside")
        self.assert_writes(bystander)

    def test_a_stopped_one_starts_again_with_its_files_when_there_is_room(self):
        hog = platform.create()
        with self.filled(0.15):
            platform.execute(hog, "echo kept >$HOME/kept; sync; nohup dd if=/dev/zero of=$HOME/big bs=1M >/dev/null 2>&1 </dev/null &")
            platform.eventually(lambda: self.state(hog)["state"] == "stopped", 60, "its end")
        reply = platform.eventually(lambda: (r := platform.api("POST", f"/sandbox/{hog['id']}/start")).status == 200 and r.json(), 20, "its start")
        self.assertEqual("started", reply["state"])
        self.assertNotIn("errorReason", self.state(hog))
        self.assertEqual("kept\n", platform.output(hog, "cat $HOME/kept; rm -f $HOME/big"))

    def test_without_inodes(self):
        bystander = self.bystander()
        crowd = self.pool("crowd")
        data = self.own.data
        subprocess.run(["nsenter", f"--mount={data}/ns/mnt", "xfs_growfs", "-m", "1", f"{data}/pool"], check=True, stdout=subprocess.DEVNULL, timeout=30)
        crowd.mkdir()
        try:
            with self.assertRaises(OSError):
                for i in range(200_000):
                    os.close(os.open(crowd / str(i), os.O_CREAT | os.O_WRONLY))
            self.assert_refused(self.create_reply(), r"inodes of the pool are free: delete")
            self.assertRegex(self.own.daytona("doctor"), r"(?m)^warning +pool of disks: \d+ inodes free$")
            self.assert_writes(bystander)
        finally:
            shutil.rmtree(crowd)
            subprocess.run(["nsenter", f"--mount={data}/ns/mnt", "xfs_growfs", "-m", "25", f"{data}/pool"], check=True, stdout=subprocess.DEVNULL, timeout=30)
        platform.eventually(self.usable, 30, "a create")
        self.assert_writes(bystander)

    # ---- PostgreSQL's disk, which is that of the data directory ----

    def take_all_room(self):
        with open(self.disk / "filler", "ab") as file:
            for size in (16 << 20, 1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), size)

    @contextlib.contextmanager
    def full_disk(self):
        try:
            self.take_all_room()
            yield
        finally:
            (self.disk / "filler").unlink()

    def use_up_log(self):
        """PostgreSQL recycles the files of its log: more of it at once than those hold."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.own.sql("SELECT count(pg_logical_emit_message(true, 'test', repeat('x', 10000000))) FROM generate_series(1, 40)")
        self.take_all_room()

    def test_the_database_without_room_on_its_disk(self):
        bystander, kept = self.bystander(), platform.create(name="kept-" + platform.MARK)
        server, before = platform.pid_of("server"), self.count(bystander)
        recorded, refused = [], 0
        with self.full_disk():
            for _ in range(8):
                self.use_up_log()
                reply = self.create_reply()
                if reply.status == 200:  # PostgreSQL came up again with a line's room: enough to begin, not always to end
                    recorded.append(reply.json())
                    continue
                # PostgreSQL is down, or up again with no room: for the next line of its log, or for the host's own notes
                self.assert_refused(reply, "disk is full|directory is full|no room|database does not answer")
                refused += 1
                if refused == 3:
                    break
            self.assertEqual(3, refused, recorded)
            self.assertIn("make room on the disk", self.own.daytona("doctor"))
        platform.eventually(self.usable, 60, "a create when there is room again")
        self.assertEqual("started", self.state(kept)["state"])
        self.assertEqual("42\n", platform.output(kept, "echo $((6*7))"))
        for sandbox in recorded:
            platform.eventually(lambda: self.state(sandbox)["state"] == "started", 60, "the start of one that was recorded in the last of the room")
            self.assertEqual("42\n", platform.output(sandbox, "echo $((6*7))"))
        self.assertGreater(self.count(bystander), before)
        self.assert_writes(bystander)
        self.assertEqual(server, platform.pid_of("server"), "the server has not been restarted")
        platform.eventually(lambda: {s["id"] for s in platform.listed() if s["state"] == "started"} == platform.host_sandboxes()[0], 30, "agreement of host and API")

    # ---- file descriptors ----

    def test_the_server_without_file_descriptors(self):
        bystander, pid = self.bystander(), platform.pid_of("server")
        files = "import resource, sys; print(*resource.prlimit(int(sys.argv[1]), resource.RLIMIT_NOFILE, *[tuple(map(int, sys.argv[2:]))][: len(sys.argv) - 2]))"
        limits = list(map(int, platform.as_user(files, pid).split()))
        url = urllib.parse.urlsplit(platform.api_url())
        platform.as_user(files, pid, len(os.listdir(f"/proc/{pid}/fd")) + 20, limits[1])
        crowd = []
        try:
            for _ in range(40):
                crowd.append(socket.create_connection((url.hostname, url.port), timeout=20))
            self.assert_refused(platform.api("GET", "/sandbox/" + bystander["id"], timeout=20), "no file descriptor left")
        finally:
            for connection in crowd:
                connection.close()
        platform.eventually(lambda: platform.api("GET", "/sandbox/" + bystander["id"], timeout=20).status == 200, 30, "an answer when connections are closed")
        platform.as_user(files, pid, *limits)
        self.assert_writes(bystander)
        self.assertTrue(self.usable())
        self.assertEqual(pid, platform.pid_of("server"))

    # ---- processes ----

    @contextlib.contextmanager
    def without_processes(self):
        """The platform's own processes and threads are as many as there may be."""
        top = pathlib.Path("/sys/fs/cgroup/pids" if pathlib.Path("/sys/fs/cgroup/pids").is_dir() else "/sys/fs/cgroup")
        group = top / ("dtest-" + platform.MARK)
        group.mkdir()
        roots = [platform.pid_of(role) for role in ("server", "jailer")]
        sandboxes = {platform.agent_of({"id": name}) for name in platform.host_sandboxes()[0]}
        members = {pid for root in roots for pid in [root, *self.family(root, sandboxes)]}
        homes = {pid: self.cgroup_of(pid, top) for pid in members}
        try:
            for pid in members:
                (group / "cgroup.procs").write_text(str(pid))
            (group / "pids.max").write_text((group / "pids.current").read_text())
            yield
        finally:
            (group / "pids.max").write_text("max")
            for pid in (group / "cgroup.procs").read_text().split():
                home = homes.get(int(pid), homes[roots[0]])
                with contextlib.suppress(ProcessLookupError):
                    (home / "cgroup.procs").write_text(pid)
            platform.eventually(lambda: group.rmdir() or True, 20, "end of the group of the test")

    def family(self, pid, but):
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                if child not in but:
                    yield from [child, *self.family(child, but)]

    @staticmethod
    def cgroup_of(pid, top):
        lines = pathlib.Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        name = next(line.split(":", 2)[2] for line in lines if top.name == "pids" and ":pids:" in line or line.startswith("0::"))
        return top / name.strip("/")

    def test_the_platform_without_processes(self):
        bystander = self.bystander()
        pids = platform.pid_of("server"), platform.pid_of("jailer")
        with self.without_processes():
            self.assert_refused(self.create_reply(), "Resource temporarily unavailable")
            self.assert_writes(bystander)
        platform.eventually(self.usable, 30, "a create when there are processes again")
        self.assert_writes(bystander)
        self.assertEqual(pids, (platform.pid_of("server"), platform.pid_of("jailer")))

    def test_a_sandbox_without_inotify_instances(self):
        bystander, greedy = platform.create(), platform.create()
        program = (
            "import ctypes, os, time\nlibc = ctypes.CDLL(None, use_errno=True)\nn = 0\n"
            "while libc.inotify_init() >= 0: n += 1\n"
            "print(n, os.strerror(ctypes.get_errno()), flush=True); time.sleep(600)"
        )
        platform.output(greedy, f"nohup python3 -c '{program}' >$HOME/told 2>&1 </dev/null &")
        platform.eventually(lambda: "Too many open files" in platform.output(greedy, "cat $HOME/told"), 20, "its limit")
        one = "import ctypes; print(ctypes.CDLL(None).inotify_init() >= 0)"
        self.assertEqual("True\n", platform.output(bystander, f'python3 -c "{one}"'))
        self.assertEqual("False\n", platform.output(greedy, f'python3 -c "{one}"'))
        self.assertEqual("42\n", platform.output(greedy, "echo $((6*7))"), "the platform itself needs none of its")

    # ---- two platforms ----

    def test_a_second_server_of_a_data_directory_is_refused(self):
        app = pathlib.Path(self.own.data / "app" / "current").resolve()
        java = os.readlink(f"/proc/{platform.pid_of('server')}/exe").removesuffix("/bin/java")
        before = platform.api_url()
        second = subprocess.run(
            ["setpriv", "--reuid=daytona", "--regid=daytona", "--clear-groups", "env", "-i", "PATH=/usr/bin:/bin", f"JAVA_HOME={java}",
             app / "bin" / "server", "--config", self.own.data / "server.conf", "--data-dir", self.own.data],
            timeout=60, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.assertNotEqual(0, second.returncode)
        self.assertIn(
            f"another server, pid {platform.pid_of('server')}, serves {self.own.data}: stop it with ./daytona down --data-dir {self.own.data}, "
            "or give this one a directory of its own with --data-dir", second.stdout)
        platform.point_at(self.own.data)
        self.assertEqual(before, platform.api_url())
        self.assertTrue(self.usable())

    def test_sandboxes_of_two_platforms_do_not_meet(self):
        mine = platform.create()
        serve = "nohup python3 -m http.server 8000 --bind 0.0.0.0 >/dev/null 2>&1 </dev/null &"
        look = "curl -s -o /dev/null -m 3 http://%s:8000/ && echo in || echo out"
        address = platform.output(mine, "hostname -I").split()[0]
        platform.output(mine, serve)
        platform.eventually(lambda: platform.output(mine, look % "127.0.0.1") == "in\n", 20, "its server")
        self.assertEqual("in\n", platform.output(mine, look % address))
        try:
            platform.point_at(self.neighbour)
            theirs = platform.output(self.neighbours_sandbox, "hostname -I").split()[0]
            self.assertNotEqual(address.split(".")[:3], theirs.split(".")[:3])
            self.assertEqual("out\n", platform.output(self.neighbours_sandbox, look % address))
            platform.output(self.neighbours_sandbox, serve)
            platform.eventually(lambda: platform.output(self.neighbours_sandbox, look % theirs) == "in\n", 20, "their server")
            self.assertEqual(404, platform.api("GET", "/sandbox/" + mine["id"]).status)
        finally:
            platform.point_at(self.own.data)
        self.assertEqual("out\n", platform.output(mine, look % theirs))
        self.assertEqual(404, platform.api("GET", "/sandbox/" + self.neighbours_sandbox["id"]).status)


if __name__ == "__main__":
    unittest.main()
