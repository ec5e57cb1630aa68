"""GIT, LSP: repositories and language servers."""

import platform_under_test as platform
from inventory.box import Row, query

# A server of smart HTTP with a password, in the sandbox itself: sandboxes reach no port of the host.
SERVER = r'''
import base64, http.server, os, ssl, subprocess, sys, threading
ROOT = "/tmp/gitserver"
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *args): pass
    def do_GET(self): self.serve()
    def do_POST(self): self.serve()
    def serve(self):
        wanted = "Basic " + base64.b64encode(b"user:token").decode()
        if self.path.startswith("/private") and self.headers.get("Authorization") != wanted:
            self.send_response(401); self.send_header("WWW-Authenticate", 'Basic realm="git"'); self.send_header("Content-Length", "0"); self.end_headers(); return
        path, _, text = self.path.partition("?")
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size); self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env={**os.environ, "GIT_PROJECT_ROOT": ROOT, "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": text, "REQUEST_METHOD": self.command, "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_USER": "user", "CONTENT_LENGTH": str(len(body))})
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if line)
        self.send_response(int(lines.pop("Status", "200").split()[0]))
        for name, value in lines.items(): self.send_header(name, value)
        self.send_header("Content-Length", str(len(content))); self.end_headers(); self.wfile.write(content)
def listen(name, tls):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain("/tmp/gitserver/cert.pem", "/tmp/gitserver/key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()
    return server.server_address[1]
ports = listen("plain", False), listen("tls", True)
open("/tmp/gitserver/ports.new", "w").write("%d %d" % ports)
os.rename("/tmp/gitserver/ports.new", "/tmp/gitserver/ports")
'''
PREPARE = r"""
set -e
mkdir -p /tmp/gitserver/private && cd /tmp/gitserver
git init -q -b main made && cd made
git config user.name a && git config user.email a@git.test
echo one >file && git add file && git commit -qm first && git checkout -qb side && echo two >file && git commit -qam second && git checkout -q main
cd .. && git clone -q --bare made public.git && git clone -q --bare made private/repo.git
for r in public.git private/repo.git; do git -C $r config http.receivepack true; done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem 2>/dev/null
nohup python3 server.py >server.log 2>&1 &
for i in $(seq 300); do [ -s ports ] && break; sleep 0.1; done; cat ports
"""
LOGIN = {"username": "user", "password": "token"}


class Git(Row):
    @classmethod
    def setUpClass(cls):
        box = cls()
        box.sh("rm -rf /tmp/gitserver; mkdir -p /tmp/gitserver")
        box.upload("/tmp/gitserver/server.py", SERVER.encode())
        plain, tls = box.sh(PREPARE, timeout=90).split()
        cls.plain, cls.tls = f"http://localhost:{plain}", f"https://localhost:{tls}"

    def clone(self, url=None, expect=200, **fields):
        path = self.fresh() + "/repo"
        if expect == 200:
            self.call("POST", "/git/clone", {"url": url or self.plain + "/public.git", "path": path, **fields})
            self.sh(f"git -C {path} config user.name me && git -C {path} config user.email me@git.test")
        else:
            self.refused(expect, "POST", "/git/clone", {"url": url, "path": path, **fields})
        return path

    def status(self, path):
        return self.call("GET", query("/git/status", path=path))

    def test_GIT_01_relative_to_the_home(self):
        self.call("POST", "/git/clone", {"url": self.plain + "/public.git", "path": "git01"})
        self.assertEqual("one", self.sh("cat /home/daytona/git01/file"))
        self.assertEqual("main", self.status("git01")["currentBranch"])

    def test_GIT_02_clone(self):
        self.assertEqual("one", self.sh(f"cat {self.clone()}/file"))

    def test_GIT_03_private(self):
        url = self.plain + "/private/repo.git"
        self.clone(url, expect=401)
        path = self.clone(url, **LOGIN)
        self.assertEqual("one", self.sh(f"cat {path}/file"))
        self.assertNotIn("token", self.sh(f"git -C {path} remote -v; cat {path}/.git/config"))

    def test_GIT_04_branch_and_commit(self):
        self.assertEqual("two", self.sh(f"cat {self.clone(branch='side')}/file"))
        first = self.sh("git -C /tmp/gitserver/made rev-parse main")
        path = self.clone(branch="side", commit_id=first)
        self.assertEqual(first + " one", self.sh(f"cd {path}; echo $(git rev-parse HEAD) $(cat file)"))
        self.sh(f"! git -C {path} symbolic-ref -q HEAD")

    def test_GIT_05_tls(self):
        url = self.tls + "/public.git"
        reply = self.raw("POST", "/git/clone", {"url": url, "path": self.fresh() + "/r"})
        self.assertEqual((502, "GIT_TRANSPORT_FAILED"), (reply.status, reply.json()["code"]))
        self.assertIn("certificate", reply.body.decode().lower())
        self.assertEqual("one", self.sh(f"cat {self.clone(url, insecure_skip_tls=True)}/file"))

    def test_GIT_06_status(self):
        path = self.clone()
        self.sh(f"cd {path}; echo more >>file; touch new")
        status = self.status(path)
        self.assertEqual("main", status["currentBranch"])
        self.assertEqual({"file": "Modified", "new": "Untracked"}, {f["name"]: f["worktree"] for f in status["fileStatus"]})
        self.sh(f"cd {path}; git commit -qam x")
        self.assertEqual((1, 0), (self.status(path)["ahead"], self.status(path)["behind"]))

    def test_GIT_07_08_09_branches(self):
        path = self.clone()
        self.call("POST", "/git/branches", {"path": path, "name": "made"}, expect=201)
        self.assertIn("made", self.call("GET", query("/git/branches", path=path))["branches"])
        self.call("POST", "/git/checkout", {"path": path, "branch": "made"})
        self.assertEqual("made", self.status(path)["currentBranch"])
        self.call("POST", "/git/checkout", {"path": path, "branch": "main"})
        self.call("DELETE", "/git/branches", {"path": path, "name": "made"}, expect=204)
        self.assertNotIn("made", self.call("GET", query("/git/branches", path=path))["branches"])

    test_GIT_08_branches = test_GIT_09_branches = test_GIT_07_08_09_branches

    def test_GIT_10_add(self):
        path = self.clone()
        self.sh(f"cd {path}; echo x >a; echo x >b")
        self.call("POST", "/git/add", {"path": path, "files": ["a"]})
        self.assertEqual("a", self.sh(f"git -C {path} diff --cached --name-only"))
        self.call("POST", "/git/add", {"path": path, "files": ["."]})
        self.assertEqual("a b", self.sh(f"echo $(git -C {path} diff --cached --name-only)"))

    def test_GIT_11_commit(self):
        path = self.clone()
        said = {"path": path, "message": "empty one", "author": "Ada", "email": "ada@git.test"}
        self.refused(409, "POST", "/git/commit", said)
        made = self.call("POST", "/git/commit", {**said, "allow_empty": True})
        self.assertEqual(f"{made['hash']} Ada ada@git.test empty one", self.sh(f"git -C {path} log -1 --format='%H %an %ae %s'"))

    def test_GIT_12_13_push_and_pull(self):
        url = self.plain + "/private/repo.git"
        one, two = self.clone(url, **LOGIN), self.clone(url, **LOGIN)
        self.sh(f"cd {one}; date +%N >>pushed; git add .; git commit -qm pushed")
        self.refused(401, "POST", "/git/push", {"path": one})
        self.call("POST", "/git/push", {"path": one, **LOGIN})
        self.refused(401, "POST", "/git/pull", {"path": two})
        self.call("POST", "/git/pull", {"path": two, **LOGIN})
        self.assertEqual("", self.sh(f"cmp {one}/pushed {two}/pushed"))

    test_GIT_13_pull = test_GIT_12_13_push_and_pull


