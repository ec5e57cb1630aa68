"""Files of a real sandbox, and a sandbox that swaps directories for links while the platform works in them."""

import pathlib
import tempfile
import threading
import time
import unittest
import urllib.parse

import platform_under_test as platform

SECRET = "what only the host knows"
SWAP = """
import ctypes, signal
signal.alarm(15)
rename = ctypes.CDLL(None).renameat2
while rename(-100, b'/root/swap/d', -100, b'/root/swap/link', 2) == 0:
    pass
"""


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def call(self, method, route, body=None, sandbox=None, **query):
        url = route + ("?" + urllib.parse.urlencode(query) if query else "")
        headers = {"Content-Type": "application/octet-stream"} if isinstance(body, bytes) else {}
        return platform.toolbox(sandbox or self.sandbox, method, url, body, headers=headers)

    def test_every_operation_works_in_the_default_image(self):
        self.assertEqual(200, self.call("POST", "/files/upload-v2", b"one\nneedle two\n", path="e2e/deep/a.txt").status)
        found = self.call("GET", "/files/find", path="e2e", pattern="needle").json()
        self.assertEqual([{"file": "e2e/deep/a.txt", "line": 2, "content": "needle two"}], found)
        self.assertEqual({"files": ["e2e/deep/a.txt"]}, self.call("GET", "/files/search", path="e2e", pattern="*.txt").json())
        listed = self.call("GET", "/files", path="e2e", depth=2).json()
        self.assertEqual(["/home/daytona/e2e/deep", "/home/daytona/e2e/deep/a.txt"], [entry["path"] for entry in listed])
        replaced = self.call("POST", "/files/replace", {"files": ["e2e/deep/a.txt"], "pattern": "needle", "newValue": "pin"}).json()
        self.assertEqual([{"file": "e2e/deep/a.txt", "success": True}], replaced)
        self.assertEqual(b"one\npin two\n", self.call("GET", "/files/download", path="~/e2e/deep/a.txt").body)
        self.assertEqual(200, self.call("POST", "/files/permissions", path="e2e/deep/a.txt", mode="600", owner="daytona", group="daytona").status)
        self.assertEqual(200, self.call("POST", "/files/move", source="e2e/deep", destination="e2e/moved").status)
        self.assertEqual("600 daytona daytona", platform.output(self.sandbox, "stat -c '%a %U %G' e2e/moved/a.txt").strip())

    def test_a_full_disk_and_a_read_only_file_are_said(self):
        platform.output(self.sandbox, "head -c 4G /dev/zero > /dev/shm/fill 2>/dev/null; true")
        try:
            refused = self.call("POST", "/files/upload-v2", bytes(8 << 20), path="/dev/shm/big")
            self.assertEqual(400, refused.status, refused.body)
            self.assertIn("no space left on device", refused.json()["message"])
            self.assertEqual("fill", platform.output(self.sandbox, "ls -A /dev/shm").strip())
        finally:
            platform.output(self.sandbox, "rm -f /dev/shm/fill")
        denied = self.call("POST", "/files/upload-v2", b"x", path="/.daytona/x")
        self.assertEqual((403, "FILE_ACCESS_DENIED"), (denied.status, denied.json()["code"]))

    def test_links_that_come_and_go_never_lead_to_the_host(self):
        """As root inside, so that nothing but the sandbox itself stands between a link and the host."""
        sandbox = platform.create(user="root")
        with tempfile.TemporaryDirectory(dir="/var/tmp") as outside:
            marker = pathlib.Path(outside, "f")
            marker.write_text(SECRET)
            before = (marker.stat(), sorted(pathlib.Path(outside).iterdir()))
            platform.output(sandbox, f"mkdir -p /root/swap/d && ln -s {outside} /root/swap/link")
            code = {"code": SWAP, "language": "python", "timeout": 30}
            ended = []
            swapper = threading.Thread(target=lambda: ended.append(platform.toolbox(sandbox, "POST", "/process/code-run", code).json()))
            swapper.start()
            try:
                end = time.monotonic() + 10
                while time.monotonic() < end:
                    for reply in self.everything(sandbox):
                        self.assertNotIn(SECRET.encode(), reply.body)
                        self.assertLess(reply.status, 500, reply.body)
            finally:
                swapper.join()
            self.assertNotEqual(0, ended[0]["exitCode"], "it swapped until the alarm killed it")
            self.assertEqual(SECRET, marker.read_text())
            after = (marker.stat(), sorted(pathlib.Path(outside).iterdir()))
            self.assertEqual((before[0].st_ino, before[0].st_mode, before[0].st_uid, before[0].st_ctime_ns, before[1]),
                             (after[0].st_ino, after[0].st_mode, after[0].st_uid, after[0].st_ctime_ns, after[1]))

    def everything(self, sandbox):
        here = "/root/swap/d"

        def call(method, route, body=None, **query):
            return self.call(method, route, body, sandbox=sandbox, **query)

        yield call("GET", "/files/download", path=f"{here}/f")
        yield call("POST", "/files/upload-v2", b"mine", path=f"{here}/g")
        yield call("GET", "/files", path=here)
        yield call("GET", "/files", path="/root/swap", depth=3)
        yield call("GET", "/files/find", path="/root/swap", pattern="only")
        yield call("GET", "/files/search", path="/root/swap", pattern="*")
        yield call("POST", "/files/replace", {"files": [f"{here}/f"], "pattern": "only", "newValue": "all"})
        yield call("POST", "/files/bulk-download", {"paths": [f"{here}/f", f"{here}/g"]})
        yield call("POST", "/files/permissions", path=f"{here}/f", mode="666", owner="1000")
        yield call("POST", "/files/move", source=f"{here}/f", destination=f"{here}/h")
        yield call("POST", "/files/folder", path=f"{here}/sub/sub", mode="755")
        yield call("DELETE", "/files", path=f"{here}/f")
        yield call("DELETE", "/files", path=f"{here}/sub", recursive="true")


if __name__ == "__main__":
    unittest.main()
