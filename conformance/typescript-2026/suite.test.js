"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const { Daytona, DaytonaNotFoundError, DaytonaError, DaytonaTimeoutError } = require("@daytona/sdk");

const mark = crypto.randomBytes(6).toString("hex");
const daytona = new Daytona();
let sandbox;

test.before(async () => {
  sandbox = await daytona.create({ name: `ts-${mark}`, language: "typescript", labels: { suite: mark }, envVars: { GREETING: "hello" } });
});

test.after(async () => {
  // What a test deleted a moment ago may still be listed as `destroying`.
  for await (const left of daytona.list({ labels: { suite: mark } })) {
    if (left.state !== "destroying") await left.delete();
  }
  await daytona[Symbol.asyncDispose]();
});

/** A deleted sandbox is shown as `destroying` until it is gone. */
async function goneSoon(id) {
  for (let turn = 0; turn < 600; turn++) {
    try {
      assert.equal((await daytona.get(id)).state, "destroying");
    } catch (error) {
      if (error instanceof DaytonaNotFoundError) return;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`${id} is still there`);
}

test("a created sandbox is started and complete", () => {
  assert.equal(sandbox.state, "started");
  assert.equal(sandbox.name, `ts-${mark}`);
  assert.equal(sandbox.labels.suite, mark);
  assert.ok(sandbox.id && sandbox.organizationId && sandbox.createdAt);
});

test("code runs in the sandbox's language", async () => {
  const ran = await sandbox.process.codeRun("const n: number = 6; console.log(n * 7, process.argv.slice(1))", { argv: ["a b"] });
  assert.equal(ran.exitCode, 0, ran.result);
  assert.equal(ran.result.trim(), "42 [ 'a b' ]");
});

test("javascript and python run too", async () => {
  for (const [language, code, output] of [["javascript", "console.log([1,2].map(x => x * 2).join())", "2,4"], ["python", "print(sum(range(5)))", "10"]]) {
    const other = await daytona.create({ language, labels: { suite: mark } });
    const ran = await other.process.codeRun(code);
    assert.equal(ran.result.trim(), output);
    await other.delete();
  }
});

test("exec honours cwd, environment and timeout", async () => {
  const ran = await sandbox.process.executeCommand('pwd; echo "$A"; echo $GREETING', "/tmp", { A: "x 'y'" });
  assert.equal(ran.result, "/tmp\nx 'y'\nhello\n");
  assert.equal((await sandbox.process.executeCommand("exit 3")).exitCode, 3);
  await assert.rejects(sandbox.process.executeCommand("sleep 20", undefined, undefined, 1), DaytonaTimeoutError);
});

test("a file goes up and down", async () => {
  const bytes = crypto.randomBytes(200_000);
  await sandbox.fs.uploadFile(bytes, "dir/blob.bin");
  assert.deepEqual(Buffer.from(await sandbox.fs.downloadFile("dir/blob.bin")), bytes);
  assert.deepEqual((await sandbox.fs.listFiles("dir")).map((file) => file.name), ["blob.bin"]);
  assert.equal((await sandbox.fs.getFileDetails("dir/blob.bin")).size, 200_000);
  await sandbox.fs.deleteFile("dir/blob.bin");
  await assert.rejects(sandbox.fs.downloadFile("dir/blob.bin"), DaytonaNotFoundError);
});

test("directories", async () => {
  assert.equal(await sandbox.getWorkDir(), "/home/daytona");
  assert.equal(await sandbox.getUserHomeDir(), "/home/daytona");
});

test("found by id, name and label", async () => {
  assert.equal((await daytona.get(sandbox.id)).id, sandbox.id);
  assert.equal((await daytona.get(`ts-${mark}`)).id, sandbox.id);
  const labels = await sandbox.setLabels({ suite: mark, found: "yes" });
  assert.deepEqual(labels, { suite: mark, found: "yes" });
  const ids = [];
  for await (const one of daytona.list({ labels: { found: "yes", suite: mark }, limit: 1 })) ids.push(one.id);
  assert.deepEqual(ids, [sandbox.id]);
});

test("stop, start, delete", async () => {
  const other = await daytona.create({ labels: { suite: mark } });
  await other.fs.uploadFile(Buffer.from("kept"), "kept.txt");
  await other.stop();
  assert.equal(other.state, "stopped");
  await other.start();
  assert.equal((await other.process.executeCommand("cat kept.txt")).result, "kept");
  await other.delete();
  await goneSoon(other.id);
});

test("settings", async () => {
  await sandbox.setAutostopInterval(60);
  await sandbox.setAutoArchiveInterval(120);
  await sandbox.setAutoDeleteInterval(180);
  await sandbox.refreshData();
  assert.deepEqual([sandbox.autoStopInterval, sandbox.autoArchiveInterval, sandbox.autoDeleteInterval], [60, 120, 180]);
  const link = await sandbox.getPreviewLink(3000);
  assert.match(link.url, new RegExp(`3000-${sandbox.id}\\.`));
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

test("errors are typed", async () => {
  await assert.rejects(daytona.get(crypto.randomUUID()), DaytonaNotFoundError);
  await assert.rejects(daytona.create({ snapshot: "no-such-snapshot" }), (error) => error instanceof DaytonaError && /not found/.test(error.message));
  const stranger = new Daytona({ apiKey: "dtn_" + "0".repeat(64), apiUrl: process.env.DAYTONA_API_URL });
  await assert.rejects(stranger.get("x"), (error) => error.statusCode === 401);
  await stranger[Symbol.asyncDispose]();
});
