/* The verb `start`: disk, root file system, cgroup, socket and bundle, then the runtime. */
#include "procview.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONSOLE_BYTES 65536
#define AGENT_FD 3

enum { SANDBOX, SLOT, DISK, SHELF, LAYERS, TOOLS, CPU, MEMORY, PIDS, DISK_GIB, PROFILE };

/* ---- what the runtime's process is given --------------------------------------------------- */

/* PID 1's stdout and stderr: it can never hold more than its size (root inside may write what it
 * likes), and it belongs to nobody but this sandbox, for the runtime chowns it. */
static int make_console(void) {
    int fd = memfd_create("console", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, CONSOLE_BYTES) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SEAL) < 0)
        return fail_errno("memfd_create", NULL);
    return fd;
}

/* The socket the agent serves and only daytona may connect to; its directory is not daytona's. */
static int bind_agent(const struct conf *conf, const char *id) {
    char path[PATH_CAP];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (pathf(path, "%s/run/a/%s", conf->data, id) < 0)
        return -1;
    if (strlen(path) >= sizeof address.sun_path)
        return fail(E_SYSTEM, "%s is too long for a socket: use a shorter data directory", path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (unlink(path) < 0 && errno != ENOENT)
        return fail_errno("unlink", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail_errno("socket", NULL);
    mode_t old = umask(0177);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(old);
    if (result < 0 || lchown(path, conf->uid, conf->gid) < 0 || listen(fd, 128) < 0) {
        fail_errno("bind", path);
        close(fd);
        return -1;
    }
    return fd;
}

struct launch {
    const struct conf *conf;
    struct bundle bundle;
    int docker, overlay_socket, agent, console;
    pid_t parent;
};

static int build_bundle(struct launch *launch) {
    if (launch_enter() < 0 || launch_own_dev() < 0)
        return -1;
    if (mount("tmpfs", LAUNCH_DIR, "tmpfs", MS_NOEXEC, "mode=711,size=1m") < 0)
        return fail_errno("mount tmpfs on", LAUNCH_DIR);
    if (mkdir(LAUNCH_DIR "/root", 0755) < 0 || mkdir(LAUNCH_DIR "/docker", 0755) < 0 ||
        mkdir(LAUNCH_DIR "/tools", 0755) < 0)
        return fail_errno("mkdir in", LAUNCH_DIR);
    if (mount_put(launch->docker, LAUNCH_DIR "/docker") < 0 ||
        oci_write(&launch->bundle, LAUNCH_DIR) < 0)
        return -1;
    struct overlays overlays;
    if (rootfs_receive_overlays(launch->overlay_socket, &overlays) < 0 ||
        mount_put(overlays.root, LAUNCH_DIR "/root") < 0)
        return -1;
    return overlays.tools < 0 ? 0 : mount_put(overlays.tools, LAUNCH_DIR "/tools");
}

/* Numbers above the standard ones first, so that no dup2 overwrites a descriptor still needed. */
static int place_descriptors(const struct launch *launch) {
    int in[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    int empty = fcntl(in[0], F_DUPFD_CLOEXEC, 16),
        console = fcntl(launch->console, F_DUPFD_CLOEXEC, 16);
    int agent = fcntl(launch->agent, F_DUPFD_CLOEXEC, 16);
    if (empty < 0 || console < 0 || agent < 0 || dup2(empty, 0) < 0 || dup2(console, 1) < 0 ||
        dup2(console, 2) < 0 || dup2(agent, AGENT_FD) < 0)
        return fail_errno("dup2", NULL);
    if (close_range(AGENT_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        return fail_errno("close_range", NULL);
    return 0;
}

static int without(int capability, struct __user_cap_data_struct before[2]) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct less[2];
    if (syscall(SYS_capget, &header, before) < 0)
        return -1;
    memcpy(less, before, sizeof less);
    less[CAP_TO_INDEX(capability)].effective &= ~CAP_TO_MASK(capability);
    return (int)syscall(SYS_capset, &header, less);
}

/* Exhaustion of the host takes a sandbox, not the platform; the agent's programs start at 500, so
 * that exhaustion inside does not take the agent. What CAP_SYS_RESOURCE writes is also the least
 * that root inside can go down to: 0, which engines of containers write for theirs. */
static void die_first(void) {
    static const char score[] = "/proc/self/oom_score_adj";
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct before[2];
    if ((write_text(score, "0") < 0 && errno != EACCES) || without(CAP_SYS_RESOURCE, before) < 0 ||
        write_text(score, "250") < 0 || syscall(SYS_capset, &header, before) < 0)
        log_line("%s: %s", score, strerror(errno));
}

static void run_runtime(struct launch *launch) {
    static char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    char pid_file[PATH_CAP];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch->parent)
        _exit(1);
    const char *id = launch->bundle.sandbox;
    umask(022);
    if (sandbox_path(launch->conf, id, "runtime.pid", pid_file) == 0 && build_bundle(launch) == 0 &&
        place_descriptors(launch) == 0) {
        const char *const argv[] = {launch->conf->runtime,
                                    "--root",
                                    LAUNCH_DIR "/state",
                                    "run",
                                    "-d",
                                    "--preserve-fds=1",
                                    "--pid-file",
                                    pid_file,
                                    "-b",
                                    LAUNCH_DIR,
                                    id,
                                    NULL};
        sigset_t none;
        sigemptyset(&none);
        die_first();
        signal(SIGPIPE, SIG_DFL); /* what the jailer ignores would stay ignored in the sandbox */
        signal(SIGHUP, SIG_DFL);
        sigprocmask(SIG_SETMASK, &none, NULL);
        runtime_exec(launch->conf, argv, environment);
    }
    dprintf(launch->console, "%s", failure_text());
    _exit(126);
}

/* Runs the runtime to its end; the sandbox's PID 1 stays behind. */
static int run_launch(struct launch *launch, const struct rootfs *rootfs) {
    int pair[2], status = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_errno("socketpair", NULL);
    pid_t overlay = rootfs_fork_overlays(rootfs, launch->bundle.sandbox, pair[1]);
    close(pair[1]);
    launch->overlay_socket = pair[0];
    launch->parent = getpid();
    pid_t child = overlay < 0 ? -1 : fork();
    if (child == 0)
        run_runtime(launch);
    if (child < 0)
        fail_errno("fork", NULL);
    close(pair[0]);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    while (overlay > 0 && waitpid(overlay, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (child < 0)
        return -1;
    if (status == 0)
        return 0;
    if (WIFSIGNALED(status)) /* by somebody else or for lack of memory: no fault of the sandbox */
        return fail(E_BUSY, "the runtime was killed by signal %d", WTERMSIG(status));
    char text[400];
    ssize_t length = pread(launch->console, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return fail(E_SYSTEM, "the runtime failed (status %d): %s", status, text);
}

/* ---- start ------------------------------------------------------------------------------- */

/* A disk that is attached without a sandbox is going away: mounting it waits for that. */
static int disk_is_free(const struct conf *conf, const char *disk, const char *path) {
    struct record owner;
    int image = image_open(path, 0);
    if (image >= 0)
        close(image);
    else if (failure_code() != E_BUSY)
        return -1;
    else if (sandbox_of_disk(conf, disk, &owner))
        return fail(E_BUSY, "disk %s belongs to sandbox %s", disk, owner.id);
    return 0;
}

/* Shelved disk, existing disk, new disk, in this order of need. The disk's lock is held. */
static int provide_disk(const struct request *request) {
    const struct conf *conf = request->conf;
    char path[PATH_CAP], shelf[PATH_CAP];
    if (disk_path(conf, request->arg[DISK], path) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return disk_is_free(conf, request->arg[DISK], path) < 0 ? -1 : pool_require(conf, POOL_NEW);
    if (strcmp(request->arg[SHELF], "-") != 0) {
        uint64_t gib;
        if (disk_path(conf, request->arg[SHELF], shelf) < 0)
            return -1;
        int lock = lock_name(conf, "disk", request->arg[SHELF], false);
        if (lock < 0)
            return -1;
        bool fits = disk_size_gib(shelf, &gib) == 0 && gib == request->number[DISK_GIB];
        bool taken = fits && pool_require(conf, POOL_NEW) == 0 && rename(shelf, path) == 0;
        close(lock);
        if (taken)
            return 0;
    }
    return disk_make(conf, request->arg[DISK], request->number[DISK_GIB]);
}

/* The agent answers however many processes the sandbox's programs are; what it starts is not
 * preferred, and by more would hardly run on another processor (docs/decisions/0024). */
static void prefer_agent(pid_t agent) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } wanted = {.size = 48 /* SCHED_ATTR_SIZE_VER0 */, .flags = 1 /* reset on fork */, .nice = -5};
    if (syscall(SYS_sched_setattr, agent, &wanted, 0) < 0)
        log_line("prefer agent %d: %s", agent, strerror(errno));
}

static int read_runtime_pid(const struct conf *conf, struct record *record) {
    char path[PATH_CAP];
    uint64_t pid;
    if (sandbox_path(conf, record->id, "runtime.pid", path) < 0)
        return -1;
    if (read_number(path, &pid) < 0 || pid < 2)
        return fail_errno("read", path);
    record->pid = (pid_t)pid;
    record->start = proc_start(record->pid);
    if (record->start == 0)
        return fail(E_SYSTEM, "PID 1 of sandbox %s ended at once", record->id);
    prefer_agent(record->pid);
    return record_write_pid(conf, record);
}

/* Of a sandbox that died before it could answer: what its PID 1 printed. */
static void add_console(int console) {
    char text[300], first[400];
    ssize_t length = pread(console, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    snprintf(first, sizeof first, "%s", failure_text());
    if (text[0] != '\0')
        fail(E_SYSTEM, "%s: %s", first, text);
}

/* What a slot's last sandbox left in its cgroup — counters, cgroups of its own — is not the next
 * one's. */
static int fresh_cgroup(const struct conf *conf, unsigned slot) {
    struct cgroup_stats stats;
    if (cgroup_stats(conf, slot, &stats) == 0 && stats.cpu_ns == 0)
        return 0;
    return cgroup_drop(conf, slot) < 0 ? -1 : cgroup_make(conf, slot);
}

static int start_on_slot(const struct request *request, struct record *record,
                         struct rootfs *rootfs, struct launch *launch) {
    const struct conf *conf = request->conf;
    char path[PATH_CAP], cgroup[PATH_CAP];
    if (sandbox_path(conf, record->id, "", path) < 0 || make_dir(path, 0700, 0, 0) < 0 ||
        record_write(conf, record) < 0 || rootfs_prepare(conf, request, rootfs) < 0)
        return -1;
    if (fresh_cgroup(conf, record->slot) < 0 ||
        cgroup_limits(conf, record->slot, request->number[CPU], request->number[MEMORY],
                      request->number[PIDS]) < 0 ||
        cgroup_path_for_oci(conf, record->slot, cgroup) < 0)
        return -1;
    char *seccomp = oci_seccomp(conf, request->arg[PROFILE]);
    if (seccomp == NULL)
        return -1;
    launch->conf = conf;
    launch->docker = rootfs->docker;
    launch->bundle = (struct bundle){.sandbox = record->id,
                                     .cgroup = cgroup,
                                     .restricted = strcmp(request->arg[PROFILE], "restricted") == 0,
                                     .tools = rootfs->tools >= 0,
                                     .holder = getpid(),
                                     .userns = rootfs->userns,
                                     .netns = rootfs->netns,
                                     .memory_mib = request->number[MEMORY],
                                     .seccomp = seccomp};
    launch->console = make_console();
    launch->agent = launch->console < 0 ? -1 : bind_agent(conf, record->id);
    int result = launch->agent < 0 ? -1 : run_launch(launch, rootfs);
    free(seccomp);
    if (result == 0 && (result = read_runtime_pid(conf, record)) < 0)
        add_console(launch->console);
    return result;
}

static void close_all(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (fds[i] > 0)
            close(fds[i]);
}

static int start_new(struct request *request, struct record *record) {
    const struct conf *conf = request->conf;
    struct rootfs rootfs = {.userns = -1, .netns = -1, .disk = -1, .docker = -1, .tools = -1};
    struct launch launch = {.agent = -1, .console = -1};
    int result = provide_disk(request);
    if (result == 0)
        result = start_on_slot(request, record, &rootfs, &launch);
    /* before any cleaning: these hold the file systems */
    close_all(rootfs.layer, (size_t)rootfs.layers);
    close_all((int[]){rootfs.userns, rootfs.netns, rootfs.disk, rootfs.docker, rootfs.tools,
                      launch.agent, launch.console},
              7);
    if (result < 0) {
        enum code code = failure_code();
        char text[600];
        snprintf(text, sizeof text, "%s", failure_text());
        if (sandbox_clean(conf, record->id) < 0)
            log_line("after a failed start: %s", failure_text());
        return fail(code, "%s", text);
    }
    procview_bind(conf, record->slot, record->pid);
    if (events_started(record->id, record->slot, record->pid, record->start) < 0)
        log_line("%s", failure_text());
    return 0;
}

static int describe(const struct request *request, struct record *record) {
    memset(record, 0, sizeof *record);
    record->slot = (unsigned)request->number[SLOT];
    snprintf(record->id, sizeof record->id, "%s", request->arg[SANDBOX]);
    snprintf(record->disk, sizeof record->disk, "%s", request->arg[DISK]);
    size_t used = 0;
    for (int i = 0; i < request->layers; i++)
        used += (size_t)snprintf(record->layers + used, sizeof record->layers - used, "%s%s",
                                 i > 0 ? "," : "", request->layer[i]);
    if (request->tools != NULL && used < sizeof record->layers)
        used += (size_t)snprintf(record->layers + used, sizeof record->layers - used, ",%s",
                                 request->tools);
    return used < sizeof record->layers ? 0 : fail(E_USAGE, "too many layers");
}

static int start_locked(struct request *request, struct reply *reply) {
    const struct conf *conf = request->conf;
    struct record record;
    char path[PATH_CAP], owner[ID_MAX + 1];
    const char *id = request->arg[SANDBOX];
    unsigned slot = (unsigned)request->number[SLOT];
    if (record_read(conf, id, &record) && record_alive(&record)) {
        if (record.slot != slot)
            return fail(E_EXISTS, "sandbox %s runs in slot %u", id, record.slot);
        return reply_ok(reply, "pid=%d start=%llu", (int)record.pid,
                        (unsigned long long)record.start);
    }
    if (sandbox_path(conf, id, "", path) < 0 ||
        (access(path, F_OK) == 0 && sandbox_clean(conf, id) < 0))
        return -1;
    if (!slot_good(conf, slot))
        return fail(E_ABSENT, "slot %u does not exist", slot);
    if (sandbox_of_slot(conf, slot, owner))
        return fail(E_BUSY, "slot %u has sandbox %s", slot, owner);
    if (describe(request, &record) < 0 || start_new(request, &record) < 0)
        return -1;
    return reply_ok(reply, "pid=%d start=%llu", (int)record.pid, (unsigned long long)record.start);
}

int verb_start(struct request *request, struct reply *reply) {
    const struct conf *conf = request->conf;
    int locks[4 + LIST_MAX], count = 0, result = 0;
    locks[count++] = lock_name(conf, "sandbox", request->arg[SANDBOX], false);
    locks[count++] = lock_name(conf, "slot", request->arg[SLOT], false);
    locks[count++] = lock_name(conf, "disk", request->arg[DISK], false);
    for (int i = 0; i < request->layers; i++)
        locks[count++] = lock_name(conf, "layer", request->layer[i], true);
    if (request->tools != NULL)
        locks[count++] = lock_name(conf, "layer", request->tools, true);
    for (int i = 0; i < count; i++)
        if (locks[i] < 0)
            result = -1;
    if (result == 0)
        result = start_locked(request, reply);
    close_all(locks, (size_t)count);
    return result;
}
