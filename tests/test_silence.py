"""Streams that say nothing for six minutes are still there afterwards. Restarts nothing; ./test runs it beside other steps.

Every stream is opened first; then all are silent at the same time.
"""

import concurrent.futures
import threading
import time
import unittest
import uuid

import platform_under_test as platform
import toolbox_clients as clients

SILENCE = 360
PING_EVERY = 23  # about as often as the published client that pings, and not at the moment of the end
PATIENCE = SILENCE + 45


class Silence(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()
        streams = [cls.follow, cls.follow_with_pings, cls.follow_plainly, cls.terminal, cls.terminal_with_pings,
                   cls.execute, cls.session_command, cls.interpreter]
        cls.pool = concurrent.futures.ThreadPoolExecutor(len(streams))
        cls.results = {stream.__name__: cls.pool.submit(stream) for stream in streams}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown()
        platform.delete_all()

    # Each answers how many seconds it waited in silence, and what came then.

    @classmethod
    def begun(cls):
        session = clients.Session(cls.sandbox).create()
        return session, session.begin(f"sleep {SILENCE}; echo delivered")

    @classmethod
    def follow(cls, pings=False):
        session, command = cls.begun()
        with session.follow(command, timeout=PATIENCE) as socket, Pings(socket, pings) as sent:
            waited, message = timed(socket.receive)
            end = socket.receive()
            return waited, (message, end[0], socket.pongs == sent.payloads)

    @classmethod
    def follow_with_pings(cls):
        return cls.follow(pings=True)

    @classmethod
    def follow_plainly(cls):
        session, command = cls.begun()
        with session.follow_plainly(command, timeout=PATIENCE) as body:
            return timed(body.read)

    @classmethod
    def terminal(cls, pings=False):
        client = clients.Terminal.create(cls.sandbox, "silent-" + uuid.uuid4().hex[:8], timeout=PATIENCE)
        with client.socket, Pings(client.socket, pings) as sent:
            client.type(f"stty -echo; echo be''gun; sleep {SILENCE}; echo delivered\n")
            client.until(rb"begun\r\n")
            client.screen = b""
            waited, _ = timed(lambda: client.until(rb"delivered\r\n"))
            return waited, (client.screen[:11], client.socket.pongs == sent.payloads)

    @classmethod
    def terminal_with_pings(cls):
        return cls.terminal(pings=True)

    @classmethod
    def execute(cls):
        return timed(lambda: clients.call(
            cls.sandbox, "POST", "/process/execute", {"command": f"sleep {SILENCE}; echo delivered", "timeout": 0}, timeout=PATIENCE)["result"])

    @classmethod
    def session_command(cls):
        session = clients.Session(cls.sandbox).create()
        return timed(lambda: session.run(f"sleep {SILENCE}; echo delivered", timeout=PATIENCE))

    @classmethod
    def interpreter(cls):
        context = clients.create_context(cls.sandbox)
        return timed(lambda: clients.interpret(
            cls.sandbox, context, f"import time\ntime.sleep({SILENCE})\nprint('delivered')", timeout=PATIENCE))

    def check(self, stream, expected):
        waited, delivered = self.results[stream].result(PATIENCE + 30)
        self.assertEqual(expected, delivered)
        self.assertGreater(waited, SILENCE - 10, "it was not silent")

    def test_log_by_socket(self):
        self.check("follow", (clients.STDOUT + b"delivered\n", 1000, True))

    def test_log_by_socket_with_pings(self):
        self.check("follow_with_pings", (clients.STDOUT + b"delivered\n", 1000, True))

    def test_log_by_request(self):
        self.check("follow_plainly", b"delivered\n")

    def test_terminal(self):
        self.check("terminal", (b"delivered\r\n", True))

    def test_terminal_with_pings(self):
        self.check("terminal_with_pings", (b"delivered\r\n", True))

    def test_execute(self):
        self.check("execute", "delivered\n")

    def test_command_of_a_session(self):
        self.check("session_command", "delivered\n")

    def test_interpreter(self):
        self.check("interpreter", "delivered\n")


def timed(work):
    from_ = time.monotonic()
    result = work()
    return time.monotonic() - from_, result


class Pings:
    """Pings a socket now and then, or never."""

    def __init__(self, socket, wanted):
        self.socket, self.wanted, self.payloads, self.over = socket, wanted, [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.over.wait(PING_EVERY):
            self.payloads.append(b"%d" % len(self.payloads))
            self.socket.ping(self.payloads[-1])

    def __enter__(self):
        if self.wanted:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        if self.wanted:
            self.thread.join()


if __name__ == "__main__":
    unittest.main()
