"""Root file systems as `docker export` writes them, made of the host's packages: no registry is needed.

An Alpine-like one (musl and busybox), a distroless one (one program with its libraries, no shell) and an odd one.
"""

import io
import pathlib
import re
import subprocess
import tarfile

BUSYBOX = pathlib.Path("/bin/busybox")
HELLO = '#include <stdio.h>\nint main(void) { puts("hello from musl"); return 0; }\n'


class Archive:
    """A tar in memory."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)

    def entry(self, name, kind, target="", data=b"", mode=0o755, owner=0):
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode, info.size = kind, target, mode, len(data)
        info.uid = info.gid = owner
        info.mtime = 1_700_000_000
        self.tar.addfile(info, io.BytesIO(data))
        return self

    def directories(self, *names):
        for name in names:
            self.entry(name + "/", tarfile.DIRTYPE)
        return self

    def text(self, name, text, mode=0o644):
        return self.entry(name, tarfile.REGTYPE, data=text.encode(), mode=mode)

    def link(self, name, target):
        return self.entry(name, tarfile.SYMTYPE, target)

    def hard_link(self, name, target):
        return self.entry(name, tarfile.LNKTYPE, target)

    def device(self, name):
        info = tarfile.TarInfo(name)
        info.type, info.devmajor, info.devminor, info.mode = tarfile.CHRTYPE, 1, 3, 0o666
        self.tar.addfile(info)
        return self

    def file(self, name, source, mode=0o755):
        """A copy of a file of the host, links followed."""
        return self.entry(name, tarfile.REGTYPE, data=pathlib.Path(source).read_bytes(), mode=mode)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def alpine(work):
    """musl, a program that is linked to it, busybox with all its names, and a user that is not meant to log in."""
    (work / "hello.c").write_text(HELLO)
    subprocess.run(["musl-gcc", "-o", work / "hello", work / "hello.c"], check=True, timeout=60)
    archive = Archive().directories("bin", "dev", "etc", "lib", "proc", "sbin", "sys", "usr", "usr/bin", "usr/sbin")
    archive.entry("tmp/", tarfile.DIRTYPE, mode=0o1777)
    archive.file("bin/busybox", BUSYBOX).file("usr/bin/hello", work / "hello")
    for loader in pathlib.Path("/lib").glob("ld-musl-*.so.1"):
        archive.file("lib/" + loader.name, loader)
    names = subprocess.run([BUSYBOX, "--list-full"], check=True, timeout=20, capture_output=True, text=True).stdout.split()
    for name in names:
        if name.split("/")[0] in ("bin", "sbin", "usr") and name != "bin/busybox":
            archive.link(name, "/bin/busybox")
    archive.link("sbin/nologin", "/bin/busybox")
    archive.text("etc/passwd", "root:x:0:0:root:/root:/bin/ash\ndaytona:x:1000:1000::/home/daytona:/sbin/nologin\n")
    archive.text("etc/group", "root:x:0:\ndaytona:x:1000:\n").text("etc/shells", "/bin/sh\n/bin/ash\n")
    archive.text("etc/daytona/environment", "FROM_IMAGE=yes\n")
    return archive.device("dev/null").bytes()


def distroless():
    """One program with its loader and libraries, and the files that such images have."""
    archive = Archive().text("etc/passwd", "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n")
    archive.file("usr/bin/cat", "/bin/cat")
    shown = subprocess.run(["ldd", "/bin/cat"], check=True, timeout=20, capture_output=True, text=True).stdout
    for library in re.findall(r"(/\S+) \(0x", shown):
        archive.file(library.lstrip("/"), library)
    return archive.bytes()


def odd():
    """What programs that read it at their start wait for, or stumble over, if they are careless."""
    archive = Archive().directories("bin", "etc").file("bin/busybox", BUSYBOX).link("bin/sh", "busybox").link("bin/echo", "busybox")
    for name in ("etc/passwd", "etc/group", "etc/hosts", "etc/resolv.conf", "etc/daytona/environment", "etc/shells"):
        archive.entry(name, tarfile.FIFOTYPE)
    return archive.link("home", "../../../..").link("run", "/nowhere").bytes()


def smallest():
    """A shell and nothing else."""
    return Archive().file("bin/sh", BUSYBOX).text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n").bytes()


def refused():
    """One that can be read, but not unpacked."""
    return Archive().hard_link("shadow", "../../../../etc/shadow").bytes()
