"""Backup of a running and of a stopped platform, and what a restore makes of it on an empty data directory.

The platforms are the test's own; the sandboxes write while they are copied.
"""

import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest
import uuid

import own_platform
import platform_under_test as platform

# Consistent means: what was acknowledged together is there together. Each turn puts a number into two files, the second
# only once the first is on the disk; so the second is never ahead.
WRITER = """
mkdir -p ~/w && cd ~/w && i=0
while :; do i=$((i + 1)); echo $i >a.new; sync a.new; mv a.new a; sync .; echo $i >b.new; mv b.new b; echo $i >many$((i % 200)); done
"""


class BackupTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="dtest-backup.", dir="/tmp"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.work.chmod(0o755)  # a data directory lies below
        cls.source = own_platform.OwnPlatform()
        cls.addClassCleanup(cls.source.purge)
        cls.source.use()
        cls.file = cls.work / "full.backup"
        cls.running = [platform.create(name=f"runs-{number}") for number in range(2)]
        cls.stopped = platform.create(name="stopped", snapshot="daytona-small")
        for sandbox in [*cls.running, cls.stopped]:
            platform.output(sandbox, "echo kept >~/kept && sudo sh -c 'echo root >/root/kept; setcap cap_net_raw+ep /bin/true 2>/dev/null || true'")
        reply = platform.api("POST", f"/sandbox/{cls.stopped['id']}/stop")
        assert reply.status == 200, reply.body
        platform.eventually(lambda: platform.api("GET", f"/sandbox/{cls.stopped['id']}").json()["state"] == "stopped", 30, "stopped")
        cls.key = "dtn_" + uuid.uuid4().hex
        # No route makes keys yet.
        cls.source.sql(
            "INSERT INTO api_key (organization_id, account_id, name, hash, prefix, suffix, permissions, created_at)"
            f" SELECT organization_id, account_id, 'for-tests', '{hashlib.sha256(cls.key.encode()).hexdigest()}', 'dtn', 'xyz', permissions, now()"
            " FROM api_key WHERE account_id = 'daytona-admin' LIMIT 1"
        )
        for sandbox in cls.running:
            reply = platform.toolbox(sandbox, "POST", "/process/session", {"sessionId": "w"})
            assert reply.status in (200, 201), reply.body
            reply = platform.toolbox(sandbox, "POST", "/process/session/w/exec", {"command": WRITER, "runAsync": True})
            assert reply.status in (200, 202), reply.body
            platform.eventually(lambda sandbox=sandbox: int(platform.output(sandbox, "cat ~/w/b") or 0) > 20, 30, "it writes")
        cls.source.daytona("backup", cls.file, timeout=600)
        cls.restored = own_platform.OwnPlatform()
        cls.restored.data.rmdir()
        cls.addClassCleanup(cls.restored.purge)
        cls.restored.daytona("restore", "--api-port=0", "--proxy-port=0", "--pool-size=2", cls.file, timeout=900)

    def daytona(self, *arguments, timeout=300):
        return subprocess.run(
            [platform.ROOT / "daytona", *arguments], text=True, timeout=timeout, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def captures(self):
        """Copies of disks in the source's pool."""
        platform.point_at(self.source.data)
        return [line for line in platform.jailer("list") if line.startswith("disk backup")]

    def test_1_the_source_goes_on(self):
        platform.point_at(self.source.data)
        for sandbox in self.running:
            last = platform.output(sandbox, "cat ~/w/b")
            platform.eventually(lambda sandbox=sandbox, last=last: platform.output(sandbox, "cat ~/w/b") != last, 20, "it goes on writing")
        self.assertEqual(self.captures(), [])
        self.assertEqual(list(self.source.data.glob(".backup*")), [])

    def test_2_the_file_is_closed_and_names_what_it_holds(self):
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        listing = subprocess.run(f"zstd -dcq {self.file} | tar -t", shell=True, check=True, capture_output=True, text=True, timeout=120).stdout
        names = listing.splitlines()
        self.assertEqual((names[0], names[-1]), ("manifest", "end"))
        disks = {name for name in names if name.startswith("disks/")}
        self.assertEqual(disks, {f"disks/{sandbox['id']}.img" for sandbox in [*self.running, self.stopped]})
        self.assertLess(os.stat(self.file).st_size, 2 << 30)

    def test_3_every_sandbox_starts_with_its_files(self):
        self.restored.daytona("up", timeout=900)
        platform.point_at(self.restored.data)
        self.assertNotEqual(
            (self.source.data / "jailer.conf").read_text().split("uid_base=")[1].split()[0],
            (self.restored.data / "jailer.conf").read_text().split("uid_base=")[1].split()[0],
        )
        ids = {sandbox["id"] for sandbox in [*self.running, self.stopped]}
        items = platform.api("GET", "/sandbox?limit=100").json()["items"]
        self.assertEqual({item["id"] for item in items}, ids)
        self.assertEqual({item["state"] for item in items}, {"stopped"})
        for sandbox in [*self.running, self.stopped]:
            # A key that was made before the backup starts them.
            reply = platform.api("POST", f"/sandbox/{sandbox['id']}/start", key=self.key)
            self.assertEqual(reply.status, 200, reply.body)
            now = platform.eventually(
                lambda sandbox=sandbox: (found := platform.api("GET", f"/sandbox/{sandbox['id']}").json())["state"] == "started" and found, 60, "started"
            )
            self.assertEqual(platform.output(now, "cat ~/kept; sudo cat /root/kept"), "kept\nroot\n")
            if sandbox["id"] != self.stopped["id"]:
                a, b = (int(value) for value in platform.output(now, "cat ~/w/a ~/w/b").split())
                self.assertGreater(b, 20)
                self.assertIn(a - b, (0, 1))
        fresh = platform.create()
        self.assertEqual(platform.output(fresh, "python3 -c 'print(6 * 7)'"), "42\n")

    def test_4_a_restore_needs_an_empty_directory(self):
        done = self.daytona("restore", "--data-dir", self.restored.data, self.file)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("is not empty", done.stdout)
        self.assertIn("down --purge", done.stdout)

    def refused(self, file, why):
        empty = self.work / "empty"
        done = self.daytona("restore", "--data-dir", empty, file)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(why, done.stdout)
        self.assertFalse(empty.exists())

    def test_5_what_is_no_whole_backup_is_refused(self):
        cut = self.work / "cut"
        with open(self.file, "rb") as whole, open(cut, "wb") as out:
            out.write(whole.read(3 << 20))
        self.refused(cut, "damaged, cut off")
        turned = self.work / "turned"
        shutil.copy(self.file, turned)
        with open(turned, "r+b") as file:
            file.seek(5 << 20)
            byte = file.read(1)
            file.seek(5 << 20)
            file.write(bytes([byte[0] ^ 1]))
        self.refused(turned, "damaged, cut off")
        self.refused(__file__, "damaged, cut off")

    def test_6_a_killed_backup_leaves_nothing(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            file = self.work / f"killed-{number}"
            part = pathlib.Path(f"{file}.part")
            process = subprocess.Popen(
                [platform.ROOT / "daytona", "backup", "--data-dir", self.source.data, file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            platform.eventually(lambda part=part: part.exists() and part.stat().st_size > 0, 120, "the archive grows")
            process.send_signal(number)
            process.wait(timeout=60)
            platform.eventually(lambda: not self.captures() and not list(self.source.data.glob(".backup*")), 60, "nothing is left in the data directory")
            platform.eventually(lambda file=file: not list(self.work.glob(file.name + "*")), 60, "no file is left")
        for sandbox in self.running:
            platform.output(sandbox, "true")

    def test_7_a_stopped_platform(self):
        platform.point_at(self.source.data)
        self.source.daytona("down")
        file = self.work / "stopped.backup"
        self.source.daytona("backup", file, timeout=600)
        self.assertTrue(file.exists())
        platform.eventually(lambda: not list(own_pids(self.source.data)), 30, "no process of the backup is left")
        self.refused_while_half_restored(file)

    def refused_while_half_restored(self, file):
        half = self.work / "half"
        process = subprocess.Popen(
            [platform.ROOT / "daytona", "restore", "--data-dir", half, "--api-port=0", "--proxy-port=0", "--pool-size=2", file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        platform.eventually(lambda: (half / "run" / "restore.err").exists() or process.poll() is not None, 300, "it unpacks")
        process.kill()
        said, _ = process.communicate(timeout=60)
        self.assertEqual(-9, process.returncode, said)
        done = self.daytona("up", "--data-dir", half)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("did not end", done.stdout)
        self.assertEqual(self.daytona("down", "--purge", "--data-dir", half).returncode, 0)
        self.assertFalse(half.exists())


def own_pids(data):
    """Processes whose command line names a data directory."""
    for directory in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (directory / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if re.search(re.escape(str(data)) + r"/", line) and "python" not in line:
            yield int(directory.name)


if __name__ == "__main__":
    unittest.main()
