"""A proxy between a published client and a running platform that validates every reply.

Each reply of the control plane is checked against the 0.190 and the 0.205 reference document, each reply of the
toolbox against both toolbox documents: the reply of an operation that a document knows must satisfy that document's
schema for that status. The proxy changes one thing only: `toolboxProxyUrl`, `proxyToolboxUrl` and the answer of
`/toolbox-proxy-url` point back at the proxy, so that toolbox calls are seen as well. Contents and WebSockets stream
through.

    schema_proxy.py --api URL --report FILE      prints the proxy's port, runs until it is terminated
"""

import argparse
import asyncio
import copy
import json
import pathlib
import re
import signal
import sys

import aiohttp
from aiohttp import web
from jsonschema import Draft7Validator

from socket_relay import SocketRelay, is_upgrade

REFERENCE = pathlib.Path(__file__).resolve().parent / "reference"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host"}


def to_json_schema(node):
    """OpenAPI 3.0 says `nullable`; JSON Schema says it by a type."""
    if isinstance(node, list):
        return [to_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: to_json_schema(value) for key, value in node.items() if key not in ("nullable", "example")}
    if node.get("nullable") is True:
        return {"anyOf": [made, {"type": "null"}]}
    return made


class Document:
    """One reference document: which operation a request is, and what its reply must look like."""

    def __init__(self, name):
        self.name = name
        text = json.loads((REFERENCE / f"{name}.json").read_text())
        self.swagger2 = "swagger" in text
        self.root = to_json_schema({key: text[key] for key in ("components", "definitions") if key in text})
        # Any map at all; the documents have it as a map of objects, which the reference's own replies are not.
        self.root.get("definitions", self.root.get("components", {}).get("schemas", {}))["gin.H"] = {"type": "object"}
        self.operations = []
        for path, item in text["paths"].items():
            path = re.sub(r"^/api(?=/)", "", path)
            pattern = re.compile("^" + re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(path)) + "/?$")
            for method, operation in item.items():
                if method in ("get", "post", "put", "patch", "delete"):
                    self.operations.append((path.count("{"), method.upper(), pattern, path, operation))
        self.operations.sort(key=lambda row: row[0])

    def find(self, method, path):
        for _, verb, pattern, template, operation in self.operations:
            if verb == method and pattern.match(path):
                return template, operation
        return None

    def schema(self, operation, status):
        responses = operation["responses"]
        reply = responses.get(str(status))
        if reply is None and 200 <= status < 300:
            # §1.3 of the protocol notes: the reference answers 200/201/204 where its document says another of them.
            reply = next((value for key, value in responses.items() if key.startswith("2")), None)
        if reply is None:
            return None
        if self.swagger2:
            return reply.get("schema")
        content = reply.get("content", {})
        return content.get("application/json", {}).get("schema")

    def check(self, method, path, status, body):
        """The operation's template and a list of violations; None when the document does not know the operation."""
        found = self.find(method, path)
        if found is None:
            return None
        template, operation = found
        schema = self.schema(operation, status)
        if schema is None or schema.get("type") == "file":
            return template, []
        whole = copy.copy(self.root)
        whole.update(to_json_schema(schema))
        validator = Draft7Validator(whole)
        errors = [
            f"{'/'.join(map(str, error.absolute_path)) or '(root)'}: {error.message[:200]}"
            for error in validator.iter_errors(body)
        ]
        return template, errors


