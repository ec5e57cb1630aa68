# Keeps the state of one interpreter context and runs what it is told.
#
# Started as `python3 -c <this text>`. Commands come as JSON lines on file descriptor 0, frames leave
# as JSON lines on file descriptor 1; both are moved away before anything else runs, so that neither
# code of users nor programs it starts can meet them. Works with Python 3.8 and newer.
#
# Commands: {"run": id, "code": text, "envs": {name: value}, "timeout": seconds or 0},
# {"taken": bytes of frames that were read}, {"attached": true}: a new reader, nothing is in flight.
# Frames: ready, start, stdout, stderr, error, done; all but the first name the run by "id".
import codecs
import collections
import io
import json
import linecache
import os
import queue
import signal
import sys
import threading
import traceback
import types
import warnings
import weakref
from select import POLLIN, poll
from time import monotonic

FILE = "<stdin>"
CHUNK = 1024  # characters after which output without a newline is sent
FRAME = 8192  # characters of one frame; some clients take no message above 64 KiB
WINDOW = 1 << 20  # bytes that may be on their way before output waits for its reader
READER_PATIENCE = 15.0  # seconds without a sign of the reader after which output stops waiting
GRACE = 2.0  # seconds to react to the interrupt of a timeout
UNSTARTED = 1.0  # seconds after which the limit of a run that waited is looked at, the least there is
LONGEST_WAIT = 86400.0  # seconds; poll takes no more than 24 days
VALUE_LIMIT = 16384
TRACEBACK_LIMIT = 32768
FRAMES_SHOWN = 40
PID = os.getpid()


class Interrupts:
    """Turns SIGINT into KeyboardInterrupt, but only where it can do no harm."""

    def __init__(self):
        self.running = False
        self.wake = threading.Event()
        self._depth = 0
        self._pending = False

    def handle(self, _number, _frame):
        if not self.running:
            return
        if self._depth:
            self._pending = True
            self.wake.set()
        else:
            raise KeyboardInterrupt

    @property
    def pending(self):
        return self._pending

    def clear(self):
        self._pending = False

    # Signals are handled by the main thread alone: only it is shielded, and only it counts.
    def __enter__(self):
        if threading.get_ident() == MAIN_THREAD:
            self._depth += 1

    def __exit__(self, *_exception):
        if threading.get_ident() != MAIN_THREAD:
            return
        self._depth -= 1
        if self._pending and not self._depth:
            self._pending = False
            if self.running:
                raise KeyboardInterrupt


class Link:
    """Sends frames; waits while too much of them is on its way."""

    def __init__(self, descriptor):
        self._descriptor = descriptor
        self._backlog = collections.deque()
        self._lock = threading.Lock()
        self._owner = None
        self._unread = 0
        self._alone = False
        self._reader = None

    def send(self, **frame):
        data = (json.dumps(frame) + "\n").encode("ascii")
        with interrupts:
            self._backlog.append(data)
            if self._owner == threading.get_ident():
                return  # a signal handler printed while its thread was sending
            with self._lock:
                self._owner = threading.get_ident()
                try:
                    while self._backlog:
                        self._write(self._backlog.popleft())
                finally:
                    self._owner = None

    def taken(self, count):
        self._unread = max(0, self._unread - count)
        self._alone = False
        interrupts.wake.set()

    def attached(self):
        self.taken(self._unread)
        self.send(type="ready")

    def reader_is_this_thread(self):
        self._reader = threading.get_ident()

    def close_in_child(self):
        os.close(self._descriptor)

    def _must_wait(self):
        if self._unread <= WINDOW or self._alone or interrupts.pending:
            return False
        return self._reader != threading.get_ident()  # which hears of the reader

    def _write(self, data):
        while self._must_wait():
            interrupts.wake.clear()
            if self._unread > WINDOW and not interrupts.wake.wait(READER_PATIENCE):
                self._alone = True
        self._unread += len(data)
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            os._exit(1)  # nobody can be told anything any more


