"""One valid request for every operation, and what has to be there for it.

`{fresh}` in a value becomes a word that was never used. What several requests share — a sandbox, a repository, a session — is made once by `World`.
"""

import dataclasses
import itertools
import typing

import platform_under_test as platform
import toolbox_clients as clients

HOME = "/home/daytona"
REPOSITORY = HOME + "/fuzz/repository"
PREPARE = rf"""
set -e
mkdir -p {HOME}/fuzz/files {HOME}/fuzz/project && cd {HOME}/fuzz
for n in 1 2 3; do echo "text $n needle" >files/$n.txt; done
printf 'import os\n\ndef used():\n    return os.getpid()\n\nused()\n' >project/main.py
git config --global user.name fuzz && git config --global user.email fuzz@git.test
git init -q -b main repository && cd repository
for n in 1 2 3; do echo $n >file$n && git add file$n && git commit -qm "commit $n"; done
git branch side && git clone -q --bare . ../remote.git && git remote add origin {HOME}/fuzz/remote.git && git fetch -q && git branch -q -u origin/main
echo changed >file1
"""
SIMILAR = 'for b in $(git branch --format="%(refname:short)" | grep -v -e "^main$"); do git branch -qD "$b"; done'


@dataclasses.dataclass
class Request:
    """A request before its values are put into a URL."""

    method: str
    template: str
    path: dict = dataclasses.field(default_factory=dict)
    query: dict = dataclasses.field(default_factory=dict)
    body: object = None
    prepare: typing.Callable = None
    slow: bool = False  # sent less often

    @property
    def operation(self):
        return self.method, self.template


