"""Passes a WebSocket of a client through to the platform: frames, pings, close codes, sub-protocols.

What the published clients need of every socket is checked on the way: of the sub-protocols a client offered exactly one
is chosen, none when it offered none, and each frame of the code interpreter has the five keys its readers expect.
"""

import asyncio
import json

import aiohttp
from aiohttp import WSMsgType, web

HANDSHAKE = {
    "connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions",
    "sec-websocket-protocol", "host", "content-length",
}
INTERPRETER_KEYS = ["name", "text", "traceback", "type", "value"]


def is_upgrade(request):
    return request.headers.get("Upgrade", "").lower() == "websocket"


class SocketRelay:
    """`violation` is called with a text for everything the platform does wrong."""

    def __init__(self, session, violation):
        self.session = session
        self.violation = violation

    async def relay(self, request, url, path):
        """The upgraded connection after its end, or None when the platform refused the upgrade."""
        offered = [one.strip() for one in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if one.strip()]
        headers = {key: value for key, value in request.headers.items() if key.lower() not in HANDSHAKE}
        try:
            platform = await self.session.ws_connect(
                aiohttp.client.URL(url, encoded=True), headers=headers, protocols=offered, autoping=False,
                autoclose=False, max_msg_size=0,
            )
        except aiohttp.WSServerHandshakeError:
            return None
        async with platform:
            chosen = platform.protocol
            if bool(offered) != (chosen is not None) or (offered and chosen not in offered):
                self.violation(f"socket {path}: chose sub-protocol {chosen!r} of {offered}")
            client = web.WebSocketResponse(
                protocols=[chosen] if chosen else (), autoping=False, autoclose=False, max_msg_size=0, compress=False
            )
            await client.prepare(request)
            both = [asyncio.create_task(self.copy(platform, client, path)), asyncio.create_task(self.copy(client, platform))]
            # The platform's close frame reaches the client; a client that leaves without one ends the other side as well.
            done, pending = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if both[0] in done and pending:
                await asyncio.wait(pending, timeout=5)
            for task in pending:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            return client

    async def copy(self, source, target, path=None):
        while True:
            message = await source.receive()
            if message.type == WSMsgType.TEXT:
                if path == "/process/interpreter/execute":
                    self.check_interpreter_frame(message.data)
                await target.send_str(message.data)
            elif message.type == WSMsgType.BINARY:
                await target.send_bytes(message.data)
            elif message.type == WSMsgType.PING:
                await target.ping(message.data)
            elif message.type == WSMsgType.PONG:
                await target.pong(message.data)
            elif message.type == WSMsgType.CLOSE:
                await target.close(code=message.data or 1000, message=(message.extra or "").encode())
                await source.close()
                return
            else:
                return

    def check_interpreter_frame(self, text):
        frame = json.loads(text)
        if sorted(frame) != INTERPRETER_KEYS or not all(isinstance(value, str) for value in frame.values()):
            self.violation(f"socket /process/interpreter/execute: frame {text[:200]}")