class Output(io.TextIOBase):
    """sys.stdout or sys.stderr of user code."""

    encoding = "utf-8"
    errors = "replace"
    newlines = None
    line_buffering = True

    def __init__(self, kind):
        super().__init__()
        self._kind = kind
        self._text = ""
        self._lock = threading.RLock()
        self.buffer = ByteOutput(self)
        self.name = "<" + kind + ">"
        self.mode = "w"

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not " + type(text).__name__)
        if os.getpid() == PID:
            with interrupts, self._lock:
                self._text += text
                if "\n" in text or len(self._text) >= CHUNK:
                    self.flush()
        return len(text)

    def flush(self):
        if os.getpid() != PID:
            return
        with interrupts, self._lock:
            text, self._text = clean(self._text), ""
            if current.id is not None:
                for start in range(0, len(text), FRAME):
                    link.send(type=self._kind, id=current.id, text=text[start : start + FRAME])


class ByteOutput(io.BufferedIOBase):
    """What user code finds at sys.stdout.buffer."""

    def __init__(self, output):
        super().__init__()
        self._output = output
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = self

    def writable(self):
        return True

    def write(self, data):
        data = bytes(data)
        self._output.write(self._decoder.decode(data))
        return len(data)

    def flush(self):
        self._output.flush()


class Current:
    """The run in progress."""

    def __init__(self):
        self.id = None
        self.timed_out = False


def clean(text):
    """Text without halves of surrogate pairs, which no client could decode."""
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def remember(code, lines):
    """Notes the source of a code object and of all it contains, for tracebacks of later runs."""
    sources[code] = lines
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            remember(constant, lines)


def frames_of(error):
    """The lines of a traceback that are about user code."""
    shown = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_filename != FILE:
            continue
        entry = '  File "%s", line %d\n' % (FILE, number)
        lines = sources.get(code, ())
        if 0 < number <= len(lines) and lines[number - 1].strip():
            entry += "    " + lines[number - 1].strip() + "\n"
        shown.append(entry)
    if len(shown) > FRAMES_SHOWN:
        half = FRAMES_SHOWN // 2
        gap = "  [... %d more calls ...]\n" % (len(shown) - 2 * half)
        shown = shown[:half] + [gap] + shown[-half:]
    return shown


def value_of(error):
    try:
        return str(error)
    except BaseException:
        return "<exception str() failed>"


def describe(error):
    """The name, value and traceback of an exception."""
    name = type(error).__name__
    value = value_of(error)
    last = name + ": " + value if value else name
    shown = frames_of(error)
    if not shown and isinstance(error, SyntaxError):
        last = "".join(traceback.format_exception_only(type(error), error)).rstrip("\n")
    if shown:
        shown.insert(0, "Traceback (most recent call last):\n")
    text = "".join(shown) + last
    return {
        "name": clean(name)[:VALUE_LIMIT],
        "value": clean(value)[:VALUE_LIMIT],
        "traceback": clean(text)[:TRACEBACK_LIMIT],
    }


def signal_group(number):
    try:
        os.killpg(os.getpgrp(), number)
    except OSError:
        os.kill(PID, number)


class Limit:
    """Ends a run whose time is up. The thread that reads commands keeps it, so that a run costs no
    thread of its own."""

    def __init__(self):
        self._lock = threading.Lock()
        self._unstarted = 0
        self._end = None
        self._interrupted = False

    def expect(self):
        with self._lock:
            self._unstarted += 1

    def start(self, seconds):
        with self._lock:
            self._unstarted -= 1
            self._interrupted = False
            self._end = monotonic() + seconds if seconds else None

    def finish(self):
        with self._lock:
            self._end = None

    def wait_for_input(self, descriptor):
        ready = poll()
        ready.register(descriptor, POLLIN)
        while not ready.poll(self._milliseconds_left()):
            self._check()

    def _milliseconds_left(self):
        with self._lock:
            left = None if self._end is None else max(0.0, self._end - monotonic())
            if self._unstarted:  # the time it gets is not known before it starts
                left = UNSTARTED if left is None else min(left, UNSTARTED)
            return None if left is None else min(left, LONGEST_WAIT) * 1000.0

    def _check(self):
        with self._lock:
            if self._end is None or monotonic() < self._end:
                return
            current.timed_out = True
            signal_group(signal.SIGKILL if self._interrupted else signal.SIGINT)
            self._interrupted = True
            self._end = monotonic() + GRACE


