"use strict";
const test = require("node:test");
const assert = require("node:assert/strict");
const crypto = require("node:crypto");
const { Recorder } = require("./recorder");

/**
 * What the groups of tests share: one sandbox of one client generation and the record of its calls.
 *
 * `generation.typed`: the client has a class for each kind of error; `generation.split`: it tells the two streams of a
 * session apart; `generation.interpreter`: it has the code interpreter; `generation.recursiveDelete`: it deletes trees.
 */
class Toolbox {
  constructor(clientPackage, generation) {
    this.client = require(clientPackage);
    this.generation = generation;
    this.recorder = new Recorder(clientPackage);
    this.mark = crypto.randomBytes(6).toString("hex");
  }

  async start() {
    this.daytona = new this.client.Daytona();
    this.created = await this.daytona.create({
      language: "python", labels: { suite: this.mark }, envVars: { GREETING: "hello world" }, autoStopInterval: 30,
    });
    this.sandbox = this.recorder.wrap(this.created, "sandbox");
    for (const module of ["process", "fs", "git", "codeInterpreter"]) {
      if (this.created[module]) this[module] = this.recorder.wrap(this.created[module], module);
    }
  }

  async stop() {
    if (this.created) await this.created.delete();
    await this.daytona[Symbol.asyncDispose]?.();
  }

  /** Whether this generation of the client has a method, such as `git.init`. */
  has(name) {
    const [module, method] = name.split(".");
    const { Process, FileSystem, Git, Sandbox } = this.client;
    return method in { process: Process, fs: FileSystem, git: Git, sandbox: Sandbox }[module].prototype;
  }

  /**
   * A test of these methods: it fails when one of them was not called, and once it has passed they count as checked.
   */
  test(name, methods, body) {
    test(name, async () => {
      this.recorder.calls.clear();
      await body();
      for (const method of methods) {
        assert.ok(this.recorder.calls.has(method), `${method} is declared as checked, but was never called`);
        this.recorder.checked.add(method);
      }
    });
  }

  /** The output of a command that must succeed; for making and looking at what a test needs. */
  async shell(command) {
    // A client of 2025 puts the command's text between quotes of its own.
    const ran = await this.created.process.executeCommand(command);
    assert.equal(ran.exitCode, 0, ran.result);
    return ran.result;
  }

  /** The error of a call that must fail; its class and status only where the client has classes for them. */
  async fails(promise, className, status) {
    const error = await promise.then(() => assert.fail(`no ${className}`), (caught) => caught);
    if (this.generation.typed) {
      assert.equal(error.constructor.name, className, error.stack);
      assert.equal(error.statusCode, status, error.message);
    } else {
      assert.notEqual(error.name, "AssertionError", error.message);
    }
    return error;
  }
}

module.exports = { Toolbox };
