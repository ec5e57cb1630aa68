"""The two published Python clients, each with one sandbox that all tests share."""

import importlib
import os
import uuid

import daytona

from .driver import Driven, LoopThread

CLASSES = {
    "process": ("process", "Process"),
    "fs": ("filesystem", "FileSystem"),
    "git": ("git", "Git"),
    "lsp": ("lsp_server", "LspServer"),
    "code_interpreter": ("code_interpreter", "CodeInterpreter"),
    "sandbox": ("sandbox", "Sandbox"),
}


class Client:
    """A client, its sandbox, the calls of the test that runs and the methods that tests checked so far."""

    def __init__(self, asynchronous):
        self.asynchronous = asynchronous
        self.name = "Async" if asynchronous else "Sync"
        self.calls = set()
        self.checked = set()
        self.screens = []
        self.loop = None

    def start(self):
        self.loop = LoopThread()
        self.daytona = Driven(self._make(), "daytona", self.loop, self.calls)
        parameters = daytona.CreateSandboxFromSnapshotParams(
            language="python",
            labels={"suite": f"toolbox-{uuid.uuid4().hex[:12]}"},
            env_vars={"GREETING": "hello world"},
            auto_stop_interval=30,
        )
        self.created = self.daytona.create(parameters)
        self.sandbox = self.daytona.driven(self.created, "sandbox")
        for module in ("process", "fs", "git", "code_interpreter", "computer_use"):
            setattr(self, module, self.daytona.driven(getattr(self.created, module), module))

    def _make(self):
        if not self.asynchronous:
            return daytona.Daytona()

        async def inside():
            return daytona.AsyncDaytona()

        return self.loop.run(inside())

    def stop(self):
        if hasattr(self, "created"):
            self.sandbox.delete()
        if self.asynchronous:
            self.daytona.close()
        self.loop.close()

    def terminal(self, handle):
        return self.daytona.driven(handle, "pty")

    def language_server(self, language, project):
        made = self.sandbox.create_lsp_server(language, project)
        return self.daytona.driven(made, "lsp")

    def classes(self):
        """Every class of the toolbox by the name its calls are recorded under."""
        found = {}
        package = "_async" if self.asynchronous else "_sync"
        prefix = "Async" if self.asynchronous else ""
        for name, (module, kind) in CLASSES.items():
            found[name] = getattr(importlib.import_module(f"daytona.{package}.{module}"), prefix + kind)
        module = "async_pty_handle" if self.asynchronous else "pty_handle"
        found["pty"] = getattr(importlib.import_module(f"daytona.handle.{module}"), prefix + "PtyHandle")
        return found


def toolbox_address(sandbox):
    return f"{sandbox.toolbox_proxy_url.rstrip('/')}/{sandbox.id}"


def authorization():
    return {"Authorization": f"Bearer {os.environ['DAYTONA_API_KEY']}"}
