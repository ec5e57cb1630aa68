"""Search in contents and names, and replace."""

from .case import ToolboxCase
from .coverage import checks


class Search(ToolboxCase):
    def setUp(self):
        self.shell(
            "rm -rf wood && mkdir -p wood/deep && cd wood && printf 'one\\na.b (x)\\nthree a.b\\n' >first.txt "
            "&& printf 'axb\\n' >second.txt && printf 'a.b\\n' >deep/third.md && printf 'a.b\\0' >binary"
        )

    @checks("fs.find_files")
    def test_find_is_literal_and_by_line(self):
        found = {(match.file.split("wood/")[1], match.line, match.content) for match in self.fs.find_files("wood", "a.b")}
        self.assertEqual(
            {("first.txt", 2, "a.b (x)"), ("first.txt", 3, "three a.b"), ("deep/third.md", 1, "a.b")}, found
        )
        self.assertEqual([], self.fs.find_files("wood", "not in any file"))
        self.assertEqual([], self.fs.find_files("absent-wood", "a"))

    @checks("fs.search_files")
    def test_search_is_by_name(self):
        found = self.fs.search_files("wood", "*.txt").files
        self.assertEqual(["first.txt", "second.txt"], sorted(path.split("wood/")[1] for path in found))
        self.assertEqual(1, len(self.fs.search_files("/home/daytona/wood", "third.[ml]d").files))
        self.assertEqual([], self.fs.search_files("wood", "*.absent").files)

    @checks("fs.replace_in_files")
    def test_replace(self):
        results = self.fs.replace_in_files(["wood/first.txt", "wood/absent"], "a.b", "c/$1")
        self.assertEqual(["wood/first.txt", "wood/absent"], [result.file for result in results])
        self.assertEqual([True, False], [bool(result.success) for result in results])
        self.assertTrue(results[1].error)
        self.assertEqual("one\nc/$1 (x)\nthree c/$1\n", self.shell("cat wood/first.txt"))
        self.fs.replace_in_files(["wood/second.txt"], "x", "")
        self.assertEqual("ab\n", self.shell("cat wood/second.txt"))
