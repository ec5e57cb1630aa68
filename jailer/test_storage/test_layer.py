"""Layers: import, ids on disk, refusal of what is broken or hostile, removal."""

import io
import os
import struct
import tarfile
import unittest

from harness import Jailer, JailerError, busybox_tar

CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)  # cap_net_raw=ep, revision 2


def tar_of(*entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info, data in entries:
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def entry(name, data=b"", kind=tarfile.REGTYPE, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, data


class LayerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.jailer = Jailer()
        cls.addClassCleanup(cls.jailer.remove)
        cls.jailer.start()

    def stat(self, layer, path, form):
        return self.jailer.inside_pin(
            "stat", "-c", form, f"{self.jailer.data}/pool/layers/{layer}/{path}").strip()

    def names(self):
        return set(os.listdir(f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers"))

    def test_ids_modes_and_attributes_arrive_on_disk_unshifted(self):
        data = busybox_tar()
        self.jailer.ask(f"layer-import owners000 {len(data)}", data)
        self.assertEqual(self.stat("owners000", ".", "%u:%g %a"), "0:0 755")
        self.assertEqual(self.stat("owners000", "home/file", "%u:%g %a"), "1000:1000 4755")
        path = f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers/owners000/home/file"
        self.assertEqual(os.getxattr(path, "user.mark"), b"here")
        self.assertIn(["layer", "owners000"], self.jailer.list())

    def test_devices_are_left_out_without_failing(self):
        data = busybox_tar()
        self.jailer.ask(f"layer-import devices00 {len(data)}", data)
        for path in ("dev/null", "lib/device"):
            self.assertFalse(os.path.lexists(
                f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers/devices00/{path}"))

    def test_file_capabilities_belong_to_the_root_of_whoever_mounts_the_layer(self):
        data = busybox_tar([{"name": "./bin/ping", "kind": tarfile.REGTYPE, "data": b"x",
                             "xattrs": {"security.capability": CAPABILITY.decode("latin-1")}}])
        if b"SCHILY.xattr.security.capability" not in data:
            self.fail("the archive lacks the attribute")
        self.jailer.ask(f"layer-import capable00 {len(data)}", data)
        path = f"/proc/{self.jailer.process.pid}/root{self.jailer.data}/pool/layers/capable00/bin/ping"
        value = os.getxattr(path, "security.capability")
        revision, permitted = struct.unpack_from("<II", value)
        self.assertEqual(permitted, 1 << 13)
        root = struct.unpack_from("<I", value, 20)[0] if revision >> 24 == 3 else 0
        self.assertEqual(root, 0)

    def test_an_existing_layer_is_not_read_again(self):
        data = tar_of(entry("a", b"1"))
        self.jailer.ask(f"layer-import twice0000 {len(data)}", data)
        client = self.jailer.client()
        self.addCleanup(client.close)
        with self.assertRaises(JailerError) as caught:
            client.ask(f"layer-import twice0000 {len(data)}")
        self.assertEqual(caught.exception.code, "exists")
        self.assertEqual(client.stream.readline(), b"")

    def test_a_connection_that_ends_early_leaves_nothing(self):
        data = busybox_tar()
        client = self.jailer.client()
        client.send(f"layer-import half00000 {len(data)}", data[: len(data) // 2])
        client.socket.shutdown(1)
        self.assertTrue(client.receive().startswith("error usage"))
        client.close()
        self.assertFalse({name for name in self.names() if name.startswith("half00000")})

    def test_garbage_is_an_error_and_leaves_nothing(self):
        data = os.urandom(100000)
        with self.assertRaises(JailerError) as caught:
            self.jailer.ask(f"layer-import garbage00 {len(data)}", data)
        self.assertEqual(caught.exception.code, "system")
        self.assertFalse({name for name in self.names() if name.startswith("garbage00")})

    def test_bytes_after_the_end_marker_are_read_and_ignored(self):
        data = tar_of(entry("a", b"1")) + b"\0" * 3_000_000
        client = self.jailer.client()
        self.addCleanup(client.close)
        client.ask(f"layer-import padded000 {len(data)}", data)
        self.assertEqual(client.ask("hello")["protocol"], "2")

    def test_no_name_in_an_archive_reaches_the_host(self):
        victim = os.path.join(self.jailer.data, "victim")
        os.makedirs(victim)
        data = tar_of(entry("../../../../../../../../.." + victim + "/up", b"x"),
                      entry(victim + "/absolute", b"x"),
                      entry("link", kind=tarfile.SYMTYPE, target=victim),
                      entry("link/through", b"x"),
                      entry("usr", kind=tarfile.SYMTYPE, target="/usr"),
                      entry("usr/bin/planted", b"x"))
        try:
            self.jailer.ask(f"layer-import hostile00 {len(data)}", data)
        except JailerError as error:
            self.assertEqual(error.code, "system")
        self.assertEqual(os.listdir(victim), [])
        self.assertFalse(os.path.exists("/usr/bin/planted"))

    def test_a_dropped_layer_of_any_depth_is_gone(self):
        entries = [entry("d/" * depth, kind=tarfile.DIRTYPE) for depth in range(1, 400)]
        data = tar_of(*entries, entry("d/" * 300 + "file", b"x"))
        self.jailer.ask(f"layer-import deep00000 {len(data)}", data)
        self.jailer.ask("layer-drop deep00000")
        self.jailer.ask("layer-drop deep00000")
        self.assertFalse({name for name in self.names() if name.startswith("deep00000")})


def on(processor):
    return "taskset", "--cpu-list", str(processor)


class HostTest(unittest.TestCase):
    # As a container has it.
    OWN_MOUNTS = ("unshare", "--mount", "--propagation=private")
    # A host's own, of which nobody in a user namespace may take one away: a company's certificates, drivers under WSL 2.
    BELOW_PROGRAMS = (*OWN_MOUNTS, "sh", "-c",
                      "mount -t tmpfs none /usr/local/games && exec \"$@\"", "jailer")

    def test_mounts_below_the_hosts_programs(self):
        jailer = Jailer()
        self.addCleanup(jailer.remove)
        jailer.start(self.BELOW_PROGRAMS)
        data = busybox_tar()
        jailer.ask(f"layer-import base00000001 {len(data)}", data)
        self.assertIn(["layer", "base00000001"], jailer.list())

    def test_a_mount_namespace_of_the_host_s_that_another_processor_made(self):
        """Kernel 6.18 refuses to bind some that were made on another processor than the present one."""
        processors = sorted(os.sched_getaffinity(0))
        for first in processors[0], processors[-1]:
            for second in processors[0], processors[-1]:
                with self.subTest(first=first, second=second):
                    jailer = Jailer()
                    try:
                        jailer.start((*on(first), *self.OWN_MOUNTS, *on(second)))
                    finally:
                        jailer.remove()
