"""FS: files and directories."""

import email.parser
import email.policy
import json
import os

from inventory.box import Row, query


class Files(Row):
    def test_FS_01_relative_paths_are_below_the_home(self):
        self.upload("fs01.txt", b"relative")
        self.assertEqual("relative", self.sh("cat /home/daytona/fs01.txt"))
        self.upload("/tmp/fs01.txt", b"absolute")
        self.assertEqual("absolute", self.sh("cat /tmp/fs01.txt"))

    def test_FS_02_tilde(self):
        self.call("POST", query("/files/folder", path="~/fs02", mode="755"), expect=201)
        self.assertEqual("/home/daytona/fs02", self.sh("ls -d /home/daytona/fs02"))
        self.sh("git -C ~/fs02 init -q -b main")
        self.assertEqual("main", self.call("GET", query("/git/status", path="~/fs02"))["currentBranch"])

    def test_FS_03_list(self):
        directory = self.fresh()
        self.sh(f"echo text >{directory}/a; mkdir {directory}/b")
        entries = {entry["name"]: entry for entry in self.call("GET", query("/files", path=directory))}
        self.assertEqual({"a", "b"}, set(entries))
        for key in ("name", "isDir", "size", "modTime", "mode", "permissions", "owner", "group"):
            self.assertIn(key, entries["a"])
        self.assertEqual((False, 5, True), (entries["a"]["isDir"], entries["a"]["size"], entries["b"]["isDir"]))
        self.upload("fs03.txt", b"x")
        self.assertIn("fs03.txt", [entry["name"] for entry in self.call("GET", "/files")])

    def test_FS_04_info(self):
        self.sh("echo text >/tmp/fs04; chmod 640 /tmp/fs04")
        info = self.call("GET", query("/files/info", path="/tmp/fs04"))
        self.assertEqual(("fs04", 5, False, "1000", "1000"), tuple(info[k] for k in ("name", "size", "isDir", "owner", "group")))
        self.assertTrue(info["modTime"] and info["mode"] and info["permissions"])
        self.refused(404, "GET", query("/files/info", path="/tmp/fs04-none"))

    def test_FS_05_create_a_folder(self):
        for _ in range(2):
            self.call("POST", query("/files/folder", path="~/fs05/a/b", mode="700"), expect=201)
        self.assertEqual("700", self.sh("stat -c %a ~/fs05/a/b"))

    def test_FS_06_upload_creates_and_overwrites(self):
        content = os.urandom(300_000)
        for what in (b"first", content):
            self.upload("/tmp/fs06.bin", what)
        self.assertEqual(content, self.raw("GET", query("/files/download", path="/tmp/fs06.bin")).body)

    def test_FS_07_upload_many_makes_missing_folders(self):
        directory = self.fresh()
        parts = b""
        for number, name in enumerate(("data/a", "config/deep/b", "c")):
            parts += (f'--edge\r\nContent-Disposition: form-data; name="files[{number}].path"\r\n\r\n{directory}/{name}\r\n'
                      f'--edge\r\nContent-Disposition: form-data; name="files[{number}].file"; filename="x"\r\n\r\n{name}\r\n').encode()
        reply = self.raw("POST", "/files/bulk-upload", parts + b"--edge--\r\n", headers={"Content-Type": "multipart/form-data; boundary=edge"})
        self.assertEqual(200, reply.status, reply.body)
        self.assertEqual("data/a config/deep/b c", self.sh(f"cd {directory}; echo $(cat data/a) $(cat config/deep/b) $(cat c)"))

    def test_FS_08_download(self):
        content = bytes(range(256)) * 1000
        self.upload("fs08.bin", content)
        self.assertEqual(content, self.raw("GET", query("/files/download", path="fs08.bin")).body)

    def test_FS_09_download_errors(self):
        self.sh("sudo sh -c 'echo x >/root/fs09'")
        self.refused(404, "GET", query("/files/download", path="/tmp/fs09-none"))
        self.refused(400, "GET", query("/files/download", path="/tmp"))
        self.refused(403, "GET", query("/files/download", path="/root/fs09"))

    def test_FS_10_download_many(self):
        self.upload("/tmp/fs10", b"good")
        reply = self.raw("POST", "/files/bulk-download", {"paths": ["/tmp/fs10", "/tmp/fs10-none"]})
        self.assertEqual(200, reply.status)
        head = f"Content-Type: {reply.headers['Content-Type']}\r\n\r\n".encode()
        parts = list(email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + reply.body).iter_parts())
        named = {part.get_param("name", header="Content-Disposition"): part for part in parts}
        self.assertEqual({"file", "error"}, set(named))
        self.assertEqual(b"good", named["file"].get_payload(decode=True))
        error = json.loads(named["error"].get_payload(decode=True))
        self.assertEqual(404, error["statusCode"])
        self.assertTrue(error["message"] and error["code"])

    def test_FS_11_delete(self):
        directory = self.fresh()
        self.sh(f"touch {directory}/a; mkdir {directory}/d; touch {directory}/d/x")
        self.call("DELETE", query("/files", path=directory + "/a"), expect=204)
        self.refused(400, "DELETE", query("/files", path=directory + "/d"))
        self.assertEqual("d", self.sh(f"ls {directory}"))
        self.call("DELETE", query("/files", path=directory + "/d", recursive="true"), expect=204)
        self.assertEqual("", self.sh(f"ls {directory}"))

    def test_FS_12_permissions(self):
        self.sh("touch /tmp/fs12; sudo chown root:root /tmp/fs12; touch /tmp/fs12b")
        self.call("POST", query("/files/permissions", path="/tmp/fs12b", mode="604", owner="daytona", group="daytona"))
        self.assertEqual("604 daytona daytona", self.sh("stat -c '%a %U %G' /tmp/fs12b"))
        self.refused(403, "POST", query("/files/permissions", path="/tmp/fs12", mode="777"))

    def test_FS_13_find_text(self):
        directory = self.fresh()
        self.sh(f"mkdir {directory}/d; printf 'one\\nneedle here\\n' >{directory}/d/f")
        found = self.call("GET", query("/files/find", path=directory, pattern="needle"))
        self.assertEqual([{"file": directory + "/d/f", "line": 2, "content": "needle here"}], found)

    def test_FS_14_replace(self):
        directory = self.fresh()
        self.sh(f"echo old old >{directory}/f")
        answer = self.call("POST", "/files/replace", {"files": [directory + "/f", directory + "/none"], "pattern": "old", "newValue": "new"})
        self.assertEqual([(directory + "/f", True), (directory + "/none", False)], [(row["file"], row["success"]) for row in answer])
        self.assertTrue(answer[1]["error"])
        self.assertEqual("new new", self.sh(f"cat {directory}/f"))

    def test_FS_15_search_names(self):
        directory = self.fresh()
        self.sh(f"mkdir {directory}/d; touch {directory}/a.ts {directory}/d/b.ts {directory}/c.py")
        files = self.call("GET", query("/files/search", path=directory, pattern="*.ts"))["files"]
        self.assertEqual({directory + "/a.ts", directory + "/d/b.ts"}, {os.path.join(directory, name) for name in files})

    def test_FS_16_move(self):
        directory = self.fresh()
        self.sh(f"mkdir {directory}/old; touch {directory}/old/f")
        self.call("POST", query("/files/move", source=directory + "/old", destination=directory + "/new"))
        self.assertEqual("f", self.sh(f"ls {directory}/new"))
        self.call("POST", query("/files/move", source=directory + "/new/f", destination=directory + "/g"))
        self.assertEqual("g new", self.sh(f"cd {directory}; echo *"))

    def test_FS_17_forms_of_the_mode(self):
        self.sh("touch /tmp/fs17; chmod 751 /tmp/fs17")
        info = self.call("GET", query("/files/info", path="/tmp/fs17"))
        self.assertRegex(info["permissions"], r"^0?751$")
        self.assertEqual("-rwxr-x--x", info["mode"])

    def test_FS_18_a_project_as_an_archive(self):
        directory = self.fresh()
        self.sh(f"cd {directory}; mkdir p; head -c 52428800 /dev/urandom >p/big; tar -czf p.tgz p", timeout=60)
        archive = self.raw("GET", query("/files/download", path=directory + "/p.tgz")).body
        self.assertGreater(len(archive), 52428800)
        self.sh(f"rm {directory}/p.tgz")
        self.upload(directory + "/q.tgz", archive)
        self.sh(f"cd {directory}; mkdir q; tar -xzf q.tgz -C q; cmp p/big q/p/big; rm -r p q q.tgz", timeout=60)
