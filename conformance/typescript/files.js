"use strict";
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { Readable } = require("node:stream");
const { buffer } = require("node:stream/consumers");

function* pieces(bytes) {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

/** Files: up, down, as streams, and everything done to them. */
module.exports = (box) => {
  const bytes = crypto.randomBytes(1 << 20);

  box.test("contents go up and down", ["fs.uploadFile", "fs.downloadFile", "fs.uploadFiles"], async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "conformance-"));
    try {
      await box.fs.uploadFile(bytes, "up/grüße.bin");
      assert.deepEqual(Buffer.from(await box.fs.downloadFile("up/grüße.bin")), bytes);
      const local = path.join(folder, "local");
      fs.writeFileSync(local, "from a file");
      await box.fs.uploadFile(local, "up/local");
      await box.fs.downloadFile("up/local", path.join(folder, "back"));
      assert.equal(fs.readFileSync(path.join(folder, "back"), "utf8"), "from a file");
      const many = [...Array(10).keys()].map((n) => ({ source: Buffer.from(`content ${n}`), destination: `up/many/${n}` }));
      await box.fs.uploadFiles([...many, { source: local, destination: "up/deep/er/file" }]);
      assert.equal(await box.shell("cat up/many/3 up/many/9 up/deep/er/file"), "content 3content 9from a file");
      await box.fails(box.fs.downloadFile("up/absent"), "DaytonaFileNotFoundError", 404);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  if (box.has("fs.downloadFiles")) {
    box.test("many come down at once", ["fs.downloadFiles"], async () => {
      await box.shell("mkdir -p down; echo -n one >down/1; echo -n two >down/2");
      const got = await box.fs.downloadFiles([{ source: "down/2" }, { source: "down/absent" }, { source: "down/1" }]);
      assert.deepEqual(got.map((one) => one.source), ["down/2", "down/absent", "down/1"]);
      assert.deepEqual([String(got[0].result), String(got[2].result)], ["two", "one"]);
      assert.match(got[1].error, /not found/);
      if (box.generation.typed) assert.equal(got[1].errorDetails.code, "FILE_NOT_FOUND");
    });
  }

  if (box.has("fs.uploadFileStream")) {
    box.test("streams", ["fs.uploadFileStream", "fs.downloadFileStream"], async () => {
      const sent = [], received = [];
      await box.fs.uploadFileStream(Readable.from(pieces(bytes)), "stream/up.bin", { onProgress: ({ bytesSent }) => sent.push(bytesSent) });
      assert.deepEqual([sent.at(-1), sent], [bytes.length, sent.toSorted((a, b) => a - b)]);
      const stream = await box.fs.downloadFileStream("stream/up.bin", { onProgress: (now) => received.push(now) });
      assert.deepEqual(await buffer(stream), bytes);
      assert.deepEqual(received.at(-1), { bytesReceived: bytes.length, totalBytes: bytes.length });
      await box.fails(box.fs.downloadFileStream("stream/absent"), "DaytonaFileNotFoundError", 404);
      const abort = new AbortController();
      const half = await box.fs.downloadFileStream("stream/up.bin", { signal: abort.signal });
      abort.abort();
      await assert.rejects(buffer(half), /cancel/i);
    });
  }

  const handled = ["createFolder", "listFiles", "getFileDetails", "moveFiles", "setFilePermissions", "deleteFile"];
  box.test("directories, permissions, moves", handled.map((one) => `fs.${one}`), async () => {
    await box.fs.createFolder("tree/private", "700");
    await box.shell("echo -n 12345 >tree/file; chmod 640 tree/file");
    const listed = await box.fs.listFiles("tree");
    assert.deepEqual(listed.map((one) => [one.name, one.isDir]).sort(), [["file", false], ["private", true]]);
    const details = await box.fs.getFileDetails("tree/file");
    assert.deepEqual([details.name, details.size, details.mode, details.permissions], ["file", 5, "-rw-r-----", "0640"]);
    await box.fs.setFilePermissions("tree/file", { mode: "600", owner: "daytona", group: "daytona" });
    assert.equal(await box.shell("stat -c '%a %U' tree/file"), "600 daytona\n");
    await box.fs.moveFiles("tree/file", "tree/private/moved");
    await box.fails(box.fs.getFileDetails("tree/file"), "DaytonaFileNotFoundError", 404);
    await box.shell("echo >tree/other");
    await box.fails(box.fs.moveFiles("tree/other", "tree/private/moved"), "DaytonaConflictError", 409);
    await box.fs.deleteFile("tree/other");
    await box.fails(box.fs.deleteFile("tree/other"), "DaytonaFileNotFoundError", 404);
    if (box.generation.recursiveDelete) {
      await box.fs.deleteFile("tree", true);
      await box.shell("! test -e tree");
    }
  });

  box.test("find, search, replace", ["fs.findFiles", "fs.searchFiles", "fs.replaceInFiles"], async () => {
    await box.shell("mkdir -p wood/deep; printf 'one\\na.b x\\n' >wood/first.txt; echo axb >wood/deep/second.txt");
    const found = await box.fs.findFiles("wood", "a.b");
    assert.deepEqual(found.map((one) => [path.basename(one.file), one.line, one.content]), [["first.txt", 2, "a.b x"]]);
    const { files } = await box.fs.searchFiles("wood", "*.txt");
    assert.deepEqual(files.map((one) => path.basename(one)).sort(), ["first.txt", "second.txt"]);
    const replaced = await box.fs.replaceInFiles(["wood/first.txt", "wood/absent"], "a.b", "c");
    assert.deepEqual(replaced.map((one) => Boolean(one.success)), [true, false]);
    assert.ok(replaced[1].error);
    assert.equal(await box.shell("cat wood/first.txt"), "one\nc x\n");
  });
};
