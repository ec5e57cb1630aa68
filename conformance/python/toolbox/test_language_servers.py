"""Language servers for Python and TypeScript."""

from daytona import DaytonaError
from daytona.common.errors import DaytonaLspServerNotInitializedError
from daytona.common.lsp_server import LspCompletionPosition

from .case import ToolboxCase
from .coverage import checks

PYTHON = """class Greeter:
    def greet(self, name):
        return "hello " + name


greeter = Greeter()
greeter.gr
"""
TYPESCRIPT = """export class Greeter {
  greet(name: string): string {
    return "hello " + name;
  }
}
const greeter = new Greeter();
greeter.gr
"""
SETTINGS = b'{"compilerOptions": {"target": "es2022", "strict": true}, "include": ["*.ts"]}'


class LanguageServers(ToolboxCase):
    def check(self, language, project, name, content, line):
        self.fs.upload_file(content.encode(), f"{project}/{name}")
        path = f"{project}/{name}"
        server = self.client.language_server(language, project)
        with self.assertRaises(DaytonaLspServerNotInitializedError):
            server.document_symbols(path)
        server.start()
        server.start()
        server.did_open(path)
        symbols = {symbol.name: symbol for symbol in server.document_symbols(path)}
        self.assertLessEqual({"Greeter", "greet"}, set(symbols))
        self.assertEqual(5, symbols["Greeter"].kind)
        self.assertEqual(0, symbols["Greeter"].location.range.start.line)
        self.assertTrue(symbols["Greeter"].location.uri.endswith(name))
        for search in (server.sandbox_symbols, server.workspace_symbols):
            self.assertIn("Greeter", [symbol.name for symbol in search("Greeter")])
        offered = server.completions(path, LspCompletionPosition(line=line, character=10))
        self.assertIn("greet", [item.label.rstrip("()") for item in offered.items])
        server.did_close(path)
        server.stop()
        with self.assertRaises(DaytonaError):
            server.did_open(path)

    @checks(
        "sandbox.create_lsp_server",
        "lsp.start",
        "lsp.stop",
        "lsp.did_open",
        "lsp.did_close",
        "lsp.document_symbols",
        "lsp.sandbox_symbols",
        "lsp.workspace_symbols",
        "lsp.completions",
    )
    def test_python(self):
        self.check("python", "lsp-python", "greeter.py", PYTHON, 6)

    def test_typescript(self):
        self.fs.upload_file(SETTINGS, "lsp-typescript/tsconfig.json")
        self.check("typescript", "/home/daytona/lsp-typescript", "greeter.ts", TYPESCRIPT, 6)
