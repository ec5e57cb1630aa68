"""A git server over HTTP or HTTPS for tests: git http-backend with Basic authentication.

    http_server.py ROOT LOG [CERTIFICATE]

ROOT holds the repositories, LOG gets one line per request (without its headers), CERTIFICATE is a PEM
file with key and certificate and turns on TLS. The first line of standard input is `user:password`, or
empty for a server that lets everybody in. The port is printed on the first line of standard output.

Paths that do more than serve a repository:

    /hold/REPOSITORY             says "held" on standard output before the first authenticated answer,
                                 which comes when standard input gives a line
    /status/CODE/REPOSITORY      answers CODE
    /redirect/HOST:PORT/PATH     redirects there
    /redirect-in/HOST:PORT/PATH  does so once it was given the credentials
"""
import base64
import hmac
import http.server
import os
import ssl
import subprocess
import sys
import threading

root, log_path, *certificate = sys.argv[1:]
credentials = sys.stdin.readline().rstrip("\n")
lock = threading.Lock()


def log(text):
    with lock, open(log_path, "a", encoding="utf-8") as file:
        file.write(text + "\n")


def say(text):
    with lock:
        print(text, flush=True)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def authorized(self):
        expected = "Basic " + base64.b64encode(credentials.encode()).decode()
        given = self.headers.get("Authorization", "")
        return not credentials or hmac.compare_digest(given.encode(), expected.encode())

    def answer(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def serve(self):
        body = self.body()
        known = "yes" if "Authorization" in self.headers else "no"
        path, _, query = self.path.partition("?")
        log(f"{self.command} {self.path} authorization={known}")
        words = path.split("/", 3)
        if words[1] == "redirect":
            return self.answer(302, Location=f"{self.scheme()}://{words[2]}/{words[3]}?{query}")
        if words[1] == "status":
            return self.answer(int(words[2]))
        if not self.authorized():
            return self.answer(401, WWW_Authenticate='Basic realm="git"')
        if words[1] == "redirect-in":
            return self.answer(302, Location=f"{self.scheme()}://{words[2]}/{words[3]}?{query}")
        if words[1] == "hold":
            path = path.removeprefix("/hold")
            if self.command == "GET":
                say("held")
                sys.stdin.readline()
        return self.backend(path, query, body)

    do_GET = do_POST = serve

    def scheme(self):
        return "https" if certificate else "http"

    def backend(self, path, query, body):
        env = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": root,
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "tester",
            "REMOTE_ADDR": "127.0.0.1",
        }
        reply = subprocess.run(["git", "http-backend"], env=env, input=body, stdout=subprocess.PIPE).stdout
        head, _, content = reply.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            elif name:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[0])
    server.socket = context.wrap_socket(server.socket, server_side=True)
say(str(server.server_port))
server.serve_forever()
