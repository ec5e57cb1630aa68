/* The limits of a slot's cgroup and what it has used. */
#include "cgroup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PERIOD_US = 100000 };

static int set_value(const struct conf *conf, unsigned slot, const char *controller,
                     const char *file, uint64_t value) {
    char path[PATH_CAP], text[32];
    if (cgroup_file(conf, slot, controller, file, path) < 0)
        return fail(E_SYSTEM, "the cgroup controller %s is not mounted", controller);
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    if (write_text(path, text) == 0)
        return 0;
    return errno == ENOENT ? fail(E_ABSENT, "slot %u has no cgroup (%s)", slot, file)
                           : fail_errno("write", path);
}

/* v1 counts the buffers of sockets apart, and against nothing but the host's own limit, unless this
 * is set. v2 counts them as memory. */
static int limit_sockets_v1(const struct conf *conf, unsigned slot, uint64_t bytes) {
    static const char file[] = "memory.kmem.tcp.limit_in_bytes";
    char path[PATH_CAP];
    if (cgroup_file(conf, slot, "memory", file, path) < 0 || access(path, F_OK) < 0)
        return 0; /* a kernel without it */
    return set_value(conf, slot, "memory", file, bytes);
}

/* v1 keeps memory <= memory+swap at every moment, so the order depends on the direction. */
static int limit_memory_v1(const struct conf *conf, unsigned slot, uint64_t bytes) {
    static const char plain[] = "memory.limit_in_bytes", swap[] = "memory.memsw.limit_in_bytes";
    char path[PATH_CAP];
    bool counts_swap =
        cgroup_file(conf, slot, "memory", swap, path) == 0 && access(path, F_OK) == 0;
    if (!counts_swap)
        return set_value(conf, slot, "memory", plain, bytes);
    if (set_value(conf, slot, "memory", plain, bytes) == 0)
        return set_value(conf, slot, "memory", swap, bytes);
    if (set_value(conf, slot, "memory", swap, bytes) < 0)
        return -1;
    return set_value(conf, slot, "memory", plain, bytes);
}

/* The agent repeats the limits in a cgroup of its own; before it starts there is none. */
static int repeat_v2(const struct conf *conf, unsigned slot, const char *file, const char *text) {
    char path[PATH_CAP];
    if (cgroup_file(conf, slot, "memory", CGROUP_INIT, path) < 0)
        return -1;
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/%s", file);
    return write_text(path, text) < 0 && errno != ENOENT && errno != ENODEV
               ? fail_errno("write", path)
               : 0;
}

static int limit_v2(const struct conf *conf, unsigned slot, uint64_t quota, uint64_t bytes) {
    char path[PATH_CAP], text[64];
    if (set_value(conf, slot, "memory", "memory.max", bytes) < 0)
        return -1;
    if (cgroup_file(conf, slot, "memory", "memory.swap.max", path) == 0 &&
        access(path, F_OK) == 0 && set_value(conf, slot, "memory", "memory.swap.max", 0) < 0)
        return -1;
    if (cgroup_file(conf, slot, "cpu", "cpu.max", path) < 0)
        return -1;
    snprintf(text, sizeof text, "%llu %d", (unsigned long long)quota, PERIOD_US);
    if (write_text(path, text) < 0)
        return fail_errno("write", path);
    if (repeat_v2(conf, slot, "cpu.max", text) < 0)
        return -1;
    snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
    return repeat_v2(conf, slot, "memory.max", text);
}

int cgroup_limits(const struct conf *conf, unsigned slot, uint64_t cpu_millis, uint64_t memory_mib,
                  uint64_t pids) {
    uint64_t quota = cpu_millis * PERIOD_US / 1000, bytes = memory_mib << 20;
    if (set_value(conf, slot, "pids", "pids.max", pids) < 0)
        return -1;
    if (cgroup_is_v2())
        return limit_v2(conf, slot, quota, bytes);
    if (limit_memory_v1(conf, slot, bytes) < 0 || limit_sockets_v1(conf, slot, bytes) < 0 ||
        set_value(conf, slot, "cpu", "cpu.cfs_period_us", PERIOD_US) < 0)
        return -1;
    return set_value(conf, slot, "cpu", "cpu.cfs_quota_us", quota);
}

