"""What the platform brings into every sandbox at /.daytona."""

import json
import unittest

import platform_under_test as platform

GIT = "/.daytona/bin/git"

# A repository behind https in the sandbox itself: the sandboxes reach no server of the host.
SERVE = r"""
set -e
cd /tmp
git init --quiet --initial-branch=main made
git -C made -c user.name=a -c user.email=a@git.test commit --quiet --allow-empty --message=first
git clone --quiet --bare made www/repository.git
git -C www/repository.git update-server-info
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem 2>/dev/null
cat >server.py <<'PYTHON'
import functools, http.server, ssl
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory="/tmp/www")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tmp/cert.pem", "/tmp/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
with open("/tmp/port", "w") as port:
    print(server.server_address[1], file=port)
server.serve_forever()
PYTHON
mkfifo port
nohup python3 server.py >server.log 2>&1 &
cat port
"""


def message(**fields):
    body = json.dumps({"jsonrpc": "2.0", **fields})
    return f"Content-Length: {len(body)}\r\n\r\n{body}"


class Tools(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = platform.create()

    @classmethod
    def tearDownClass(cls):
        platform.delete_all()

    def out(self, command, **fields):
        return platform.output(self.sandbox, command, **fields).strip()

    def fails(self, command):
        self.assertNotEqual(0, platform.execute(self.sandbox, command)["exitCode"], command)

    def test_root_inside_cannot_change_them(self):
        options = self.out("awk '$2 == \"/.daytona\" { print $4 }' /proc/self/mounts").split(",")
        self.assertLessEqual({"ro", "nosuid", "nodev"}, set(options))
        for before in ("true", "sudo mount -o remount,bind,rw /.daytona"):
            self.out(before)
            for command in ("touch /.daytona/new", "sh -c 'echo x >/.daytona/bin/git'", "chmod 777 /.daytona/bin/git", "rm /.daytona/bin/git",
                            "mv /.daytona /elsewhere", "mount -o remount,rw /.daytona", "chown daytona /.daytona/bin", "sh -c 'echo x >/.daytona/agent'"):
                with self.subTest(before=before, command=command):
                    self.fails("sudo " + command)
        self.assertIn("git version", self.out(GIT + " --version"))

    def test_all_belong_to_the_sandbox_s_root(self):
        self.assertEqual("", self.out("find /.daytona -path /.daytona/agent -prune -o ! \\( -user root -group root \\) -print"))

    def test_git(self):
        self.assertRegex(self.out(GIT + " --version"), r"^git version 2\.")
        self.assertEqual("/.daytona/libexec/git-core", self.out(GIT + " --exec-path"))

    def test_git_clones_over_https(self):
        port = int(self.out(SERVE))
        refused = platform.execute(self.sandbox, f"{GIT} ls-remote https://localhost:{port}/repository.git")
        self.assertIn("certificate", refused["result"])
        self.assertNotEqual(0, refused["exitCode"])
        self.out(f"SSL_CERT_FILE=/tmp/cert.pem {GIT} -c http.sslCAInfo=/tmp/cert.pem clone https://localhost:{port}/repository.git /tmp/clone")
        self.assertEqual("first", self.out(f"{GIT} -C /tmp/clone log --format=%s"))

    def test_git_without_an_ssh_client_of_the_image(self):
        answer = platform.execute(self.sandbox, f"PATH=/nowhere {GIT} ls-remote ssh://git@127.0.0.1:1/x")
        self.assertIn("Connection refused", answer["result"])

    def test_python_language_server(self):
        self.assertRegex(self.out("PYTHONPATH=/.daytona/lsp/python python3 -m jedi_language_server --version"), r"^0\.\d+")
        self.assertEqual("", self.out("find /.daytona/lsp/python -name '*.so'"))
        requests = (
            message(id=1, method="initialize", params={"processId": None, "rootUri": "file:///tmp", "capabilities": {}})
            + message(method="initialized", params={})
            + message(method="textDocument/didOpen", params={"textDocument": {"uri": "file:///tmp/a.py", "languageId": "python", "version": 1, "text": "import os\nos.getc"}})
            + message(id=2, method="textDocument/completion", params={"textDocument": {"uri": "file:///tmp/a.py"}, "position": {"line": 1, "character": 7}})
        )
        code = (
            "import os, subprocess, sys\n"
            "server = subprocess.Popen([sys.executable, '-m', 'jedi_language_server'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,\n"
            "                          env={**os.environ, 'PYTHONPATH': '/.daytona/lsp/python'})\n"
            f"server.stdin.write({requests.encode()!r}); server.stdin.flush()\n"
            "seen = b''\n"
            "while b'getcwd' not in seen and (chunk := server.stdout.read1()):\n"
            "    seen += chunk\n"
            "print(b'getcwd' in seen); server.kill()\n"
        )
        reply = platform.toolbox(self.sandbox, "POST", "/process/code-run", {"code": code, "language": "python", "timeout": 60})
        self.assertEqual("True", reply.json()["result"].strip())

    def test_typescript_language_server(self):
        self.assertRegex(self.out("node /.daytona/lsp/node/typescript-language-server --version"), r"^\d+\.\d+")
        self.assertRegex(self.out("node /.daytona/lsp/node/node_modules/typescript/bin/tsc --version"), r"^Version 5\.")

    def test_a_stopped_sandbox_has_them_again(self):
        sandbox = platform.create()
        for action, state in (("stop", "stopped"), ("start", "started")):
            self.assertEqual(200, platform.api("POST", f"/sandbox/{sandbox['id']}/{action}").status)
            platform.eventually(lambda: platform.api("GET", "/sandbox/" + sandbox["id"]).json()["state"] == state, 60, state)
        self.assertIn("git version", platform.output(sandbox, GIT + " --version"))


if __name__ == "__main__":
    unittest.main()
