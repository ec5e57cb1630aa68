"""Files and directories: make, list, look at, move, protect, delete."""

import datetime

from daytona import DaytonaConflictError, DaytonaError, DaytonaNotFoundError

from .case import ToolboxCase
from .coverage import checks


class Directories(ToolboxCase):
    @checks("fs.create_folder", "fs.list_files", "fs.get_file_info")
    def test_make_and_list(self):
        self.fs.create_folder("tree", "755")
        self.fs.create_folder("tree/private/deep", "700")
        self.shell("echo -n 12345 >tree/fünf.txt; ln -s fünf.txt tree/link; ln -s nowhere tree/dangling")
        listed = {entry.name: entry for entry in self.fs.list_files("tree")}
        self.assertEqual(["fünf.txt", "link", "private"], sorted(listed))
        self.assertEqual((5, False, "0644"), self.facts(listed["fünf.txt"]))
        self.assertEqual(5, listed["link"].size)
        self.assertTrue(listed["private"].is_dir)
        deep = {entry.path for entry in self.fs.list_files("tree", depth=2)}
        self.assertTrue(any(path.endswith("tree/private/deep") for path in deep), deep)
        folder = self.fs.get_file_info("tree/private/deep")
        self.assertEqual(("deep", True, "0700", "drwx------"), (folder.name, *self.facts(folder)[1:], folder.mode))
        info = self.fs.get_file_info("/home/daytona/tree/fünf.txt")
        self.assertEqual(("fünf.txt", "-rw-r--r--"), (info.name, info.mode))
        self.assertEqual(self.shell("stat -c '%u %g' tree/fünf.txt").split(), [info.owner, info.group])
        modified = datetime.datetime.fromisoformat(info.modified_at[:19] + "+00:00")
        age = datetime.datetime.now(datetime.timezone.utc) - modified
        self.assertLess(abs(age.total_seconds()), 120)
        self.fs.create_folder("empty", "755")
        self.assertEqual([], self.fs.list_files("empty"))

    @staticmethod
    def facts(entry):
        return entry.size, entry.is_dir, entry.permissions

    def test_absent(self):
        for call in (self.fs.list_files, self.fs.get_file_info, self.fs.download_file, self.fs.delete_file):
            with self.assertRaises(DaytonaNotFoundError):
                call("no/such/place")


class Changes(ToolboxCase):
    @checks("fs.move_files")
    def test_move(self):
        self.shell("mkdir -p moving/into; echo -n a >moving/a; echo -n b >moving/b")
        self.fs.move_files("moving/a", "moving/into/c")
        self.assertEqual("a", self.shell("cat moving/into/c; ! test -e moving/a"))
        with self.assertRaises(DaytonaConflictError):
            self.fs.move_files("moving/b", "moving/into/c")
        with self.assertRaises(DaytonaNotFoundError):
            self.fs.move_files("moving/absent", "moving/d")
        self.assertEqual("ab", self.shell("cat moving/into/c moving/b"))

    @checks("fs.set_file_permissions")
    def test_permissions(self):
        self.shell("echo >guarded")
        self.fs.set_file_permissions("guarded", mode="640", owner="daytona", group="daytona")
        self.assertEqual("640 daytona daytona\n", self.shell("stat -c '%a %U %G' guarded"))
        self.fs.set_file_permissions("guarded", mode="755")
        self.assertEqual("755\n", self.shell("stat -c %a guarded"))
        with self.assertRaisesRegex(DaytonaError, "user not found"):
            self.fs.set_file_permissions("guarded", owner="nobody-of-that-name")

    @checks("fs.delete_file")
    def test_delete(self):
        self.shell("mkdir -p doomed/below; echo >doomed/below/file; echo >single")
        self.fs.delete_file("single")
        with self.assertRaises(DaytonaError):
            self.fs.delete_file("doomed")
        self.shell("test -e doomed/below/file")
        self.fs.delete_file("doomed", recursive=True)
        self.shell("! test -e doomed && ! test -e single")
