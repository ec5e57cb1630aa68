"use strict";
const assert = require("node:assert/strict");

/** The code interpreter. */
module.exports = (box) => {
  if (!box.generation.interpreter) return;

  box.test("runCode", ["codeInterpreter.runCode"], async () => {
    const run = (...parameters) => box.codeInterpreter.runCode(...parameters);
    assert.equal((await run("import os, sys\nkept = 20")).error, undefined);
    const out = [], err = [], errors = [];
    const options = { onStdout: ({ output }) => out.push(output), onStderr: ({ output }) => err.push(output) };
    const ran = await run("for n in range(3): print('line', kept + n)\nprint('wrong ü', file=sys.stderr)", options);
    assert.deepEqual([ran.stdout, ran.stderr], ["line 20\nline 21\nline 22\n", "wrong ü\n"]);
    assert.deepEqual([out.join(""), err.join("")], [ran.stdout, ran.stderr]);
    const failed = await run("raise ValueError('boom')", { onError: (error) => errors.push(error) });
    assert.deepEqual([failed.error.name, failed.error.value], ["ValueError", "boom"]);
    assert.match(failed.error.traceback, /ValueError: boom/);
    assert.deepEqual(errors, [failed.error]);
    const once = "print(os.environ.get('ONCE'), os.environ['GREETING'])";
    assert.equal((await run(once, { envs: { ONCE: "x" } })).stdout, "x hello world\n");
    assert.equal((await run(once)).stdout, "None hello world\n");
    await box.fails(run("import time\ntime.sleep(60)", { timeout: 1 }), "DaytonaTimeoutError", undefined);
    assert.equal((await run("print(kept)")).stdout, "20\n");
  });

  const methods = ["createContext", "listContexts", "deleteContext"].map((one) => `codeInterpreter.${one}`);
  box.test("contexts are apart", methods, async () => {
    const context = await box.codeInterpreter.createContext("/tmp");
    assert.deepEqual([context.cwd, context.language, context.active], ["/tmp", "python", true]);
    assert.deepEqual((await box.codeInterpreter.listContexts()).map((one) => one.id), [context.id]);
    const ran = await box.codeInterpreter.runCode("import os\nprint(os.getcwd(), 'kept' in globals())", { context });
    assert.equal(ran.stdout, "/tmp False\n");
    await box.codeInterpreter.deleteContext(context);
    assert.deepEqual(await box.codeInterpreter.listContexts(), []);
    await assert.rejects(box.codeInterpreter.runCode("1", { context }), /context not found/);
  });
};
