"""Sessions: a shell that keeps its state, its commands, their logs and their input."""

import asyncio
import uuid

from daytona import (
    DaytonaConflictError,
    DaytonaGoneError,
    DaytonaNotFoundError,
    SessionExecuteRequest,
)

from .case import ToolboxCase
from .coverage import checks


class Sessions(ToolboxCase):
    def setUp(self):
        self.id = f"session-{uuid.uuid4().hex[:8]}"
        self.process.create_session(self.id)

    def tearDown(self):
        if self.id in [session.session_id for session in self.process.list_sessions()]:
            self.process.delete_session(self.id)

    def run_in_session(self, command, **keywords):
        return self.process.execute_session_command(self.id, SessionExecuteRequest(command=command, **keywords))

    def follow(self, command):
        """What a follower got on each of the two streams by the time the command ended."""
        out, err = [], []
        self.process.get_session_command_logs_async(self.id, command, out.append, err.append)
        return "".join(out), "".join(err)

    @checks("process.execute_session_command")
    def test_state_is_kept_and_streams_are_apart(self):
        self.run_in_session("cd /tmp && export COLOUR=blue && twice() { echo $1$1; }")
        ran = self.run_in_session("pwd; echo $COLOUR; twice ab; echo wrong >&2")
        self.assertEqual((0, "/tmp\nblue\nabab\n", "wrong\n"), (ran.exit_code, ran.stdout, ran.stderr))
        self.assertTrue(ran.cmd_id)
        self.assertEqual(3, self.run_in_session("(exit 3)").exit_code)

    @checks("process.create_session", "process.get_session", "process.get_session_command", "process.list_sessions")
    def test_sessions_and_commands_are_found(self):
        other = f"{self.id}-other"
        self.process.create_session(other)
        first = self.run_in_session("true").cmd_id
        session = self.process.get_session(self.id)
        self.assertEqual((self.id, [first]), (session.session_id, [command.id for command in session.commands]))
        command = self.process.get_session_command(self.id, first)
        self.assertEqual((first, "true", 0), (command.id, command.command, command.exit_code))
        listed = [one.session_id for one in self.process.list_sessions()]
        self.assertLessEqual({self.id, other}, set(listed))
        self.assertNotIn("entrypoint", listed)
        with self.assertRaises(DaytonaConflictError):
            self.process.create_session(other)
        with self.assertRaises(DaytonaNotFoundError):
            self.process.get_session_command(self.id, str(uuid.uuid4()))
        self.process.delete_session(other)

    @checks("process.delete_session")
    def test_deleting_ends_everything_that_runs(self):
        self.run_in_session("sleep 4712 & sleep 4712", run_async=True)
        self.shell("until pgrep -f 'sleep 471[2]' >/dev/null; do sleep 0.05; done")
        self.process.delete_session(self.id)
        self.assertEqual(1, self.process.exec("pgrep -f 'sleep 471[2]'").exit_code)
        for again in (self.process.get_session, self.process.delete_session):
            with self.assertRaises(DaytonaNotFoundError):
                again(self.id)

    @checks("process.get_session_command_logs")
    def test_logs_of_a_finished_command(self):
        command = self.run_in_session("echo out; echo err >&2; printf unended").cmd_id
        logs = self.process.get_session_command_logs(self.id, command)
        self.assertEqual(("out\nunended\n", "err\n"), (logs.stdout, logs.stderr))
        self.assertTrue(logs.output)

    @checks("process.get_session_command_logs_async")
    def test_logs_are_followed_to_the_end(self):
        command = self.run_in_session(
            "for n in $(seq 200); do echo line $n; echo error $n >&2; done; sleep 1; echo last", run_async=True
        ).cmd_id
        out, err = self.follow(command)
        numbers = range(1, 201)
        self.assertEqual([f"line {n}" for n in numbers] + ["last"], out.splitlines())
        self.assertEqual([f"error {n}" for n in numbers], err.splitlines())
        self.assertEqual(0, self.process.get_session_command(self.id, command).exit_code)
        self.assertEqual((out, err), self.follow(command))

    @checks("process.send_session_command_input")
    def test_input(self):
        command = self.run_in_session(
            "read first; read second; echo got $first and $second", run_async=True, suppress_input_echo=True
        ).cmd_id
        self.assertIsNone(self.process.get_session_command(self.id, command).exit_code)
        self.process.send_session_command_input(self.id, command, "one")
        self.process.send_session_command_input(self.id, command, "two\n")
        self.assertEqual(("got one and two\n", ""), self.follow(command))
        self.assertEqual(0, self.process.get_session_command(self.id, command).exit_code)
        with self.assertRaises(DaytonaGoneError):
            self.process.send_session_command_input(self.id, command, "late")

    def test_input_is_echoed_unless_suppressed(self):
        command = self.run_in_session("read word; echo got $word", run_async=True).cmd_id
        self.process.send_session_command_input(self.id, command, "hello")
        self.assertEqual(["hello", "got hello"], self.follow(command)[0].split("\n")[:2])

    def test_absent_session(self):
        with self.assertRaises(DaytonaNotFoundError):
            self.process.execute_session_command("absent", SessionExecuteRequest(command="true"))


class Entrypoint(ToolboxCase):
    @checks(
        "process.get_entrypoint_session", "process.get_entrypoint_logs", "process.get_entrypoint_logs_async"
    )
    def test_entrypoint_session(self):
        session = self.process.get_entrypoint_session()
        self.assertEqual("entrypoint", session.session_id)
        self.assertEqual(["entrypoint_command"], [command.id for command in session.commands])
        logs = self.process.get_entrypoint_logs()
        self.assertEqual(("", ""), (logs.stdout, logs.stderr))
        with self.assertRaises(TimeoutError):
            self.follow_for_a_second()

    def follow_for_a_second(self):
        """The entrypoint of the default image never ends, and says nothing."""
        said = []

        async def follow():
            process = self.client.created.process
            await asyncio.wait_for(process.get_entrypoint_logs_async(said.append, said.append), 1)

        try:
            # Called past the driver, which would wait for its end.
            self.client.calls.add("process.get_entrypoint_logs_async")
            self.client.loop.run(follow())
        finally:
            self.assertEqual([], said)
