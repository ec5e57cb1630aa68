"""What the operating system takes without the platform, measured where the platform measures: in the sandbox, or on the host.

With BARE_THROUGH, a command as a JSON list, the programs are started by that: `docker exec -i NAME`.

bare.py make-tree DIRECTORY FILES | make-repository DIRECTORY MEGABYTES   make what both sides work on
bare.py ROW COUNT [ARGUMENT…]                                             prints COUNT durations in nanoseconds as JSON
"""
import json
import os
import pty
import shutil
import socket
import subprocess
import sys
import time

THROUGH = json.loads(os.environ.get("BARE_THROUGH", "[]"))
PYTHON = "python3" if THROUGH else sys.executable
MIB = 1 << 20
NEEDLE_EVERY = 100


def timed(action):
    begin = time.perf_counter_ns()
    action()
    return time.perf_counter_ns() - begin


def repeated(count, action, warm_ups=10):
    for _ in range(warm_ups):
        action()
    return [timed(action) for _ in range(count)]


def run(*argv):
    """Starts a program with a pipe as its output, reads that to its end and waits: what a shell's $(…) does."""
    argv = (*THROUGH, *argv)
    ours, its = os.pipe()
    actions = [(os.POSIX_SPAWN_DUP2, its, 1)]
    pid = os.posix_spawn(shutil.which(argv[0]), argv, os.environ, file_actions=actions)
    os.close(its)
    with open(ours, "rb") as output:
        text = output.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status != 0:
        raise SystemExit(f"{argv[0]} ended with {status}")
    return text