def execute(text, envs):
    """Runs source as the body of the module; returns the exception that ended it."""
    try:
        os.environ.update(envs)
        lines = text.splitlines(True)
        linecache.cache[FILE] = (len(text), None, lines, FILE)
        interrupts.clear()
        interrupts.running = True
        try:
            code = compile(text, FILE, "exec", dont_inherit=True)
            remember(code, lines)
            exec(code, module.__dict__)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            interrupts.running = False
    except BaseException as error:
        interrupts.running = False
        return error
    return None


def run(command):
    current.id, current.timed_out = command["run"], False
    envs = command["envs"]
    before = {name: os.environ.get(name) for name in envs}
    limit.start(command["timeout"])
    link.send(type="start", id=current.id)
    error = execute(command["code"], envs)
    if os.getpid() != PID:
        os._exit(1 if error else 0)  # a forked child came back instead of ending
    limit.finish()
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    restore()
    stdout.flush()
    stderr.flush()
    expected = isinstance(error, SystemExit) or (
        current.timed_out and isinstance(error, KeyboardInterrupt)
    )
    if error is not None and not expected:
        link.send(type="error", id=current.id, **describe(error))
    if error is not None:
        error.__traceback__ = None  # it would keep the run's variables alive
    ended, current.id = current.id, None
    link.send(type="done", id=ended, timedOut=current.timed_out)


def restore():
    """Undoes what user code may have changed of the worker's own."""
    signal.signal(signal.SIGINT, interrupts.handle)
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr


def read_commands(descriptor):
    link.reader_is_this_thread()
    pieces = []
    while True:
        limit.wait_for_input(descriptor)
        try:
            data = os.read(descriptor, 65536)
        except OSError:
            data = b""
        if not data:
            os._exit(0)
        first, newline, rest = data.partition(b"\n")
        pieces.append(first)
        while newline:
            obey(json.loads(b"".join(pieces)))
            first, newline, rest = rest.partition(b"\n")
            pieces = [first]


def obey(command):
    if "run" in command:
        limit.expect()
        commands.put(command)
    elif "taken" in command:
        link.taken(command["taken"])
    elif "attached" in command:
        link.attached()


def forget_link_in_child():
    link.close_in_child()
    os.close(command_descriptor)


command_descriptor = os.dup(0)
link_descriptor = os.dup(1)
nothing = os.open(os.devnull, os.O_RDWR)
for standard in (0, 1, 2):
    os.dup2(nothing, standard)
os.close(nothing)
MAIN_THREAD = threading.get_ident()
interrupts = Interrupts()
current = Current()
limit = Limit()
link = Link(link_descriptor)
commands = queue.SimpleQueue()
sources = weakref.WeakKeyDictionary()
stdin = open(0, closefd=False)
stdout = Output("stdout")
stderr = Output("stderr")
own_module = sys.modules["__main__"]
module = types.ModuleType("__main__")
module.__dict__["__builtins__"] = __builtins__
sys.modules["__main__"] = module
sys.argv = [""]
restore()
# The thread that reads commands is no reason to warn users who fork.
warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
os.register_at_fork(after_in_child=forget_link_in_child)
threading.Thread(target=read_commands, args=(command_descriptor,), daemon=True).start()
link.send(type="ready", python=sys.version.split()[0])
while True:
    run(commands.get())
