/* The guard of the pool, which is promised to more disks than it can hold: when it is nearly full,
 * the sandbox that grows fastest is ended, before the pool refuses a block to anybody. A disk whose
 * file system is refused a block loses data or turns read-only, a bystander's like any other.
 *
 * Which one, and how many, is told by what each will take soon: what it took of late, and what
 * waits in its cache. When the others can do with what is free, nobody else is ended: it belongs to
 * those that write a little. Below the last mark what an ended one has not written yet is given up.
 */
#include "guard.h"

#include "cgroup.h"
#include "events.h"
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define IOC_EXT4_SHUTDOWN _IOR('X', 125, uint32_t)
#define WITHOUT_JOURNAL 2 /* nothing is written any more: as if the power had failed */

enum {
    SOONEST_MS = 25,
    LATEST_MS = 1000,
    KIB_PER_MS = 4096, /* no host writes faster than 4 GiB/s */
    MEMORY_MS = 2000,  /* growth counts less the longer ago it was */
    HORIZON = 4,       /* times MEMORY_MS: who needs longer to fill what is left goes on */
};

enum state { WRITES, ENDED, CUT_OFF };

struct guarded { /* the sandbox of a slot */
    pid_t pid;
    uint64_t start;
    uint64_t kib;            /* allocated by its disk */
    uint64_t grown;          /* KiB of late */
    uint64_t unwritten, due; /* KiB; when it was ranked last */
    enum state state;
};

static struct guarded guarded[SLOTS];
static int64_t looked_ms;

static int mark_path(const struct conf *conf, const char *id, char out[PATH_CAP]) {
    return sandbox_path(conf, id, "ended-by-guard", out);
}

bool guard_ended(const struct conf *conf, const char *id) {
    char path[PATH_CAP];
    return mark_path(conf, id, path) == 0 && access(path, F_OK) == 0;
}

static void shut_down(const char *id, const char *path) {
    uint32_t how = WITHOUT_JOURNAL;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return; /* unmounted meanwhile */
    if (ioctl(fd, IOC_EXT4_SHUTDOWN, &how) < 0)
        log_line("cut off %s: %s", path, strerror(errno));
    else
        log_line("sandbox %s: what it had not written yet is given up", id);
    close(fd);
}

/* From here on nothing of its cache reaches the pool; what it had synced is in the journal. In a
 * child, which is reaped like any other: the file system refuses writes at once, but the call waits
 * behind all that its device has taken, and meanwhile the next one fills the pool. */
static void cut_off(const struct conf *conf, const struct sandbox *sandbox, struct guarded *g) {
    char path[PATH_CAP];
    g->state = CUT_OFF;
    if (sandbox_path(conf, sandbox->id, "disk", path) < 0)
        return;
    pid_t child = fork();
    if (child <= 0)
        shut_down(sandbox->id, path);
    if (child == 0)
        _exit(0);
}

static uint64_t unwritten_kib(const struct conf *conf, unsigned slot) {
    uint64_t bytes = 0;
    if (cgroup_field(conf, slot, "memory", "memory.stat",
                     cgroup_is_v2() ? "file_dirty" : "total_dirty", &bytes) < 0)
        return 0; /* it has just been stopped */
    return bytes / 1024;
}

static void end(const struct conf *conf, const struct sandbox *sandbox, struct guarded *g) {
    char path[PATH_CAP];
    int mark = mark_path(conf, sandbox->id, path) < 0
                   ? -1
                   : open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (mark >= 0)
        close(mark);
    int pidfd = pidfd_of(sandbox->pid);
    if (pidfd >= 0 && proc_start(sandbox->pid) == sandbox->start)
        pidfd_signal(pidfd, SIGKILL);
    if (pidfd >= 0)
        close(pidfd);
    g->state = ENDED;
}

struct look {
    const struct conf *conf;
    int64_t passed_ms;
    uint64_t free_kib;
    struct pool_marks marks;
    const struct sandbox *worst;
    uint64_t due_kib; /* of all of them */
    bool grown;       /* somebody has, of late */
};

