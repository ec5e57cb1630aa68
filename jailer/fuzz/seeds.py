"""Writes the seeds of the jailer's harnesses: a valid request of every verb, a valid configuration.

usage: seeds.py DIRECTORY
"""

import pathlib
import sys

REQUESTS = [
    "hello", "list", "events", "slot-make 7", "slot-drop 1022", "disk-make 0d1f 10", "disk-clone a-b c", "disk-capture d e", "disk-grow d 100", "disk-drop d", "layer-import 0123456789ab 1024",
    "layer-drop 0123456789ab", "start s1 7 s1 - 0123456789ab,ba9876543210 - 1000 1024 512 10 default", "start s 1 d shelf-1 0123456789ab 00000000 10 16 4 1 restricted",
    "kill s1", "limits s1 1000 1024 512", "freeze s1", "thaw s1", "stats s1", "trim s1",
]
REFUSED = ["", " ", "hello ", "start", "slot-make 0", "slot-make 01", "slot-make -1", "kill ../x", "layer-drop A", "x" * 1100, "kill s1 s2", "stats \x7f"]
CONFIGURATION = """# comment
data=/var/lib/daytona
app=/var/lib/daytona/app/1
uid=999
gid=999
instance=7
uid_base=1000000
subnet=10.200.28.0
cgroup=daytona-7
nft_table=daytona_7
veth_prefix=dt7-
pool_bytes=1073741824
runtime=/usr/bin/crun
"""


def main():
    directory = pathlib.Path(sys.argv[1])
    (directory / "requests").mkdir(parents=True)
    (directory / "configuration").mkdir()
    for number, line in enumerate(REQUESTS + REFUSED):
        (directory / "requests" / str(number)).write_bytes(bytes([number % 50]) + line.encode() + b"\n")
    (directory / "requests" / "all").write_bytes(b"\0" + "\n".join(REQUESTS).encode() + b"\n")
    (directory / "configuration" / "usual").write_text(CONFIGURATION)


if __name__ == "__main__":
    main()
