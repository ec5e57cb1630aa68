"""What a sandbox tells about itself: directories, load, environment, addresses, and that it has no desktop."""

import datetime
import http
import json
import urllib.error
import urllib.parse
import urllib.request

from daytona import DaytonaError

from .case import ToolboxCase
from .clients import authorization, toolbox_address
from .coverage import checks

HOME = "/home/daytona"


def fetch(url, method="GET", data=None, headers=None):
    request = urllib.request.Request(url, method=method, data=data, headers=headers or {})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return reply.status, reply.read()


class Directories(ToolboxCase):
    @checks("sandbox.get_user_home_dir", "sandbox.get_user_root_dir", "sandbox.get_work_dir")
    def test_directories(self):
        self.assertEqual(HOME, self.sandbox.get_user_home_dir())
        self.assertEqual(HOME, self.sandbox.get_user_root_dir())
        self.assertEqual(HOME, self.sandbox.get_work_dir())


class Load(ToolboxCase):
    @checks("sandbox.get_metrics_latest")
    def test_metrics(self):
        now = self.sandbox.get_metrics_latest()
        self.assertEqual(1, now.cpu_count)
        self.assertTrue(0 <= now.cpu_used_pct <= 100, now.cpu_used_pct)
        self.assertEqual(1 << 30, now.mem_total)
        self.assertTrue(0 < now.mem_used <= now.mem_total, now.mem_used)
        self.assertTrue(0 <= now.mem_cache <= now.mem_total, now.mem_cache)
        self.assertTrue(0 < now.disk_used < now.disk_total <= 3 << 30, (now.disk_used, now.disk_total))
        age = datetime.datetime.now(datetime.timezone.utc) - now.timestamp
        self.assertLess(abs(age.total_seconds()), 60)


class Environment(ToolboxCase):
    @checks("sandbox.update_env")
    def test_what_starts_later_sees_the_change(self):
        self.sandbox.update_env({"COLOUR": "grün & blau", "SECOND": "2"})
        self.assertEqual("grün & blau 2 hello world", self.shell('echo -n "$COLOUR $SECOND $GREETING"'))
        self.sandbox.update_env({}, unset=["COLOUR", "SECOND"])
        self.assertEqual("unset", self.shell("echo -n ${COLOUR-unset}"))


class Addresses(ToolboxCase):
    @checks("sandbox.get_preview_link")
    def test_preview_link_leads_to_a_port_of_the_sandbox(self):
        self.shell("mkdir -p site && echo served >site/index.html")
        self.shell("cd site && (setsid python3 -m http.server 8123 >/dev/null 2>&1 </dev/null &)")
        self.shell("until curl -s -o /dev/null localhost:8123; do sleep 0.05; done")
        link = self.sandbox.get_preview_link(8123)
        self.assertIn(f"8123-{self.sandbox.id}.", link.url)
        # The host's name need not resolve where the test runs; the proxy behind it listens at the toolbox's address.
        status, body = fetch(f"{toolbox_address(self.sandbox)}/proxy/8123/index.html", headers=authorization())
        self.assertEqual((200, b"served\n"), (status, body))

    def test_ports(self):
        self.shell("(setsid python3 -m http.server 8124 >/dev/null 2>&1 </dev/null &)")
        self.shell("until curl -s -o /dev/null localhost:8124; do sleep 0.05; done")
        self.assertEqual({"isInUse": True}, self.get("/port/8124/in-use"))
        self.assertEqual({"isInUse": False}, self.get("/port/8125/in-use"))
        self.assertIn(8124, self.get("/port")["ports"])

    def get(self, path):
        """No client has a method for it."""
        return json.loads(fetch(toolbox_address(self.sandbox) + path, headers=authorization())[1])


class SignedUrls(ToolboxCase):
    BOUNDARY = "signed-upload"

    def upload(self, url, content):
        body = (
            f'--{self.BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'.encode()
            + content
            + f"\r\n--{self.BOUNDARY}--\r\n".encode()
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={self.BOUNDARY}"}
        return fetch(url, "POST", body, headers)[0]

    def refused(self, url):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            fetch(url)
        caught.exception.close()
        return caught.exception.code

    @checks("sandbox.upload_url", "sandbox.download_url", "sandbox.rotate_signing_key")
    def test_a_signed_url_needs_no_credentials(self):
        path = "signed/grüße 1.bin"
        content = bytes(range(256)) * 40
        up = self.sandbox.upload_url(path, 600)
        self.assertIn("signature=v1_", up)
        self.assertEqual(200, self.upload(up, content))
        down = self.sandbox.download_url(path)
        self.assertEqual((200, content), fetch(down))
        self.assertEqual(200, fetch(self.sandbox.download_url(path, 0))[0])
        altered = down.replace(urllib.parse.quote(path, safe=""), "signed").replace(urllib.parse.quote_plus(path), "signed")
        self.assertNotEqual(down, altered)
        self.assertEqual(401, self.refused(altered))
        self.sandbox.rotate_signing_key()
        self.assertEqual((200, content), fetch(self.sandbox.download_url(path)))
        self.assertEqual(401, self.refused(down))


class Desktop(ToolboxCase):
    def test_a_sandbox_without_a_desktop_says_so(self):
        with self.assertRaisesRegex(DaytonaError, "Computer-use functionality is not available") as caught:
            self.client.computer_use.start()
        self.assertEqual(http.HTTPStatus.SERVICE_UNAVAILABLE, caught.exception.status_code)