class SchemaProxy:
    def __init__(self, api):
        self.api = api.rstrip("/")
        self.toolbox = None
        self.base = None
        self.documents = {
            "api": [Document("api-0.190"), Document("api-0.205")],
            "toolbox": [Document("toolbox-0.190"), Document("toolbox-0.205")],
        }
        self.seen = {}
        self.violations = []
        self.session = None
        self.sockets = None

    def rebase(self, value):
        """Points the toolbox's address back at this proxy."""
        if isinstance(value, dict):
            for key, item in value.items():
                if key in ("toolboxProxyUrl", "proxyToolboxUrl") and isinstance(item, str):
                    self.toolbox = item.rstrip("/")
                    value[key] = f"{self.base}/toolbox"
                else:
                    self.rebase(item)
        elif isinstance(value, list):
            for item in value:
                self.rebase(item)

    def validate(self, kind, method, path, status, body):
        known = False
        for document in self.documents[kind]:
            outcome = document.check(method, path, status, body)
            if outcome is None:
                continue
            known = True
            template, errors = outcome
            row = f"{document.name} {method} {template} {status}"
            self.seen[row] = self.seen.get(row, 0) + 1
            self.violations.extend(f"{row}: {error}" for error in errors)
        if not known and status != 404:
            self.violations.append(f"{kind} {method} {path} answered {status} but no reference document has it")

    async def target(self, request):
        raw = request.raw_path
        if raw.startswith("/api"):
            return "api", self.api + raw[len("/api"):], raw[len("/api"):].split("?")[0]
        if self.toolbox is None:
            await self.learn_toolbox(request)
        path = raw[len("/toolbox"):]
        inner = "/" + "/".join(path.split("?")[0].split("/")[2:])
        return "toolbox", self.toolbox + path, inner

    async def learn_toolbox(self, request):
        async with self.session.get(self.api + "/config") as reply:
            self.toolbox = (await reply.json())["proxyToolboxUrl"].rstrip("/")

    async def handle(self, request):
        if "socket.io" in request.path:
            return web.Response(status=404)
        kind, url, path = await self.target(request)
        if is_upgrade(request):
            answered = await self.sockets.relay(request, url, path)
            if answered is not None:
                return answered
        try:
            return await self.exchange(request, kind, url, path)
        except (ConnectionResetError, aiohttp.ClientOSError):
            if request.transport is not None and not request.transport.is_closing():
                raise
            return web.Response(status=499)  # the client has left, on purpose

    async def exchange(self, request, kind, url, path):
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        if is_upgrade(request):
            headers |= {"Connection": "Upgrade", "Upgrade": "websocket"}
        async with self.session.request(
            request.method, aiohttp.client.URL(url, encoded=True), headers=headers,
            data=request.content if request.can_read_body else None, allow_redirects=False,
        ) as reply:
            answer = {
                k: v for k, v in reply.headers.items()
                if k.lower() not in HOP_BY_HOP | {"content-length", "content-encoding"}
            }
            if reply.content_type == "application/json":
                content = self.validated(kind, request.method, path, reply, await reply.read())
                return web.Response(status=reply.status, headers=answer, body=content)
            return await self.stream(request, reply, answer)

    def validated(self, kind, method, path, reply, content):
        if not content:
            return content
        parsed = json.loads(content)
        self.validate(kind, method, path, reply.status, parsed)
        self.rebase(parsed)
        if path.endswith("/toolbox-proxy-url") and reply.status == 200:
            parsed["url"] = f"{self.base}/toolbox"
        return json.dumps(parsed).encode()

    async def stream(self, request, reply, headers):
        response = web.StreamResponse(status=reply.status, headers=headers)
        if reply.content_length is not None and "Content-Encoding" not in reply.headers:
            response.content_length = reply.content_length
        await response.prepare(request)
        async for chunk in reply.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
        return response


async def serve(arguments):
    proxy = SchemaProxy(arguments.api)
    proxy.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600), auto_decompress=True)
    proxy.sockets = SocketRelay(proxy.session, proxy.violations.append)
    application = web.Application(client_max_size=1 << 30)
    application.router.add_route("*", "/{path:.*}", proxy.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    proxy.base = f"http://127.0.0.1:{port}"
    print(port, flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()
    await proxy.session.close()
    report = {"validated": proxy.seen, "violations": sorted(set(proxy.violations))}
    pathlib.Path(arguments.report).write_text(json.dumps(report, indent=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", required=True, help="API URL of the platform, such as http://127.0.0.1:3000/api")
    parser.add_argument("--report", required=True, help="file that gets the JSON report at the end")
    asyncio.run(serve(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
