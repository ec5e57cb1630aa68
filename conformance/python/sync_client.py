"""The published synchronous Python client against a running platform (DAYTONA_API_URL, DAYTONA_API_KEY)."""

import os
import tempfile
import time
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor

from daytona import (
    CodeRunParams,
    CreateSandboxFromSnapshotParams,
    Daytona,
    DaytonaConfig,
    DaytonaError,
    DaytonaNotFoundError,
    DaytonaTimeoutError,
    ListSandboxesQuery,
)

MARK = uuid.uuid4().hex[:12]


class SyncClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daytona = Daytona()
        cls.sandbox = cls.daytona.create(
            CreateSandboxFromSnapshotParams(
                name=f"sync-{MARK}", labels={"suite": MARK}, env_vars={"GREETING": "hello world"}, auto_stop_interval=30
            )
        )

    @classmethod
    def tearDownClass(cls):
        # What a test deleted a moment ago may still be listed as `destroying`.
        for sandbox in list(cls.daytona.list(ListSandboxesQuery(labels={"suite": MARK}))):
            if sandbox.state != "destroying":
                sandbox.delete()

    def test_created_sandbox_is_complete(self):
        sandbox = self.sandbox
        self.assertEqual("started", sandbox.state)
        self.assertEqual(f"sync-{MARK}", sandbox.name)
        self.assertTrue(sandbox.id and sandbox.organization_id and sandbox.created_at and sandbox.updated_at)
        self.assertEqual((1, 1, 3), (sandbox.cpu, sandbox.memory, sandbox.disk))
        self.assertEqual(30, sandbox.auto_stop_interval)
        self.assertEqual(MARK, sandbox.labels["suite"])

    def test_code_run(self):
        result = self.sandbox.process.code_run("import sys\nprint(6*7, sys.argv[1:])", CodeRunParams(argv=["a b", "c"]))
        self.assertEqual(0, result.exit_code)
        self.assertEqual("42 ['a b', 'c']", result.result.strip())

    def test_code_run_failure_is_data(self):
        result = self.sandbox.process.code_run("raise ValueError('boom')")
        self.assertEqual(1, result.exit_code)
        self.assertIn("ValueError: boom", result.result)

    def test_code_run_with_environment(self):
        result = self.sandbox.process.code_run("import os;print(os.environ['A'])", CodeRunParams(env={"A": "x y"}))
        self.assertEqual("x y", result.result.strip())

    def test_exec(self):
        process = self.sandbox.process
        self.assertEqual("/home/daytona", process.exec("pwd").result.strip())
        self.assertEqual("/tmp", process.exec("pwd", cwd="/tmp").result.strip())
        self.assertEqual("it's 1", process.exec('echo "$WHAT"', env={"WHAT": "it's 1"}).result.strip())
        self.assertEqual("hello world", process.exec("echo $GREETING").result.strip())
        self.assertEqual(42, process.exec("exit 42").exit_code)
        self.assertEqual("daytona", process.exec("whoami").result.strip())
        self.assertEqual("root", process.exec("sudo whoami").result.strip())

    def test_exec_timeout_is_typed(self):
        started = time.monotonic()
        with self.assertRaises(DaytonaTimeoutError):
            self.sandbox.process.exec("sleep 30", timeout=1)
        self.assertLess(time.monotonic() - started, 10)

    def test_files_round_trip(self):
        content = os.urandom(300_000)
        self.sandbox.fs.upload_file(content, "data/blob.bin")
        self.assertEqual(content, self.sandbox.fs.download_file("data/blob.bin"))
        info = self.sandbox.fs.get_file_info("data/blob.bin")
        self.assertEqual((300_000, False), (info.size, info.is_dir))
        names = [entry.name for entry in self.sandbox.fs.list_files("data")]
        self.assertEqual(["blob.bin"], names)
        self.sandbox.fs.create_folder("made/deep", "755")
        self.assertTrue(self.sandbox.fs.get_file_info("made/deep").is_dir)
        self.sandbox.fs.delete_file("data/blob.bin")
        with self.assertRaises(DaytonaNotFoundError):
            self.sandbox.fs.download_file("data/blob.bin")

    def test_file_from_and_to_local_path(self):
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "in.txt")
            with open(source, "w", encoding="utf-8") as file:
                file.write("grüße\n")
            self.sandbox.fs.upload_file(source, "/tmp/in.txt")
            target = os.path.join(folder, "out.txt")
            self.sandbox.fs.download_file("/tmp/in.txt", target)
            with open(target, encoding="utf-8") as file:
                self.assertEqual("grüße\n", file.read())

    def test_directories(self):
        self.assertEqual("/home/daytona", self.sandbox.get_work_dir())
        self.assertEqual("/home/daytona", self.sandbox.get_user_home_dir())

    def test_find_by_id_name_and_label(self):
        self.assertEqual(self.sandbox.id, self.daytona.get(self.sandbox.id).id)
        self.assertEqual(self.sandbox.id, self.daytona.get(f"sync-{MARK}").id)
        self.sandbox.set_labels({"suite": MARK, "role": "found"})
        found = list(self.daytona.list(ListSandboxesQuery(labels={"suite": MARK, "role": "found"})))
        self.assertEqual([self.sandbox.id], [sandbox.id for sandbox in found])

    def test_settings(self):
        self.sandbox.set_autostop_interval(45)
        self.sandbox.set_auto_archive_interval(120)
        self.sandbox.set_auto_delete_interval(240)
        self.sandbox.refresh_data()
        self.assertEqual(
            (45, 120, 240),
            (self.sandbox.auto_stop_interval, self.sandbox.auto_archive_interval, self.sandbox.auto_delete_interval),
        )
        self.sandbox.set_auto_delete_interval(-1)
        self.sandbox.refresh_activity()
        link = self.sandbox.get_preview_link(8080)
        self.assertIn(f"8080-{self.sandbox.id}.", link.url)
        self.assertTrue(link.token)

    def test_stop_start_delete(self):
        sandbox = self.daytona.create(CreateSandboxFromSnapshotParams(labels={"suite": MARK}))
        sandbox.fs.upload_file(b"kept", "kept.txt")
        sandbox.stop()
        self.assertEqual("stopped", sandbox.state)
        with self.assertRaises(DaytonaError):
            sandbox.process.exec("true")
        sandbox.start()
        self.assertEqual("started", sandbox.state)
        self.assertEqual("kept", sandbox.process.exec("cat kept.txt").result)
        sandbox.delete(wait=True)
        with self.assertRaises(DaytonaNotFoundError):
            self.daytona.get(sandbox.id)

    def test_twenty_at_once(self):
        def one(number):
            sandbox = self.daytona.create(CreateSandboxFromSnapshotParams(labels={"suite": MARK, "burst": "1"}))
            answer = sandbox.process.code_run(f"print({number}*2)").result.strip()
            return sandbox.id, answer

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(one, range(20)))
        self.assertEqual(20, len({id for id, _ in answers}))
        self.assertEqual([str(n * 2) for n in range(20)], [answer for _, answer in answers])
        paged = list(self.daytona.list(ListSandboxesQuery(labels={"suite": MARK, "burst": "1"}, limit=7)))
        self.assertEqual({id for id, _ in answers}, {sandbox.id for sandbox in paged})

    def test_snapshots(self):
        listed = self.daytona.snapshot.list()
        self.assertGreaterEqual(listed.total, 3)
        medium = self.daytona.snapshot.get("daytona-medium")
        self.assertEqual((2, 4, 8, "active"), (medium.cpu, medium.mem, medium.disk, medium.state))

    def test_errors_are_typed(self):
        with self.assertRaises(DaytonaNotFoundError):
            self.daytona.get(str(uuid.uuid4()))
        with self.assertRaisesRegex(DaytonaError, "not found"):
            self.daytona.create(CreateSandboxFromSnapshotParams(snapshot="no-such-snapshot"))
        stranger = Daytona(DaytonaConfig(api_key="dtn_" + "0" * 64, api_url=os.environ["DAYTONA_API_URL"]))
        with self.assertRaisesRegex(DaytonaError, "Invalid credentials"):
            list(stranger.list())


if __name__ == "__main__":
    unittest.main(verbosity=2)
