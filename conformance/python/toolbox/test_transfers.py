"""Contents up and down: whole, from and to local files, many at once, and as streams."""

import hashlib
import io
import os
import pathlib
import tempfile
import threading

from daytona import DaytonaError, DaytonaNotFoundError, FileDownloadRequest, FileUpload

from .case import ToolboxCase
from .coverage import checks

EVERY_BYTE = bytes(range(256))
STREAM_SIZE = 8 << 20


class Whole(ToolboxCase):
    @checks("fs.upload_file", "fs.download_file")
    def test_round_trip(self):
        name = "up/grüße 'and' \"quotes\".bin"
        for content in (EVERY_BYTE * 1000, b"", b"shorter"):
            self.fs.upload_file(content, name)
            self.assertEqual(content, self.fs.download_file(name))
        self.assertEqual("644\n", self.shell("stat -c %a up/*"))
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "source")
            source.write_bytes(EVERY_BYTE)
            self.fs.upload_file(str(source), "/tmp/from-file")
            target = pathlib.Path(folder, "target")
            self.fs.download_file("/tmp/from-file", str(target))
            self.assertEqual(EVERY_BYTE, target.read_bytes())

    def test_through_links_and_not_onto_directories(self):
        self.shell("mkdir -p linked; echo old >linked/real; ln -s real linked/link; ln -s later linked/dangling")
        self.fs.upload_file(b"new", "linked/link")
        self.fs.upload_file(b"made", "linked/dangling")
        self.shell("test -L linked/link && test -L linked/dangling")
        self.assertEqual("newmade", self.shell("cat linked/real linked/later"))
        with self.assertRaises(DaytonaError):
            self.fs.upload_file(b"x", "linked")
        self.assertEqual("", self.shell("find . -name '*daytona-upload*'"))


class Many(ToolboxCase):
    @checks("fs.upload_files", "fs.download_files")
    def test_many_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "local")
            source.write_bytes(b"from a file")
            uploads = [FileUpload(f"content {n}".encode(), f"many/{n}.txt") for n in range(20)]
            self.fs.upload_files([*uploads, FileUpload(str(source), "many/deep/er/file")])
            target = pathlib.Path(folder, "target")
            asked = ["many/7.txt", "many/absent", "many", "many/3.txt"]
            requests = [FileDownloadRequest(path) for path in asked]
            got = self.fs.download_files([*requests, FileDownloadRequest("many/deep/er/file", str(target))])
            self.assertEqual([*asked, "many/deep/er/file"], [one.source for one in got])
            self.assertEqual((b"content 7", b"content 3"), (got[0].result, got[3].result))
            self.assertEqual(
                [(404, "FILE_NOT_FOUND"), (400, "INVALID_FILE_PATH")],
                [(one.error_details.status_code, one.error_details.code) for one in got[1:3]],
            )
            self.assertEqual(b"from a file", target.read_bytes())


class Streams(ToolboxCase):
    def setUp(self):
        self.content = os.urandom(STREAM_SIZE)

    @checks("fs.upload_file_stream")
    def test_up(self):
        progress = []
        self.fs.upload_file_stream(
            io.BytesIO(self.content), "stream/up.bin", on_progress=lambda now: progress.append(now.bytes_sent)
        )
        self.assertEqual(sorted(progress), progress)
        self.assertEqual(STREAM_SIZE, progress[-1])
        digest = hashlib.sha256(self.content).hexdigest()
        self.assertEqual(digest, self.shell("sha256sum stream/up.bin").split()[0])

    @checks("fs.download_file_stream")
    def test_down(self):
        self.fs.upload_file(self.content, "stream/down.bin")
        progress = []
        chunks = list(self.fs.download_file_stream("stream/down.bin", on_progress=progress.append))
        self.assertEqual(self.content, b"".join(chunks))
        self.assertGreater(len(chunks), 1)
        received = [now.bytes_received for now in progress]
        self.assertEqual(sorted(received), received)
        self.assertEqual((STREAM_SIZE, STREAM_SIZE), (progress[-1].bytes_received, progress[-1].total_bytes))
        with self.assertRaises(DaytonaNotFoundError):
            list(self.fs.download_file_stream("stream/absent"))

    def test_cancelled(self):
        cancel = threading.Event()
        with self.assertRaisesRegex(DaytonaError, "(?i)cancel"):
            self.fs.upload_file_stream(
                io.BytesIO(self.content), "stream/half.bin", on_progress=lambda _: cancel.set(), cancel_event=cancel
            )
        self.shell("until ! find stream | grep -q daytona-upload; do sleep 0.05; done; ! test -e stream/half.bin")
        self.fs.upload_file(self.content, "stream/whole.bin")
        cancel.clear()
        with self.assertRaisesRegex(DaytonaError, "(?i)cancel"):
            for _ in self.fs.download_file_stream("stream/whole.bin", cancel_event=cancel):
                cancel.set()
