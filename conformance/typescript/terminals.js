"use strict";
const assert = require("node:assert/strict");
const crypto = require("node:crypto");

/** What a terminal has said. */
class Screen {
  text = "";
  waiting = [];

  onData = (data) => {
    this.text += Buffer.from(data).toString();
    for (const { expected, resolve } of this.waiting) if (this.text.includes(expected)) resolve();
  };

  /** The echo of a typed line does not have `expected` when the shell computes it. */
  async until(expected) {
    if (this.text.includes(expected)) return;
    const seen = new Promise((resolve) => this.waiting.push({ expected, resolve }));
    let limit;
    const late = new Promise((_, reject) => {
      limit = setTimeout(() => reject(new Error(`${expected} is not in ${JSON.stringify(this.text)}`)), 15_000);
    });
    try {
      await Promise.race([seen, late]);
    } finally {
      clearTimeout(limit);
    }
  }
}

/** Terminals (PTY). */
module.exports = (box) => {
  if (!box.has("process.createPty")) return;
  const name = () => `pty-${crypto.randomBytes(4).toString("hex")}`;

  async function create(id, options = {}) {
    const screen = new Screen();
    const handle = await box.process.createPty({ id, cols: 80, rows: 24, onData: screen.onData, ...options });
    return { screen, handle: box.recorder.wrap(handle, "pty") };
  }

  async function gone(id) {
    for (let turn = 0; turn < 200; turn++) {
      if ((await box.process.listPtySessions()).every((one) => one.id !== id)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.fail(`${id} is still listed`);
  }

  const used = ["waitForConnection", "isConnected", "sendInput", "wait"].map((one) => `pty.${one}`);
  box.test("a terminal runs a shell until it exits", ["process.createPty", ...used], async () => {
    const id = name();
    const { screen, handle } = await create(id, { cols: 100, rows: 30, cwd: "/tmp", envs: { COLOUR: "blue" } });
    await handle.waitForConnection();
    assert.ok(handle.isConnected());
    await handle.sendInput("echo $((6*7)) $PWD $COLOUR; stty size\n");
    await screen.until("42 /tmp blue");
    await screen.until("30 100");
    await handle.sendInput("echo last $((1+1)); exit 3\n");
    const result = await handle.wait();
    assert.deepEqual([result.exitCode, result.error], [3, "non-zero exit"]);
    assert.match(screen.text, /last 2/);
    assert.equal(handle.isConnected(), false);
    await gone(id);
  });

  box.test("the shell outlives its clients", ["process.connectPty", "pty.disconnect"], async () => {
    const id = name();
    const first = await create(id);
    await first.handle.waitForConnection();
    await first.handle.sendInput("COLOUR=green\n");
    await first.handle.disconnect();
    const screen = new Screen();
    const second = await box.process.connectPty(id, { onData: screen.onData });
    await second.waitForConnection();
    await second.sendInput("echo $((40+2)) $COLOUR\n");
    await screen.until("42 green");
    await second.sendInput("exit\n");
    assert.equal((await second.wait()).exitCode, 0);
  });

  const looks = ["process.listPtySessions", "process.getPtySessionInfo", "process.resizePtySession", "pty.resize"];
  box.test("size, list, kill", [...looks, "process.killPtySession", "pty.kill"], async () => {
    const id = name();
    const { screen, handle } = await create(id);
    await handle.waitForConnection();
    const info = await box.process.getPtySessionInfo(id);
    assert.deepEqual([info.id, info.cols, info.rows, info.active, info.cwd], [id, 80, 24, true, "/home/daytona"]);
    const resized = await box.process.resizePtySession(id, 101, 31);
    assert.deepEqual([resized.cols, resized.rows], [101, 31]);
    await handle.sendInput("stty size\n");
    await screen.until("31 101");
    assert.equal((await handle.resize(102, 32)).cols, 102);
    assert.equal((await box.process.listPtySessions()).find((one) => one.id === id).rows, 32);
    await box.process.killPtySession(id);
    assert.equal((await handle.wait()).exitCode, 137);
    await gone(id);
    const again = await create(id);
    await again.handle.waitForConnection();
    await again.handle.kill();
    assert.equal((await again.handle.wait()).exitCode, 137);
    await gone(id);
  });
};
