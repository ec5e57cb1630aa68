"""Small clients of a sandbox's sessions, terminals and interpreter, as the newest published clients speak to them."""

import json
import os
import re
import subprocess
import urllib.request
import uuid

import platform_under_test as platform
import websocket_client

VERSION = {"X-Daytona-Source": "sdk-python", "X-Daytona-SDK-Version": "0.205.1"}
STDOUT = b"\x01\x01\x01"


def call(sandbox, method, path, body=None, expect=200, **rest):
    """The reply to a toolbox request, which must have a status."""
    reply = platform.toolbox(sandbox, method, path, body, headers=VERSION, **rest)
    assert reply.status == expect, (method, path, reply.status, reply.body[:500])
    return reply.json() if reply.body else None


def connect(sandbox, path, subprotocols=(), timeout=60):
    """An open WebSocket of a toolbox path."""
    headers = {"Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"], **VERSION}
    url = f"{sandbox['toolboxProxyUrl']}/{sandbox['id']}{path}".replace("http", "ws", 1)
    return websocket_client.WebSocket(url, headers, subprotocols, timeout)


def restart():
    """Everything of the platform but the sandboxes starts anew."""
    before = platform.pid_of("server")
    subprocess.run([platform.ROOT / "daytona", "restart", "--data-dir", platform.DATA],
                   check=True, timeout=120, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    platform.eventually(lambda: platform.api("GET", "/health", key="").status == 200, 60, "health")
    assert platform.pid_of("server") != before, "the server was not restarted"


class Session:
    """A session of a sandbox."""

    def __init__(self, sandbox, name=None):
        self.sandbox, self.id = sandbox, name or "s-" + uuid.uuid4().hex[:8]
        self.path = "/process/session/" + self.id

    def create(self):
        call(self.sandbox, "POST", "/process/session", {"sessionId": self.id}, expect=201)
        return self

    def run(self, command, **rest):
        """Standard output of a command that must succeed."""
        answer = call(self.sandbox, "POST", self.path + "/exec", {"command": command}, **rest)
        assert answer["exitCode"] == 0, answer
        return answer["stdout"]

    def begin(self, command):
        """Id of a command that goes on by itself."""
        return call(self.sandbox, "POST", self.path + "/exec", {"command": command, "runAsync": True}, expect=202)["cmdId"]

    def state(self, command):
        return call(self.sandbox, "GET", f"{self.path}/command/{command}")

    def logs(self, command):
        return call(self.sandbox, "GET", f"{self.path}/command/{command}/logs")

    def input(self, command, data):
        call(self.sandbox, "POST", f"{self.path}/command/{command}/input", {"data": data}, expect=204)

    def follow(self, command, **rest):
        """A WebSocket that tells the log from its beginning."""
        return connect(self.sandbox, f"{self.path}/command/{command}/logs?follow=true", **rest)

    def follow_plainly(self, command, timeout=60):
        """The same as the body of an HTTP reply, without markers."""
        url = f"{self.sandbox['toolboxProxyUrl']}/{self.sandbox['id']}{self.path}/command/{command}/logs?follow=true"
        request = urllib.request.Request(url, headers={"Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"]})
        return urllib.request.urlopen(request, timeout=timeout)


class Terminal:
    """A client of a terminal; `screen` is all output so far."""

    def __init__(self, socket):
        self.socket, self.screen, self.closed = socket, b"", None
        assert json.loads(socket.receive()) == {"type": "control", "status": "connected"}

    @classmethod
    def create(cls, sandbox, name, **rest):
        return cls(connect(sandbox, f"/process/pty/create-connect?id={name}&cols=100&rows=30", ["X-Daytona-Pty-Exit-Control"], **rest))

    @classmethod
    def attach(cls, sandbox, name, history=None):
        query = "" if history is None else f"?history={history}"
        return cls(connect(sandbox, f"/process/pty/{name}/connect{query}", ["X-Daytona-Pty-Exit-Control"]))

    def type(self, text):
        self.socket.send(text.encode())

    def until(self, pattern):
        """Reads until the screen has a pattern; answers the match."""
        while not (found := re.search(pattern, self.screen)):
            message = self.socket.receive()
            assert isinstance(message, bytes), (message, self.screen[-500:])
            self.screen += message
        return found


def create_context(sandbox):
    return call(sandbox, "POST", "/process/interpreter/context", {})["id"]


def interpret(sandbox, context, code, timeout=60):
    """Standard output of code in a context, which must end well."""
    with connect(sandbox, "/process/interpreter/execute", timeout=timeout + 30) as socket:
        socket.send(json.dumps({"code": code, "contextId": context, "timeout": timeout}))
        text, completed = "", False
        while isinstance(message := socket.receive(), str):
            event = json.loads(message)
            assert event["type"] in ("stdout", "control"), event
            text += event["text"] if event["type"] == "stdout" else ""
            completed = completed or event["text"] == "completed"
        assert message[0] == 1000 and completed, (message, text)
        return text
