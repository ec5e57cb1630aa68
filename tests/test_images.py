"""Whole sandboxes of images that are not the platform's: imported by the operator, used by any client."""

import gzip
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import platform_under_test as platform
import root_archives
import toolbox_clients as clients
from inventory.box import Row, query
from root_archives import Archive

SUFFIX = "-" + platform.MARK
ALPINE, DISTROLESS, ODD = ("alpine" + SUFFIX, "distroless" + SUFFIX, "odd" + SUFFIX)


def image(*arguments, data=None):
    """`./daytona image …`, its status and all it says."""
    command = [platform.ROOT / "daytona", "image", arguments[0], "--data-dir", platform.DATA, *arguments[1:]]
    done = subprocess.run(command, input=data or b"", timeout=60, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout.decode()


def kept():
    """What the platform holds of images: files of its directories, layers."""
    files = {str(path) for path in (platform.DATA / "images").rglob("*") if path.is_file() and path.name != ".lock"}
    return files | {line for line in platform.jailer("list") if line.startswith("layer ")}


class InImage(Row):
    """Tests in one sandbox of an image."""

    snapshot = ""

    @classmethod
    def setUpClass(cls):
        cls.own = platform.create(snapshot=cls.snapshot)

    @property
    def sandbox(self):
        return self.own

    def sees_its_files(self):
        self.upload("notes/a.txt", b"first\nneedle here\n")
        self.assertEqual(b"first\nneedle here\n", self.raw("GET", query("/files/download", path="notes/a.txt")).body)
        found = self.call("GET", query("/files/find", path="notes", pattern="needle"))
        self.assertEqual([("notes/a.txt", 2)], [(match["file"], match["line"]) for match in found])
        self.assertEqual(["notes/a.txt"], self.call("GET", query("/files/search", path="notes", pattern="*.txt"))["files"])
        self.upload("/tmp/of-anybody", b"x")
        self.assertEqual("dtrwxrwxrwx", self.call("GET", query("/files/info", path="/tmp"))["mode"])

    def commits(self):
        self.call("POST", "/git/init", {"path": "made"}, expect=201)
        self.upload("made/a.txt", b"1\n")
        self.assertEqual("a.txt", self.call("GET", query("/git/status", path="made"))["fileStatus"][0]["name"])
        self.call("POST", "/git/add", {"path": "made", "files": ["a.txt"]})
        commit = self.call("POST", "/git/commit", {"path": "made", "message": "first", "author": "a", "email": "a@git.test"})
        self.assertEqual(commit["hash"], self.call("GET", query("/git/history", path="made"))[0]["hash"])
        self.refused(502, "POST", "/git/clone", {"url": "http://127.0.0.1:1/x.git", "path": "none"})

    def names_what_to_install(self, typescript):
        for language, program in (("python", "install python3"), ("javascript", "install node"), ("typescript", typescript)):
            answer = self.run_code("1", language=language)
            self.assertEqual(127, answer["exitCode"])
            self.assertIn(program, answer["result"])
        self.assertIn("install the package python3", self.refused(500, "POST", "/process/interpreter/context", {})["message"])
        for language, program in (("python", "install python3"), ("typescript", "install node")):
            refusal = self.refused(422, "POST", "/lsp/start", {"languageId": language, "pathToProject": "."})
            self.assertIn(program, refusal["message"])

    def tells_about_itself(self, home):
        self.assertEqual({"dir": home}, self.call("GET", "/user-home-dir"))
        self.assertEqual({"dir": home}, self.call("GET", "/work-dir"))
        self.assertEqual(1, self.call("GET", "/system/metrics")["cpuCount"])
        self.assertEqual([], self.call("GET", "/port")["ports"])

    def keeps_its_files(self):
        self.upload("kept.txt", b"still here")
        platform.restart(self.own)
        self.assertEqual(b"still here", self.raw("GET", query("/files/download", path="kept.txt")).body)


class Alpine(InImage):
    """musl and busybox; the user daytona has no home directory and is not meant to log in."""

    snapshot = ALPINE

    def test_programs_run_as_the_image_s_user(self):
        self.assertEqual("daytona", self.own["user"])
        self.assertEqual("daytona /home/daytona yes", self.sh("echo $(id -un) $PWD $FROM_IMAGE"))
        self.assertEqual("hello from musl", self.sh("hello"))
        root = platform.create(snapshot=ALPINE, user="root")
        self.assertEqual("root", platform.output(root, "id -un").strip())

    def test_files(self):
        self.sees_its_files()

    def test_git(self):
        self.commits()
        self.sh("/.daytona/bin/git clone --quiet --bare made www/made.git && /.daytona/bin/git -C www/made.git update-server-info")
        self.sh("httpd -p 127.0.0.1:8123 -h www")
        self.assertEqual([8123], self.call("GET", "/port")["ports"])
        self.call("POST", "/git/clone", {"url": "http://127.0.0.1:8123/made.git", "path": "clone"})
        self.assertEqual("1", self.sh("cat clone/a.txt"))
        self.sh("killall httpd")

    def test_sessions(self):
        session = clients.Session(self.own).create()
        session.run("cd /tmp; export LEFT=behind")
        self.assertEqual("/tmp behind\n", session.run("echo $PWD $LEFT"))

    def test_terminal(self):
        self.call("POST", "/process/pty", {"id": "one"}, expect=201)
        client = clients.Terminal.attach(self.own, "one")
        with client.socket:
            client.type("echo $((6 * 7))-$TERM\n")
            client.until(rb"42-xterm-256color")
        self.call("DELETE", "/process/pty/one")

    def test_interpreters(self):
        self.names_what_to_install("install node and npm")

    def test_what_it_says_of_itself(self):
        self.tells_about_itself("/home/daytona")

    def test_stop_and_start(self):
        self.keeps_its_files()


class Distroless(InImage):
    """One program with its libraries: no shell, no /tmp, no home directory, no mount points."""

    snapshot = DISTROLESS

    def test_files(self):
        self.assertEqual("root", self.own["user"])
        self.sees_its_files()

    def test_git(self):
        self.commits()

    def test_without_a_shell(self):
        answer = platform.execute(self.own, "echo never")
        self.assertEqual(-1, answer["exitCode"])
        self.assertEqual("fork/exec /bin/sh: no such file or directory; install this shell in the sandbox's image", answer["result"])
        self.assertIn("install bash or a /bin/sh", self.refused(400, "POST", "/process/session", {"sessionId": "one"})["message"])
        self.assertIn("needs a shell", self.refused(500, "POST", "/process/pty", {"id": "one"})["message"])
        self.call("POST", "/process/pty", {"id": "later", "lazyStart": True}, expect=201)
        with clients.connect(self.own, "/process/pty/later/connect") as socket:
            self.assertIn("needs a shell", json.loads(socket.receive())["error"])
            self.assertEqual(1011, socket.receive()[0])
        self.call("DELETE", "/process/pty/later")

    def test_interpreters(self):
        self.names_what_to_install("install a shell, node and npm")

    def test_what_it_says_of_itself(self):
        self.tells_about_itself("/root")

    def test_stop_and_start(self):
        self.keeps_its_files()


class Odd(InImage):
    """FIFOs where files are read at the start of a sandbox."""

    snapshot = ODD

    def test_it_starts(self):
        self.assertEqual("here", self.sh("echo here"))
        self.sees_its_files()


class Import(unittest.TestCase):
    """The operator's side."""

    def refused(self, what, name, archive, data=None):
        before = kept()
        status, text = image("import", name, archive, data=data)
        self.assertNotEqual(0, status, text)
        self.assertIn(what, text)
        self.assertEqual(before, kept())

    def test_names(self):
        for name, what in (("Upper", "a-z, 0-9"), ("../x", "a-z, 0-9"), ("tools", "platform's own"), ("daytona-small", "platform's own"), (ALPINE, "imported already")):
            with self.subTest(name=name):
                self.refused(what, name, "-", b"x")

    def test_archives(self):
        refused = {
            "not a whole tar": os.urandom(9000),
            "Member name contains '..'": Archive().text("../../../../etc/planted", "x").bytes(),
            "Cannot hard link": Archive().hard_link("shadow", "../../../../etc/shadow").bytes(),
        }
        for what, data in refused.items():
            with self.subTest(what=what):
                self.refused(what, "refused" + SUFFIX, "-", data)
        self.assertFalse(pathlib.Path("/etc/planted").exists())
        self.refused("there is no file", "none" + SUFFIX, "/nowhere.tar")

    def test_a_killed_import_leaves_nothing(self):
        for end in (signal.SIGTERM, signal.SIGKILL):
            before = kept()
            command = [platform.ROOT / "daytona", "image", "import", "--data-dir", platform.DATA, "killed" + SUFFIX, "-"]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                process.stdin.write(os.urandom(1 << 20))
                process.stdin.flush()
                platform.eventually(lambda: any(path.endswith("image.tar") for path in kept()), 20, "reading")
                process.send_signal(end)
                process.wait(20)
                platform.eventually(lambda: kept() == before, 20, "nothing left behind by " + end.name)

    def test_removal_waits_for_sandboxes(self):
        before, name = kept(), "gone" + SUFFIX
        self.assertEqual(0, image("import", "--cpu", "2", name, "-", data=Archive().file("bin/sh", root_archives.BUSYBOX).bytes())[0])
        sandbox = platform.create(snapshot=name)
        self.assertEqual(2, sandbox["cpu"])
        status, text = image("remove", name)
        self.assertEqual(0, status, text)
        self.assertIn("no new sandboxes", text)
        self.assertIn("removing", platform.api("POST", "/sandbox", {"snapshot": name}).json()["message"])
        self.assertIn("being removed", image("import", name, "-", data=b"x")[1])
        platform.restart(sandbox)
        platform.delete(sandbox)
        platform.eventually(lambda: platform.api("GET", "/snapshots/" + name).status == 404, 30, "no snapshot")
        self.assertEqual(before, kept())


def setUpModule():
    unittest.addModuleCleanup(remove_all)
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        packed = work / "alpine.tar.gz"
        packed.write_bytes(gzip.compress(root_archives.alpine(work), 1))
        zstd = subprocess.run(["zstd", "-c"], input=root_archives.distroless(), check=True, timeout=30, capture_output=True).stdout
        for name, archive, data in ((ALPINE, packed, None), (DISTROLESS, "-", zstd), (ODD, "-", root_archives.odd())):
            status, text = image("import", name, archive, data=data)
            assert status == 0, text
            assert "100 % ready" in text, text
            assert platform.api("GET", "/snapshots/" + name).json()["general"]


def remove_all():
    platform.delete_all()
    for name in (ALPINE, DISTROLESS, ODD):
        status, text = image("remove", name)
        assert status == 0, text


if __name__ == "__main__":
    unittest.main()
