/* A sandbox that computes without pause gives way to those whose programs only now and then want a
 * processor, which is what somebody waits for: its cgroup is idle (cpu.idle, kernel 5.15), or with
 * many processes light. It has every processor, up to its own limit, that the others leave, and one
 * that gets less than it takes is like any other again some looks later, so that nobody starves.
 * For few processes a low weight does not do it: whoever wakes up waits for the end of the other's
 * time slice whatever that one weighs.
 *
 * It computes when it takes most of a processor; or, where so many do that none has one of its own,
 * most of what those take to whom most of the time goes. Those who give way already are left out
 * there: beside them everyone has what it wants, and who takes less than a processor pauses. */
#include "priority.h"

#include "cgroup.h"
#include "events.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define PROCESSOR 1000000ul /* usage is in millionths of one */

enum {
    LOOK_MS = 250,
    /* of a processor, or of what those take who compute */
    COMPUTES_PERCENT = 75,
    PAUSES_PERCENT = 50,
    /* in a crowd they do not all get the same at every look */
    PAUSES_IN_CROWD_PERCENT = 25,
    /* less is nobody's computing, but a program that starts now and then */
    LEAST = PROCESSOR / 50,
    /* of all processors: with less, nobody waits for another sandbox */
    CROWDED_PERCENT = 40,
    /* a mean over time: one part in so many is the last look's */
    RECENT_LOOKS = 4,
    MANY_PROCESSES = 256,
    LIGHT_PERCENT = 10,
    USUAL_PERCENT = 100,
};

enum rank { LIKE_OTHERS, LIGHT, IDLE }; /* the last two give way */

struct run { /* the sandbox of a slot */
    pid_t pid;
    uint64_t start;
    uint64_t used_ns;
    uint64_t usage;  /* since the look before */
    uint64_t recent; /* over about a second */
    int64_t looked_ms;
    enum rank rank;
    bool seen; /* at two looks: there is a usage to judge by */
};

struct sum {                           /* over sandboxes */
    uint64_t usages, recents, squares; /* of recents */
};

struct look {
    const struct conf *conf;
    int64_t now_ms;
    struct sum of[2];  /* those who do not give way, and those who do */
    uint64_t least[2]; /* recent usage of one who computes, among them */
    unsigned giving_way;
};

static struct run runs[SLOTS];
static uint64_t all_used_ns;
static int64_t looked_ms;
static unsigned giving_way;

static uint64_t usage_of(uint64_t used_ns, int64_t passed_ms) {
    return passed_ms > 0 ? used_ns / (uint64_t)passed_ms : 0;
}

static uint64_t of_processor(unsigned percent) { return PROCESSOR * percent / 100; }

static bool gives_way(const struct run *run) { return run->rank != LIKE_OTHERS; }

static bool computes(const struct look *look, const struct run *run) {
    return run->usage >= of_processor(gives_way(run) ? PAUSES_PERCENT : COMPUTES_PERCENT) ||
           run->recent >= look->least[gives_way(run)];
}

/* Of the mean of what sandboxes take, in which each weighs by what it takes: one that computes
 * beside many that hardly do counts alone, of twenty alike each counts a twentieth. */
static uint64_t of_mean(const struct sum *sum, unsigned percent) {
    uint64_t mean = sum->recents > 0 ? sum->squares / sum->recents : PROCESSOR;
    mean = mean < PROCESSOR ? mean : PROCESSOR;
    return (mean > LEAST ? mean : LEAST) * percent / 100;
}

static void compare(struct look *look) {
    const struct sum *others = &look->of[false], *giving = &look->of[true];
    cpu_set_t set;
    int processors = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    uint64_t crowd = of_processor(CROWDED_PERCENT) * (uint64_t)processors;
    look->least[false] = others->usages >= crowd ? of_mean(others, COMPUTES_PERCENT)
                                                 : of_processor(COMPUTES_PERCENT);
    look->least[true] = others->usages + giving->usages >= crowd
                            ? of_mean(giving, PAUSES_IN_CROWD_PERCENT)
                            : of_processor(PAUSES_PERCENT);
}

