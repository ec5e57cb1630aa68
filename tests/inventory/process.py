"""EXE, COD: one-shot commands and code."""

import base64
import time

from inventory.box import Row

CHARTS = """
import math
import matplotlib
import matplotlib.pyplot as plt
x = [i / 10 for i in range(50)]
plt.plot(x, [math.sin(v) for v in x]); plt.title('sine'); plt.xlabel('t'); plt.ylabel('v'); plt.show()
plt.figure(); plt.bar(['a', 'b'], [3, 5]); plt.title('bars'); plt.show()
print('said')
"""


class Execute(Row):
    def execute(self, command, **fields):
        return self.call("POST", "/process/execute", {"command": command, **fields})

    def test_EXE_01_runs_through_a_shell(self):
        answer = self.execute("touch /tmp/exe01; for i in 1 2; do echo $HOME | tr a-z A-Z; done && ls /tmp/exe0? | wc -l")
        self.assertEqual((0, "/HOME/DAYTONA\n/HOME/DAYTONA\n1\n"), (answer["exitCode"], answer["result"]))
        self.assertEqual(7, self.execute("exit 7")["exitCode"])
        for name in ("envs", "env"):
            self.assertEqual("set\n", self.execute("echo $EXE01", **{name: {"EXE01": "set"}})["result"])

    def test_EXE_03_directory(self):
        self.sh("mkdir -p ~/exe03/src")
        self.assertEqual("/home/daytona\n", self.execute("pwd")["result"])
        self.assertEqual("/home/daytona/exe03/src\n", self.execute("pwd", cwd="exe03/src")["result"])
        self.assertEqual("/usr\n", self.execute("pwd", cwd="/usr")["result"])

    def test_EXE_04_timeout(self):
        began = time.monotonic()
        self.refused(408, "POST", "/process/execute", {"command": "sleep 30", "timeout": 1})
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual("done\n", self.execute("sleep 1.2; echo done", timeout=0)["result"])

    def test_EXE_05_both_streams(self):
        self.assertEqual("o\ne\n", self.execute("echo o; echo e >&2")["result"])

    def test_EXE_06_in_the_background(self):
        began = time.monotonic()
        pid = int(self.sh("nohup sleep 99 >/dev/null 2>&1 & echo $!"))
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual("sleep", self.sh(f"cat /proc/{pid}/comm; kill {pid}"))

    def test_EXE_08_a_server_by_execute_and_by_a_session(self):
        began = time.monotonic()
        self.execute("nohup python3 -m http.server 4801 >/dev/null 2>&1 &", timeout=0)
        self.assertLess(time.monotonic() - began, 15)
        self.sh("for i in $(seq 100); do curl -s -o /dev/null localhost:4801 && break; sleep 0.1; done; curl -sf -o /dev/null localhost:4801")
        self.sh("pkill -f 'http.server 4801' || true")

    def test_EXE_10_artifacts(self):
        reply = self.raw("POST", "/process/execute", {"command": "echo x"}, headers={"X-Daytona-Split-Output": "true"})
        self.assertEqual(("x\n", {"charts": []}), (reply.json()["stdout"], reply.json()["artifacts"]))

    def test_EXE_11_waiting_for_health_inside(self):
        self.execute("(sleep 2; exec python3 -m http.server 4811) >/dev/null 2>&1 &")
        answer = self.execute("for i in $(seq 30); do curl -sf localhost:4811 >/dev/null && echo up && exit 0; sleep 1; done; exit 1", timeout=60)
        self.assertEqual((0, "up\n"), (answer["exitCode"], answer["result"]))
        self.sh("pkill -f 'http.server 4811' || true")


class Code(Row):
    def test_COD_01_each_run_is_fresh(self):
        self.assertEqual(0, self.run_code("cod01 = 1")["exitCode"])
        self.assertIn("NameError", self.run_code("print(cod01)")["result"])

    def test_COD_02_the_documented_request(self):
        answer = self.run_code('def greet(name):\n return f"Hello, {name}!"\n\nprint(greet("Daytona"))', env={"FOO": "BAR"}, timeout=5000)
        self.assertEqual((0, "Hello, Daytona!\n"), (answer["exitCode"], answer["result"]))
        self.assertIn("language", self.refused(400, "POST", "/process/code-run", {"code": "print(1)"})["message"])

    def test_COD_03_arguments_and_environment(self):
        for language, code in (("python", "import os, sys; print(sys.argv[1], os.environ['COD'])"), ("javascript", "console.log(process.argv[1], process.env.COD)"),
                               ("typescript", "const n: string = process.env.COD!; console.log(process.argv[1], n)")):
            for name in ("envs", "env"):
                with self.subTest(language=language, name=name):
                    answer = self.run_code(code, language=language, argv=["an argument"], **{name: {"COD": "3"}})
                    self.assertEqual("an argument 3\n", answer["result"])

    def test_COD_04_timeout(self):
        self.refused(408, "POST", "/process/code-run", {"code": "import time; time.sleep(30)", "language": "python", "timeout": 1})

    def test_COD_05_failing_code_is_data(self):
        answer = self.run_code("this is invalid python code")
        self.assertNotEqual(0, answer["exitCode"])
        self.assertIn("SyntaxError", answer["result"])

    def charts(self):
        answer = self.run_code(CHARTS, timeout=120)
        self.assertEqual(0, answer["exitCode"], answer)
        return answer

    def test_COD_06_artifacts(self):
        answer = self.charts()
        self.assertEqual("said\n", answer["result"])
        self.assertEqual(2, len(answer["artifacts"]["charts"]))

    def test_COD_07_pictures(self):
        for chart in self.charts()["artifacts"]["charts"]:
            self.assertTrue(base64.b64decode(chart["png"]).startswith(b"\x89PNG\r\n\x1a\n"))
            self.assertTrue(chart["title"] and chart["type"])

    def test_COD_08_what_a_chart_shows(self):
        chart = self.charts()["artifacts"]["charts"][0]
        self.assertEqual(("line", "sine", "t", "v", "linear", "linear"), tuple(
            chart[key] for key in ("type", "title", "x_label", "y_label", "x_scale", "y_scale")))
        self.assertEqual(50, len(chart["elements"][0]["points"]))

    def test_COD_09_several_in_order(self):
        self.assertEqual([("line", "sine"), ("bar", "bars")], [(c["type"], c["title"]) for c in self.charts()["artifacts"]["charts"]])
