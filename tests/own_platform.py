"""A platform that a test starts for itself beside the one of `./test`, and purges: with other options, to be killed, or to be looked into.

`use()` makes it the platform under test of this process.
"""

import contextlib
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import uuid

import platform_under_test as platform

# One statement in PostgreSQL's own protocol: the embedded server comes without psql, and only lets the platform's user in.
SQL = """
import socket, struct, sys
wire = socket.socket(socket.AF_UNIX)
wire.connect(sys.argv[1])
file = wire.makefile('rwb')

def send(kind, body):
    file.write(kind + struct.pack('!i', len(body) + 4) + body)
    file.flush()

def answers():
    while True:
        kind, length = struct.unpack('!ci', file.read(5))
        body = file.read(length - 4)
        if kind == b'E':
            sys.exit(body.replace(b'\\0', b' ').decode())
        yield kind, body
        if kind == b'Z':
            return

send(b'', struct.pack('!i', 3 << 16) + b'user\\0daytona\\0database\\0daytona\\0\\0')
list(answers())
send(b'Q', sys.stdin.buffer.read() + b'\\0')
for kind, body in answers():
    if kind == b'D':
        cells, at = [], 2
        for _ in range(struct.unpack_from('!h', body)[0]):
            length, = struct.unpack_from('!i', body, at)
            cells.append('' if length < 0 else body[at + 4:at + 4 + length].decode())
            at += 4 + max(0, length)
        print('\\t'.join(cells))
"""


def sql(data, statement):
    """Rows of one SQL statement in the database of a platform, cells as text."""
    socket = next((data / "postgres").glob(".s.PGSQL.*[0-9]"), None)
    assert socket, "PostgreSQL does not listen"
    return [tuple(line.split("\t")) for line in platform.as_user(SQL, socket, input=statement).splitlines()]


def add_organization(data, name, key, **columns):
    """An account with an organization and a key of its own; no route makes them yet. The organization's id."""
    organization = uuid.uuid4()
    values = "".join(f", {value}" for value in columns.values())
    sql(
        data,
        f"""
        INSERT INTO account (id, name, system_role, created_at) VALUES ('{name}', '{name}', 'user', now());
        INSERT INTO organization (id, name, created_by, personal, default_region_id, created_at, updated_at{"".join(f", {column}" for column in columns)})
          SELECT '{organization}', '{name}', '{name}', true, id, now(), now(){values} FROM region;
        INSERT INTO membership (organization_id, account_id, role) VALUES ('{organization}', '{name}', 'owner');
        INSERT INTO api_key (organization_id, account_id, name, hash, prefix, suffix, permissions, created_at)
          SELECT '{organization}', '{name}', '{name}', '{hashlib.sha256(key.encode()).hexdigest()}', 'dtn', '{key[-3:]}',
            permissions, now() FROM api_key WHERE account_id = 'daytona-admin';
        """,
    )
    return str(organization)


def remove_organization(data, name):
    """Takes back what `add_organization` made."""
    rows = (("api_key", "account_id"), ("membership", "account_id"), ("organization", "created_by"), ("account", "id"))
    sql(data, "".join(f"DELETE FROM {table} WHERE {column} = '{name}';" for table, column in rows))


class OwnPlatform:
    """A platform with its own data directory and instance number."""

    def __init__(self, parent="/tmp", **environment):
        self.data = pathlib.Path(tempfile.mkdtemp(prefix="dtest-own.", dir=parent))
        self.failpoints, self.options, self.environment = self.data / "failpoints", [], environment

    def daytona(self, command, *options, timeout=180):
        done = subprocess.run(
            [platform.ROOT / "daytona", command, "--data-dir", self.data, *options],
            env={**os.environ, **self.environment, "DAYTONA_SERVER_FAILPOINTS": str(self.failpoints)}, timeout=timeout, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, f"./daytona {command}: {done.stdout[-3000:]}"
        return done.stdout

    def use(self, **server_options):
        """Starts it, with server options by their names without the prefix."""
        settings = [f"--server-option=DAYTONA_SERVER_{name}={value}" for name, value in server_options.items()]
        # The image comes from $DAYTONA_IMAGE_CACHE; without it, it is built.
        self.options = ["--api-port=0", "--proxy-port=0", "--pool-size=2", *settings]
        self.daytona("up", *self.options, timeout=1500)
        self.failpoints.mkdir()
        shutil.chown(self.failpoints, "daytona")
        platform.point_at(self.data)

    def restart(self):
        """Everything but the sandboxes starts anew."""
        self.daytona("restart")

    def up(self):
        """`./daytona up` as it was started: what still runs is adopted."""
        self.daytona("up", *self.options)

    def arm(self, failpoint):
        """The next thread that passes the failpoint is held there, until `release`."""
        (self.failpoints / failpoint).touch()

    def holds(self, failpoint):
        """Whether a thread is held where it was armed last."""
        return not (self.failpoints / failpoint).exists()

    def release(self):
        """Lets go all threads, and disarms what was not reached."""
        for file in self.failpoints.iterdir():
            file.unlink()

    def purge(self):
        self.daytona("down", "--purge")
        assert not self.data.exists(), "purge left the data directory"

    def sql(self, statement):
        """Rows of one SQL statement, cells as text."""
        return sql(self.data, statement)

    def add_organization(self, name, key, **columns):
        add_organization(self.data, name, key, **columns)

    @contextlib.contextmanager
    def frozen_jailer(self):
        """While it is stopped, nothing starts or ends: operations stay in the middle for as long as a test needs."""
        pid = platform.pid_of("jailer")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
