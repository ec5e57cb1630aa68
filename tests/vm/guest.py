"""Runs the steps of scenario.py inside the machine and reports each as one line of JSON: title, ok, seconds, detail.

With a file /srv/command, its shell command runs after `up` in place of the steps that follow, for looking into something by hand.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import traceback

REPORT = "/dev/virtio-ports/report"
PAYLOAD = pathlib.Path("/srv")
# The images' names hold what the host trusts beside Debian's own certificates.
TRUST = {"ca-bundle.crt": "/etc/ssl/certs/ca-certificates.crt", "ca-certificates": "/usr/share/ca-certificates"}


def main():
    sys.path.insert(0, str(PAYLOAD / "checkout/tests"))
    os.environ.update((PAYLOAD / "environment.json").exists() and json.loads((PAYLOAD / "environment.json").read_text()) or {})
    for name, target in TRUST.items():
        subprocess.run(["mount", "--bind", PAYLOAD / name, target], check=True, timeout=30)
    with open(REPORT, "w", buffering=1) as report:
        def say(**line):
            print(json.dumps(line), file=report)
            print(line["title"], line.get("ok"), line.get("seconds"), str(line.get("detail"))[-3000:], flush=True)
        say(title="the machine has started", ok=True, seconds=round(time.clock_gettime(time.CLOCK_BOOTTIME), 1))
        from vm import scenario
        command = PAYLOAD / "command"
        steps = scenario.STEPS if not command.exists() else [*scenario.FIRST, lambda: by_hand(command.read_text())]
        for step in steps:
            if not run(step, say):
                break
        say(title="end", ok=True)


def run(step, say):
    """One step; after one that failed, those that follow would only fail for its sake."""
    began, failure = time.monotonic(), {}
    try:
        detail = step()
    except BaseException as error:  # noqa: B902 - whatever it is, the report must say so
        detail = traceback.format_exc() + explain(error)
        failure = {"reason": reason(error)}
    say(title=(step.__doc__ or step.__name__).strip(), ok=not failure, seconds=round(time.monotonic() - began, 1), detail=detail, **failure)
    return not failure


def reason(error):
    """Ten lines at most: where it happened, and what was said, of a suite of tests what each of its failures says first."""
    here = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith("scenario.py")]
    said = f"{type(error).__name__}: {error}\n{getattr(error, 'stdout', None) or ''}".splitlines()
    told = [line for line in said if re.match(r"FAIL: |ERROR: |[\w.]+(Error|Exception|Expired)\b", line)]
    return "\n".join([f"{here[-1].name}, line {here[-1].lineno}" if here else "", *(line[:300] for line in ([*told[:6], *said[-3:]]))])


def explain(error):
    """What the platform's own logs say at the end."""
    text = str(getattr(error, "stdout", "") or "")[-4000:]
    data = pathlib.Path(os.environ["DAYTONA_DATA_DIR"])
    for log in sorted((data / "log").glob("*.log")):
        text += f"\n--- {log.name}\n" + log.read_text(errors="replace")[-3000:]
    # Not a glob: the directories of slots come and go meanwhile, and one that is gone would end it.
    for directory, _, names in os.walk(data):
        for crash in (name for name in names if name.startswith("hs_err")):
            text += f"\n--- {crash}\n" + (pathlib.Path(directory) / crash).read_text(errors="replace")[:6000]
    return text


def by_hand(command):
    """by hand"""
    done = subprocess.run(["bash", "-c", command], cwd=PAYLOAD / "checkout", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return f"status {done.returncode}\n{done.stdout}"


main()
