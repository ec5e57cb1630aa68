"use strict";
const assert = require("node:assert/strict");

const SOURCES = {
  python: {
    name: "greeter.py",
    text: `class Greeter:
    def greet(self, name):
        return "hello " + name


greeter = Greeter()
greeter.gr
`,
  },
  typescript: {
    name: "greeter.ts",
    text: `export class Greeter {
  greet(name: string): string {
    return "hello " + name;
  }
}
const greeter = new Greeter();
greeter.gr
`,
  },
};

/** Language servers for Python and TypeScript. */
module.exports = (box) => {
  const used = ["start", "stop", "didOpen", "didClose", "documentSymbols", "workspaceSymbols", "sandboxSymbols", "completions"];
  const methods = ["sandbox.createLspServer", ...used.map((one) => `lsp.${one}`)];
  for (const [language, { name, text }] of Object.entries(SOURCES)) {
    box.test(`language server: ${language}`, methods, async () => {
      const project = `/home/daytona/lsp-${language}`;
      const file = `${project}/${name}`;
      await box.fs.uploadFile(Buffer.from(text), file);
      await box.fs.uploadFile(Buffer.from('{"include": ["*.ts"]}'), `${project}/tsconfig.json`);
      const server = box.recorder.wrap(await box.sandbox.createLspServer(language, project), "lsp");
      await server.start();
      await server.didOpen(file);
      const symbols = await server.documentSymbols(file);
      const greeter = symbols.find((one) => one.name === "Greeter");
      assert.deepEqual([greeter.kind, greeter.location.range.start.line], [5, 0]);
      for (const search of ["workspaceSymbols", "sandboxSymbols"]) {
        assert.ok((await server[search]("Greeter")).some((one) => one.name === "Greeter"), search);
      }
      const { items } = await server.completions(file, { line: 6, character: 10 });
      assert.ok(items.some((one) => one.label.startsWith("greet")), JSON.stringify(items.slice(0, 5)));
      await server.didClose(file);
      await server.stop();
      await box.fails(server.documentSymbols(file), "DaytonaLspServerNotInitializedError", 400);
    });
  }
};
