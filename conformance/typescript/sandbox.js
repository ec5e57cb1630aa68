"use strict";
const assert = require("node:assert/strict");

const HOME = "/home/daytona";

/** What a sandbox tells about itself, and its signed URLs. */
module.exports = (box) => {
  box.test("directories", ["sandbox.getUserRootDir"], async () => {
    assert.equal(await box.sandbox.getUserRootDir(), HOME);
  });
  if (box.has("sandbox.getWorkDir")) {
    box.test("more directories", ["sandbox.getUserHomeDir", "sandbox.getWorkDir"], async () => {
      assert.equal(await box.sandbox.getUserHomeDir(), HOME);
      assert.equal(await box.sandbox.getWorkDir(), HOME);
    });
  }
  box.test("preview link", ["sandbox.getPreviewLink"], async () => {
    const link = await box.sandbox.getPreviewLink(8123);
    assert.match(link.url, new RegExp(`8123-${box.sandbox.id}\\.`));
    assert.ok(link.token);
  });
  if (!box.has("sandbox.downloadUrl")) return;

  box.test("metrics", ["sandbox.getMetricsLatest"], async () => {
    const now = await box.sandbox.getMetricsLatest();
    assert.deepEqual([now.cpuCount, now.memTotal], [1, 1 << 30]);
    assert.ok(now.cpuUsedPct >= 0 && now.cpuUsedPct <= 100, String(now.cpuUsedPct));
    assert.ok(now.memUsed > 0 && now.memUsed <= now.memTotal && now.diskUsed > 0 && now.diskUsed < now.diskTotal);
    assert.ok(Math.abs(Date.now() - new Date(now.timestamp).getTime()) < 60_000);
  });

  box.test("environment", ["sandbox.updateEnv"], async () => {
    await box.sandbox.updateEnv({ COLOUR: "grün & blau" });
    assert.equal(await box.shell("echo -n $COLOUR"), "grün & blau");
    await box.sandbox.updateEnv({}, { unset: ["COLOUR"] });
    assert.equal(await box.shell("echo -n ${COLOUR-unset}"), "unset");
  });

  box.test("signed URLs", ["sandbox.uploadUrl", "sandbox.downloadUrl", "sandbox.rotateSigningKey"], async () => {
    const form = new FormData();
    form.append("file", new Blob(["signed content"]));
    const sent = await fetch(await box.sandbox.uploadUrl("signed/ä 1.txt"), { method: "POST", body: form });
    assert.equal(sent.status, 200);
    const url = await box.sandbox.downloadUrl("signed/ä 1.txt", 60);
    assert.equal(await (await fetch(url)).text(), "signed content");
    assert.equal((await fetch(url.replace(/signature=v1_./, "signature=v1_-"))).status, 401);
    await box.sandbox.rotateSigningKey();
    assert.equal((await fetch(await box.sandbox.downloadUrl("signed/ä 1.txt"))).status, 200);
    assert.equal((await fetch(url)).status, 401);
  });
};
