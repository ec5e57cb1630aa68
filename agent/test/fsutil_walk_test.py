import errno
import os
import socket
import subprocess
import unittest

from client import ROOT, eventually
from fsutil import ERRNO, FSUTIL, FsutilTest, fields

OUTSIDE = "outside-the-tree"


def as_nobody():
    os.setgid(65534)
    os.setuid(65534)


class Search(FsutilTest):
    def matches(self, pattern, *names):
        for name in names:
            self.make("tree/" + name)
        found = self.output("search", self.path("tree"), pattern)
        return [path.removeprefix(self.path("tree") + "/") for path in found]

    def test_patterns(self):
        for pattern, name, expected in [
                ("*", "a", 1), ("*", ".a", 1), ("?", "a", 1), ("?", "ab", 0), ("?", "\u00e9", 1), ("??", "\u00e9", 0),
                ("?", "\udcff", 1), ("a*c", "ac", 1), ("a*c", "abbc", 1), ("a*c", "abcd", 0), ("*.py", ".py", 1),
                ("*.py", "a.py.py", 1), ("*a*b*", "xaxbx", 1), ("*a*b*", "xbxax", 0), ("[abc]", "b", 1),
                ("[abc]", "d", 0), ("[a-c]x", "bx", 1), ("[^a-c]", "b", 0), ("[^a-c]", "d", 1), ("[!a-c]", "d", 1),
                ("[!a-c]", "b", 0), ("[\u00e0-\u00ff]", "\u00e9", 1), ("[\\]]", "]", 1), ("[\\-]", "-", 1), ("\\*", "*", 1),
                ("\\*", "a", 0), ("a\\b", "ab", 1), ("]", "]", 1), ("**", "abc", 1), ("", "a", 0), ("A", "a", 0),
                ("a/b", "b", 0), ("*" + "a*" * 30 + "b", "a" * 200, 0), ("*\udcff", "x\udcff", 1), ("\u00e9", "\udcc3", 0)]:
            directory = self.path("one")
            os.mkdir(directory)
            open(os.path.join(os.fsencode(directory), os.fsencode(name)), "w").close()
            found = [path for path in self.output("search", directory, pattern) if path != directory]
            self.assertEqual(found, [f"{directory}/{name}"] * expected, (pattern, name))
            subprocess.run(["rm", "-rf", directory], check=True)

    def test_malformed_patterns(self):
        for pattern in "[", "a[", "[]", "[]a]", "[a", "[a-", "[a-]", "[-a]", "[^]", "[!]", "\\", "[\\", "*[":
            self.assertExit(2, "search", self.dir, pattern)

    def test_files_directories_and_the_root_in_order(self):
        self.assertEqual(self.matches("*e*", "b/tree", "a-tree/x", "tree/deep/e", ".e", "z"),
                         [self.path("tree"), ".e", "a-tree", "b/tree", "tree", "tree/deep", "tree/deep/e"])

    def test_links_are_found_but_not_followed(self):
        self.make("outside/x")
        os.mkdir(self.path("tree"))
        for name, target in ("x1", "../outside"), ("x2", "."), ("x3", "x3"), ("x4", "/nowhere"):
            os.symlink(target, self.path("tree", name))
        self.assertEqual(self.matches("x*"), ["x1", "x2", "x3", "x4"])
        self.assertEqual(self.output("search", self.path("tree", "x1"), "x"), [self.path("tree", "x1", "x")])

    def test_roots(self):
        self.make("file.txt")
        self.assertEqual(self.output("search", self.path("file.txt"), "*.txt"), [self.path("file.txt")])
        self.assertEqual(self.output("search", self.path("file.txt"), "*.py"), [])
        self.assertEqual(self.output("search", ".", "*.txt", cwd=self.dir), ["./file.txt"])
        self.assertEqual(self.output("search", self.dir + "//", "*.txt"), [self.path("file.txt")])
        self.assertEqual(self.output("search", self.path("file.txt"), "*.txt"), [self.path("file.txt")])
        for root, err in (self.path("absent"), errno.ENOENT), ("", errno.ENOENT), (self.path("file.txt/x"), errno.ENOTDIR), \
                ("x" * 5000, errno.ENAMETOOLONG):
            message = self.assertExit(ERRNO + err, "search", root, "*")
            self.assertTrue(message.startswith(b"fsutil: ") and len(message) < 400, message)

    def test_what_is_unreadable_is_left_out(self):
        self.make("tree/closed/x")
        self.make("tree/open/x")
        os.chmod(self.path("tree/closed"), 0o111 if ROOT else 0)
        options = {"preexec_fn": as_nobody} if ROOT else {}
        self.assertEqual(self.output("search", self.path("tree"), "x", **options), [self.path("tree/open/x")])
        self.assertExit(ERRNO + errno.EACCES, "search", self.path("tree/closed"), "x", **options)

    def test_trees_deeper_than_paths_descriptors_and_stacks(self):
        deep = 3000
        here = os.open(self.dir, os.O_RDONLY)
        for i in range(deep):
            os.mkdir("directory", dir_fd=here)
            if i % 500 == 0:
                os.close(os.open("before", os.O_CREAT | os.O_WRONLY, dir_fd=here))
                os.close(os.open("last", os.O_CREAT | os.O_WRONLY, dir_fd=here))  # after the way back
            below = os.open("directory", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)
        limited = ["sh", "-c", 'ulimit -n 100 && ulimit -s 256 && exec "$@"', "sh"]
        for pattern, count in ("bottom", 1), ("before", 6), ("last", 6), ("directory", deep):
            done = subprocess.run([*limited, FSUTIL, "search", self.dir, pattern], stdout=subprocess.PIPE, timeout=120)
            self.assertEqual((done.returncode, len(fields(done.stdout))), (0, count), pattern)
        self.assertEqual(len(self.output("list", self.dir, "1000000")) // 8, deep + 6 * 2 + 1)

    def test_a_closed_reader_ends_it(self):
        for i in range(3000):
            self.make(f"{i:04}" + "x" * 100)
        with subprocess.Popen([FSUTIL, "search", self.dir, "*"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            child.stdout.read(1)
            child.stdout.close()
            self.assertEqual(child.wait(60), -13)

    def test_usage(self):
        for arguments in [], ["search"], ["search", "/"], ["find", "/", "a", "b"], ["list", "/", "0"], ["list", "/", "x"], \
                ["list", "/", "-1"], ["watch", "/", "-r"], ["statfs"], ["ports", "x"], ["resolve"], ["other", "/", "x"]:
            self.assertIn(b"usage", self.assertExit(2, *arguments))


class List(FsutilTest):
    def listing(self, root, depth=1):
        out = self.output("list", root, str(depth))
        self.assertEqual(len(out) % 8, 0)
        return {out[i]: out[i + 1:i + 8] for i in range(0, len(out), 8)}

    def test_metadata(self):
        path = self.make("tree/file", b"12345")
        os.chmod(path, 0o4751)
        os.utime(path, ns=(0, -1_500_000_001))
        os.mkfifo(self.path("tree/fifo"))
        os.mkdir(self.path("tree/directory"))
        os.symlink("file", self.path("tree/to-file"))
        os.symlink("directory", self.path("tree/to-directory"))
        os.symlink("nowhere", self.path("tree/dangling"))
        got = self.listing(self.path("tree"))
        self.assertEqual({os.path.basename(name): "".join(row[:2]) for name, row in got.items()}, {
            "file": "ff", "fifo": "pp", "directory": "dd", "to-file": "lf", "to-directory": "ld", "dangling": "ll"})
        mine = [str(os.getuid()), str(os.getgid())]
        self.assertEqual(got[path], ["f", "f", "4751", "5", *mine, "-2.499999999"])
        self.assertEqual(got[self.path("tree/to-file")], ["l", *got[path][1:]])

    def test_depth(self):
        for name in "a/b/c/d", "a/x", "y":
            self.make(name)
        os.symlink("a", self.path("link"))
        by_depth = [["a", "link", "y"], ["a", "a/b", "a/x", "link", "y"], ["a", "a/b", "a/b/c", "a/x", "link", "y"],
                    ["a", "a/b", "a/b/c", "a/b/c/d", "a/x", "link", "y"]]
        for depth, names in enumerate([*by_depth, by_depth[-1]], 1):
            self.assertEqual(list(self.listing(self.dir, depth)), [self.path(name) for name in names])

    def test_roots(self):
        path = self.make("file")
        self.assertExit(ERRNO + errno.ENOTDIR, "list", path, "1")
        self.assertExit(ERRNO + errno.ENOENT, "list", self.path("absent"), "1")
        os.mkdir(self.path("empty"))
        self.assertEqual(self.listing(self.path("empty")), {})
        self.assertIn("/proc", self.listing("/"))


class Races(FsutilTest):
    SWAP = """
import ctypes, sys
a, b = (name.encode() for name in sys.argv[1:])
libc = ctypes.CDLL(None, use_errno=True)
print("swapping", flush=True)
while True:
    if libc.renameat2(-100, a, -100, b, 2) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")
"""

    def test_a_directory_that_is_swapped_for_a_link_never_leads_outside(self):
        for i in range(20):
            self.make(f"tree/inner/{i}/inside", b"a needle inside\n")
        self.make(f"elsewhere/{OUTSIDE}", b"a needle " + OUTSIDE.encode())
        for i in range(20):
            self.make(f"elsewhere/{i}/{OUTSIDE}", b"a needle " + OUTSIDE.encode())
        os.symlink("../elsewhere", self.path("tree/other"))
        inner, other = self.path("tree/inner"), self.path("tree/other")
        with subprocess.Popen(["python3", "-c", self.SWAP, inner, other], stdout=subprocess.PIPE) as swapper:
            try:
                swapper.stdout.readline()
                seen = set()
                for i in range(150):
                    command = (["search", "*"], ["find", "needle"], ["list", "9"])[i % 3]
                    out = self.output(command[0], self.path("tree"), command[1])
                    self.assertNotIn(OUTSIDE, "".join(out))
                    seen.update(name for name in ("inner", "other") if any(f"/{name}/5" in path for path in out))
                self.assertEqual(seen, {"inner", "other"}, "the swaps were not seen")
                self.assertIsNone(swapper.poll())
            finally:
                swapper.kill()

    def test_trees_that_are_moved_and_removed_meanwhile(self):
        script = "import os, sys\nos.chdir(sys.argv[1])\nprint(1, flush=True)\nwhile 1:\n" \
                 " os.makedirs('a/' + 'd/' * 100 + 'x')\n os.rename('a/d/d/d', 'b')\n os.system('rm -rf a b')\n"
        with subprocess.Popen(["python3", "-c", script, self.dir], stdout=subprocess.PIPE) as mover:
            try:
                mover.stdout.readline()
                for _ in range(60):
                    for path in self.output("search", self.dir, "*"):
                        self.assertTrue(path.startswith(self.dir))
                self.assertIsNone(mover.poll())
            finally:
                mover.kill()


class System(FsutilTest):
    def test_does_not_enter_proc_from_elsewhere_and_comes_to_an_end_in_it(self):
        self.assertIn("/proc/self/status", self.output("search", "/proc/self", "status"))
        self.output("find", "/proc/self", "no such text")
        os.mkdir(self.path("mounted"))
        script = 'mount -t proc none "$1" && shift && exec "$@"'
        apart = ["unshare", *([] if ROOT else ["--user", "--map-root-user"]), "--mount", "--pid", "--fork"]
        command = [*apart, "sh", "-c", script, "sh", self.path("mounted"), FSUTIL, "search"]
        for root, inside in (self.dir, False), (self.path("mounted"), True):
            done = subprocess.run([*command, root, "m*e*"], stdout=subprocess.PIPE, timeout=120, check=True)
            self.assertEqual(self.path("mounted/meminfo") in fields(done.stdout), inside)
            self.assertIn(self.path("mounted"), fields(done.stdout))

    def test_statfs(self):
        total, free, available = map(int, self.output("statfs", "/proc"))
        self.assertEqual((total, free, available), (0, 0, 0))
        total, free, available = map(int, self.output("statfs", self.dir))
        fs = os.statvfs(self.dir)
        self.assertEqual(total, fs.f_blocks * fs.f_frsize)
        self.assertTrue(0 <= available <= free <= total)
        self.assertExit(ERRNO + errno.ENOENT, "statfs", self.path("absent"))

    def test_resolve(self):
        self.assertEqual(self.output("resolve", "localhost")[0], "127.0.0.1")
        self.assertEqual(self.output("resolve", "10.1.2.3"), ["10.1.2.3"])
        self.assertEqual(self.output("resolve", "::1"), ["::1"])
        for name in "", "no such name", "-h", "a" * 5000:
            self.assertEqual(self.output("resolve", name), [])

    def test_ports(self):
        with socket.create_server(("127.0.0.1", 0)) as any4, socket.create_server(("", 0)) as all4:
            with socket.socket(socket.AF_INET) as bound, socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
                bound.bind(("127.0.0.1", 0))
                four = {any4.getsockname()[1], all4.getsockname()[1], both.getsockname()[1]}
                ports = list(map(int, self.output("ports")))
                self.assertTrue(four <= set(ports))
                self.assertNotIn(bound.getsockname()[1], ports)
                self.assertEqual(ports, sorted(set(ports)))
        self.assertTrue(eventually(lambda: not four & set(map(int, self.output("ports")))))


if __name__ == "__main__":
    unittest.main()