static enum rank rank_of(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP];
    uint64_t value;
    if (cgroup_file(conf, slot, "cpu", "cpu.idle", path) == 0 && read_number(path, &value) == 0 &&
        value == 1)
        return IDLE;
    return cgroup_weighs_less(conf, slot) ? LIGHT : LIKE_OTHERS;
}

static void make_idle(const struct conf *conf, unsigned slot, bool idle) {
    char path[PATH_CAP];
    if (cgroup_file(conf, slot, "cpu", "cpu.idle", path) < 0)
        return;
    if (write_text(path, idle ? "1" : "0") < 0 && errno != ENOENT && errno != ENODEV)
        log_line("write %s: %s", path, strerror(errno));
}

/* One that is idle has no weight of its own, and one that no longer is has the usual one. */
static void set_rank(const struct conf *conf, unsigned slot, enum rank from, enum rank to) {
    if ((from == IDLE) != (to == IDLE))
        make_idle(conf, slot, to == IDLE);
    if (to != IDLE && cgroup_weigh(conf, slot, to == LIGHT ? LIGHT_PERCENT : USUAL_PERCENT) < 0 &&
        errno != ENOENT && errno != ENODEV)
        log_line("weigh slot %u: %s", slot, strerror(errno));
}

/* Thousands queue for the kernel's locks, those of files that other sandboxes map too among them:
 * whoever comes later waits until each of them had its turn. Bystanders of an idle fork bomb were
 * seen to wait for 20 s. One with a tenth of the weight of others gets its turns, and is before
 * nobody who slept. */
static bool has_many_processes(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP];
    uint64_t processes;
    return cgroup_file(conf, slot, "pids", "pids.current", path) == 0 &&
           read_number(path, &processes) == 0 && processes >= MANY_PROCESSES;
}

static void measure(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    struct run *run = &runs[sandbox->slot];
    uint64_t used_ns;
    run->seen = run->pid == sandbox->pid && run->start == sandbox->start;
    if (!run->seen) /* an earlier jailer may have seen it */
        *run = (struct run){.pid = sandbox->pid,
                            .start = sandbox->start,
                            .rank = rank_of(look->conf, sandbox->slot)};
    if (cgroup_cpu_ns(look->conf, sandbox->slot, &used_ns) < 0) {
        run->pid = 0; /* it is being cleared away */
        run->seen = false;
        return;
    }
    if (run->seen) {
        struct sum *sum = &look->of[gives_way(run)];
        run->usage = usage_of(used_ns - run->used_ns, look->now_ms - run->looked_ms);
        run->recent += run->usage / RECENT_LOOKS - run->recent / RECENT_LOOKS;
        sum->usages += run->usage;
        sum->recents += run->recent;
        sum->squares += run->recent * run->recent;
    }
    run->used_ns = used_ns;
    run->looked_ms = look->now_ms;
}

static void judge(const struct sandbox *sandbox, void *arg) {
    struct look *look = arg;
    struct run *run = &runs[sandbox->slot];
    if (run->seen) {
        enum rank rank = !computes(look, run)                            ? LIKE_OTHERS
                         : has_many_processes(look->conf, sandbox->slot) ? LIGHT
                                                                         : IDLE;
        if (rank != run->rank)
            set_rank(look->conf, sandbox->slot, run->rank, rank);
        run->rank = rank;
    }
    look->giving_way += gives_way(run);
}

int priority_look(const struct conf *conf, int64_t now_ms) {
    uint64_t used_ns;
    if (cgroup_cpu_ns(conf, ALL_SLOTS, &used_ns) < 0)
        return LOOK_MS;
    /* where all together take less than one would have to, there is nobody to look for */
    if (looked_ms == 0 || giving_way > 0 ||
        usage_of(used_ns - all_used_ns, now_ms - looked_ms) >= of_processor(COMPUTES_PERCENT)) {
        struct look look = {.conf = conf, .now_ms = now_ms};
        events_each(measure, &look);
        compare(&look);
        events_each(judge, &look);
        giving_way = look.giving_way;
    }
    all_used_ns = used_ns;
    looked_ms = now_ms;
    return LOOK_MS;
}