static uint64_t disk_kib(const struct conf *conf, const char *id) {
    char path[PATH_CAP];
    struct stat st;
    struct record record;
    if (disk_path(conf, id, path) == 0 && lstat(path, &st) == 0)
        return (uint64_t)st.st_blocks / 2;
    /* a disk that is not named after its sandbox */
    if (!record_read(conf, id, &record) || disk_path(conf, record.disk, path) < 0 ||
        lstat(path, &st) < 0)
        return 0;
    return (uint64_t)st.st_blocks / 2;
}

static void weigh(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    struct guarded *g = &guarded[sandbox->slot];
    uint64_t kib = disk_kib(look->conf, sandbox->id);
    if (g->pid != sandbox->pid || g->start != sandbox->start)
        *g = (struct guarded){.pid = sandbox->pid, .start = sandbox->start, .kib = kib};
    uint64_t faded =
        look->passed_ms >= MEMORY_MS ? g->grown : g->grown * (uint64_t)look->passed_ms / MEMORY_MS;
    g->grown = g->grown - faded + (kib > g->kib ? kib - g->kib : 0);
    g->kib = kib;
    look->grown = look->grown || g->grown > 0;
}

/* What it will take soon: as of late, and what waits in its cache. */
static void rank(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    struct guarded *g = &guarded[sandbox->slot];
    if (g->state != WRITES)
        return;
    g->unwritten = unwritten_kib(look->conf, sandbox->slot);
    g->due = g->grown * HORIZON + g->unwritten;
    look->due_kib += g->due;
    if (look->worst == NULL || g->due > guarded[look->worst->slot].due)
        look->worst = sandbox;
}

/* Flushing what an ended one left in its cache may still take the pool below the last mark. */
static void cut_off_ended(const struct look *look) {
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        struct sandbox sandbox = {.slot = slot};
        if (guarded[slot].state == ENDED && sandbox_of_slot(look->conf, slot, sandbox.id) &&
            guard_ended(look->conf, sandbox.id))
            cut_off(look->conf, &sandbox, &guarded[slot]);
    }
}

static void end_one(const struct sandbox *sandbox, const struct look *look) {
    struct guarded *g = &guarded[sandbox->slot];
    bool last = look->free_kib < look->marks.last_kib;
    end(look->conf, sandbox, g);
    if (last || g->unwritten >= look->free_kib - look->marks.last_kib)
        cut_off(look->conf, sandbox, g);
    log_line("the pool has %llu MiB left: sandbox %s is ended, it took %llu MiB of late and had "
             "%llu MiB to write",
             (unsigned long long)look->free_kib / 1024, sandbox->id,
             (unsigned long long)g->grown / 1024, (unsigned long long)g->unwritten / 1024);
}

/* The worst first, until what is free suffices for the others. What the devices have taken already
 * comes on top of it, hence all that is needed at once, and none that is not. */
static void act(struct look *look) {
    if (look->free_kib < look->marks.last_kib)
        cut_off_ended(look);
    do {
        look->due_kib = 0;
        look->worst = NULL;
        events_each(rank, look);
        if (look->worst == NULL || look->due_kib < look->free_kib ||
            guarded[look->worst->slot].due == 0) /* those that are left take nothing */
            return;
        end_one(look->worst, look);
    } while (true);
}

static int next_look(uint64_t free_kib, uint64_t end_kib) {
    uint64_t ms = free_kib > end_kib ? (free_kib - end_kib) / KIB_PER_MS : 0;
    return ms < SOONEST_MS ? SOONEST_MS : ms > LATEST_MS ? LATEST_MS : (int)ms;
}

int guard_look(const struct conf *conf, int64_t now_ms) {
    uint64_t total_kib;
    struct look look = {.conf = conf, .passed_ms = now_ms - looked_ms};
    if (pool_space(conf, &look.free_kib, &total_kib) < 0) {
        log_line("%s", failure_text());
        return LATEST_MS;
    }
    look.marks = pool_marks(total_kib);
    looked_ms = now_ms;
    /* early enough to know who grows */
    if (look.free_kib < look.marks.end_kib + total_kib / 10) {
        events_each(weigh, &look);
        if (look.free_kib < look.marks.end_kib && look.grown)
            act(&look);
    }
    return next_look(look.free_kib, look.marks.end_kib);
}
