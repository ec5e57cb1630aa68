/* A sandbox that computes without pause gives way to those whose programs only now and then want a
 * processor, which is what somebody waits for, in two ways.
 *
 * Its cgroup is idle (cpu.idle, kernel 5.15). It has every processor, up to its own limit, that the
 * others leave, and one that gets less than it takes is like any other again from the next look on,
 * so that nobody starves. Weights alone do not do it: whoever wakes up waits for the end of the
 * other's time slice whatever that one weighs.
 *
 * It is confined to as many processors as its limit says, where the fewest others are confined,
 * until it has paused for a second. Else one with many processes and the limit of one processor
 * takes all processors at once for a part of the time, and what it does in the kernel, which may
 * not be interrupted there, is in everybody's way. */
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
    IDLE_PROCESSES = 256,
    CONFINED_PROCESSES = 64,
    CONFINED_LOOKS = 4, /* after the last in which it computed */
};

struct run { /* the sandbox of a slot */
    pid_t pid;
    uint64_t start;
    uint64_t used_ns;
    int64_t looked_ms;
    bool computes;
    bool idle;
    unsigned pauses;            /* looks since it computed */
    struct processors confined; /* empty: it is not */
};

struct look {
    const struct conf *conf;
    int64_t now_ms;
    unsigned busy;
    struct processors all; /* empty: there is no cpuset */
};

static struct run runs[SLOTS];
static uint64_t all_used_ns;
static int64_t looked_ms;
static unsigned busy;
static unsigned crowd[PROCESSORS]; /* how many are confined to it */

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

/* Those that wait for one of the kernel's locks get it in turn, and each must first be given a
 * processor; the locks of files that other sandboxes map too are among them. So with many processes
 * neither is done: bystanders of an idle or confined fork bomb were seen to wait for 20 s, of
 * confined 64 loops that start programs for half a second. */
static bool has_fewer_processes(const struct conf *conf, unsigned slot, uint64_t than) {
    char path[PATH_CAP];
    uint64_t processes;
    return cgroup_file(conf, slot, "pids", "pids.current", path) == 0 &&
           read_number(path, &processes) == 0 && processes < than;
}

/* ---- processors ---- */

static bool is_of(const struct run *run, const struct sandbox *sandbox) {
    return run->pid == sandbox->pid && run->start == sandbox->start;
}

static unsigned crowd_on(const struct processors *set) {
    unsigned sum = 0;
    for (int number = -1; (number = processors_next(set, number)) >= 0;)
        sum += crowd[number];
    return sum;
}

static void count(const struct processors *set, int change) {
    for (int number = -1; (number = processors_next(set, number)) >= 0;)
        crowd[number] += (unsigned)change;
}

static void count_confined(const struct sandbox *sandbox, void *arg) {
    const struct run *run = &runs[sandbox->slot];
    (void)arg;
    if (is_of(run, sandbox))
        count(&run->confined, 1);
}

/* Those with the smallest crowd, of equal ones the last: interrupts mostly come to the first. */
static struct processors choose(const struct processors *all, unsigned wanted) {
    struct processors chosen = {0}, left = *all;
    while (chosen.count < wanted) {
        int best = processors_next(&left, -1);
        for (int number = best; (number = processors_next(&left, number)) >= 0;)
            if (crowd[number] <= crowd[best])
                best = number;
        processors_add(&chosen, (unsigned)best);
        left.bits[best / 64] &= ~(UINT64_C(1) << best % 64);
    }
    return chosen;
}

/* How many it is to be confined to; 0: all. */
static unsigned confinement(const struct look *look, unsigned slot, const struct run *run) {
    uint64_t millis;
    bool stays = run->confined.count > 0 && run->pauses < CONFINED_LOOKS;
    if (!(run->computes || stays) || !has_fewer_processes(look->conf, slot, CONFINED_PROCESSES) ||
        cgroup_cpu_millis(look->conf, slot, &millis) < 0)
        return 0;
    uint64_t wanted = (millis + 999) / 1000;
    return wanted < look->all.count ? (unsigned)wanted : 0;
}

static void release(const struct look *look, unsigned slot) {
    static const struct processors none;
    if (cgroup_confine(look->conf, slot, cgroup_is_v2() ? &none : &look->all) < 0 &&
        errno != ENOENT && errno != ENODEV)
        log_line("processors of slot %u: %s", slot, strerror(errno));
}

static void confine(const struct look *look, unsigned slot, struct run *run) {
    unsigned wanted = confinement(look, slot, run);
    if (wanted == 0 && run->confined.count == 0)
        return;
    count(&run->confined, -1);
    struct processors chosen = choose(&look->all, wanted);
    if (wanted == 0) {
        release(look, slot);
        run->confined = chosen;
    } else if (wanted != run->confined.count || crowd_on(&chosen) < crowd_on(&run->confined)) {
        if (cgroup_confine(look->conf, slot, &chosen) == 0)
            run->confined = chosen;
        /* EBUSY: containers inside have processors of their own; as it is now, then */
        else if (errno != EBUSY && errno != ENOENT && errno != ENODEV)
            log_line("processors of slot %u: %s", slot, strerror(errno));
    }
    count(&run->confined, 1);
}

/* ---- the look ---- */

static void judge(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    unsigned slot = sandbox->slot;
    struct run *run = &runs[slot];
    uint64_t used_ns;
    if (cgroup_cpu_ns(look->conf, slot, &used_ns) < 0)
        return; /* it is being cleared away */
    if (!is_of(run, sandbox)) {
        /* an earlier jailer may have seen it */
        bool idle = is_idle(look->conf, slot);
        *run = (struct run){
            .pid = sandbox->pid, .start = sandbox->start, .idle = idle, .computes = idle};
        if (cgroup_is_confined(look->conf, slot, &look->all))
            release(look, slot);
    } else {
        int percent = run->computes ? PAUSES_PERCENT : COMPUTES_PERCENT;
        run->computes = takes(used_ns - run->used_ns, look->now_ms - run->looked_ms, percent);
        run->pauses = run->computes ? 0 : run->pauses + 1;
        bool idle = run->computes && has_fewer_processes(look->conf, slot, IDLE_PROCESSES);
        if (idle != run->idle)
            make_idle(look->conf, slot, idle);
        run->idle = idle;
        confine(look, slot, run);
    }
    run->used_ns = used_ns;
    run->looked_ms = look->now_ms;
    look->busy += run->computes || run->confined.count > 0;
}

int priority_look(const struct conf *conf, int64_t now_ms) {
    uint64_t used_ns;
    if (cgroup_cpu_ns(conf, ALL_SLOTS, &used_ns) < 0)
        return LOOK_MS;
    /* where all together take less than one would have to, there is nobody to look for */
    if (looked_ms == 0 || busy > 0 ||
        takes(used_ns - all_used_ns, now_ms - looked_ms, COMPUTES_PERCENT)) {
        struct look look = {.conf = conf, .now_ms = now_ms};
        if (cgroup_processors(conf, &look.all) < 0)
            look.all = (struct processors){0};
        memset(crowd, 0, sizeof crowd);
        events_each(count_confined, NULL);
        events_each(judge, &look);
        busy = look.busy;
    }
    all_used_ns = used_ns;
    looked_ms = now_ms;
    return LOOK_MS;
}
