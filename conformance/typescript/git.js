"use strict";
const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

const USER = "tester";
const PASSWORD = "pass word-1";
const SETUP = `
set -e
mkdir -p /tmp/git-root/team
git init -q --bare -b main /tmp/git-root/team/project.git
git -C /tmp/git-root/team/project.git config http.receivepack true
git init -q -b main /tmp/git-seed
cd /tmp/git-seed
git config user.name Seed
git config user.email seed@example.com
echo one >one.txt
git add . && git commit -qm first
echo two >two.txt
git add . && git commit -qm second
git push -q /tmp/git-root/team/project.git main main:refs/heads/side
`;

/** Git, against a server inside the sandbox that asks for a password. */
module.exports = (box) => {
  let server;
  let number = 0;

  async function repository() {
    server ??= await serve();
    return `repositories/${number++}`;
  }

  async function serve() {
    await box.created.fs.uploadFile(fs.readFileSync(process.env.CONFORMANCE_GIT_SERVER), "/tmp/git-server.py");
    await box.shell(SETUP);
    const serve = "setsid python3 /tmp/git-server.py /tmp/git-root /tmp/git-log >/tmp/git-port 2>/tmp/git-errors";
    await box.shell(`(echo '${USER}:${PASSWORD}' | ${serve} &)`);
    await box.shell("for n in $(seq 200); do test -s /tmp/git-port && break; sleep 0.05; done");
    const port = await box.shell("cat /tmp/git-port");
    const [first] = (await box.shell("git -C /tmp/git-seed log --reverse --format=%H")).split("\n");
    return { host: `127.0.0.1:${port.trim()}`, url: `http://127.0.0.1:${port.trim()}/team/project.git`, first };
  }

  const clone = (target, branch, commit) => box.git.clone(server.url, target, branch, commit, USER, PASSWORD);
  const commit = (target, message, ...more) => box.git.commit(target, message, "Ada", "ada@example.com", ...more);

  async function states(target) {
    const { fileStatus } = await box.git.status(target);
    return Object.fromEntries(fileStatus.map((one) => [one.name, [one.staging, one.worktree]]));
  }

  box.test("clone, change, commit", ["git.clone", "git.status", "git.add", "git.commit"], async () => {
    const target = await repository();
    await clone(target);
    const status = await box.git.status(target);
    assert.deepEqual([status.currentBranch, status.fileStatus, status.ahead, status.behind], ["main", [], 0, 0]);
    await box.shell(`cd ${target} && echo more >>one.txt && rm two.txt && echo 3 >three.txt`);
    assert.deepEqual(await states(target), {
      "one.txt": ["Unmodified", "Modified"], "two.txt": ["Unmodified", "Deleted"], "three.txt": ["Untracked", "Untracked"],
    });
    await box.git.add(target, ["one.txt", "three.txt"]);
    assert.deepEqual((await states(target))["three.txt"], ["Added", "Unmodified"]);
    const { sha } = await commit(target, "two changes");
    assert.equal(await box.shell(`git -C ${target} log -1 --format='%H %an %s'`), `${sha} Ada two changes\n`);
    await clone(`${target}-first`, undefined, server.first);
    assert.equal(await box.shell(`git -C ${target}-first rev-parse HEAD`), `${server.first}\n`);
    const wrong = box.git.clone(server.url, `${target}-no`, undefined, undefined, USER, "wrong");
    await box.fails(wrong, "DaytonaGitAuthFailedError", 401);
    await box.fails(clone(`${target}-no`, "absent"), "DaytonaGitBranchNotFoundError", 404);
  });

  const branches = ["branches", "createBranch", "checkoutBranch", "deleteBranch"].map((one) => `git.${one}`);
  box.test("branches", branches, async () => {
    const target = await repository();
    await clone(target);
    await box.git.createBranch(target, "feature/x");
    assert.equal((await box.git.status(target)).currentBranch, "feature/x");
    assert.deepEqual((await box.git.branches(target)).branches.sort(), ["feature/x", "main"]);
    await box.fails(box.git.createBranch(target, "main"), "DaytonaGitBranchExistsError", 409);
    await box.git.checkoutBranch(target, "main");
    await box.git.deleteBranch(target, "feature/x");
    assert.deepEqual((await box.git.branches(target)).branches, ["main"]);
    await box.fails(box.git.checkoutBranch(target, "absent"), "DaytonaGitBranchNotFoundError", 404);
  });

  box.test("push and pull", ["git.push", "git.pull"], async () => {
    const target = await repository();
    await clone(target);
    await clone(`${target}-other`);
    await box.shell(`cd ${target} && echo pushed >pushed.txt`);
    await box.git.add(target, ["."]);
    const { sha } = await commit(target, "pushed");
    await box.fails(box.git.push(target, USER, "wrong"), "DaytonaGitAuthFailedError", 401);
    await box.git.push(target, USER, PASSWORD);
    assert.equal(await box.shell("git -C /tmp/git-root/team/project.git rev-parse main"), `${sha}\n`);
    await box.git.pull(`${target}-other`, USER, PASSWORD);
    assert.equal(await box.shell(`git -C ${target}-other rev-parse HEAD`), `${sha}\n`);
    await box.shell(`cd ${target} && git -c user.name=a -c user.email=b commit -q --amend -m rewritten`);
    await box.fails(box.git.push(target, USER, PASSWORD), "DaytonaGitPushRejectedError", 409);
  });

  if (!box.has("git.init")) return;

  box.test("init, reset, restore", ["git.init", "git.reset", "git.restore"], async () => {
    const target = await repository();
    await box.git.init(target, false, "trunk");
    await box.shell(`cd ${target} && echo 1 >a && echo 1 >b`);
    await box.git.add(target, ["."]);
    const { sha } = await commit(target, "first");
    assert.equal((await box.git.status(target)).currentBranch, "trunk");
    await commit(target, "empty", true);
    await box.shell(`cd ${target} && echo 2 >a && echo 2 >b`);
    await box.git.add(target, ["."]);
    await box.git.reset(target, undefined, undefined, ["a"]);
    assert.deepEqual(await states(target), { a: ["Unmodified", "Modified"], b: ["Modified", "Unmodified"] });
    await box.git.restore(target, ["a"], false, true);
    await box.git.restore(target, ["b"], true, true);
    assert.deepEqual(await states(target), {});
    await box.git.reset(target, "hard", sha);
    assert.equal(await box.shell(`cd ${target} && git rev-parse HEAD && cat a b`), `${sha}\n1\n1\n`);
  });

  const remotes = ["remoteAdd", "remotes", "remoteGet"];
  const settings = ["setConfig", "getConfig", "configureUser", "dangerouslyAuthenticate"];
  box.test("remotes, settings, stored credentials", [...remotes, ...settings].map((one) => `git.${one}`), async () => {
    const target = await repository();
    await clone(target);
    await box.git.remoteAdd(target, "mirror", server.url);
    await box.fails(box.git.remoteAdd(target, "mirror", server.url), "DaytonaConflictError", 409);
    assert.deepEqual((await box.git.remotes(target)).remotes.map((one) => one.name).sort(), ["mirror", "origin"]);
    assert.equal(await box.git.remoteGet(target, "mirror"), server.url);
    assert.equal(await box.git.remoteGet(target, "absent"), undefined);
    await box.git.setConfig("custom.colour", "green = 1", "local", target);
    assert.equal(await box.git.getConfig("custom.colour", "local", target), "green = 1");
    assert.equal((await box.git.getConfig("custom.absent")) ?? undefined, undefined);
    await box.git.configureUser("Ada", "ada@example.com", "local", target);
    assert.equal(await box.shell(`git -C ${target} config user.email`), "ada@example.com\n");
    await box.git.dangerouslyAuthenticate(USER, PASSWORD, server.host, "http");
    await box.git.clone(server.url, `${target}-stored`);
    assert.equal(await box.shell(`cat ${target}-stored/one.txt`), "one\n");
  });
};
