"""One sandbox for all tests of the inventory, and short words for what is done with it."""

import atexit
import functools
import json
import re
import unittest
import urllib.parse
import uuid

import platform_under_test as platform
import toolbox_clients as clients


@functools.cache
def sandbox():
    made = platform.create()
    atexit.register(platform.delete_all)
    return made


def query(path, /, **parameters):
    return path + "?" + urllib.parse.urlencode(parameters)


class Row(unittest.TestCase):
    """A test whose name begins with the id of the row it shows: test_FS_01_…"""

    @property
    def sandbox(self):
        return sandbox()

    def call(self, method, path, body=None, expect=200, **rest):
        return clients.call(self.sandbox, method, path, body, expect=expect, **rest)

    def raw(self, method, path, body=None, **rest):
        return platform.toolbox(self.sandbox, method, path, body, **rest)

    def sh(self, command, **fields):
        """Output of a command that must succeed, without white space at its ends."""
        return platform.output(self.sandbox, command, **fields).strip()

    def fresh(self, prefix="d"):
        """A new directory."""
        return self.sh(f"d=/home/daytona/{prefix}-{uuid.uuid4().hex[:8]}; mkdir $d; echo $d")

    def upload(self, path, content):
        body = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + content + b"\r\n--edge--\r\n"
        reply = self.raw("POST", query("/files/upload", path=path), body, headers={"Content-Type": "multipart/form-data; boundary=edge"})
        self.assertEqual(200, reply.status, reply.body)

    def refused(self, status, method, path, body=None, **rest):
        """The refusal, whose body says in a sentence what is wrong."""
        reply = self.raw(method, path, body, **rest)
        self.assertEqual(status, reply.status, (method, path, reply.body[:300]))
        told = json.loads(reply.body)
        self.assertGreater(len(told.get("message") or told.get("error")), 5, told)
        return told

    def run_code(self, code, **fields):
        return self.call("POST", "/process/code-run", {"code": code, "language": "python", **fields})


def rows_of(tests):
    """Ids of the rows that test classes show."""
    found = set()
    for test in tests:
        for name in dir(test):
            if match := re.match(r"test_([A-Z]+)_(\d+)_", name):
                found.add(f"{match[1]}-{match[2]}")
    return found
