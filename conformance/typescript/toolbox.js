"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const { Toolbox } = require("./group");
const elsewhere = require("./elsewhere");

const GROUPS = ["sandbox", "processes", "sessions", "terminals", "interpreter", "files", "git", "language-servers"];

/**
 * Every method of one generation of the client that talks to a sandbox; the last test fails when one of them was never
 * called with its result checked. See `Toolbox` for what tells the generations apart.
 */
module.exports = (clientPackage, generation) => {
  const box = new Toolbox(clientPackage, generation);
  test.before(() => box.start());
  test.after(() => box.stop());
  for (const group of GROUPS) require(`./${group}`)(box);
  test("every public method was called and its result checked", () => {
    const methods = box.recorder.publicMethods();
    assert.ok(methods.size > 50, `${methods.size} methods`);
    const missing = [...methods].filter((method) => !box.recorder.checked.has(method) && !elsewhere.has(method));
    assert.deepEqual(missing, []);
  });
};
