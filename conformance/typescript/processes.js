"use strict";
const assert = require("node:assert/strict");

const CHART = `
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
plt.title("A line")
plt.plot([1, 2, 3], [4, 9, 16], label="first")
plt.show()
print("drawn")
`;

/** One-shot commands and code. */
module.exports = (box) => {
  box.test("executeCommand", ["process.executeCommand"], async () => {
    const run = (...parameters) => box.process.executeCommand(...parameters);
    assert.equal((await run("pwd", "/tmp")).result, "/tmp\n");
    // Clients of 2025 quote values without blanks only.
    assert.equal((await run('echo -n "$V"', undefined, { V: "a-ü" })).result, "a-ü");
    assert.equal((await run("exit 42")).exitCode, 42);
    const both = await run("echo out; echo err >&2");
    assert.deepEqual([both.exitCode, both.result], [0, "out\nerr\n"]);
    await box.fails(run("sleep 20", undefined, undefined, 1), "DaytonaProcessExecutionTimeoutError", 408);
  });

  box.test("codeRun", ["process.codeRun"], async () => {
    const parameters = { argv: ["a", "b"], env: { V: "x" } };
    const ran = await box.process.codeRun("import os, sys\nprint(sys.argv[1:], os.environ['V'])", parameters);
    assert.deepEqual([ran.exitCode, ran.result.trim()], [0, "['a', 'b'] x"]);
    const failed = await box.process.codeRun("raise ValueError('boom')");
    assert.equal(failed.exitCode, 1);
    assert.match(failed.result, /ValueError: boom/);
    const drawn = await box.process.codeRun(CHART);
    assert.deepEqual([drawn.exitCode, drawn.result.trim()], [0, "drawn"]);
    const [chart] = drawn.artifacts.charts;
    assert.deepEqual([chart.type, chart.title, chart.elements[0].label], ["line", "A line", "first"]);
    assert.deepEqual(chart.elements[0].points, [[1, 4], [2, 9], [3, 16]]);
    assert.equal(Buffer.from(chart.png, "base64").subarray(1, 4).toString(), "PNG");
  });
};
