"""ERR: errors as replies, and that a refusal never costs the connection."""

import http.client
import json
import os
import urllib.parse

import platform_under_test as platform
from inventory.box import Row, query


class Errors(Row):
    def test_ERR_02_not_found(self):
        self.assertEqual(404, platform.api("GET", "/sandbox/nope").status)
        self.refused(404, "GET", query("/files/info", path="/nope"))

    def test_ERR_04_timeout(self):
        self.refused(408, "POST", "/process/execute", {"command": "sleep 20", "timeout": 1})

    def test_ERR_05_classes(self):
        named = platform.create(name="inventory-" + platform.MARK)
        self.addCleanup(lambda: platform.delete(named))
        for status, reply in (
            (409, platform.api("POST", "/sandbox", {"name": named["name"]})),
            (401, platform.api("GET", "/sandbox", key="wrong")),
            (400, platform.api("POST", "/sandbox", {"cpu": "many"})),
            (403, self.raw("GET", query("/files/download", path="/etc/shadow"))),
        ):
            self.assertEqual(status, reply.status, reply.body)
            self.assertTrue(reply.json()["message"])

    def test_ERR_07_of_the_toolbox(self):
        told = self.refused(404, "GET", query("/files/download", path="/nope"), headers={"X-Daytona-Source": "sdk-python", "X-Daytona-SDK-Version": "0.205.1"})
        self.assertEqual((404, "FILE_NOT_FOUND"), (told["statusCode"], told["code"]))

    def test_ERR_08_refusals_keep_the_connection(self):
        address = urllib.parse.urlsplit(platform.api_url())
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.connect()
        socket = connection.sock
        bearer = {"Authorization": "Bearer " + os.environ["DAYTONA_API_KEY"], "Content-Type": "application/json"}
        for status, method, path, headers, body in (
            (401, "GET", "/sandbox", {}, None),
            (401, "POST", "/sandbox", {"Content-Type": "application/json"}, json.dumps({"name": "x" * 5000})),
            (400, "POST", "/sandbox", bearer, "{"),
            (404, "GET", "/sandbox/nope", bearer, None),
            (200, "GET", "/sandbox?limit=1", bearer, None),
        ):
            connection.request(method, address.path + path, body=body, headers=headers)
            reply = connection.getresponse()
            told = reply.read()
            self.assertEqual(status, reply.status, told)
            self.assertTrue(json.loads(told))
            self.assertIs(socket, connection.sock, f"{status} ended the connection")
        connection.close()
