"""Writes the seeds of the agent's harnesses: valid requests of every verb, each with what its program or worker answers.

usage: seeds.py DIRECTORY
"""

import pathlib
import struct
import sys

RAW, FRAME, SAY, SAY_FD, READ, GONE, REAP, TIME, DRAIN, HANG_UP = range(10)
HELLO, REQUEST, REPLY, ERROR, DATA, EOF, CREDIT, EXIT, CLOSE, PING, PONG = range(1, 12)
TAGS = {
    "verb": 1, "version": 2, "version_max": 3, "errno": 6, "window": 9, "host": 10, "port": 11, "hostname": 12, "timeout_ms": 13, "kill_on_close": 14, "clean_env": 15,
    "merge": 16, "follow": 17, "unset": 18, "process": 20, "argv": 22, "env": 23, "cwd": 24, "user": 25, "pty": 26, "cols": 27, "rows": 28, "detached": 29, "ring": 30,
    "offset": 31, "signal": 32, "label": 34, "tree": 36, "stdin": 37, "path": 40, "path2": 41, "mode": 42, "flags": 43, "size": 46, "recursive": 53, "no_replace": 57,
    "input": 58, "echo": 60, "prefix": 61, "subreaper": 62,
}


def fields(**values):
    data = b""
    for name, value in values.items():
        for each in value if isinstance(value, list) else [value]:
            each = each.encode() if isinstance(each, str) else each if isinstance(each, bytes) else struct.pack(">Q", each)
            data += struct.pack(">BI", TAGS[name], len(each)) + each
    return data


def op(code, which=0, data=b""):
    return struct.pack(">BBH", code, which, len(data)) + data


def frame(kind, stream, payload=b"", client=0):
    return op(FRAME, client, struct.pack(">BI", kind, stream) + payload)


def request(stream, verb, **values):
    return frame(REQUEST, stream, fields(verb=verb, window=4096, **values))


def message(kind, payload=b"", end=0, with_fd=False):
    """What a worker tells at its end."""
    return op(SAY_FD if with_fd else SAY, end, bytes([kind]) + payload)


HELLO_FRAME = frame(HELLO, 0, fields(version=1, version_max=1))
DONE = op(DRAIN)
START = {"argv": ["/bin/sh", "-c", "true"], "process": "p"}
STARTED = op(GONE, 0)  # the report's end closes: the program runs


def simple(verb, **values):
    """A request that a worker answers at once."""
    return HELLO_FRAME + request(1, verb, **values) + message(REPLY) + message(EXIT) + DONE


