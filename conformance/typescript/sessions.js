"use strict";
const assert = require("node:assert/strict");
const crypto = require("node:crypto");

/** Sessions, their commands, logs and input. */
module.exports = (box) => {
  const { split } = box.generation;
  const name = (text) => `${text}-${crypto.randomBytes(4).toString("hex")}`;
  const execute = (session, command, more) => box.process.executeSessionCommand(session, { command, ...more });
  const input = box.has("process.sendSessionCommandInput");

  /** What a follower got on each stream by the end of the command; a client that cannot tell them apart gets `all`. */
  async function follow(session, command) {
    const got = { out: "", err: "", all: "" };
    const collect = (stream) => (chunk) => {
      got[stream] += chunk;
      got.all += chunk;
    };
    await box.process.getSessionCommandLogs(session, command, collect("out"), collect("err"));
    return got;
  }

  const methods = ["createSession", "getSession", "getSessionCommand", "executeSessionCommand", "listSessions", "deleteSession"];
  box.test("a session keeps its state", methods.map((one) => `process.${one}`), async () => {
    const session = name("session");
    await box.process.createSession(session);
    await execute(session, "cd /tmp && export COLOUR=blue");
    const ran = await execute(session, "pwd; echo $COLOUR; echo wrong >&2");
    assert.equal(ran.exitCode, 0);
    if (split) assert.deepEqual([ran.stdout, ran.stderr], ["/tmp\nblue\n", "wrong\n"]);
    else assert.deepEqual(ran.output.split("\n").sort(), ["", "/tmp", "blue", "wrong"]);
    const found = await box.process.getSession(session);
    assert.deepEqual([found.sessionId, found.commands.length], [session, 2]);
    const command = await box.process.getSessionCommand(session, ran.cmdId);
    assert.deepEqual([command.id, command.command, command.exitCode], [ran.cmdId, "pwd; echo $COLOUR; echo wrong >&2", 0]);
    assert.ok((await box.process.listSessions()).some((one) => one.sessionId === session));
    await box.fails(box.process.createSession(session), "DaytonaConflictError", 409);
    await box.process.deleteSession(session);
    assert.ok((await box.process.listSessions()).every((one) => one.sessionId !== session));
    await box.fails(box.process.getSession(session), "DaytonaNotFoundError", 404);
  });

  box.test("logs, whole and followed", ["process.getSessionCommandLogs"], async () => {
    const session = name("logs");
    await box.process.createSession(session);
    const { cmdId, exitCode } = await execute(
      session, "for n in $(seq 100); do echo line $n; echo error $n >&2; done; sleep 1; echo last", { runAsync: true, async: true },
    );
    assert.equal(exitCode ?? null, null);
    const lines = [...Array(100).keys()].flatMap((n) => [`line ${n + 1}`, `error ${n + 1}`]);
    const followed = await follow(session, cmdId);
    assert.deepEqual(followed.all.trimEnd().split("\n").sort(), [...lines, "last"].sort());
    assert.equal((await box.process.getSessionCommand(session, cmdId)).exitCode, 0);
    const logs = await box.process.getSessionCommandLogs(session, cmdId);
    if (split) {
      assert.deepEqual([followed.out, followed.err], [logs.stdout, logs.stderr]);
      assert.equal(logs.stderr, lines.filter((line) => line.startsWith("error")).map((line) => `${line}\n`).join(""));
    } else {
      assert.deepEqual(logs.trimEnd().split("\n").sort(), [...lines, "last"].sort());
    }
    await box.process.deleteSession(session);
  });

  if (input) {
    box.test("input", ["process.sendSessionCommandInput"], async () => {
      const session = name("input");
      await box.process.createSession(session);
      const { cmdId } = await execute(session, "read first; echo got $first", { runAsync: true, suppressInputEcho: true });
      await box.process.sendSessionCommandInput(session, cmdId, "one");
      assert.deepEqual((await follow(session, cmdId)).out, "got one\n");
      await box.fails(box.process.sendSessionCommandInput(session, cmdId, "late"), "DaytonaCommandAlreadyCompletedError", 410);
      await box.process.deleteSession(session);
    });
  }

  if (box.has("process.getEntrypointSession")) {
    box.test("entrypoint", ["process.getEntrypointSession", "process.getEntrypointLogs"], async () => {
      const session = await box.process.getEntrypointSession();
      assert.deepEqual([session.sessionId, session.commands.map((one) => one.id)], ["entrypoint", ["entrypoint_command"]]);
      const logs = await box.process.getEntrypointLogs();
      assert.deepEqual([logs.stdout, logs.stderr], ["", ""]);
    });
  }
};