class World:
    """What valid requests need, made once."""

    def __init__(self, organization):
        self.organization = organization  # another one's id
        self.numbers = itertools.count()
        self.made = set()  # ids of sandboxes; their labels are mutated
        self.box, self.other = self.sandbox(name="fuzz-" + platform.MARK), self.sandbox()
        platform.output(self.box, PREPARE, timeout=60)
        self.session = clients.Session(self.box, "fuzz").create()
        self.command = self.session.begin("cat")
        self.terminal = clients.call(self.box, "POST", "/process/pty", {"id": "fuzz", "cols": 80, "rows": 24}, expect=201)["sessionId"]
        self.server = {"languageId": "python", "pathToProject": HOME + "/fuzz/project"}
        clients.call(self.box, "POST", "/lsp/start", self.server)

    def sandbox(self, **fields):
        made = platform.create(**fields)
        self.made.add(made["id"])
        return made

    def word(self):
        """One that no request had before."""
        return f"fuzz-{platform.MARK}-{next(self.numbers)}"

    def sh(self, script):
        return lambda: platform.execute(self.box, script)

    def alive(self):
        """The sandbox whose life is mutated runs; a new one when it is gone."""
        reply = platform.api("GET", "/sandbox/" + self.other["id"])
        if reply.status != 200 or reply.json()["state"] != "started":
            self.other = self.sandbox()

    def requests(self):
        """All of them, by operation."""
        every = [*self.control(), *self.files(), *self.git(), *self.processes(), *self.rest()]
        return {each.operation: each for each in every}

    def control(self):
        box, other = {"sandboxIdOrName": self.box["id"]}, {"sandboxIdOrName": lambda: self.other["id"]}
        one = {"sandboxId": self.box["id"]}
        yield Request("GET", "/api/config")
        yield Request("GET", "/api/health")
        yield Request("GET", "/api/api-keys/current")
        yield Request("GET", "/api/sandbox", query={"limit": "5", "labels": '{"a":"b"}', "states": "started", "sort": "createdAt", "order": "asc"})
        yield Request("GET", "/api/sandbox/paginated", query={"page": "1", "limit": "5", "sort": "createdAt", "order": "desc"})
        yield Request("POST", "/api/sandbox", body={
            "name": "{fresh}", "labels": {"e2e": platform.MARK}, "env": {"A": "b"}, "public": False,
            "autoStopInterval": 15, "autoDeleteInterval": -1, "user": "daytona"}, slow=True)
        yield Request("GET", "/api/sandbox/{sandboxIdOrName}", path=box, query={"verbose": "true"})
        yield Request("DELETE", "/api/sandbox/{sandboxIdOrName}", path=other, prepare=self.alive, slow=True)
        yield Request("POST", "/api/sandbox/{sandboxIdOrName}/start", path=other, prepare=self.alive, slow=True)
        yield Request("POST", "/api/sandbox/{sandboxIdOrName}/stop", path=other, query={"force": "true"}, prepare=self.alive, slow=True)
        yield Request("GET", "/api/sandbox/{sandboxId}/toolbox-proxy-url", path=one)
        yield Request("GET", "/api/sandbox/{sandboxIdOrName}/ports/{port}/preview-url", path={**box, "port": "3000"})
        yield Request("PUT", "/api/sandbox/{sandboxIdOrName}/labels", path=box, body={"labels": {"e2e": platform.MARK, "a": "b"}})
        yield Request("POST", "/api/sandbox/{sandboxIdOrName}/public/{isPublic}", path={**box, "isPublic": "false"})
        for name, value in (("autostop", "30"), ("autoarchive", "60"), ("autodelete", "-1")):
            yield Request("POST", f"/api/sandbox/{{sandboxIdOrName}}/{name}/{{interval}}", path={**box, "interval": value})
        yield Request("POST", "/api/sandbox/{sandboxId}/last-activity", path=one)
        yield Request("GET", "/api/sandbox/{sandboxId}/signing-key", path=one)
        yield Request("POST", "/api/sandbox/{sandboxId}/signing-key/rotate", path=one)
        yield Request("PATCH", "/api/organizations/{organizationId}/quota", path={"organizationId": self.organization}, body={
            "authenticatedRateLimit": 100, "authenticatedRateLimitTtlSeconds": 60, "sandboxCreateRateLimit": 10, "volumeQuota": None})
        yield Request("GET", "/api/snapshots", query={"page": "1", "limit": "3", "sort": "name", "order": "asc"})
        yield Request("GET", "/api/snapshots/{id}", path={"id": self.box["snapshot"]})

    def files(self):
        files = HOME + "/fuzz/files"
        yield Request("GET", "/toolbox/files", query={"path": files, "depth": "1"})
        yield Request("GET", "/toolbox/files/info", query={"path": files + "/1.txt"})
        yield Request("GET", "/toolbox/files/download", query={"path": files + "/2.txt"})
        yield Request("GET", "/toolbox/files/find", query={"path": files, "pattern": "needle"})
        yield Request("GET", "/toolbox/files/search", query={"path": files, "pattern": "*.txt"})
        yield Request("POST", "/toolbox/files/folder", query={"path": HOME + "/fuzz/{fresh}", "mode": "755"})
        yield Request("DELETE", "/toolbox/files", query={"path": HOME + "/fuzz/gone", "recursive": "true"}, prepare=self.sh(f"mkdir -p {HOME}/fuzz/gone/way"))
        yield Request("POST", "/toolbox/files/move", query={"source": HOME + "/fuzz/from", "destination": HOME + "/fuzz/{fresh}"},
                      prepare=self.sh(f"touch {HOME}/fuzz/from"))
        yield Request("POST", "/toolbox/files/permissions", query={"path": files + "/3.txt", "owner": "daytona", "group": "daytona", "mode": "644"})
        yield Request("POST", "/toolbox/files/replace", body={"files": [files + "/3.txt"], "pattern": "text", "newValue": "text"})
        yield Request("POST", "/toolbox/files/bulk-download", body={"paths": [files + "/1.txt", files + "/2.txt"]})
        yield Request("POST", "/toolbox/files/upload-v2", query={"path": HOME + "/fuzz/{fresh}"}, body=multipart(("file", "f", b"content\r\n")))
        yield Request("POST", "/toolbox/files/bulk-upload", body=multipart(
            ("files[0].path", None, (HOME + "/fuzz/up0").encode()), ("files[0].file", "up0", b"zero"),
            ("files[1].path", None, (HOME + "/fuzz/up1").encode()), ("files[1].file", "up1", b"one")))

    def git(self):
        at = {"path": REPOSITORY}
        calm = self.sh(f"cd {REPOSITORY} && rm -f .git/index.lock && git checkout -qf main && {SIMILAR}; git branch side")
        for name in ("branches", "history", "remotes", "status"):
            yield Request("GET", "/toolbox/git/" + name, query=at)
        yield Request("POST", "/toolbox/git/add", body={**at, "files": ["file1"]})
        yield Request("POST", "/toolbox/git/branches", body={**at, "name": "{fresh}"})
        yield Request("DELETE", "/toolbox/git/branches", body={**at, "name": "side"}, prepare=calm)
        yield Request("POST", "/toolbox/git/checkout", body={**at, "branch": "side"}, prepare=calm)
        yield Request("POST", "/toolbox/git/clone", body={"url": f"file://{HOME}/fuzz/remote.git", "path": HOME + "/fuzz/{fresh}", "branch": "main"})
        yield Request("POST", "/toolbox/git/commit", body={**at, "message": "again", "author": "a", "email": "a@git.test", "allow_empty": True})
        yield Request("GET", "/toolbox/git/config", query={"key": "user.name", "scope": "local", **at})
        yield Request("POST", "/toolbox/git/config", body={"key": "fuzz.key", "value": "v", "scope": "local", **at})
        yield Request("POST", "/toolbox/git/config/user", body={"name": "fuzz", "email": "fuzz@git.test", "scope": "local", **at})
        yield Request("POST", "/toolbox/git/credentials", body={"username": "u", "password": "p", "host": "git.test", "protocol": "https"})
        yield Request("POST", "/toolbox/git/init", body={"path": HOME + "/fuzz/{fresh}", "initial_branch": "main", "bare": False})
        yield Request("POST", "/toolbox/git/pull", body={**at, "remote": "origin", "branch": "main"}, prepare=calm)
        yield Request("POST", "/toolbox/git/push", body={**at, "remote": "origin", "branch": "main"}, prepare=calm)
        yield Request("POST", "/toolbox/git/remotes", body={**at, "name": "other", "url": "https://git.test/x.git", "overwrite": True})
        yield Request("POST", "/toolbox/git/reset", body={**at, "mode": "mixed", "target": "HEAD", "files": []})
        yield Request("POST", "/toolbox/git/restore", body={**at, "files": ["file1"], "worktree": True})

    def processes(self):
        session, terminal = {"sessionId": self.session.id}, {"sessionId": self.terminal}
        command = {**session, "commandId": self.command}
        yield Request("POST", "/toolbox/process/execute", body={"command": "echo $A", "cwd": "/tmp", "envs": {"A": "b"}, "timeout": 5})
        yield Request("POST", "/toolbox/process/code-run", body={"code": "print(1)", "language": "python", "argv": ["x"], "envs": {"A": "b"}, "timeout": 5})
        yield Request("GET", "/toolbox/process/interpreter/context")
        yield Request("POST", "/toolbox/process/interpreter/context", body={"language": "python", "cwd": "/tmp"}, slow=True)
        yield Request("DELETE", "/toolbox/process/interpreter/context/{id}", path={"id": lambda: self.context}, prepare=self.context_to_delete, slow=True)
        yield Request("GET", "/toolbox/process/pty")
        yield Request("POST", "/toolbox/process/pty", body={"id": "{fresh}", "cols": 80, "rows": 24, "cwd": "/tmp", "envs": {"A": "b"}, "lazyStart": False})
        yield Request("GET", "/toolbox/process/pty/{sessionId}", path=terminal)
        yield Request("DELETE", "/toolbox/process/pty/{sessionId}", path={"sessionId": "fuzz-gone"}, prepare=self.terminal_to_delete)
        yield Request("POST", "/toolbox/process/pty/{sessionId}/resize", path=terminal, body={"cols": 100, "rows": 30})
        yield Request("GET", "/toolbox/process/session")
        yield Request("POST", "/toolbox/process/session", body={"sessionId": "{fresh}"})
        yield Request("GET", "/toolbox/process/session/entrypoint")
        yield Request("GET", "/toolbox/process/session/entrypoint/logs", query={"follow": "false"})
        yield Request("GET", "/toolbox/process/session/{sessionId}", path=session)
        yield Request("DELETE", "/toolbox/process/session/{sessionId}", path={"sessionId": "fuzz-gone"}, prepare=self.session_to_delete)
        yield Request("GET", "/toolbox/process/session/{sessionId}/command/{commandId}", path=command)
        yield Request("POST", "/toolbox/process/session/{sessionId}/command/{commandId}/input", path=command, body={"data": "line\n"})
        yield Request("GET", "/toolbox/process/session/{sessionId}/command/{commandId}/logs", path=command, query={"follow": "false"})
        yield Request("POST", "/toolbox/process/session/{sessionId}/exec", path={"sessionId": "fuzz-exec"},
                      body={"command": "echo a", "runAsync": True, "suppressInputEcho": False}, prepare=self.session_to_use)

    def context_to_delete(self):
        self.context = clients.call(self.box, "POST", "/process/interpreter/context", {"language": "python"})["id"]

    def terminal_to_delete(self):
        platform.toolbox(self.box, "POST", "/process/pty", {"id": "fuzz-gone"})

    def session_to_delete(self):
        platform.toolbox(self.box, "POST", "/process/session", {"sessionId": "fuzz-gone"})

    def session_to_use(self):
        """One whose shell waits for nothing that an earlier command began."""
        platform.toolbox(self.box, "DELETE", "/process/session/fuzz-exec")
        platform.toolbox(self.box, "POST", "/process/session", {"sessionId": "fuzz-exec"})

    def rest(self):
        document = {**self.server, "uri": f"file://{HOME}/fuzz/project/main.py"}
        yield Request("POST", "/toolbox/env", body={"set": {"FUZZ": "1"}, "unset": ["NOTHING"], "unsetValuePrefix": "nothing-like-this"})
        yield Request("POST", "/toolbox/init", body={"token": "t"})
        yield Request("POST", "/toolbox/lsp/start", body=self.server)
        spare = {**self.server, "pathToProject": HOME + "/fuzz/files"}
        yield Request("POST", "/toolbox/lsp/stop", body=spare, prepare=lambda: platform.toolbox(self.box, "POST", "/lsp/start", spare), slow=True)
        yield Request("POST", "/toolbox/lsp/did-open", body=document)
        yield Request("POST", "/toolbox/lsp/did-close", body=document)
        yield Request("POST", "/toolbox/lsp/completions", body={**document, "position": {"line": 3, "character": 14}, "context": {"triggerKind": 1}})
        yield Request("GET", "/toolbox/lsp/document-symbols", query=document)
        yield Request("GET", "/toolbox/lsp/workspacesymbols", query={**self.server, "query": "used"})
        yield Request("GET", "/toolbox/port")
        yield Request("GET", "/toolbox/port/{port}/in-use", path={"port": "8080"})
        for name in ("system/metrics", "user-home-dir", "version", "work-dir"):
            yield Request("GET", "/toolbox/" + name)


BOUNDARY = "fuzz-edge"


def multipart(*parts):
    """A form of parts: name, file name or None, content."""
    lines = b""
    for name, file, content in parts:
        kind = f'; filename="{file}"' if file else ""
        lines += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'.encode() + content + b"\r\n"
    return lines + f"--{BOUNDARY}--\r\n".encode()