# Ends in the order in which they are made: of a program its report, then both ends of its pipes.
CONNECTION = {
    "identity": HELLO_FRAME + request(1, "identity", hostname="h", env=["A=b", "PATH=/bin"], user="root", cwd="/")
    + message(REPLY, fields(cwd="/", user="root", path="/root")) + message(EXIT) + DONE,
    "environment": HELLO_FRAME + request(1, "environment", unset=["A"], prefix="x", env=["B=c"]) + DONE,
    "spawn": HELLO_FRAME + request(1, "spawn", stdin=1, **START) + STARTED + frame(DATA, 1, b"in") + frame(EOF, 1) + op(SAY, 4, b"out") + op(SAY, 6, b"err")
    + op(READ, 1) + op(REAP, 0, b"\0\0") + DONE,
    "spawn-detached": HELLO_FRAME + request(1, "spawn", detached=1, label='{"a":1}', ring=65536, **START) + STARTED + op(SAY, 2, b"out") + frame(CLOSE, 1)
    + request(2, "attach", process="p", offset=0, follow=1) + DONE + op(REAP, 0, b"\x01\0") + DONE + request(3, "forget", process="p") + DONE,
    "spawn-pty": HELLO_FRAME + request(1, "spawn", pty=1, cols=80, rows=24, detached=1, **START) + op(SAY_FD, 0, b"t") + STARTED
    + request(2, "resize", process="p", cols=100, rows=30) + DONE,
    "spawn-kept": HELLO_FRAME + request(1, "spawn", subreaper=1, merge=1, clean_env=1, kill_on_close=1, **START) + STARTED
    + request(2, "signal", process="p", signal=15, tree=1) + DONE,
    "spawn-input": HELLO_FRAME + request(1, "spawn", input=b"text", **START) + STARTED + op(READ, 1) + DONE,
    "attach": HELLO_FRAME + request(1, "spawn", **START) + STARTED + frame(CLOSE, 1) + request(2, "attach", process="p") + op(SAY, 2, b"more") + DONE,
    "input": HELLO_FRAME + request(1, "spawn", stdin=1, detached=1, **START) + STARTED + request(2, "input", process="p", echo=1) + frame(DATA, 2, b"typed\n") + frame(EOF, 2)
    + op(READ, 1) + DONE,
    "signal": HELLO_FRAME + request(1, "spawn", **START) + STARTED + request(2, "signal", process="p", signal=0) + DONE,
    "processes": HELLO_FRAME + request(1, "spawn", **START) + STARTED + request(2, "processes") + DONE,
    "stat": simple("stat", path="/", flags=1),
    "list": HELLO_FRAME + request(1, "list", path="/") + message(REPLY) + op(SAY, 2, b"\0\0\0\0") + op(GONE, 1) + op(GONE, 2) + message(EXIT) + DONE,
    "read": HELLO_FRAME + request(1, "read", path="/f", offset=1, size=2) + message(REPLY) + op(SAY, 2, b"ab") + op(GONE, 1) + op(GONE, 2) + message(EXIT) + DONE,
    "write": HELLO_FRAME + request(1, "write", path="/f", mode=0o644, size=2, flags=1) + message(REPLY) + frame(DATA, 1, b"ab") + frame(EOF, 1) + op(READ, 1) + message(EXIT) + DONE,
    "mkdir": simple("mkdir", path="/d", mode=0o755, recursive=1),
    "remove": simple("remove", path="/d", recursive=1),
    "rename": simple("rename", path="/a", path2="/b", no_replace=1),
    "chmod": simple("chmod", path="/a", mode=0o600),
    "dial": HELLO_FRAME + request(1, "dial", host="127.0.0.1", port=80, timeout_ms=5) + frame(DATA, 1, b"GET") + op(SAY, 0, b"200") + frame(EOF, 1) + op(GONE, 0) + DONE,
    "dial-path": HELLO_FRAME + request(1, "dial", path="/s") + message(REPLY, with_fd=True) + frame(DATA, 1, b"x") + DONE,
    "read-many": HELLO_FRAME + request(1, "read-many", path=["/a", "/b"]) + message(REPLY) + op(SAY, 2, b"\0\0\0\0") + op(GONE, 1) + op(GONE, 2) + message(EXIT) + DONE,
    "write-many": HELLO_FRAME + request(1, "write-many", flags=1) + message(REPLY) + frame(DATA, 1, b"\0\0\0\0") + frame(EOF, 1) + op(SAY, 4, b"\0\0\0\0") + message(EXIT) + DONE,
    "shutdown": HELLO_FRAME + request(1, "shutdown", timeout_ms=1) + op(TIME, 0, b"\x10\0") * 3 + op(REAP) + DONE,
    "raw": HELLO_FRAME + op(RAW, 0, bytes.fromhex("000000040a0000000000000001020304")) + DONE,
    "error": HELLO_FRAME + request(1, "stat", path="/") + message(ERROR, fields(errno=2)) + DONE,
    "slow": op(RAW, 0, bytes.fromhex("0000ffff02")) + op(TIME, 0, b"\xff\xff") * 2,
    "second": HELLO_FRAME + frame(HELLO, 0, fields(version=1), client=1) + op(HANG_UP, 1) + frame(PING, 0, b"x") + DONE,
}
MANY = {
    "empty": b"",
    "two": b"".join(struct.pack(">I", len(head)) + head + body for head, body in (
        (fields(path="/tmp/a", mode=0o644, size=5), b"12345"), (fields(path="/tmp/b"), b""))),
    "refused": struct.pack(">I", len(fields(path="/tmp/x", size=3))) + fields(path="/tmp/x", size=3) + b"123",
}
RING = {
    "both": b"\0\0\x10\1\0\x20\3\0\0",
    "around": b"\0\xff\xff\1\xff\xff" * 4 + b"\3\0\1",
    "changed": b"\0\0\x10\1\0\x20\2\0\x08" + bytes([1, 0xD7, 0, 0, 0, 0, 0, 8]) + b"\3\0\0",
}
PATTERNS = {name: pattern + b"\0" + text for name, pattern, text in (
    ("star", b"*.t?t", b"a.txt"), ("class", b"[a-z!]*[^0-9]", b"b3c"), ("escape", rb"\*[\]x]", b"*]"), ("utf8", "ä?[à-ü]*".encode(), "äöü€".encode()))}
USERS = {"nameless-group": b"daytona\0daytona:x:1111:1111::/h:/s\n\0x:x:abc:daytona\n", "usual": b"daytona\0root:x:0:0:root:/root:/bin/sh\ndaytona:x:1000:1000::/home/daytona:/bin/bash\n\0root:x:0:\nsudo:x:27:daytona,other\ndaytona:x:1000:\n"}


def main():
    for harness, seeds in {"connection": CONNECTION, "many": MANY, "ring": RING, "patterns": PATTERNS, "users": USERS}.items():
        directory = pathlib.Path(sys.argv[1]) / harness
        directory.mkdir(parents=True)
        for name, data in seeds.items():
            (directory / name).write_bytes(data)


if __name__ == "__main__":
    main()
