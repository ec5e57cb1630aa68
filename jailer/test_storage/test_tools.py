"""The read-only layer of the platform's own programs at /.daytona."""

import io
import os
import tarfile
import unittest

from test_sandbox import LAYER, SandboxCase


def tools_tar(word):
    """A layer as images/tools builds it: `tools` with an empty file for the agent's mount, and `empty`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        empty = tarfile.TarInfo("./empty")
        empty.type, empty.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(empty)
        for name, mode, data in (("./tools/agent", 0o755, b""), ("./tools/bin/tool", 0o4755, b"#!/bin/sh\necho " + word + b"\n")):
            info = tarfile.TarInfo(name)
            info.mode, info.size = mode, len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


class ToolsTest(SandboxCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.put("tools001", b"one")

    @classmethod
    def put(cls, layer, word):
        data = tools_tar(word)
        cls.jailer.ask(f"layer-import {layer} {len(data)}", data)

    def start_with(self, name, tools, slot=1, profile="default"):
        self.addCleanup(self.jailer.ask, f"kill {name}")
        return int(self.jailer.ask(f"start {name} {slot} {name} - {LAYER} {tools} 1000 256 128 3 {profile}")["pid"])

    def layers(self):
        return {line[1] for line in self.jailer.list() if line[0] == "layer"}

    def test_tools_and_agent_lie_in_one_directory(self):
        for profile in ("default", "restricted"):
            with self.subTest(profile=profile):
                pid = self.start_with(f"one-{profile}", "tools001", profile=profile)
                self.assertEqual(self.sh(pid, "/.daytona/bin/tool"), "one")
                self.assertTrue(os.readlink(f"/proc/{pid}/exe").endswith("/.daytona/agent"))
                self.assertEqual(self.sh(pid, "stat -c '%u:%g %a' /.daytona/bin/tool"), "0:0 4755")
                self.stop(f"one-{profile}")

    def test_without_tools_only_the_agent_is_there(self):
        pid = self.start_with("none", "-")
        self.assertEqual(self.sh(pid, "ls /.daytona"), "agent")

    def test_root_inside_cannot_change_them(self):
        pid = self.start_with("change", "tools001")
        options = [line.split()[3].split(",") for line in self.sh(pid, "cat /proc/self/mounts").splitlines() if line.split()[1] == "/.daytona"]
        self.assertEqual([True], [{"ro", "nosuid", "nodev"} <= set(found) for found in options])
        # the flags of a mount are the sandbox's own; what is mounted is read-only whatever they say
        for before in (":", "mount -o remount,bind,rw,suid /.daytona", "mkdir -p /tmp/b && mount --bind /.daytona /tmp/b && mount -o remount,bind,rw /tmp/b"):
            for script in ("echo x >/.daytona/bin/tool", "touch /.daytona/new", "chmod 777 /.daytona/bin/tool", "rm /.daytona/bin/tool",
                           "chown 1 /.daytona/bin", "mount -o remount,rw /.daytona", "mv /.daytona /elsewhere",
                           "echo x >/.daytona/agent", "unshare -m -r sh -c 'mount -o remount,rw /.daytona || echo x >/.daytona/new'"):
                with self.subTest(before=before, script=script):
                    self.sh(pid, before)
                    self.assertNotEqual(self.sh(pid, script, check=False).returncode, 0)
        self.assertNotEqual(self.sh(pid, "echo x >/tmp/b/bin/tool", check=False).returncode, 0)
        self.assertEqual(self.sh(pid, "/.daytona/bin/tool"), "one")
        self.assertEqual(self.sh(self.start_with("other", "tools001", slot=2), "/.daytona/bin/tool"), "one")

    def test_no_path_of_the_host_is_shown(self):
        pid = self.start_with("paths", "tools001")
        line = [line for line in self.sh(pid, "cat /proc/self/mounts").splitlines() if " /.daytona " in line][0]
        self.assertNotIn(self.jailer.data, line)

    def test_a_running_sandbox_keeps_its_tools(self):
        self.put("tools002", b"two")
        old = self.start_with("old", "tools002", slot=1)
        self.put("tools003", b"three")
        new = self.start_with("new", "tools003", slot=2)
        self.refused("busy", "layer-drop tools002")
        self.assertEqual(self.sh(old, "/.daytona/bin/tool"), "two")
        self.assertEqual(self.sh(new, "/.daytona/bin/tool"), "three")
        self.jailer.kill9()
        self.jailer.start()
        self.refused("busy", "layer-drop tools002")
        self.stop("old")
        self.jailer.ask("layer-drop tools002")
        self.assertIn("tools003", self.layers())
        self.assertNotIn("tools002", self.layers())

    def test_the_next_start_may_bring_others(self):
        self.put("tools004", b"four")
        self.start_with("next", "tools001")
        self.stop("next")
        pid = self.start_with("next", "tools004")
        self.assertEqual(self.sh(pid, "/.daytona/bin/tool"), "four")

    def test_tools_that_do_not_exist_are_absent(self):
        self.refused("absent", f"start lost 1 lost - {LAYER} notools0 1000 256 128 3 default")
        self.assertEqual([], [line for line in self.jailer.list() if line[:2] == ["sandbox", "lost"]])

    def test_what_a_sandbox_left_in_their_place_reaches_nothing(self):
        """A start that then fails is the sandbox's own affair; one that works has the tools."""
        for number, script in enumerate((
                "umount -l /.daytona/agent; umount -l /.daytona; rm -rf /.daytona; ln -s /etc /.daytona",
                "umount -l /.daytona/agent; umount -l /.daytona; rm -rf /.daytona; ln -s ../../../../etc /.daytona",
                "umount -l /.daytona/agent; umount -l /.daytona; rm -rf /.daytona; echo file >/.daytona",
                "umount -l /.daytona/agent; umount -l /.daytona; rm -rf /.daytona; mkfifo /.daytona",
                "umount -l /.daytona/agent; umount -l /.daytona; rm -rf /.daytona; mkdir -m 0 /.daytona")):
            with self.subTest(script=script):
                name = f"left{number}"
                pid = self.start_with(name, "tools001")
                self.sh(pid, script)
                self.stop(name)
                before = os.stat("/etc").st_mtime_ns, sorted(os.listdir("/etc"))
                try:
                    self.sh(self.start_with(name, "tools001"), "/bin/ls /")
                except Exception as error:  # pylint: disable=broad-exception-caught
                    self.assertIn("error system", str(error))
                self.assertEqual(before, (os.stat("/etc").st_mtime_ns, sorted(os.listdir("/etc"))))
                self.jailer.ask(f"kill {name}")


if __name__ == "__main__":
    unittest.main()
