"""The victims of the kill matrix: processes of one platform of the tests, found by its own records, and their return."""

import contextlib
import os
import pathlib
import select
import signal
import subprocess
import sys

import host_census
import platform_under_test as platform

# Kills the first process of each sandbox: those there are before it says `ready`, others as soon as they are there. A runtime is known by
# its command line, an agent by the jailer's record. Prints the ids of the sandboxes whose process it met.
HUNTER = """
import os, pathlib, signal, sys
data, prey, spared = pathlib.Path(sys.argv[1]), sys.argv[2], set(sys.argv[3:])
jailer = (data / 'run/jailer.pid').read_text().split()[0]

def read(path):
    try:
        return open(path).read()
    except OSError:
        return ''

def descendants(pid):
    for child in read(f'/proc/{pid}/task/{pid}/children').split():
        yield child
        yield from descendants(child)

def runtimes():
    for pid in descendants(jailer):
        line = read(f'/proc/{pid}/cmdline').split(chr(0))
        if '--pid-file' in line and line[line.index('--pid-file') + 1].startswith(f'{data}/sbx/'):
            yield line[-2], int(pid), None

def agents():
    for entry in os.scandir(data / 'sbx'):
        words = read(entry.path + '/pid').split()
        if len(words) == 2 and not entry.is_symlink():
            yield entry.name, int(words[0]), words[1]

def hunt(id, pid, start):
    try:
        handle = os.pidfd_open(pid)
        # The pid may be another's by now.
        if start in (None, read(f'/proc/{pid}/stat').rpartition(')')[2].split()[19]):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            spared.add(id)
            print(id, flush=True)
        os.close(handle)
    except (ProcessLookupError, IndexError):
        pass

find = {'crun': runtimes, 'agent': agents}[prey]
os.nice(-10)
ready = False
while True:
    for id, pid, start in find():
        if id not in spared:
            hunt(id, pid, start)
    if not ready:
        ready = True
        print('ready', flush=True)
"""


def kill(pids):
    """SIGKILL to all of them, and the end of all of them."""
    handles = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            handles.append(os.pidfd_open(pid))
    for handle in handles:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
    for handle in handles:
        assert select.select([handle], [], [], 10)[0], "a victim does not die"
        os.close(handle)


class Victim:
    """One process of the platform, which comes back by itself."""

    bystander_lives = True
    sandboxes_die = False

    def __init__(self, own):
        self.own = own

    def pids(self):
        return []

    def strike(self, spared):
        """Kills, while operations are held; the sandboxes `spared` have none."""
        kill(self.pids())

    def finish(self):
        """What follows when the operations are over: a restart by hand, where one is needed."""

    def met(self, id):
        """Whether there was a victim for the operation of a sandbox."""
        return True


class Jvm(Victim):
    def pids(self):
        return [platform.pid_of("server")]


class PostgreSQL(Victim):
    def pids(self):
        return [platform.postgres_pid()]


class Jailer(Victim):
    """With the verbs that it is at."""

    def pids(self):
        return [platform.pid_of("jailer")]


class Supervisor(Victim):
    def pids(self):
        return [platform.pid_of("supervisor")]

    def finish(self):
        self.own.up()


class Procview(Victim):
    """What shows sandboxes their limits, and what watches it."""

    def pids(self):
        return platform.procviews().values()


class All(Supervisor):
    """All of the platform but the sandboxes; the supervisor first, so that it starts nothing in between."""

    def pids(self):
        return [platform.pid_of("supervisor"), platform.pid_of("server"), platform.pid_of("jailer"), platform.postgres_pid()]


class Hunted(Victim):
    """A process of each sandbox that may be there later only, and is killed as soon as it is."""

    prey = None

    def strike(self, spared):
        command = [sys.executable, "-c", HUNTER, self.own.data, self.prey, *spared]
        self.hunter = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.ids = set(iter(lambda: self.hunter.stdout.readline().strip(), "ready"))

    def finish(self):
        self.hunter.kill()
        self.ids |= set(self.hunter.communicate(timeout=10)[0].split())

    def met(self, id):
        return id in self.ids


class Crun(Hunted):
    prey = "crun"


class Agent(Hunted):
    prey = "agent"
    sandboxes_die = True


class Reboot(All):
    """Every process of the data directory, and then all that the kernel forgets with a reboot."""

    bystander_lives = False
    sandboxes_die = True

    def strike(self, spared):
        data = self.own.data
        kill([*self.pids(), *platform.children(platform.pid_of("server")), *platform.children(platform.pid_of("jailer"))])
        platform.eventually(lambda: self.forgotten(data), 60, "an empty machine")

    def forgotten(self, data):
        """True when nothing is left; a start that was under way may bring something as long as one of its processes lives."""
        processes = {*host_census.processes(data), *host_census.cgroup_processes(data)}
        kill(processes)
        conf = host_census.configuration(data)
        ends = [("umount", "--lazy", data / path) for path in ("ns/mnt", "ns")] + [("nft", "delete", "table", "inet", conf["nft_table"])]
        ends += [("ip", "link", "delete", f"{conf['veth_prefix']}{slot}") for slot in host_census.links(data)]
        for command in ends if not processes else ():
            subprocess.run(command, check=False, timeout=30, capture_output=True)
        for cgroup in host_census.cgroups(data) if not processes else ():
            self.remove(cgroup)
        left = host_census.of_kernel(data)
        assert not left, left
        return True

    @staticmethod
    def remove(cgroup):
        for path, _, _ in os.walk(cgroup, topdown=False):
            pathlib.Path(path).rmdir()


VICTIMS = {
    "JVM": Jvm, "PostgreSQL": PostgreSQL, "jailer": Jailer, "supervisor": Supervisor, "procview": Procview, "crun": Crun,
    "agent": Agent, "all": All, "reboot": Reboot,
}
