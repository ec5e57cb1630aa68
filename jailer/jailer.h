/* Shared declarations of the jailer. The contract it serves is docs/protocols/jailer.md. */
#ifndef JAILER_H
#define JAILER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    PATH_CAP = 256,        /* every path the jailer composes fits; pathf() fails otherwise */
    DATA_MAX = 60,         /* so that <data>/run/a/<sandbox> fits in sun_path */
    ID_MAX = 40,           /* sandbox and disk ids */
    LIST_MAX = 16,         /* items of a comma-separated argument */
    LINE_MAX_BYTES = 1024, /* a request with its newline */
    SLOTS = 1024,
    SLOT_IDS = 65536, /* ids in a slot's range */
};

/* ---- configuration (conf.c) ------------------------------------------------------------ */

struct conf {
    char data[PATH_CAP]; /* absolute, no trailing slash, at most DATA_MAX bytes */
    char app[PATH_CAP];
    uid_t uid; /* of the user daytona */
    gid_t gid;
    unsigned instance;
    uint32_t uid_base;
    uint32_t subnet; /* host byte order */
    char cgroup[64];
    char nft_table[64];
    char veth_prefix[12];
    uint64_t pool_bytes;
    char runtime[PATH_CAP];
};

int conf_read(const char *file, struct conf *conf); /* 0, or -1 with fail() set */

/* ---- failures (util.c) ----------------------------------------------------------------- */

enum code { E_USAGE, E_ABSENT, E_EXISTS, E_BUSY, E_SPACE, E_SYSTEM };

