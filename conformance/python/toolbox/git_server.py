"""A real git server inside the sandbox: smart HTTP with a password, on a port of 127.0.0.1."""

import pathlib

PROGRAM = pathlib.Path(__file__).resolve().parents[3] / "tests" / "git-server" / "http_server.py"
USER = "tester"
PASSWORD = "pass word-ü"

SETUP = """
set -e
root=/tmp/git-root
mkdir -p $root/team
git init -q --bare -b main $root/team/project.git
git -C $root/team/project.git config http.receivepack true
git init -q -b main /tmp/git-seed
cd /tmp/git-seed
git config user.name Seed
git config user.email seed@example.com
echo one >one.txt
git add . && git commit -qm first
echo two >two.txt
git add . && git commit -qm second
git push -q $root/team/project.git main main:refs/heads/side
"""


class GitServer:
    """Serves `project`, with the branches `main` (two commits) and `side`; `refused` rejects every push."""

    def __init__(self, case):
        case.fs.upload_file(PROGRAM.read_bytes(), "/tmp/git-server.py")
        case.shell(SETUP)
        case.shell(
            "cp -r /tmp/git-root/team/project.git /tmp/git-root/team/refused.git && cd /tmp/git-root/team/refused.git/hooks "
            "&& printf '#!/bin/sh\\necho not today >&2\\nexit 1\\n' >pre-receive && chmod +x pre-receive"
        )
        case.shell(
            f"(printf '%s\\n' '{USER}:{PASSWORD}' | setsid python3 /tmp/git-server.py /tmp/git-root /tmp/git-log "
            ">/tmp/git-port 2>/tmp/git-errors &)"
        )
        port = case.shell("for n in $(seq 200); do test -s /tmp/git-port && break; sleep 0.05; done; cat /tmp/git-port")
        self.base = f"http://127.0.0.1:{port.strip()}/team"
        self.url = f"{self.base}/project.git"
        self.first, self.second = case.shell("git -C /tmp/git-seed log --reverse --format=%H").split()
