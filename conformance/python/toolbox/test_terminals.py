"""Terminals (PTY): create, connect, resize, list, kill."""

import concurrent.futures
import threading
import time
import uuid

from daytona import DaytonaConflictError, DaytonaNotFoundError
from daytona.common.pty import PtySize

from .case import ToolboxCase
from .coverage import checks


class Screen:
    """What a terminal has said. The synchronous handle is read by a thread, the asynchronous one calls back."""

    def __init__(self, client):
        self.client = client
        self.received = bytearray()
        self.changed = threading.Condition()
        self.ended = concurrent.futures.Future()
        client.screens.append(self)

    def create(self, **arguments):
        return self._attach(self.client.process.create_pty_session, **arguments)

    def connect(self, session):
        return self._attach(self.client.process.connect_pty_session, session_id=session)

    def _attach(self, method, **arguments):
        if self.client.asynchronous:
            self.handle = self.client.terminal(method(on_data=self._received, **arguments))
            self.handle.wait_for_connection()
            self._start()
        else:
            self.handle = self.client.terminal(method(**arguments))
            self.handle.wait_for_connection()
            self._start(on_data=self._received)
        return self

    def _start(self, **arguments):
        """Waits in a thread that dies with the process: after `disconnect` the synchronous handle may wait forever."""

        def wait():
            try:
                self.ended.set_result(self.handle.wait(**arguments))
            except BaseException as failure:
                self.ended.set_exception(failure)

        threading.Thread(target=wait, daemon=True).start()

    def _received(self, data):
        with self.changed:
            self.received += data
            self.changed.notify_all()

    def until(self, text):
        """Waits for `text`; the echo of a typed line does not have it when it is computed by the shell."""
        with self.changed:
            if not self.changed.wait_for(lambda: text.encode() in self.received, 15):
                raise AssertionError(f"{text!r} is not in {bytes(self.received)!r}")

    def close(self):
        if hasattr(self, "handle"):
            self.handle.disconnect()

    def result(self):
        return self.ended.result(15)


class Terminals(ToolboxCase):
    def setUp(self):
        self.id = f"pty-{uuid.uuid4().hex[:8]}"

    def tearDown(self):
        """A socket of the synchronous client that is left open keeps a thread, and with it the process."""
        while self.client.screens:
            self.client.screens.pop().close()

    def sessions(self):
        return [session.id for session in self.process.list_pty_sessions()]

    def gone(self, session):
        """A terminal leaves the list as soon as its shell has ended."""
        until = time.monotonic() + 10
        while session in self.sessions():
            self.assertLess(time.monotonic(), until, f"{session} is still listed")

    @checks(
        "process.create_pty_session",
        "pty.wait_for_connection",
        "pty.is_connected",
        "pty.send_input",
        "pty.wait",
    )
    def test_a_terminal_runs_a_shell_until_it_exits(self):
        screen = Screen(self.client).create(
            id=self.id, cwd="/tmp", envs={"COLOUR": "blau ü"}, pty_size=PtySize(rows=30, cols=100)
        )
        self.assertTrue(screen.handle.is_connected())
        screen.handle.send_input("echo $((6*7)) $PWD $COLOUR $TERM; stty size\n")
        screen.until("42 /tmp blau ü xterm-256color")
        screen.until("30 100")
        self.assertIn(self.id, self.sessions())
        screen.handle.send_input("echo last $((1+1)); exit 3\n")
        result = screen.result()
        self.assertEqual((3, "non-zero exit"), (result.exit_code, result.error))
        screen.until("last 2")
        self.assertFalse(screen.handle.is_connected())
        self.assertEqual(3, screen.handle.exit_code)
        self.gone(self.id)
        with self.assertRaises(DaytonaNotFoundError):
            self.process.get_pty_session_info(self.id)

    @checks("process.connect_pty_session", "pty.disconnect")
    def test_the_shell_outlives_its_clients(self):
        first = Screen(self.client).create(id=self.id)
        first.handle.send_input("COLOUR=green\n")
        first.handle.disconnect()
        second = Screen(self.client).connect(self.id)
        third = Screen(self.client).connect(self.id)
        second.handle.send_input("echo $((40+2)) $COLOUR\n")
        for screen in (second, third):
            screen.until("42 green")
        second.handle.send_input("exit\n")
        for screen in (second, third):
            self.assertEqual(0, screen.result().exit_code)

    @checks(
        "process.list_pty_sessions", "process.get_pty_session_info", "process.resize_pty_session", "pty.resize"
    )
    def test_size(self):
        screen = Screen(self.client).create(id=self.id)
        info = self.process.get_pty_session_info(self.id)
        self.assertEqual((self.id, 80, 24, True), (info.id, info.cols, info.rows, info.active))
        self.assertEqual(("/home/daytona", "xterm-256color"), (info.cwd, info.envs["TERM"]))
        resized = self.process.resize_pty_session(self.id, PtySize(rows=31, cols=101))
        self.assertEqual((31, 101), (resized.rows, resized.cols))
        screen.handle.send_input("stty size\n")
        screen.until("31 101")
        resized = screen.handle.resize(PtySize(rows=32, cols=102))
        self.assertEqual((32, 102), (resized.rows, resized.cols))
        screen.handle.send_input("stty size\n")
        screen.until("32 102")
        listed = [one for one in self.process.list_pty_sessions() if one.id == self.id]
        self.assertEqual([(32, 102)], [(one.rows, one.cols) for one in listed])
        self.process.kill_pty_session(self.id)

    @checks("process.kill_pty_session", "pty.kill")
    def test_kill(self):
        screen = Screen(self.client).create(id=self.id)
        screen.handle.send_input("sleep 4713 & echo started $((1+1))\n")
        screen.until("started 2")
        self.process.kill_pty_session(self.id)
        self.assertEqual((137, "SIGKILL"), (screen.result().exit_code, screen.result().error))
        self.gone(self.id)
        # A killed process is seen until it has been scheduled once more.
        gone = "for i in $(seq 100); do pgrep -f 'sleep 471[3]' || exit 1; sleep 0.1; done"
        self.assertEqual(1, self.process.exec(gone).exit_code)
        with self.assertRaises(DaytonaNotFoundError):
            self.process.kill_pty_session(self.id)
        again = Screen(self.client).create(id=self.id)
        again.handle.kill()
        self.assertEqual(137, again.result().exit_code)
        self.gone(self.id)

    def test_an_id_is_taken_once(self):
        Screen(self.client).create(id=self.id)
        with self.assertRaises(DaytonaConflictError):
            Screen(self.client).create(id=self.id)
        self.process.kill_pty_session(self.id)
