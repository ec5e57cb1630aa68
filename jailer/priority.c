/* A sandbox that computes without pause gives way to those whose programs only now and then want a
 * processor, which is what somebody waits for: its cgroup is idle (cpu.idle, kernel 5.15). It has
 * every processor, up to its own limit, that the others leave, and one that gets less than it takes
 * is like any other again from the next look on, so that nobody starves. Weights alone do not do
 * it: whoever wakes up waits for the end of the other's time slice whatever that one weighs. */
#include "priority.h"

#include "cgroup.h"
#include "events.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
    LOOK_MS = 250,
    /* of one processor, since the last look */
    COMPUTES_PERCENT = 75,
    PAUSES_PERCENT = 50,
    MANY_PROCESSES = 256,
};

struct run { /* the sandbox of a slot */
    pid_t pid;
    uint64_t start;
    uint64_t used_ns;
    int64_t looked_ms;
    bool idle;
};

struct look {
    const struct conf *conf;
    int64_t now_ms;
    unsigned idle;
};

static struct run runs[SLOTS];
static uint64_t all_used_ns;
static int64_t looked_ms;
static unsigned idle_runs;

static bool takes(uint64_t used_ns, int64_t passed_ms, int percent) {
    return passed_ms > 0 && used_ns / 10000 >= (uint64_t)passed_ms * (uint64_t)percent;
}

static bool is_idle(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP];
    uint64_t value;
    return cgroup_file(conf, slot, "cpu", "cpu.idle", path) == 0 &&
           read_number(path, &value) == 0 && value == 1;
}

static void make_idle(const struct conf *conf, unsigned slot, bool idle) {
    char path[PATH_CAP];
    if (cgroup_file(conf, slot, "cpu", "cpu.idle", path) < 0)
        return;
    if (write_text(path, idle ? "1" : "0") < 0 && errno != ENOENT && errno != ENODEV)
        log_line("write %s: %s", path, strerror(errno));
}

/* Thousands queue for the kernel's locks, those of files that other sandboxes map too among them:
 * whoever comes later waits until each of them had its turn. Bystanders of an idle fork bomb were
 * seen to wait for 20 s. */
static bool has_many_processes(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP];
    uint64_t processes;
    return cgroup_file(conf, slot, "pids", "pids.current", path) == 0 &&
           read_number(path, &processes) == 0 && processes >= MANY_PROCESSES;
}

static void judge(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    struct run *run = &runs[sandbox->slot];
    uint64_t used_ns;
    if (cgroup_cpu_ns(look->conf, sandbox->slot, &used_ns) < 0)
        return; /* it is being cleared away */
    if (run->pid != sandbox->pid || run->start != sandbox->start) {
        /* an earlier jailer may have seen it */
        *run = (struct run){.pid = sandbox->pid,
                            .start = sandbox->start,
                            .idle = is_idle(look->conf, sandbox->slot)};
    } else {
        int percent = run->idle ? PAUSES_PERCENT : COMPUTES_PERCENT;
        bool idle = takes(used_ns - run->used_ns, look->now_ms - run->looked_ms, percent) &&
                    !has_many_processes(look->conf, sandbox->slot);
        if (idle != run->idle)
            make_idle(look->conf, sandbox->slot, idle);
        run->idle = idle;
    }
    run->used_ns = used_ns;
    run->looked_ms = look->now_ms;
    look->idle += run->idle;
}

int priority_look(const struct conf *conf, int64_t now_ms) {
    uint64_t used_ns;
    if (cgroup_cpu_ns(conf, ALL_SLOTS, &used_ns) < 0)
        return LOOK_MS;
    /* where all together take less than one would have to, there is nobody to look for */
    if (looked_ms == 0 || idle_runs > 0 ||
        takes(used_ns - all_used_ns, now_ms - looked_ms, COMPUTES_PERCENT)) {
        struct look look = {.conf = conf, .now_ms = now_ms};
        events_each(judge, &look);
        idle_runs = look.idle;
    }
    all_used_ns = used_ns;
    looked_ms = now_ms;
    return LOOK_MS;
}
