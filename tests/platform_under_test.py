"""The running platform that the end-to-end tests look at, through its public interface and the host's /proc.

`./test` starts it with `./daytona up` and names it by DAYTONA_TEST_DATA_DIR, DAYTONA_API_URL and DAYTONA_API_KEY.
"""

import contextlib
import json
import os
import pathlib
import pwd
import re
import shlex
import subprocess
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = pathlib.Path(os.environ["DAYTONA_TEST_DATA_DIR"])
MARK = uuid.uuid4().hex[:10]
TRANSITIONAL = {"creating", "starting", "stopping", "destroying", "unknown", "restoring"}


class Reply:
    """Status, headers and body of an HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def commit():
    """The commit that is tested: it chooses what is tested of more than there is time for, so that a choice can be repeated."""
    done = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or "no commit"


def point_at(data):
    """Lets everything below look at another platform of this host, for the rest of the process."""
    global DATA
    DATA = pathlib.Path(data)
    answer = subprocess.run([ROOT / "daytona", "env", "--data-dir", data], check=True, timeout=30, capture_output=True, text=True)
    for line in answer.stdout.splitlines():
        name, value = line.removeprefix("export ").split("=", 1)
        os.environ[name] = "".join(shlex.split(value))


def api_url():
    return os.environ["DAYTONA_API_URL"].rstrip("/")


def request(method, url, body=None, key=None, headers=None, timeout=60):
    """One HTTP request; errors are replies, a refused connection is an exception."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json"}
    if key != "":
        sent["Authorization"] = "Bearer " + (key or os.environ["DAYTONA_API_KEY"])
    sent.update(headers or {})
    call = urllib.request.Request(url, data=data, method=method, headers=sent)
    try:
        with urllib.request.urlopen(call, timeout=timeout) as answer:
            return Reply(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        return Reply(error.code, error.headers, error.read())


def api(method, path, body=None, **rest):
    return request(method, api_url() + path, body, **rest)


def create(**fields):
    """A started sandbox, or an assertion that names the refusal."""
    fields.setdefault("labels", {})["e2e"] = MARK
    reply = api("POST", "/sandbox", fields)
    assert reply.status == 200, (reply.status, reply.body[:500])
    sandbox = reply.json()
    assert sandbox["state"] == "started", sandbox
    return sandbox


def toolbox(sandbox, method, path, body=None, **rest):
    return request(method, f"{sandbox['toolboxProxyUrl']}/{sandbox['id']}{path}", body, **rest)


def execute(sandbox, command, **fields):
    reply = toolbox(sandbox, "POST", "/process/execute", {"command": command, **fields})
    assert reply.status == 200, (reply.status, reply.body[:500])
    return reply.json()


def output(sandbox, command, **fields):
    """Output of a command that must succeed."""
    answer = execute(sandbox, command, **fields)
    assert answer["exitCode"] == 0, answer
    return answer["result"]


def put(sandbox, path, data):
    """Uploads a file."""
    boundary = "hostile-boundary"
    body = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode() + data + f"\r\n--{boundary}--\r\n".encode()
    reply = toolbox(sandbox, "POST", "/files/upload?path=" + path, body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
    assert reply.status == 200, reply.body[:500]


def restart(sandbox):
    """Stops and starts a sandbox."""
    for action, state in (("stop", "stopped"), ("start", "started")):
        reply = api("POST", f"/sandbox/{sandbox['id']}/{action}")
        assert reply.status == 200, reply.body
        eventually(lambda: api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == state, 60, state)


def delete(sandbox):
    return api("DELETE", "/sandbox/" + sandbox["id"])


def delete_all():
    """Deletes every sandbox of this test process."""
    for sandbox in listed():
        delete(sandbox)


def listed(**filters):
    """All sandboxes of this test process, over all pages."""
    items, cursor = [], None
    labels = json.dumps({"e2e": MARK, **filters}).replace('"', "%22").replace(" ", "").replace("{", "%7B").replace("}", "%7D")
    while True:
        reply = api("GET", f"/sandbox?limit=100&labels={labels}" + (f"&cursor={cursor}" if cursor else ""))
        assert reply.status == 200, reply.body
        page = reply.json()
        items += page["items"]
        cursor = page["nextCursor"]
        if not cursor:
            return items


def eventually(check, seconds, what):
    """Repeats a check until it returns something true; the condition decides, the deadline only reports."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = check()
        except (OSError, AssertionError) as error:
            value, last = None, error
        else:
            last = value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not within {seconds} s: {last}")
        time.sleep(0.05)


def pid_of(role):
    """Pid of supervisor, jailer or server, from the platform's own pid file."""
    return int((DATA / "run" / f"{role}.pid").read_text().split()[0])


def postgres_pid():
    """Pid of the embedded PostgreSQL's first process."""
    for file in (DATA / "postgres").rglob("postmaster.pid"):
        return int(file.read_text().split()[0])
    raise AssertionError("no postmaster.pid below " + str(DATA / "postgres"))


def children(pid):
    """All descendants of a process."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child)] + children(int(child))
    return found


def procviews():
    """Pids of what shows sandboxes their limits (`procview`), and of what watches it (`procview-watch`), by name."""
    found = {}
    for pid in children(pid_of("jailer")):
        with contextlib.suppress(OSError):
            found[pathlib.Path(f"/proc/{pid}/comm").read_text().strip()] = pid
    return {name: pid for name, pid in found.items() if name.startswith("procview")}


def as_user(script, *arguments, **options):
    """Output of a Python program that runs as the platform's own user."""
    user = pwd.getpwnam("daytona")
    done = subprocess.run(
        ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
         "/usr/bin/python3", "-c", script, *map(str, arguments)],
        capture_output=True, text=True, timeout=30, **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def jailer(command):
    """Lines of the jailer's answer, asked as the platform's own user."""
    script = (
        "import socket,sys\n"
        "s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall((sys.argv[2]+'\\n').encode())\n"
        "f=s.makefile()\n"
        "for line in f:\n"
        "    print(line, end='')\n"
        "    if line.startswith(('ok','error')): break\n"
    )
    return as_user(script, DATA / "run" / "jailer.sock", command).splitlines()


def host_sandboxes():
    """Ids of the sandboxes that run, and of the disks that exist, as the jailer sees them."""
    lines = jailer("list")
    running = {line.split()[1] for line in lines if line.startswith("sandbox ")}
    disks = {line.split()[1] for line in lines if line.startswith("disk ") and "shelf-" not in line}
    return running, disks


def agent_of(sandbox):
    """Host pid of a sandbox's PID 1."""
    line = next(line for line in jailer("list") if line.startswith(f"sandbox {sandbox['id']} "))
    return int(re.search(r"pid=(\d+)", line)[1])