def conversation(argv, line, count):
    """A program that stays, given one line at a time and answering each with one."""
    with subprocess.Popen([*THROUGH, *argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
        with os.fdopen(os.dup(child.stdout.fileno()), "rb") as answers:
            def once():
                child.stdin.write(line)
                if answers.readline() != b"1\n":
                    raise SystemExit(f"{argv[0]} answered something else")
            samples = repeated(count, once)
            child.stdin.close()
    return samples


def execute(count):
    return repeated(count, lambda: run("bash", "-c", "true"))


def spawn(count):
    """The least that a process costs: fork, exec and end of a program that does nothing."""
    return repeated(count, lambda: run("true"))


def node(count):
    return repeated(count, lambda: run("node", "-v"), 1)


def spawn_at_once(count, processes):
    """As many processes at once, until the last has ended."""
    program = shutil.which("true")

    def burst():
        for pid in [os.posix_spawn(program, ["true"], os.environ) for _ in range(int(processes))]:
            os.waitpid(pid, 0)

    return repeated(count, burst, 1)


def copy(count, megabytes):
    """A file copied to another one, with `cp`."""
    with open("bare.bin", "wb") as file:
        for _ in range(int(megabytes)):
            file.write(os.urandom(MIB))
    return repeated(count, lambda: run("cp", "--reflink=never", "bare.bin", "bare.copy"), 1)


def http(count):
    """A request and its answer of a kilobyte, as HTTP has them, over a connection that stays."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + b"x" * 1024
    question = b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer 0123456789\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = os.fork()
        if child == 0:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while connection.recv(65536):
                connection.sendall(answer)
            os._exit(0)
        with socket.create_connection(server.getsockname()) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def once():
                client.sendall(question)
                left = len(answer)
                while left > 0:
                    left -= len(client.recv(65536))

            samples = repeated(count, once)
        os.waitpid(child, 0)
    return samples


def code(count):
    return repeated(count, lambda: run("python3", "-c", "print(1)"), 3)


def interpreter(count):
    loop = "import sys\nfor line in sys.stdin: exec(line)"
    return conversation([PYTHON, "-u", "-c", loop], b"print(1)\n", count)


def session(count):
    return conversation(["bash"], b"echo 1\n", count)


def keystroke(count):
    pid, terminal = pty.fork()
    if pid == 0:
        through = [*THROUGH[:-1], "-t", THROUGH[-1]] if THROUGH else []
        argv = [*through, "bash", "-i", "-l"]
        os.execvpe(argv[0], argv, {**os.environ, "TERM": "xterm-256color"})

    def until(text):
        seen = b""
        while text not in seen:
            seen += os.read(terminal, 65536)

    def erase():
        os.write(terminal, b"\x7f")
        until(b"\b")

    def key():
        os.write(terminal, b"x")
        until(b"x")

    os.write(terminal, b"PS1='rea''dy> '\r")
    until(b"ready> ")
    samples = []
    for _ in range(count + 10):
        samples.append(timed(key))
        erase()
    os.close(terminal)
    os.waitpid(pid, 0)
    return samples[10:]


def print_stamps(count):
    time.sleep(1)  # readers are there before the first line
    for _ in range(count):
        print(time.time_ns(), flush=True)
        time.sleep(0.01)


def follow(count):
    argv = [*THROUGH, PYTHON, "/bare.py" if THROUGH else __file__, "print-stamps", str(count)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        return [time.time_ns() - int(line) for line in child.stdout]


def over_loopback(send, receive):
    """How long one TCP connection takes from the connect to the receiver's end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = os.fork()
        if child == 0:
            with socket.create_connection(server.getsockname()) as out:
                send(out)
            os._exit(0)
        begin = time.perf_counter_ns()
        connection, _ = server.accept()
        with connection:
            receive(connection)
        took = time.perf_counter_ns() - begin
        os.waitpid(child, 0)
    return took


def write(count, megabytes):
    block = os.urandom(MIB)

    def send(out):
        for _ in range(int(megabytes)):
            out.sendall(block)

    def receive(connection):
        with open("bare.bin", "wb", buffering=0) as file:
            while data := connection.recv(MIB):
                file.write(data)

    return [over_loopback(send, receive) for _ in range(count + 1)][1:]


def read(count, path):
    buffer = bytearray(MIB)

    def send(out):
        with open(path, "rb") as file:
            out.sendfile(file)

    def receive(connection):
        while connection.recv_into(buffer):
            pass

    return [over_loopback(send, receive) for _ in range(count + 1)][1:]


def unpack(count, files, size):
    os.makedirs("bare-source")
    for number in range(int(files)):
        with open(f"bare-source/{number}.txt", "wb") as file:
            file.write(os.urandom(int(size)))
    run("tar", "-cf", "bare.tar", "bare-source")
    samples = []
    for number in range(count):
        os.mkdir(f"bare-{number}")
        samples.append(timed(lambda: run("tar", "-xf", "bare.tar", "-C", f"bare-{number}")))
        shutil.rmtree(f"bare-{number}")
    return samples


def pack(count, directory):
    return repeated(count, lambda: run("tar", "-cf", "bare.tar", directory), 2)


def find(count, tree):
    return repeated(count, lambda: run("grep", "-rnF", "needle", tree), 2)


def search(count, tree):
    return repeated(count, lambda: run("find", tree, "-name", "*needle*"), 2)


def make_tree(tree, files):
    for number in range(int(files)):
        directory = f"{tree}/{number // 100}"
        os.makedirs(directory, exist_ok=True)
        kind = "needle" if number % NEEDLE_EVERY == 0 else "straw"
        with open(f"{directory}/{number}-{kind}.txt", "w", encoding="ascii") as file:
            file.write(f"hay hay hay {number}\n" * 50 + f"{kind}\n")


def git(*arguments):
    here = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "core.compression=0"]
    return run("git" if THROUGH else "/.daytona/bin/git", *here, *arguments)


def make_repository(directory, megabytes):
    git("init", "--quiet", "--initial-branch=main", directory)
    for number in range(int(megabytes)):
        with open(f"{directory}/{number}.bin", "wb") as file:
            file.write(os.urandom(MIB))
    git("-C", directory, "add", ".")
    git("-C", directory, "commit", "--quiet", "--message=first")


def clone(count, url):
    samples = []
    for _ in range(count):
        samples.append(timed(lambda: git("clone", "--quiet", "--single-branch", url, "bare-clone")))
        run("rm", "-rf", "bare-clone")
    return samples


class LanguageServer:
    """The server that the platform starts, driven over pipes."""

    def __init__(self, packages):
        main = (f"import sys; sys.path[:] = [{packages!r}] + [p for p in sys.path if p];"
                " from jedi_language_server.cli import cli; cli()")
        self.process = subprocess.Popen([sys.executable, "-c", main], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.last = 0

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                raise SystemExit("the language server ended")
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self.process.stdout.read(length))

    def ask(self, method, params):
        self.last += 1
        self.send({"id": self.last, "method": method, "params": params})
        while True:
            answer = self.receive()
            if "method" in answer and "id" in answer:
                self.send({"id": answer["id"], "result": None})
            elif answer.get("id") == self.last:
                return answer["result"]


def completion(count, packages, project, file, line, character):
    server = LanguageServer(packages)
    uri = f"file://{project}/{file}"
    server.ask("initialize", {"processId": None, "rootUri": f"file://{project}", "capabilities": {}})
    server.send({"method": "initialized", "params": {}})
    with open(f"{project}/{file}", encoding="utf-8") as document:
        opened = {"uri": uri, "languageId": "python", "version": 1, "text": document.read()}
    server.send({"method": "textDocument/didOpen", "params": {"textDocument": opened}})
    at = {"textDocument": {"uri": uri}, "position": {"line": int(line), "character": int(character)}}

    def complete():
        if not server.ask("textDocument/completion", at):
            raise SystemExit("no completions")

    samples = repeated(count, complete)
    server.process.kill()
    server.process.wait()
    return samples


ROWS = {row.__name__: row for row in (
    spawn, spawn_at_once, copy, http, node, execute, code, interpreter, session, keystroke, follow, write, read, unpack, pack, find, search, clone, completion)}


def main(what, *arguments):
    if what == "make-tree":
        make_tree(*arguments)
    elif what == "make-repository":
        make_repository(*arguments)
    elif what == "print-stamps":
        print_stamps(int(arguments[0]))
    else:
        print(json.dumps(ROWS[what](int(arguments[0]), *arguments[1:])))


main(*sys.argv[1:])
