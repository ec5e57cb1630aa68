/* The content of the files of the view, made of the slot's cgroup. */
#include "cgroup.h"
#include "procview.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAT_CAP = 8192, TICK_NS = 10000000 };

struct text {
    char *out;
    size_t used, cap;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text->out + text->used, text->cap - text->used, format, arguments);
    va_end(arguments);
    if (n > 0)
        text->used += (size_t)n < text->cap - text->used ? (size_t)n : text->cap - text->used - 1;
}

/* CPUs that the limit amounts to, a part counted as one, and never more than there are. */
static unsigned processors(const struct cgroup_stats *stats) {
    long there = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t host = there > 0 ? (uint64_t)there : 1;
    uint64_t limit = (stats->cpu_millis + 999) / 1000;
    return (unsigned)(limit == 0 || limit > host ? host : limit);
}

/* ---- memory ------------------------------------------------------------------------------ */

/* A key of memory.stat, by its name in each version; 0 where there is none. */
static uint64_t part(const char *stat, const char *v1, const char *v2) {
    const char *key = cgroup_is_v2() ? v2 : v1;
    size_t length = strlen(key);
    for (const char *line = stat; line != NULL && *line != '\0';) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return strtoull(line + length + 1, NULL, 10);
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    return 0;
}

static void line(struct text *text, const char *key, uint64_t bytes) {
    add(text, "%s:%*llu kB\n", key, 23 - (int)strlen(key), (unsigned long long)(bytes >> 10));
}

static void meminfo(const struct conf *conf, unsigned slot, const struct cgroup_stats *stats,
                    struct text *text) {
    char path[PATH_CAP], stat[STAT_CAP] = "";
    if (cgroup_file(conf, slot, "memory", "memory.stat", path) == 0 &&
        read_text(path, stat, sizeof stat) < 0)
        stat[0] = '\0';
    uint64_t limit = stats->memory_limit;
    uint64_t free_bytes = limit > stats->memory ? limit - stats->memory : 0;
    uint64_t active_anon = part(stat, "total_active_anon", "active_anon");
    uint64_t inactive_anon = part(stat, "total_inactive_anon", "inactive_anon");
    uint64_t active_file = part(stat, "total_active_file", "active_file");
    uint64_t inactive_file = part(stat, "total_inactive_file", "inactive_file");
    uint64_t reclaimable = part(stat, "", "slab_reclaimable");
    uint64_t available = free_bytes + active_file + inactive_file + reclaimable;
    line(text, "MemTotal", limit);
    line(text, "MemFree", free_bytes);
    line(text, "MemAvailable", available < limit ? available : limit);
    line(text, "Buffers", 0);
    line(text, "Cached", stats->memory_cache);
    line(text, "SwapCached", 0);
    line(text, "Active", active_anon + active_file);
    line(text, "Inactive", inactive_anon + inactive_file);
    line(text, "Active(anon)", active_anon);
    line(text, "Inactive(anon)", inactive_anon);
    line(text, "Active(file)", active_file);
    line(text, "Inactive(file)", inactive_file);
    line(text, "Unevictable", part(stat, "total_unevictable", "unevictable"));
    line(text, "Mlocked", 0);
    line(text, "SwapTotal", 0);
    line(text, "SwapFree", 0);
    line(text, "Dirty", part(stat, "total_dirty", "file_dirty"));
    line(text, "Writeback", part(stat, "total_writeback", "file_writeback"));
    line(text, "AnonPages", part(stat, "total_rss", "anon"));
    line(text, "Mapped", part(stat, "total_mapped_file", "file_mapped"));
    line(text, "Shmem", part(stat, "total_shmem", "shmem"));
    line(text, "KReclaimable", reclaimable);
    line(text, "Slab", part(stat, "", "slab"));
    line(text, "SReclaimable", reclaimable);
    line(text, "SUnreclaim", part(stat, "", "slab_unreclaimable"));
}

/* ---- processors -------------------------------------------------------------------------- */

/* The host's, cut behind the last paragraph that belongs to one of the first `count`. */
static void cpuinfo(unsigned count, struct text *text) {
    FILE *file = fopen("/proc/cpuinfo", "re");
    char *one = NULL;
    size_t cap = 0;
    while (file != NULL && getline(&one, &cap, file) > 0) {
        if (strncmp(one, "processor", 9) == 0 && (one[9] == '\t' || one[9] == ' ') && count-- == 0)
            break;
        add(text, "%s", one);
    }
    free(one);
    if (file != NULL)
        fclose(file);
}

static void cpu_line(struct text *text, const char *name, uint64_t busy, uint64_t all) {
    add(text, "%s %llu 0 0 %llu 0 0 0 0 0 0\n", name, (unsigned long long)busy,
        (unsigned long long)(all > busy ? all - busy : 0));
}

/* Counters of the sandbox where there are such; btime is the host's, as are the start times of
 * processes that are counted from it. */
static void stat_text(const struct cgroup_stats *stats, unsigned count, struct text *text) {
    char uptime[128], name[32];
    uint64_t ticks = read_text("/proc/uptime", uptime, sizeof uptime) > 0
                         ? (uint64_t)(strtod(uptime, NULL) * 100)
                         : 0;
    uint64_t busy = stats->cpu_ns / TICK_NS;
    cpu_line(text, "cpu ", busy, ticks * count);
    for (unsigned i = 0; i < count; i++) {
        snprintf(name, sizeof name, "cpu%u", i);
        cpu_line(text, name, busy / count, ticks);
    }
    FILE *file = fopen("/proc/stat", "re");
    char *one = NULL;
    size_t cap = 0;
    while (file != NULL && getline(&one, &cap, file) > 0)
        if (strncmp(one, "btime ", 6) == 0 || strncmp(one, "ctxt ", 5) == 0)
            add(text, "%s", one);
    free(one);
    if (file != NULL)
        fclose(file);
    add(text, "processes %llu\nprocs_running 1\nprocs_blocked 0\n",
        (unsigned long long)stats->pids);
}

/* ---- all ---------------------------------------------------------------------------------- */

static size_t of_host(const char *path, char *out, size_t cap) {
    ssize_t n = read_text(path, out, cap);
    return n > 0 ? (size_t)n : 0;
}

size_t view_text(const struct conf *conf, unsigned slot, int file, char *out, size_t cap) {
    struct cgroup_stats stats;
    struct text text = {.out = out, .cap = cap};
    if (cgroup_stats(conf, slot, &stats) < 0)
        return of_host(view_files[file].target, out, cap);
    unsigned count = processors(&stats);
    /* v1 writes a number that no host has for "no limit" */
    uint64_t there = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    if (stats.memory_limit == 0 || stats.memory_limit > there)
        stats.memory_limit = there;
    if (file == VIEW_MEMINFO)
        meminfo(conf, slot, &stats, &text);
    else if (file == VIEW_CPUINFO)
        cpuinfo(count, &text);
    else if (file == VIEW_STAT)
        stat_text(&stats, count, &text);
    else
        add(&text, count > 1 ? "0-%u\n" : "%u\n", count - 1);
    return text.used;
}
