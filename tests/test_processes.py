"""Powers of the platform's processes."""

import os
import pathlib
import unittest

import platform_under_test as platform


def status(pid):
    rows = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(row.split(":\t", 1) for row in rows if ":\t" in row)


class Processes(unittest.TestCase):
    def unprivileged(self, pid, what):
        rows = status(pid)
        self.assertNotIn("0", rows["Uid"].split(), f"{what} ({pid}) has uid 0")
        self.assertNotIn("0", rows["Gid"].split(), f"{what} ({pid}) has gid 0")
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            self.assertEqual(0, int(rows[name], 16), f"{what} ({pid}) has capabilities: {name}")

    def test_server_and_everything_below_it_has_no_power(self):
        server = platform.pid_of("server")
        below = platform.children(server)
        self.assertIn(platform.postgres_pid(), below + [platform.postgres_pid()])
        for pid in [server] + below:
            self.unprivileged(pid, pathlib.Path(f"/proc/{pid}/comm").read_text().strip())
        self.assertEqual(0, int(status(server)["CapBnd"], 16))

    def test_what_answers_requests_is_preferred_and_what_compiles_is_not(self):
        preferred = {"C1 CompilerThre": 5, "C2 CompilerThre": 5, "VM Thread": -10}
        found = {}
        for thread in pathlib.Path(f"/proc/{platform.pid_of('server')}/task").iterdir():
            name = (thread / "comm").read_text().strip()
            if name in preferred:
                found[name] = os.getpriority(os.PRIO_PROCESS, int(thread.name))
        self.assertEqual(preferred, found)

    def test_postgres_has_no_power(self):
        postmaster = platform.postgres_pid()
        for pid in [postmaster] + platform.children(postmaster):
            self.unprivileged(pid, "postgres")

    def test_every_java_and_postgres_of_this_data_directory(self):
        found = 0
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            program = os.path.basename(arguments[0].decode(errors="replace"))
            if program.startswith(("java", "postgres")) and str(platform.DATA).encode() in b" ".join(arguments):
                found += 1
                self.unprivileged(int(entry.name), program)
        self.assertGreaterEqual(found, 2)

    def test_key_is_on_no_command_line_and_in_no_log(self):
        key = os.environ["DAYTONA_API_KEY"].encode()
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    self.assertNotIn(key, (entry / "cmdline").read_bytes())
                except OSError:
                    continue
        for log in (platform.DATA / "log").rglob("*"):
            if log.is_file():
                self.assertNotIn(key, log.read_bytes(), str(log))


if __name__ == "__main__":
    unittest.main()
