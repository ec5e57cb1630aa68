"""Every method of the published Python clients that talks to a sandbox, against a running platform.

`python -m toolbox` runs each group for the synchronous and for the asynchronous client.
"""

import inspect
import os
import unittest

from . import (
    test_execution,
    test_files,
    test_git,
    test_interpreter,
    test_language_servers,
    test_sandbox,
    test_search,
    test_sessions,
    test_terminals,
    test_transfers,
)
from .case import ToolboxCase
from .clients import Client
from .coverage import exceptions, public_methods

GROUPS = (
    test_sandbox,
    test_execution,
    test_sessions,
    test_terminals,
    test_interpreter,
    test_files,
    test_search,
    test_transfers,
    test_git,
    test_language_servers,
)


class EveryMethod(ToolboxCase):
    """Runs last."""

    def test_every_public_method_was_called_and_its_result_checked(self):
        present = public_methods(self.client.classes())
        self.assertGreater(len(present), 80)
        missing = present - self.client.checked - set(exceptions())
        self.assertEqual([], sorted(missing), "methods that no test called with its result checked")


class ClientSuite(unittest.TestSuite):
    """The tests of one client, between making and deleting its sandbox."""

    def __init__(self, client):
        super().__init__()
        self.client = client

    def run(self, result, debug=False):
        try:
            self.client.start()
            return super().run(result, debug)
        finally:
            self.client.stop()


def load_tests(loader, _standard, _pattern):
    only = os.environ.get("TOOLBOX_CLIENT")
    whole = unittest.TestSuite()
    for asynchronous in (False, True):
        client = Client(asynchronous)
        if only and only != client.name:
            continue
        suite = ClientSuite(client)
        for group in GROUPS:
            for base in vars(group).values():
                if inspect.isclass(base) and issubclass(base, ToolboxCase) and base.__module__ == group.__name__:
                    suite.addTests(loader.loadTestsFromTestCase(of_client(base, client)))
        suite.addTests(loader.loadTestsFromTestCase(of_client(EveryMethod, client)))
        whole.addTest(suite)
    return whole


def of_client(base, client):
    group = base.__module__.rpartition("test_")[2]
    return type(f"{client.name}_{group}_{base.__name__}", (base,), {"client": client})
