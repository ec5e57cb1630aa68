"""What takes all it can get: programs for a sandbox with one CPU, 1 GiB of memory and 3 GiB of disk."""

import base64
import dataclasses
import threading

import platform_under_test as platform

FORK_BOMB = "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass\n"
FORKS = "import os, signal\ntry:\n  while True:\n    if os.fork() == 0: signal.pause()\nexcept OSError as e: print(e, flush=True)\nsignal.signal(15, lambda *_: os._exit(3))\nos.killpg(0, 15)\nsignal.pause()\n"
FILES = "import os\nn = 0\nwhile True:\n  if n % 1000 == 0: os.makedirs(d := '/tmp/i/%d' % n)\n  os.close(os.open(f'{d}/{n}', os.O_CREAT)); n += 1\n"
FILES_AGAIN = "import shutil\nwhile True:\n  try:\n" + "".join(f"    {line}\n" for line in FILES.splitlines()) + "  except OSError: shutil.rmtree('/tmp/i')\n"
DESCRIPTORS = "import os\nf = []\nwhile True: f.append(os.dup(0))\n"
DESCRIPTORS_AGAIN = "import os\nfor _ in range(30):\n  if os.fork() == 0: break\nwhile True:\n  f = []\n  try:\n    while True: f += os.pipe()\n  except OSError: [os.close(x) for x in f]\n"
ALLOCATIONS = "x = [bytearray(2**22) for _ in range(100000)]\n"
BURN = "for i in $(seq 64); do (while :; do :; done) & done; wait"
CACHE = "head -c 2500M /dev/zero > /tmp/big; while :; do cat /tmp/big > /dev/null; dd if=/dev/zero of=/tmp/big bs=1M count=2400 conv=notrunc; done"


def python(program):
    return f"python3 -c 'import base64; exec(base64.b64decode(\"{base64.b64encode(program.encode()).decode()}\"))'"


def again(command):
    return f"while :; do {command}; done"


@dataclasses.dataclass
class Hog:
    """One way to take everything.

    attack: what runs while bystanders are measured. limit: a command that runs into the same limit once. reason: what its reply names;
    None when nothing was refused.
    """

    name: str
    attack: str
    limit: str
    reason: str

    def begin(self, sandbox):
        platform.output(sandbox, f"echo {base64.b64encode(self.attack.encode()).decode()} | base64 -d > /tmp/hog")
        platform.output(sandbox, "nohup setsid bash /tmp/hog >/dev/null 2>&1 </dev/null &")


class LogFlood(Hog):
    """Through a log that the sandbox keeps, and into a reply that somebody waits for."""

    def begin(self, sandbox):
        assert platform.toolbox(sandbox, "POST", "/process/session", {"sessionId": "flood"}).status < 300
        assert platform.toolbox(sandbox, "POST", "/process/session/flood/exec", {"command": self.attack, "runAsync": True}).status == 202
        call = {"command": self.attack, "timeout": 120}
        threading.Thread(target=platform.toolbox, args=(sandbox, "POST", "/process/execute", call), kwargs={"timeout": 150}, daemon=True).start()


HOGS = [
    Hog("fork bomb", python(FORK_BOMB), python(FORKS), "too many processes"),
    Hog("memory hog", again(python(ALLOCATIONS)), python(ALLOCATIONS), "out of memory"),
    Hog("disk filler", again("cat /dev/zero > /tmp/big; rm /tmp/big"), "cat /dev/zero > /tmp/big", "disk full"),
    Hog("inode filler", python(FILES_AGAIN), python(FILES), "out of inodes"),
    Hog("CPU burner", BURN, "seq 1000000 | md5sum", None),
    LogFlood("log flood", "yes", "seq 10000000", None),
    Hog("fd hog", python(DESCRIPTORS_AGAIN), python(DESCRIPTORS), "too many open files"),
    Hog("tmpfs hog", again("cat /dev/zero > /dev/shm/big; rm /dev/shm/big"), "cat /dev/zero > /dev/shm/big", "no space left on device"),
    Hog("page-cache hog", CACHE, "head -c 2000M /dev/zero > /tmp/big; cat /tmp/big > /dev/null", None),
]