/* Records the failure of this process's verb (the first line the client gets) and returns -1. */
int fail(enum code code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* fail(E_SYSTEM, "<call> <subject>: <strerror(errno)>"); subject may be NULL. Keeps errno. */
int fail_errno(const char *call, const char *subject);
enum code failure_code(void);
const char *failure_text(void);
/* One line to stderr (the log) with time and pid. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- helpers (util.c) ------------------------------------------------------------------ */

/* snprintf into a PATH_CAP buffer; -1 with fail() set when it does not fit. */
int pathf(char out[PATH_CAP], const char *format, ...) __attribute__((format(printf, 2, 3)));
int make_dir(const char *path, mode_t mode, uid_t uid, gid_t gid); /* existing is fine */
/* Writes text to an existing file (sysfs, procfs, cgroup) in one write; errno on -1, no fail(). */
int write_text(const char *path, const char *text);
/* Reads at most cap-1 bytes, NUL-terminates; length, or -1 with errno, no fail(). */
ssize_t read_text(const char *path, char *out, size_t cap);
int read_number(const char *path, uint64_t *out); /* first decimal of a file; -1 with errno */
/* Decimal without sign or leading zero in min…max. */
bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* starttime ticks (field 22 of /proc/pid/stat); 0 when there is no such process or it is dead. */
uint64_t proc_start(pid_t pid);
int pidfd_of(pid_t pid);                    /* pidfd_open; -1 with errno */
int pidfd_signal(int pidfd, int signal);    /* pidfd_send_signal */
bool pidfd_wait(int pidfd, int timeout_ms); /* true when the process is dead */
/* Runs argv[0] (absolute path) with an empty environment but PATH, stdin an empty pipe (never
 * /dev/null), dies with the caller. stdout+stderr go to `output` (cap bytes, NUL-terminated; may be
 * NULL). `input` may be NULL. Returns the exit status (128+signal), or -1 with fail() set. */
int run_program(const char *const argv[], const char *input, char *output, size_t cap);
/* Exclusive (or shared) lock on <kind>/<id> among all children of the jailer, blocking; kinds are
 * "slot", "disk", "layer", "sandbox" and are taken in the order sandbox, slot, disk, layer.
 * Returns an fd (CLOEXEC) — close it, or exit, to unlock — or -1 with fail() set. */
int lock_name(const struct conf *conf, const char *kind, const char *id, bool shared);

/* Makes this process the only one of its kind that serves the data directory, for life (the lock is
 * not inherited). -1 with fail() set, which names the other one. */
int lock_alone(const char *path, const char *kind, const char *data);

/* ---- requests and replies (verbs.c) ---------------------------------------------------- */

struct request {
    const struct conf *conf;
    const char *verb;
    int count;                   /* arguments, the verb not counted; already validated */
    const char *arg[12];         /* text of each argument */
    uint64_t number[12];         /* value of each numeric argument */
    const char *layer[LIST_MAX]; /* items of the (one) list argument */
    int layers;
    const char *tools; /* the read-only layer at /.daytona, NULL for none */
    int fd; /* the connection, blocking, positioned after the request line (layer-import reads it)
             */
};

struct reply {
    char *text; /* what reply_line() collected */
    size_t length, capacity;
    char ok[512];     /* key=value text of the last line */
    bool close_after; /* close the connection after this reply */
};

/* A verb returns 0 → "ok[ <reply_ok text>]", or -1 after fail() → "error <code> <message>". */
typedef int verb_function(struct request *, struct reply *);
int reply_ok(struct reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* sets the text after "ok "; returns 0 */
void reply_line(struct reply *reply, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* one line before the last (only `list`) */
/* Parses and validates one line (NUL-terminated, without '\n'); -1 with fail(E_USAGE). */
int request_parse(char *line, struct request *request, verb_function **function);

/* ---- slots (slot.c, userns.c, net.c) ---------------------------------------------------- */

uid_t slot_uid(const struct conf *conf, unsigned slot);                  /* first id of its range */
void slot_address(const struct conf *conf, unsigned slot, char out[16]); /* dotted quad */
int slot_user_path(const struct conf *conf, unsigned slot,
                   char out[PATH_CAP]); /* <data>/slots/<n>/user */
int slot_net_path(const struct conf *conf, unsigned slot,
                  char out[PATH_CAP]);                      /* <data>/slots/<n>/net */
int slot_userns_fd(const struct conf *conf, unsigned slot); /* fd, or -1 with fail(E_ABSENT) */
bool slot_good(const struct conf *conf, unsigned slot);     /* completely made */
void list_slots(const struct conf *conf, struct reply *reply);
verb_function verb_slot_make, verb_slot_drop, verb_hello, verb_list;

/* A new user namespace owned by host uid `base`, map 0 base 65536, made by a child that was already
 * setresuid(base); with_net: also a network namespace owned by it (else *net is not touched). */
int userns_make(uid_t base, bool with_net, int *user, int *net);

/* ---- cgroups (cgroup.c) ------------------------------------------------------------------ */

struct cgroup_stats {
    uint64_t memory, memory_limit, memory_cache;  /* bytes; the cache is part of memory */
    uint64_t cpu_ns, cpu_millis, pids, oom_kills; /* used, limit in 1/1000 CPU, counts */
    uint64_t forks_refused;                       /* for lack of room below the process limit */
};

int cgroup_find(void); /* which hierarchies the host has; before the pinned mount namespace */
int cgroup_setup(const struct conf *conf); /* at start: find, favordynmods, parent, thaw all */
int cgroup_make(const struct conf *conf, unsigned slot);
int cgroup_drop(const struct conf *conf, unsigned slot); /* kills what is inside; absent is fine */
int cgroup_kill(const struct conf *conf,
                unsigned slot); /* SIGKILL to all inside, waits until empty */
int cgroup_limits(const struct conf *conf, unsigned slot, uint64_t cpu_millis, uint64_t memory_mib,
                  uint64_t pids);
int cgroup_stats(const struct conf *conf, unsigned slot, struct cgroup_stats *stats);
int cgroup_freeze(const struct conf *conf, unsigned slot, bool frozen); /* waits until it is so */
/* linux.cgroupsPath: "/<cgroup>/<slot>"; the directories exist already, chowned for delegation. */
int cgroup_path_for_oci(const struct conf *conf, unsigned slot, char out[PATH_CAP]);
int cgroup_purge(const struct conf *conf); /* removes the parent cgroup and all below it */
bool cgroup_is_v2(void);                   /* true: unified hierarchy only */

/* ---- events (events.c) ------------------------------------------------------------------- */

/* Tells the main process that `sandbox` runs in `slot` with this PID 1; its end is then reported on
 * every `events` stream by the main process itself (also when `kill` ended it). Call it in `start`
 * as soon as pid and start time are known. */
int events_started(const char *sandbox, unsigned slot, pid_t pid, uint64_t start);

/* ---- the host (host.c) ------------------------------------------------------------------- */

enum { UPLINKS_MAX = 8, UPLINK_NAME = 16 };

struct uplink { /* an interface with an IPv4 default route */
    char name[UPLINK_NAME + 1];
    unsigned mtu;
};

void host_setup(void); /* at start: raises limits that all sandboxes share; failures are logged */
int host_uplinks(struct uplink out[UPLINKS_MAX]); /* how many there are */

/* ---- nft (nft.c) ------------------------------------------------------------------------- */

int nft_setup(
    const struct conf *conf); /* at start: the instance's table, DOCKER-USER, ip_forward */
int nft_clean(const struct conf *conf); /* removes them (not ip_forward) */

/* ---- implemented by pin.c, pool.c, disk.c, layer.c, container.c -------------------------- */

/* Once at start, before anything else: enters or makes the pinned mount namespace, thaws, removes
 * *.tmp, mounts the pool; makes pool/, sbx/, slots/ and ns/. 0, or -1 with fail() set. */
int pin_enter(const struct conf *conf);
int pin_origin(void); /* descriptor of the mount namespace that pin_enter left */
/* `jailer --conf FILE --purge`, from the host's mount namespace with no jailer running: kills every
 * sandbox, calls slots_purge, unmounts pool and pin, detaches loop devices; repeatable, also after
 * a reboot. Not: nft_clean (caller). 0, or -1 with fail() set after doing all it could. */
int pin_purge(const struct conf *conf);
/* Needed by it from slot.c: drops every slot found by name (namespaces, veth, cgroup) and the
 * parent cgroup; called inside the pinned namespace when it exists; repeatable. */
int slots_purge(const struct conf *conf);
/* Once at start, when everything else is there: drops slots that are half-made or half-dropped and
 * have no sandbox. */
void slots_tidy(const struct conf *conf);
/* pool numbers for hello, KiB. */
int pool_space(const struct conf *conf, uint64_t *free_kib, uint64_t *total_kib);

verb_function verb_disk_make, verb_disk_clone, verb_disk_capture, verb_disk_grow, verb_disk_drop;
verb_function verb_layer_import, verb_layer_drop;
verb_function verb_start, verb_kill, verb_limits, verb_freeze, verb_thaw, verb_stats, verb_trim;
void list_disks(const struct conf *conf, struct reply *reply);
void list_layers(const struct conf *conf, struct reply *reply);
void list_sandboxes(const struct conf *conf, struct reply *reply);

struct sandbox {
    char id[ID_MAX + 1];
    unsigned slot;
    pid_t pid;
    uint64_t start; /* starttime ticks of pid */
};
/* Calls fn for every sandbox whose PID 1 lives (checked by start time); at jailer start, to adopt.
 */
void sandboxes_each(const struct conf *conf, void (*fn)(const struct sandbox *, void *), void *arg);
/* Name of the running sandbox of a slot; false when there is none (slot-drop answers busy). */
bool sandbox_of_slot(const struct conf *conf, unsigned slot, char id[ID_MAX + 1]);

#endif
