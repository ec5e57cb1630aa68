"""An agent that lies: it takes the place of a sandbox's agent at its socket, as the host's root can. What the server makes of it is tested."""

import os
import pwd
import socket
import struct
import threading
from hostile.system import call

HELLO, REQUEST, REPLY, ERROR, DATA, EOF, CREDIT, EXIT, PING = 1, 2, 3, 4, 5, 6, 7, 8, 10
FORGED = "FORGED\n2026-01-01 00:00:00 ERROR hostile - forged line \x1b[31mred\x1b[0m\r\n\x07"


def number(tag, value):
    return struct.pack("!BIq", tag, 8, value)


def text(tag, value):
    data = value.encode()
    return struct.pack("!BI", tag, len(data)) + data


def frame(kind, stream=0, payload=b"", channel=0, length=None):
    return struct.pack("!IBBHI", len(payload) if length is None else length, kind, channel, 0, stream) + payload


GREETING = frame(HELLO, 0, number(2, 1) + text(4, "hostile") + text(5, "0123456789abcdef"))


def read_frame(connection):
    head = b""
    while len(head) < 12:
        piece = connection.recv(12 - len(head))
        if not piece:
            raise ConnectionResetError
        head += piece
    length, kind, _, _, stream = struct.unpack("!IBBHI", head)
    payload = b""
    while len(payload) < length:
        payload += connection.recv(length - len(payload))
    return kind, stream, payload


def next_request(connection):
    """The stream of the next request."""
    while True:
        kind, stream, _ = read_frame(connection)
        if kind == REQUEST:
            return stream


def greeted(connection):
    read_frame(connection)
    connection.sendall(GREETING)
    return connection


def forever(connection, data):
    while True:
        connection.sendall(data)


def mute(connection):
    while connection.recv(65536):
        pass


def silent(connection):
    """Says nothing at all."""
    mute(connection)


def garbage(connection):
    """Says what is no frame."""
    connection.sendall(b"\xff" * 4096)
    mute(connection)


def slow(connection):
    """A greeting of which a byte comes whenever somebody would give up waiting."""
    read_frame(connection)
    for byte in GREETING:
        connection.sendall(bytes([byte]))
        threading.Event().wait(0.3)


def oversized(connection):
    """A frame of two gigabytes."""
    stream = next_request(greeted(connection))
    connection.sendall(frame(REPLY, stream, length=0x7FFFFFFF))
    forever(connection, b"\0" * 65536)


def lying_length(connection):
    """A field longer than its frame."""
    stream = next_request(greeted(connection))
    connection.sendall(frame(REPLY, stream, struct.pack("!BI", 20, 1 << 30) + b"x"))
    mute(connection)


def endless_frames(connection):
    """Pings without end."""
    next_request(greeted(connection))
    forever(connection, frame(PING, 0, b"x" * 64) * 100)


def endless_data(connection):
    """Output beyond all credit."""
    stream = next_request(greeted(connection))
    connection.sendall(frame(REPLY, stream, text(20, "p") + number(21, 7)))
    forever(connection, frame(DATA, stream, b"y" * 65536, 1))


def other_streams(connection):
    """Frames of streams that nobody opened."""
    next_request(greeted(connection))
    forever(connection, frame(DATA, 0x7FFF, b"z" * 1000, 1))


def forging(connection):
    """An error whose text would be lines of a log."""
    greeted(connection)
    while True:
        stream = next_request(connection)
        connection.sendall(frame(ERROR, stream, number(6, 5) + text(7, "open\nFORGED") + text(8, FORGED * 20)))


def descriptors(connection):
    """A hundred thousand open files along with its frames."""
    greeted(connection)
    next_request(connection)
    null = os.open("/dev/null", os.O_RDONLY)
    try:
        for _ in range(500):
            socket.send_fds(connection, [frame(PING, 0, b"x")], [null] * 200)
    finally:
        os.close(null)


BEHAVIOURS = (silent, garbage, slow, oversized, lying_length, endless_frames, endless_data, other_streams, forging, descriptors)


class Impostor:
    """Serves a sandbox's agent socket in the agent's stead while it is open."""

    def __init__(self, path, agent_pid):
        self.path, self.agent_pid = path, agent_pid
        self.behaviour = silent
        self.connections, self.served = [], 0
        user = pwd.getpwnam("daytona")
        os.rename(path, path + ".real")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chown(path, user.pw_uid, user.pw_gid)
        os.chmod(path, 0o600)
        self.listener.listen(64)
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()
        self.end_real_connections()

    def end_real_connections(self):
        handle = os.pidfd_open(self.agent_pid)
        for name in os.listdir(f"/proc/{self.agent_pid}/fd"):
            if not os.readlink(f"/proc/{self.agent_pid}/fd/{name}").startswith("socket:"):
                continue
            with socket.socket(fileno=call("pidfd_getfd", handle, int(name), 0)) as taken:
                if not taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    taken.shutdown(socket.SHUT_RDWR)
        os.close(handle)

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        self.served += 1
        try:
            self.behaviour(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def become(self, behaviour):
        """From the next connection on."""
        self.behaviour = behaviour
        self.cut()

    def cut(self):
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connections.clear()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(10)
        os.rename(self.path + ".real", self.path)
        self.cut()
