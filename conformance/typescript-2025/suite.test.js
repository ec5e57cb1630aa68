"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const { Daytona, DaytonaNotFoundError } = require("@daytonaio/sdk");

// This client prints every failed request, credentials included.
console.error = () => {};

const mark = crypto.randomBytes(6).toString("hex");
const daytona = new Daytona();
let sandbox;

test.before(async () => {
  sandbox = await daytona.create({ language: "python", labels: { suite: mark }, envVars: { GREETING: "hello" } });
});

test.after(async () => {
  // What a test deleted a moment ago may still be listed as `destroying`.
  for (const left of (await daytona.list({ suite: mark }, 1, 100)).items) {
    if (left.state !== "destroying") await left.delete();
  }
});

test("a created sandbox is started", () => {
  assert.equal(sandbox.state, "started");
  assert.ok(sandbox.id);
});

test("code runs, failing code is data", async () => {
  const ran = await sandbox.process.codeRun("import sys; print(6 * 7)");
  assert.deepEqual([ran.exitCode, ran.result.trim()], [0, "42"]);
  assert.equal((await sandbox.process.codeRun("raise SystemExit(3)")).exitCode, 3);
});

test("typescript and javascript run", async () => {
  for (const language of ["typescript", "javascript"]) {
    const other = await daytona.create({ language, labels: { suite: mark } });
    assert.equal((await other.process.codeRun("console.log(6 * 7)")).result.trim(), "42");
    await other.delete();
  }
});

test("exec honours cwd and environment", async () => {
  // This client quotes values without blanks only.
  const ran = await sandbox.process.executeCommand('pwd; echo "$A"; echo $GREETING', "/tmp", { A: "x-y" });
  assert.equal(ran.result, "/tmp\nx-y\nhello\n");
  assert.equal((await sandbox.process.executeCommand("exit 3")).exitCode, 3);
});

test("a file goes up and down", async () => {
  const bytes = crypto.randomBytes(100_000);
  await sandbox.fs.uploadFile(bytes, "blob.bin");
  assert.deepEqual(Buffer.from(await sandbox.fs.downloadFile("blob.bin")), bytes);
  assert.ok((await sandbox.fs.listFiles(".")).some((file) => file.name === "blob.bin"));
  await sandbox.fs.deleteFile("blob.bin");
});

test("directories, labels, list, find", async () => {
  assert.equal(await sandbox.getUserHomeDir(), "/home/daytona");
  await sandbox.setLabels({ suite: mark, role: "found" });
  assert.equal((await daytona.findOne({ labels: { role: "found", suite: mark } })).id, sandbox.id);
  const page = await daytona.list({ suite: mark }, 1, 10);
  assert.deepEqual([page.total >= 1, page.page], [true, 1]);
});

test("stop, start, delete", async () => {
  const other = await daytona.create({ labels: { suite: mark } });
  await other.stop();
  assert.equal(other.state, "stopped");
  await other.start();
  assert.equal((await other.process.executeCommand("echo up")).result.trim(), "up");
  await other.delete();
  await assert.rejects(async () => {
    for (let turn = 0; turn < 600; turn++) {
      assert.equal((await daytona.get(other.id)).state, "destroying");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }, DaytonaNotFoundError);
});

test("twenty at once", async () => {
  const answers = await Promise.all([...Array(20).keys()].map(async (number) => {
    const one = await daytona.create({ labels: { suite: mark } });
    const { result } = await one.process.executeCommand(`echo ${number}`);
    await one.delete();
    return Number(result);
  }));
  assert.deepEqual(answers, [...Array(20).keys()]);
});