static int get_value(const struct conf *conf, unsigned slot, const char *controller,
                     const char *file, uint64_t *out) {
    char path[PATH_CAP];
    if (cgroup_file(conf, slot, controller, file, path) < 0)
        return fail(E_SYSTEM, "the cgroup controller %s is not mounted", controller);
    if (read_number(path, out) == 0)
        return 0;
    if (errno == EINVAL) { /* "max" */
        *out = 0;
        return 0;
    }
    return errno == ENOENT ? fail(E_ABSENT, "slot %u has no cgroup (%s)", slot, file)
                           : fail_errno("read", path);
}

int cgroup_field(const struct conf *conf, unsigned slot, const char *controller, const char *file,
                 const char *key, uint64_t *out) {
    char path[PATH_CAP], text[4096];
    if (cgroup_file(conf, slot, controller, file, path) < 0)
        return fail(E_SYSTEM, "the cgroup controller %s is not mounted", controller);
    if (read_text(path, text, sizeof text) < 0)
        return errno == ENOENT ? fail(E_ABSENT, "slot %u has no cgroup (%s)", slot, file)
                               : fail_errno("read", path);
    *out = 0;
    size_t length = strlen(key);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            *out = strtoull(line + length + 1, NULL, 10);
    return 0;
}

int cgroup_cpu_ns(const struct conf *conf, unsigned slot, uint64_t *out) {
    if (!cgroup_is_v2())
        return get_value(conf, slot, "cpuacct", "cpuacct.usage", out);
    if (cgroup_field(conf, slot, "cpu", "cpu.stat", "usage_usec", out) < 0)
        return -1;
    *out *= 1000;
    return 0;
}

static int stats_v1(const struct conf *conf, unsigned slot, struct cgroup_stats *stats) {
    uint64_t quota = 0;
    if (get_value(conf, slot, "memory", "memory.usage_in_bytes", &stats->memory) < 0 ||
        get_value(conf, slot, "memory", "memory.limit_in_bytes", &stats->memory_limit) < 0 ||
        cgroup_field(conf, slot, "memory", "memory.stat", "total_cache", &stats->memory_cache) <
            0 ||
        cgroup_cpu_ns(conf, slot, &stats->cpu_ns) < 0 ||
        get_value(conf, slot, "cpu", "cpu.cfs_quota_us", &quota) < 0 ||
        cgroup_field(conf, slot, "memory", "memory.oom_control", "oom_kill", &stats->oom_kills) < 0)
        return -1;
    stats->cpu_millis = quota > INT64_MAX ? 0 : quota * 1000 / PERIOD_US; /* -1: no limit */
    return 0;
}

static int stats_v2(const struct conf *conf, unsigned slot, struct cgroup_stats *stats) {
    char path[PATH_CAP], text[64];
    if (get_value(conf, slot, "memory", "memory.current", &stats->memory) < 0 ||
        get_value(conf, slot, "memory", "memory.max", &stats->memory_limit) < 0 ||
        cgroup_field(conf, slot, "memory", "memory.stat", "file", &stats->memory_cache) < 0 ||
        cgroup_cpu_ns(conf, slot, &stats->cpu_ns) < 0 ||
        cgroup_field(conf, slot, "memory", "memory.events", "oom_kill", &stats->oom_kills) < 0 ||
        cgroup_file(conf, slot, "cpu", "cpu.max", path) < 0)
        return -1;
    if (read_text(path, text, sizeof text) < 0)
        return fail_errno("read", path);
    stats->cpu_millis = strtoull(text, NULL, 10) * 1000 / PERIOD_US; /* 0 for "max" */
    return 0;
}

int cgroup_stats(const struct conf *conf, unsigned slot, struct cgroup_stats *stats) {
    memset(stats, 0, sizeof *stats);
    uint64_t own = 0;
    if (get_value(conf, slot, "pids", "pids.current", &stats->pids) < 0 ||
        cgroup_field(conf, slot, "pids", "pids.events", "max", &stats->forks_refused) < 0)
        return -1;
    /* until kernel 6.11 a refusal counts where the process is, not where the limit is */
    if (cgroup_is_v2() &&
        cgroup_field(conf, slot, "pids", CGROUP_INIT "/pids.events", "max", &own) == 0)
        stats->forks_refused += own;
    return cgroup_is_v2() ? stats_v2(conf, slot, stats) : stats_v1(conf, slot, stats);
}
