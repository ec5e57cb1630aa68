"""One-shot commands and code: exec and code_run, with charts."""

import base64
import time

from daytona import CodeRunParams, DaytonaTimeoutError

from .case import ToolboxCase
from .coverage import checks

CHARTS = """
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

plt.title("A line")
plt.xlabel("time")
plt.ylabel("height")
plt.plot([1, 2, 3], [4, 9, 16], label="first")
plt.show()

plt.scatter([1, 2], [3, 5], label="points")
plt.show()

plt.bar(["a", "b"], [3, 7])
plt.show()

plt.pie([30, 70], labels=["x", "y"])
plt.show()

plt.boxplot([[1, 2, 3, 4, 50]])
plt.show()

figure, axes = plt.subplots(1, 2)
figure.suptitle("Both")
axes[0].plot([1, 2, 3], [1, 4, 9])
axes[1].scatter([1, 2], [2, 1])
plt.show()
print("drawn")
"""


class Execute(ToolboxCase):
    @checks("process.exec")
    def test_exec(self):
        run = self.process.exec
        self.assertEqual("/tmp\n", run("pwd", cwd="/tmp").result)
        self.assertEqual("a 'quoted' ü", run('echo -n "$V"', env={"V": "a 'quoted' ü"}).result)
        self.assertEqual(42, run("exit 42").exit_code)
        both = run("echo out; echo err >&2")
        self.assertEqual((0, "out\nerr\n", "out\nerr\n"), (both.exit_code, both.result, both.artifacts.stdout))
        self.assertEqual("8\n", run("python3 - <<'PY'\nprint(2 ** 3)\nPY\n", timeout=10).result)
        self.assertEqual(-1, run("true", cwd="/absent").exit_code)
        self.assertEqual(120_000, len(run(f"echo -n '{'x' * 120_000}'").result))

    def test_timeout_ends_the_whole_process_group(self):
        started = time.monotonic()
        with self.assertRaises(DaytonaTimeoutError):
            self.process.exec("sleep 4711 & sleep 4711", timeout=1)
        self.assertLess(time.monotonic() - started, 5)
        self.assertEqual(1, self.process.exec("pgrep -f 'sleep 471[1]'").exit_code)


class CodeRun(ToolboxCase):
    @checks("process.code_run")
    def test_code_run(self):
        parameters = CodeRunParams(argv=["a b", "$HOME"], env={"V": "x y"})
        ran = self.process.code_run("import os, sys\nprint(sys.argv, os.environ['V'])", parameters)
        self.assertEqual((0, "['-', 'a b', '$HOME'] x y\n"), (ran.exit_code, ran.result))
        failed = self.process.code_run("print('before')\nraise ValueError('boom')")
        self.assertEqual(1, failed.exit_code)
        self.assertRegex(failed.result, r"(?s)before.*ValueError: boom")
        self.assertNotEqual(0, self.process.code_run("def (").exit_code)
        self.assertFalse(ran.artifacts.charts)

    def test_timeout(self):
        # This method of the client has no translation of errors into its own classes.
        with self.assertRaisesRegex(Exception, "command execution timeout"):
            self.process.code_run("import time\ntime.sleep(60)", timeout=1)

    def test_charts(self):
        ran = self.process.code_run(CHARTS)
        self.assertEqual((0, "drawn\n"), (ran.exit_code, ran.result))
        charts = ran.artifacts.charts
        self.assertEqual(
            ["line", "scatter", "bar", "pie", "box_and_whisker", "composite_chart"], [chart.type for chart in charts]
        )
        for chart in charts:
            self.assertEqual(b"\x89PNG", base64.b64decode(chart.png)[:4])
        line, scatter, bar, pie, box, composite = charts
        self.assertEqual(("A line", "time", "height"), (line.title, line.x_label, line.y_label))
        self.assertEqual(("first", [[1, 4], [2, 9], [3, 16]]), (line.elements[0].label, line.elements[0].points))
        self.assertEqual([[1, 3], [2, 5]], scatter.elements[0].points)
        self.assertEqual([("a", 3.0), ("b", 7.0)], [(one.label, float(one.value)) for one in bar.elements])
        self.assertEqual(["x", "y"], [one.label for one in pie.elements])
        self.assertAlmostEqual(108, pie.elements[0].angle, places=3)
        self.assertEqual((3, [50]), (box.elements[0].median, box.elements[0].outliers))
        self.assertEqual(["line", "scatter"], [one.type for one in composite.elements])
