/* The verbs on a sandbox that exists: kill, limits, freeze, thaw, stats. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

int verb_kill(struct request *request, struct reply *reply) {
    (void)reply;
    int lock = lock_name(request->conf, "sandbox", request->arg[0], false);
    if (lock < 0)
        return -1;
    int result = sandbox_clean(request->conf, request->arg[0]);
    close(lock);
    return result;
}

/* Locks the sandbox and reads its record; the lock's fd, or -1 with fail(). */
static int lock_sandbox(const struct request *request, struct record *record, bool alive) {
    int lock = lock_name(request->conf, "sandbox", request->arg[0], false);
    if (lock < 0)
        return -1;
    if (!record_read(request->conf, request->arg[0], record) || (alive && !record_alive(record))) {
        close(lock);
        return fail(E_ABSENT, "sandbox %s does not run", request->arg[0]);
    }
    return lock;
}

int verb_limits(struct request *request, struct reply *reply) {
    (void)reply;
    struct record record;
    int lock = lock_sandbox(request, &record, true);
    if (lock < 0)
        return -1;
    int result = cgroup_limits(request->conf, record.slot, request->number[1], request->number[2],
                               request->number[3]);
    close(lock);
    return result;
}

int sandbox_thaw(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP];
    if (sandbox_path(conf, record->id, "disk", path) < 0 || set_thaw(path) < 0 ||
        cgroup_freeze(conf, record->slot, false) < 0 ||
        sandbox_path(conf, record->id, "frozen", path) < 0)
        return -1;
    return unlink(path) < 0 && errno != ENOENT ? fail_errno("unlink", path) : 0;
}

/* Most of what is dirty goes to the disk before anything stops, so that the stop is short. */
static void write_back(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP];
    int fd = sandbox_path(conf, record->id, "disk", path) < 0
                 ? -1
                 : open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) < 0)
        log_line("syncfs %s: %s", path, strerror(errno)); /* the freeze flushes as well */
    if (fd >= 0)
        close(fd);
}

/* The mark comes first and is removed last, so that whatever is frozen is always marked. Processes
 * stop before their file system, lest one be caught in a write that cannot be interrupted. */
int sandbox_freeze(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP];
    write_back(conf, record);
    int result = sandbox_path(conf, record->id, "frozen", path);
    int mark = result < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (result == 0 && mark < 0)
        result = fail_errno("create", path);
    if (mark >= 0)
        close(mark);
    if (result == 0 && (cgroup_freeze(conf, record->slot, true) < 0 ||
                        sandbox_path(conf, record->id, "disk", path) < 0 || set_freeze(path) < 0)) {
        enum code code = failure_code();
        char text[600];
        snprintf(text, sizeof text, "%s", failure_text());
        sandbox_thaw(conf, record);
        result = fail(code, "%s", text);
    }
    return result;
}

int verb_freeze(struct request *request, struct reply *reply) {
    (void)reply;
    struct record record;
    int lock = lock_sandbox(request, &record, true);
    if (lock < 0)
        return -1;
    int result = sandbox_freeze(request->conf, &record);
    close(lock);
    return result;
}

int verb_thaw(struct request *request, struct reply *reply) {
    (void)reply;
    struct record record;
    int lock = lock_sandbox(request, &record, true);
    if (lock < 0)
        return -1;
    int result = sandbox_thaw(request->conf, &record);
    close(lock);
    return result;
}

int verb_trim(struct request *request, struct reply *reply) {
    char path[PATH_CAP];
    struct record record;
    uint64_t start = 0, freed = 0;
    int more = sandbox_path(request->conf, request->arg[0], "disk", path) < 0 ? -1 : 1;
    /* without the lock, which a stop needs: each step looks anew whether it runs */
    while (more > 0) {
        if (!record_read(request->conf, request->arg[0], &record) || !record_alive(&record) ||
            !is_mount_root(path))
            return fail(E_ABSENT, "sandbox %s does not run", request->arg[0]);
        more = trim_next(path, &start, &freed);
    }
    return more < 0 ? -1 : reply_ok(reply, "free=%llu", (unsigned long long)freed / 1024);
}

int verb_stats(struct request *request, struct reply *reply) {
    struct record record;
    struct cgroup_stats stats;
    /* without the lock: read only, and a slow verb on the same sandbox must not delay it */
    if (!record_read(request->conf, request->arg[0], &record))
        return fail(E_ABSENT, "sandbox %s does not run", request->arg[0]);
    struct statvfs disk = {0};
    char path[PATH_CAP];
    if (cgroup_stats(request->conf, record.slot, &stats) < 0 ||
        sandbox_path(request->conf, record.id, "disk", path) < 0)
        return -1;
    if (statvfs(path, &disk) < 0)
        return fail_errno("statvfs", path);
    return reply_ok(reply,
                    "memory=%llu memory_limit=%llu memory_cache=%llu cpu_ns=%llu cpu_millis=%llu "
                    "pids=%llu oom_kills=%llu forks_refused=%llu disk_free=%llu inodes_free=%llu",
                    (unsigned long long)stats.memory, (unsigned long long)stats.memory_limit,
                    (unsigned long long)stats.memory_cache, (unsigned long long)stats.cpu_ns,
                    (unsigned long long)stats.cpu_millis, (unsigned long long)stats.pids,
                    (unsigned long long)stats.oom_kills, (unsigned long long)stats.forks_refused,
                    (unsigned long long)disk.f_bavail * disk.f_frsize,
                    (unsigned long long)disk.f_favail);
}
