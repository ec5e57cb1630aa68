"""What every group of tests starts from."""

import unittest


class ToolboxCase(unittest.TestCase):
    """One group of the toolbox; `client` is set by the suite, once for each of the two Python clients."""

    client = None

    @property
    def sandbox(self):
        return self.client.sandbox

    @property
    def process(self):
        return self.client.process

    @property
    def fs(self):
        return self.client.fs

    @property
    def git(self):
        return self.client.git

    @property
    def interpreter(self):
        return self.client.code_interpreter

    def shell(self, command):
        """The output of a command that must succeed; for making and looking at what a test needs."""
        ran = self.client.created.process.exec(command)
        ran = self.client.loop.run(ran) if self.client.asynchronous else ran
        self.assertEqual(0, ran.exit_code, ran.result)
        return ran.result
