"""Mirrors of Debian's archives, of a Python package index and of an npm registry, under one address."""

import hashlib
import html
import http.client
import http.server
import re
import threading
import urllib.parse

from . import upstream

FILES = "/pypi/files/"
LINK = re.compile(rb'(<a\b[^>]*?\bhref=")([^"#]+)', re.IGNORECASE)


class Registry:
    """Where the mirrored paths come from, and under which of the mirror's own URLs their links are shown.

    A package index links to files on other hosts. The mirror serves those it has shown, and nothing else.
    """

    def __init__(self, own, sources):
        self.own = own
        self._sources = {prefix: url.rstrip("/") + "/" for prefix, url in sources.items()}
        self._files = {}
        self._lock = threading.Lock()

    def source(self, path):
        """The URL that a path of the mirror stands for; None for one it has not."""
        if path.startswith(FILES):
            key, _, name = path[len(FILES):].partition("/")
            with self._lock:
                url = self._files.get(key)
            # An index's metadata of a file lies beside it.
            return url + ".metadata" if url and name.endswith(".metadata") else url
        for prefix, url in self._sources.items():
            if path.startswith(prefix):
                return url + path[len(prefix):]
        return None

    def index_page(self, page, url):
        """A page of the package index with its links to files led to the mirror."""
        def lead(match):
            target = urllib.parse.urljoin(url, html.unescape(match[2].decode()))
            if urllib.parse.urlsplit(target).path.endswith("/"):
                return match[0]
            key = hashlib.sha256(target.encode()).hexdigest()[:32]
            with self._lock:
                self._files[key] = target
            name = target.rpartition("/")[2]
            return match[1] + html.escape(f"{self.own}{FILES}{key}/{name}").encode()
        return LINK.sub(lead, page)

    def npm_document(self, document):
        """A package's description with its tarballs' URLs led to the mirror."""
        return document.replace(self._sources["/npm/"].encode(), f"{self.own}/npm/".encode())


class RegistryMirror(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    log = None
    registry = None

    def do_GET(self):
        url = self.registry.source(self.path)
        if url is None:
            self.refuse(404, "not mirrored")
            return
        headers = dict(self.headers.items())
        if self.path.startswith("/pypi/simple/"):
            headers["Accept"] = "text/html"
        try:
            answer = upstream.fetch(self.command, url, headers)
        except (http.client.HTTPException, OSError) as error:
            self.refuse(502, str(error))
            return
        self.note(answer.status)
        kind = answer.getheader("Content-Type", "")
        if answer.status == 200 and self.command == "GET" and self.path.startswith("/pypi/simple/"):
            self.send_page(self.registry.index_page(answer.read(), url), kind)
        elif answer.status == 200 and self.command == "GET" and self.path.startswith("/npm/") and "json" in kind:
            self.send_page(self.registry.npm_document(answer.read()), kind)
        else:
            upstream.relay(self, answer)

    do_HEAD = do_GET

    def send_page(self, page, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def refuse(self, status, reason):
        self.note(status)
        self.send_error(status, explain=reason)

    def note(self, status):
        self.log.add("mirror", self.command, self.path, status)

    def finish(self):
        super().finish()
        upstream.forget_connections()

    def log_message(self, format, *args):
        """The request log says it."""
