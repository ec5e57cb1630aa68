/* Shared by the cgroup_*.c files. */
#ifndef JAILER_CGROUP_H
#define JAILER_CGROUP_H

#include "jailer.h"

struct hierarchy {
    char mount[128];
    char options[256]; /* super block options, comma-separated: on v1 also the controllers */
    unsigned major, minor;
    bool unified;
};

const struct hierarchy *cgroup_hierarchies(void);
int cgroup_count(void);
/* The hierarchy that has a v1 controller; on v2 the unified one has them all. NULL: none. */
const struct hierarchy *cgroup_with(const char *controller);
int cgroup_parent_path(const struct conf *conf, const struct hierarchy *h, char out[PATH_CAP]);
int cgroup_slot_path(const struct conf *conf, const struct hierarchy *h, unsigned slot,
                     char out[PATH_CAP]);
/* In place of a slot's number: the cgroup above all of them. */
#define ALL_SLOTS 0
/* File of a slot's cgroup by v1 controller; 0, or -1 with errno ENOENT when there is no such. */
int cgroup_file(const struct conf *conf, unsigned slot, const char *controller, const char *file,
                char out[PATH_CAP]);
/* A number out of a file of "key value" lines; a key that is missing counts 0. */
int cgroup_field(const struct conf *conf, unsigned slot, const char *controller, const char *file,
                 const char *key, uint64_t *out);
/* v2: where the agent and its programs are, below the slot's cgroup (agent/src/cgroup.c) */
#define CGROUP_INIT "init"
/* A slot's share of processor time among the slots, in per cent of the usual one; -1 with errno. */
int cgroup_weigh(const struct conf *conf, unsigned slot, unsigned percent);
bool cgroup_weighs_less(const struct conf *conf, unsigned slot);
/* Processor time that was used. */
int cgroup_cpu_ns(const struct conf *conf, unsigned slot, uint64_t *out);
int cgroup_thaw_all(const struct conf *conf);

#endif
