"""An attempt, its positive control, and how both are run."""

import errno
import json
import os
import select
import signal
import sys
import time
import traceback

SECONDS = 6
ATTEMPTS = []


class Held(Exception):
    """It did what it could, and that was nothing: the text says why."""


class Attempt:
    """What root inside tries. `refusals` are the errors that count as refused; any other error means that the attempt is broken."""

    def __init__(self, theme, title, run, refusals, control):
        self.theme, self.title, self.run, self.refusals, self.control = theme, title, run, refusals, control


class Outside:
    """The control is the same attempt on the host, as its root: there it succeeds, or ends with an error that lies behind the refusal."""

    def __init__(self, *errors, unless=None):
        self.errors, self.unless = errors, unless


class Arrives:
    """The attempt only sends; whether it arrived is for the host to say. The control sends the same to where it must arrive."""

    def __init__(self, send, token):
        self.send, self.token = send, token


def attempt(theme, title, *refusals, control):
    """Registers a function that returns what it gained, raises OSError when refused, or Held."""

    def register(function):
        ATTEMPTS.append(Attempt(theme, title, function, refusals, control))
        return function

    return register


def name_of(error):
    return errno.errorcode.get(error.errno, str(error.errno)) if error.errno is not None else type(error).__name__


def outcome(function, world, refusals):
    """(verdict, text): `gained`, `held` or `broken`."""
    try:
        gained = function(world)
        return "gained", str(gained)[:200]
    except Held as held:
        return "held", str(held)[:200]
    except OSError as error:
        verdict = "held" if error.errno in refusals else "broken"
        return verdict, name_of(error) if verdict == "held" else f"{name_of(error)}: {error}"[:300]
    except Exception:
        return "broken", traceback.format_exc(limit=-3)[-400:]


def apart(function, *arguments):
    """Runs a function in a process of its own, so that what it does to itself ends with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setsid()
        os.write(writer, json.dumps(function(*arguments)).encode())
        os.killpg(0, signal.SIGKILL)  # with all it started
    os.close(writer)
    data = b""
    while select.select([reader], [], [], SECONDS)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            break
        data += piece
    os.close(reader)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return tuple(json.loads(data)) if data else ("broken", f"no answer within {SECONDS} s")


def inside(world):
    """Every attempt and every control that belongs inside; one JSON line each. Those that wait for the network run beside the others."""
    beside = os.fork()
    try_all(world, [one for one in ATTEMPTS if (one.theme == "network") == (beside == 0)])
    if beside == 0:
        os._exit(0)
    os.waitpid(beside, 0)


def try_all(world, attempts):
    for one in attempts:
        began = time.monotonic()
        row = {"theme": one.theme, "title": one.title, "attack": apart(outcome, one.run, world, one.refusals)}
        if isinstance(one.control, Arrives):
            row["control"] = apart(outcome, one.control.send, world, ())
            row["token"] = one.control.token
        elif not isinstance(one.control, Outside):
            row["control"] = apart(outcome, one.control, world, ())
        row["seconds"] = round(time.monotonic() - began, 1)
        print(json.dumps(row), flush=True)


def outside(world):
    """The controls that are the attempt itself, on the host."""
    for one in ATTEMPTS:
        if isinstance(one.control, Outside):
            print(json.dumps({"title": one.title, "control": on_host(one, world)}), flush=True)


def on_host(one, world):
    """Like `outcome`; an error that only who is privileged gets to see is a success."""
    if one.control.unless is not None and one.control.unless():
        return "gained", f"not on this host: {one.control.unless.__doc__}"
    verdict, text = apart(outcome, one.run, world, one.control.errors)
    if verdict == "held" and text in map(errno.errorcode.get, one.control.errors):
        return "gained", f"got as far as {text}"
    return verdict, text


def main():
    from hostile import agent, cgroups, files, kernel, mounts, network, processes, settings  # noqa: F401 - they register

    where = {"inside": inside, "outside": outside}[sys.argv[1]]
    with open(sys.argv[2]) as file:
        world = json.load(file)
    where(world)
