/* Which processors a sandbox may run on. */
#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_CAP = 8 * PROCESSORS }; /* each processor by itself, at most four digits and a comma */

static bool has(const struct processors *set, unsigned number) {
    return (set->bits[number / 64] >> number % 64 & 1) != 0;
}

void processors_add(struct processors *set, unsigned number) {
    if (number >= PROCESSORS || has(set, number))
        return;
    set->bits[number / 64] |= UINT64_C(1) << number % 64;
    set->count++;
}

int processors_next(const struct processors *set, int number) {
    for (number++; number < PROCESSORS; number++)
        if (has(set, (unsigned)number))
            return number;
    return -1;
}

/* The kernel's list: "0-3,8" */
static void parse(const char *text, struct processors *set) {
    memset(set, 0, sizeof *set);
    for (char *end; *text >= '0' && *text <= '9'; text = *end == ',' ? end + 1 : end) {
        unsigned long first = strtoul(text, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        for (; first <= last && first < PROCESSORS; first++)
            processors_add(set, (unsigned)first);
    }
}

static int read_list(const struct conf *conf, unsigned slot, const char *file,
                     struct processors *set) {
    char path[PATH_CAP], text[LIST_CAP];
    if (cgroup_file(conf, slot, "cpuset", file, path) < 0 || read_text(path, text, sizeof text) < 0)
        return -1;
    parse(text, set);
    return 0;
}

int cgroup_processors(const struct conf *conf, struct processors *out) {
    return read_list(conf, ALL_SLOTS, cgroup_is_v2() ? "cpuset.cpus.effective" : "cpuset.cpus",
                     out);
}

bool cgroup_is_confined(const struct conf *conf, unsigned slot, const struct processors *all) {
    struct processors own;
    if (read_list(conf, slot, "cpuset.cpus", &own) < 0)
        return false;
    /* v2: an empty list is the one above */
    return own.count != 0 && own.count < all->count;
}

int cgroup_confine(const struct conf *conf, unsigned slot, const struct processors *set) {
    char path[PATH_CAP], text[LIST_CAP] = "\n";
    if (cgroup_file(conf, slot, "cpuset", "cpuset.cpus", path) < 0)
        return -1;
    size_t used = 0;
    for (int number = -1; (number = processors_next(set, number)) >= 0;)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "%s%d", used > 0 ? "," : "", number);
    return write_text(path, text);
}
