"""EXE-09: the command line client against the platform, as a user calls it."""

import os
import pathlib
import signal
import subprocess

import platform_under_test as platform
from inventory.box import Row

DAYTONA = pathlib.Path(__file__).resolve().parents[2] / "daytona"
OWN_FAILURE = 125
ENVIRONMENT = {**os.environ, "DAYTONA_DATA_DIR": str(platform.DATA)}


def daytona(*words, command=(str(DAYTONA),), text=True, environment=ENVIRONMENT, **options):
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    return subprocess.run([*command, *words], capture_output=True, text=text, timeout=60, env=environment, **options)


class Client(Row):
    def run_in(self, *words, **options):
        return daytona("exec", self.sandbox["id"], *words, **options)

    def fails(self, done, *told):
        """Our own failure: status 125, nothing on standard output, a cause and a remedy on standard error, and no key."""
        self.assertEqual((OWN_FAILURE, ""), (done.returncode, done.stdout), done.stderr)
        for part in ("error: ", *told):
            self.assertIn(part, done.stderr)
        self.assertGreaterEqual(len(done.stderr.splitlines()), 2, done.stderr)
        self.assertNotIn(os.environ["DAYTONA_API_KEY"], done.stderr)

    def test_EXE_09_exit_codes_are_passed_on(self):
        for code, words in ((0, ["true"]), (1, ["false"]), (3, ["exit 3"]), (127, ["no-such-program"]), (126, ["/etc"]), (143, ["kill $$"])):
            with self.subTest(words=words):
                self.assertEqual(code, self.run_in("--", *words).returncode)

    def test_EXE_09_arguments_arrive_as_given(self):
        words = ["a b", "it's", '"$HOME"', "two\nlines", "*", "", "@file", "--", "-la"]
        self.assertEqual("".join(word + "\0" for word in words), self.run_in("--", "printf", "%s\\0", *words).stdout)
        self.assertEqual("HOME\n", self.run_in("--", 'x=HOME; echo "$x" | cat').stdout)

    def test_EXE_09_streams_are_apart_byte_for_byte(self):
        done = self.run_in("--", "sh", "-c", "printf 'o\\0\\377'; printf e >&2", text=False)
        self.assertEqual((b"o\0\xff", b"e"), (done.stdout, done.stderr))
        given = os.urandom(700_000)
        self.assertEqual(given, self.run_in("--", "cat", text=False, input=given).stdout)

    def test_EXE_09_directory_variables_and_time(self):
        done = self.run_in("--cwd", "/tmp", "-e", "A=1", "--env", "B=2 3", "--", "sh", "-c", 'pwd; echo "$A$B"')
        self.assertEqual("/tmp\n12 3\n", done.stdout)
        done = self.run_in("--timeout", "1", "--", "sh", "-c", "echo kept; exec sleep 4711")
        self.assertEqual((124, "kept\n"), (done.returncode, done.stdout))
        self.assertIn("--timeout", done.stderr)
        self.assertEqual("", self.sh("pgrep -fx 'sleep 4711' || true"))

    def test_EXE_09_output_is_live_and_an_interrupt_ends_the_program_inside(self):
        # Who started the tests may ignore the signal, and so would the client then.
        command = subprocess.Popen(
            [DAYTONA, "exec", self.sandbox["id"], "--", "sh", "-c", "echo up; exec sleep 4712"], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        for end in (command.stdout.close, command.wait, command.kill):
            self.addCleanup(end)
        self.assertEqual("up\n", command.stdout.readline())
        command.send_signal(signal.SIGINT)
        self.assertEqual(130, command.wait(20))
        self.assertEqual("", self.sh("pgrep -fx 'sleep 4712' || true"))

    def test_EXE_09_our_own_failures(self):
        self.fails(daytona("exec", "no-such-sandbox", "--", "true"), "there is no sandbox no-such-sandbox")
        self.fails(self.run_in("--", "true", environment={**ENVIRONMENT, "DAYTONA_API_KEY": "wrong"}), "the API key was refused", "DAYTONA_API_KEY")
        self.fails(self.run_in("--", "true", environment={**ENVIRONMENT, "DAYTONA_API_URL": "http://127.0.0.1:9/api"}), "cannot reach http://127.0.0.1:9/api")
        self.fails(self.run_in("ls", "-l"), "there is no option -l", "--")
        stopped = platform.create()
        self.addCleanup(lambda: platform.delete(stopped))
        self.assertEqual(200, platform.api("POST", f"/sandbox/{stopped['id']}/stop").status)
        platform.eventually(lambda: platform.api("GET", "/sandbox/" + stopped["id"]).json()["state"] == "stopped", 30, "the sandbox stopped")
        self.fails(daytona("exec", stopped["name"], "--", "true"), f"{stopped['name']} is not started, it is stopped", "start it first")

    def test_EXE_09_without_root_the_environment_is_enough(self):
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", str(platform.DATA / "app/current/bin/cli"))
        self.assertEqual("here\n", self.run_in("--", "echo", "here", command=nobody).stdout)
        bare = {name: value for name, value in ENVIRONMENT.items() if not name.startswith("DAYTONA_API")}
        self.fails(self.run_in("--", "true", command=nobody, environment=bare), "DAYTONA_API_URL and DAYTONA_API_KEY are not set", "daytona env")
        self.assertEqual("key of this machine\n", self.run_in("--", "echo", "key of this machine", environment=bare).stdout)

    def test_EXE_09_help(self):
        for words in (["exec", "--help"], ["help", "exec"]):
            done = daytona(*words)
            self.assertEqual((0, ""), (done.returncode, done.stderr))
            for part in ("NAME", "--cwd", "--timeout", "--env", "Exit status"):
                self.assertIn(part, done.stdout)
