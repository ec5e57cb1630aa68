"""A WebSocket client (RFC 6455) for tests: one connection, blocking, without extensions."""

import base64
import hashlib
import os
import socket
import struct
import urllib.parse

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Refused(Exception):
    """The server answered the handshake with an ordinary reply."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]!r}")
        self.status, self.body = status, body


class Lost(ConnectionError):
    """The connection ended without a close frame."""


class WebSocket:
    """An open connection; `receive` answers pings."""

    def __init__(self, url, headers=None, subprotocols=(), timeout=60):
        parts = urllib.parse.urlsplit(url)
        assert parts.scheme in ("ws", "http"), url
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout)
        self.input = self.socket.makefile("rb")
        self.pongs = []
        try:
            self.subprotocol = self._handshake(parts, headers or {}, subprotocols)
        except BaseException:
            self.drop()
            raise

    def _handshake(self, parts, headers, subprotocols):
        key = base64.b64encode(os.urandom(16))
        target = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        sent = {"Host": parts.netloc, "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Key": key.decode(), "Sec-WebSocket-Version": "13", **headers}
        if subprotocols:
            sent["Sec-WebSocket-Protocol"] = ", ".join(subprotocols)
        lines = [f"GET {target} HTTP/1.1"] + [f"{name}: {value}" for name, value in sent.items()]
        self.socket.sendall("\r\n".join(lines + ["", ""]).encode())
        status_line = self.input.readline()
        if not status_line:
            raise Lost("no answer to the handshake")
        status, answer = int(status_line.split()[1]), {}
        while (line := self.input.readline()) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            answer[name.lower()] = value.strip()
        if status != 101:
            raise Refused(status, self.input.read(int(answer.get("content-length", 0))))
        expected = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        assert answer["sec-websocket-accept"] == expected, answer
        return answer.get("sec-websocket-protocol")

    def send(self, payload):
        """One message: text for a str, binary for bytes."""
        if isinstance(payload, str):
            self._frame(TEXT, payload.encode())
        else:
            self._frame(BINARY, payload)

    def ping(self, payload=b""):
        self._frame(PING, payload)

    def _frame(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.socket.sendall(head + mask + masked)

    def receive(self):
        """The next message: a str, bytes, or `(code, reason)` when the server closed; `Lost` without a close frame."""
        kind, message = None, b""
        while True:
            final, opcode, payload = self._receive_frame()
            if opcode == CLOSE:
                self._frame(CLOSE, payload[:2])
                code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                return code, payload[2:].decode()
            if opcode == PING:
                self._frame(PONG, payload)
            elif opcode == PONG:
                self.pongs.append(payload)
            else:
                kind = opcode if opcode != CONTINUATION else kind
                message += payload
                if final:
                    return message.decode() if kind == TEXT else message

    def _receive_frame(self):
        first, second = self._exactly(2)
        assert not first & 0x70 and not second & 0x80, "reserved bits or a masked frame"
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            size, = struct.unpack("!Q", self._exactly(8))
        return bool(first & 0x80), first & 0x0F, self._exactly(size)

    def _exactly(self, size):
        data = self.input.read(size)
        if len(data) < size:
            raise Lost("the connection ended in a frame" if data else "the connection ended")
        return data

    def drop(self):
        """Ends the connection without a word."""
        self.input.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()