class LanguageServers(Row):
    SERVERS = (("python", "a.py", "import os\n\nclass Alpha:\n    def beta(self):\n        return os.getc\n", (4, 22), "getcwd"),
               ("typescript", "a.ts", "export class Alpha { beta() { return [1].len } }\n", (0, 43), "length"))

    def each(self):
        """A started server of each language with an open document."""
        for language, name, text, (line, character), expected in self.SERVERS:
            project = self.fresh("lsp")
            self.upload(f"{project}/{name}", text.encode())
            server = {"languageId": language, "pathToProject": project}
            self.call("POST", "/lsp/start", server)
            document = {**server, "uri": f"file://{project}/{name}"}
            self.call("POST", "/lsp/did-open", document)
            with self.subTest(language=language):
                yield server, document, {"line": line, "character": character}, expected
            self.call("POST", "/lsp/did-close", document)
            self.call("POST", "/lsp/stop", server)

    def test_LSP_01_02_04_start_open_close_stop(self):
        self.assertEqual(2, sum(1 for _ in self.each()))
        self.refused(400, "POST", "/lsp/start", {"languageId": "cobol", "pathToProject": "/tmp"})

    test_LSP_02_start = test_LSP_04_open_and_close = test_LSP_01_02_04_start_open_close_stop

    def test_LSP_03_completions(self):
        for _, document, position, expected in self.each():
            answer = self.call("POST", "/lsp/completions", {**document, "position": position, "context": {"triggerKind": 1}}, timeout=90)
            self.assertIn(expected, [item["label"] for item in answer["items"]])

    def test_LSP_05_symbols_of_a_document(self):
        for _, document, _, _ in self.each():
            symbols = self.call("GET", query("/lsp/document-symbols", **document), timeout=90)
            self.assertIn("Alpha", [symbol["name"] for symbol in symbols])
            self.assertTrue(all(isinstance(symbol["kind"], int) for symbol in symbols))

    def test_LSP_06_symbols_of_the_project(self):
        for server, _, _, _ in self.each():
            symbols = self.call("GET", query("/lsp/workspacesymbols", query="Alpha", **server), timeout=90)
            self.assertIn("Alpha", [symbol["name"] for symbol in symbols])
            self.assertTrue(symbols[0]["location"]["uri"].startswith("file:///"))

    def test_LSP_08_in_the_image(self):
        self.assertRegex(self.sh("pylsp --version"), r"\d+\.\d+")
        self.assertRegex(self.sh("typescript-language-server --version"), r"^\d+\.\d+")


class Readiness(Row):
    def test_ERR_09_the_network_is_there_at_once(self):
        made = platform.create()
        self.addCleanup(lambda: platform.delete(made))
        answer = platform.execute(made, "getent hosts localhost && python3 -c \"import socket; s=socket.socket(); s.bind(('0.0.0.0', 0)); "
                                        "s.listen(); socket.create_connection(s.getsockname(), 2); print('connected')\"; ip route | grep -c '^default'")
        self.assertIn("connected\n1\n", answer["result"])
