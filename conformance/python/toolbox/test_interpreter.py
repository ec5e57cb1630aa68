"""The code interpreter: contexts that keep their state, streamed output, errors, time limits."""

from daytona import DaytonaError, DaytonaTimeoutError

from .case import ToolboxCase
from .coverage import checks


class RunCode(ToolboxCase):
    @checks("code_interpreter.run_code")
    def test_state_output_and_callbacks(self):
        run = self.interpreter.run_code
        self.assertIsNone(run("import sys\nkept = 20").error)
        out, err = [], []
        result = run(
            "for n in range(3): print('line', kept + n)\nprint('wrong', file=sys.stderr)",
            on_stdout=lambda message: out.append(message.output),
            on_stderr=lambda message: err.append(message.output),
        )
        self.assertEqual(("line 20\nline 21\nline 22\n", "wrong\n"), (result.stdout, result.stderr))
        self.assertEqual((result.stdout, result.stderr), ("".join(out), "".join(err)))
        self.assertIsNone(result.error)
        self.assertEqual("grüße ✓\n", run("print('grüße ✓')").stdout)

    def test_errors_are_data(self):
        seen = []
        result = self.interpreter.run_code("def f():\n    raise ValueError('boom')\nf()", on_error=seen.append)
        self.assertEqual(("ValueError", "boom"), (result.error.name, result.error.value))
        self.assertIn('File "<stdin>", line 2', result.error.traceback)
        self.assertTrue(result.error.traceback.rstrip().endswith("ValueError: boom"), result.error.traceback)
        self.assertEqual([result.error], seen)
        self.assertEqual("SyntaxError", self.interpreter.run_code("def (").error.name)
        self.assertIsNone(self.interpreter.run_code("raise SystemExit(3)").error)

    def test_environment_lasts_for_one_call(self):
        code = "import os\nprint(os.environ.get('ONCE'), os.environ['GREETING'])"
        self.assertEqual("x y hello world\n", self.interpreter.run_code(code, envs={"ONCE": "x y"}).stdout)
        self.assertEqual("None hello world\n", self.interpreter.run_code(code).stdout)

    def test_time_limit_keeps_the_state(self):
        self.interpreter.run_code("survivor = 7")
        with self.assertRaises(DaytonaTimeoutError):
            self.interpreter.run_code("import time\ntime.sleep(60)", timeout=1)
        self.assertEqual("7\n", self.interpreter.run_code("print(survivor)").stdout)


class Contexts(ToolboxCase):
    @checks(
        "code_interpreter.create_context",
        "code_interpreter.list_contexts",
        "code_interpreter.delete_context",
    )
    def test_contexts_are_apart(self):
        self.interpreter.run_code("shared = 1")
        context = self.interpreter.create_context(cwd="/tmp")
        self.assertEqual(("/tmp", "python", True), (context.cwd, context.language, context.active))
        listed = [one.id for one in self.interpreter.list_contexts()]
        self.assertEqual([context.id], listed)
        result = self.interpreter.run_code("import os\nprint(os.getcwd(), 'shared' in globals())", context=context)
        self.assertEqual("/tmp False\n", result.stdout)
        self.interpreter.run_code("own = 5", context=context)
        self.assertEqual("5\n", self.interpreter.run_code("print(own)", context=context).stdout)
        self.interpreter.delete_context(context)
        self.assertEqual([], self.interpreter.list_contexts())
        with self.assertRaisesRegex(DaytonaError, "context not found"):
            self.interpreter.run_code("1", context=context)
