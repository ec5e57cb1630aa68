"""Every row of the groups of the toolbox in the feature inventory: what plain requests can show, and where the rest is shown."""

import unittest

from inventory.box import rows_of
from inventory.client import Client
from inventory.errors import Errors
from inventory.files import Files
from inventory.git import Git, LanguageServers, Readiness
from inventory.process import Code, Execute
from inventory.sessions import Sessions
from inventory.terminals import Interpreter, Terminals

SHOWN = (Files, Execute, Client, Code, Sessions, Terminals, Interpreter, Git, LanguageServers, Errors, Readiness)
ROWS = {"FS": 20, "GIT": 14, "LSP": 10, "COD": 11, "INT": 11, "EXE": 11, "SES": 15, "PTY": 15, "ERR": 10}
CLIENTS = "a name of the clients, driven by the published ones: conformance/run"
OURS = "a name of a client of its own, which is not a published one; the requests behind it are those of the rows before"
ELSEWHERE = {
    "FS-19": OURS, "GIT-14": OURS, "LSP-10": OURS, "COD-11": OURS, "INT-11": OURS, "SES-15": OURS, "PTY-15": OURS,
    "FS-20": "says what clients do not have; watching is an addition: toolbox, WatchTest",
    "LSP-07": "diagnostics have no route: the servers send them, and nothing fails: toolbox, PythonServerTest",
    "LSP-09": "the Java client is in no registry that the tests reach; its requests are those of LSP-02 to LSP-06",
    "COD-10": "Go runs code by execute: EXE-01",
    "INT-09": "options of the Java and Go clients, which are in no registry that the tests reach; their messages are those of INT-05 to INT-07",
    "INT-10": "test_silence.py: a stream that says nothing for six minutes; http, WebSocketTest: no idle timeout",
    "EXE-02": CLIENTS, "PTY-07": CLIENTS, "PTY-08": CLIENTS, "ERR-01": CLIENTS,
    "EXE-07": "http, HttpServerTest and test_silence.py: nothing ends a silent request before an hour",
    "ERR-03": "test_contention.py: a burst of each published client; 503 with Retry-After",
    "ERR-06": "a code of the clients for a failed creation, which answers as test_refusals.py and test_contention.py show",
    "ERR-10": "test_refusals.py and gateway, ToolboxGatewayTest: requests to a stopped sandbox",
}


class Completeness(unittest.TestCase):
    def test_no_row_is_forgotten(self):
        rows = {f"{group}-{number:02}" for group, count in ROWS.items() for number in range(1, count + 1)}
        shown = rows_of(SHOWN)
        self.assertEqual(rows, shown | set(ELSEWHERE))
        self.assertFalse(shown & set(ELSEWHERE))


if __name__ == "__main__":
    unittest.main()
