/* The cgroup of a slot, in every cgroup v1 hierarchy that is mounted or in cgroup v2. Only the
 * directory and the files that move processes belong to the slot's root: its limits do not. */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HIERARCHIES = 24, CGROUPS_BELOW = 256 };

static struct hierarchy hierarchies[HIERARCHIES];
static int count;
static bool only_v2;

static bool has_option(const struct hierarchy *h, const char *word) {
    size_t length = strlen(word);
    for (const char *p = h->options; *p != '\0'; p += strspn(p, ",")) {
        size_t n = strcspn(p, ",");
        if (n == length && strncmp(p, word, n) == 0)
            return true;
        p += n;
    }
    return false;
}

/* The hierarchy that has a v1 controller; on v2 the unified one has them all. NULL: none. */
const struct hierarchy *cgroup_with(const char *controller) {
    for (int i = 0; i < count; i++)
        if (only_v2 ? hierarchies[i].unified
                    : !hierarchies[i].unified && has_option(&hierarchies[i], controller))
            return &hierarchies[i];
    return NULL;
}

bool cgroup_is_v2(void) { return only_v2; }
const struct hierarchy *cgroup_hierarchies(void) { return hierarchies; }
int cgroup_count(void) { return count; }

/* One line of mountinfo: id parent major:minor root mount options… - type source super-options */
static void take_mount(char *line) {
    char *rest = strstr(line, " - ");
    if (rest == NULL || count == HIERARCHIES)
        return;
    *rest = '\0';
    rest += 3;
    char *type = strsep(&rest, " ");
    strsep(&rest, " ");
    if (rest == NULL || (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0))
        return;
    struct hierarchy h = {.unified = strcmp(type, "cgroup2") == 0};
    if (sscanf(line, "%*u %*u %u:%u %*s %127s", &h.major, &h.minor, h.mount) != 3)
        return;
    for (int i = 0; i < count; i++)
        if (hierarchies[i].major == h.major && hierarchies[i].minor == h.minor)
            return; /* a second mount of the same hierarchy */
    snprintf(h.options, sizeof h.options, "%s", rest);
    hierarchies[count++] = h;
}

int cgroup_find(void) {
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (file == NULL)
        return fail_errno("open", "/proc/self/mountinfo");
    char *line = NULL;
    size_t cap = 0;
    count = 0;
    while (getline(&line, &cap, file) > 0) {
        line[strcspn(line, "\n")] = '\0';
        take_mount(line);
    }
    free(line);
    fclose(file);
    only_v2 = false;
    if (cgroup_with("memory") == NULL) {
        only_v2 = true;
        if (cgroup_with("memory") == NULL)
            return fail(E_SYSTEM,
                        "no cgroup hierarchy is mounted: mount cgroup2 at /sys/fs/cgroup");
    }
    return 0;
}

/* Attaching a process to a cgroup waits for a grace period unless the v2 hierarchy favours dynamic
 * modifications; the flag is the host's and v1 hierarchies obey it too. A reconfiguration resets
 * the options it does not name, so the present ones are repeated. */
static void favour_dynamic(const struct hierarchy *h) {
    if (has_option(h, "favordynmods"))
        return;
    int fd = fspick(AT_FDCWD, h->mount, FSPICK_CLOEXEC);
    char options[sizeof h->options];
    strcpy(options, h->options);
    bool good = fd >= 0;
    char *rest = options;
    for (char *word; good && (word = strsep(&rest, ",")) != NULL;)
        if (strcmp(word, "rw") != 0 && strcmp(word, "ro") != 0 && word[0] != '\0')
            good = fsconfig(fd, FSCONFIG_SET_FLAG, word, NULL, 0) == 0;
    good = good && fsconfig(fd, FSCONFIG_SET_FLAG, "favordynmods", NULL, 0) == 0 &&
           fsconfig(fd, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) == 0;
    if (!good)
        log_line("favordynmods on %s: %s; starts are slower", h->mount, strerror(errno));
    if (fd >= 0)
        close(fd);
}

int cgroup_parent_path(const struct conf *conf, const struct hierarchy *h, char out[PATH_CAP]) {
    return pathf(out, "%s/%s", h->mount, conf->cgroup);
}

int cgroup_slot_path(const struct conf *conf, const struct hierarchy *h, unsigned slot,
                     char out[PATH_CAP]) {
    return pathf(out, "%s/%s/%u", h->mount, conf->cgroup, slot);
}

int cgroup_file(const struct conf *conf, unsigned slot, const char *controller, const char *file,
                char out[PATH_CAP]) {
    const struct hierarchy *h = cgroup_with(controller);
    if (h == NULL) {
        errno = ENOENT;
        return -1;
    }
    if (slot == ALL_SLOTS)
        return pathf(out, "%s/%s/%s", h->mount, conf->cgroup, file);
    return pathf(out, "%s/%s/%u/%s", h->mount, conf->cgroup, slot, file);
}

static int write_file(const char *directory, const char *file, const char *text) {
    char path[PATH_CAP];
    if (pathf(path, "%s/%s", directory, file) < 0)
        return -1;
    return write_text(path, text) < 0 ? fail_errno("write", path) : 0;
}

/* v1: a new cpuset is empty and takes no process. */
static int copy_cpuset(const char *from, const char *to) {
    static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < 2; i++) {
        char path[PATH_CAP], text[4096];
        if (pathf(path, "%s/%s", from, files[i]) < 0)
            return -1;
        if (read_text(path, text, sizeof text) < 0)
            return fail_errno("read", path);
        if (write_file(to, files[i], text) < 0)
            return -1;
    }
    return 0;
}

/* v2: children of `directory` get the controllers we limit by; the others only where they exist. */
static int enable_controllers(const char *directory) {
    static const char *const needed[] = {"+cpu", "+memory", "+pids"};
    static const char *const useful[] = {"+cpuset", "+io"};
    for (size_t i = 0; i < 3; i++)
        if (write_file(directory, "cgroup.subtree_control", needed[i]) < 0)
            return -1;
    char path[PATH_CAP];
    if (pathf(path, "%s/cgroup.subtree_control", directory) < 0)
        return -1;
    for (size_t i = 0; i < 2; i++)
        if (write_text(path, useful[i]) < 0 && errno != EINVAL && errno != ENOENT)
            log_line("write %s %s: %s", useful[i], path, strerror(errno));
    return 0;
}

static int make_directory(const struct hierarchy *h, const char *above, const char *path) {
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return fail_errno("mkdir", path);
    if (chmod(path, 0755) < 0) /* whatever the umask: programs inside read their limits here */
        return fail_errno("chmod", path);
    if (!h->unified && has_option(h, "cpuset"))
        return copy_cpuset(above, path);
    return 0;
}

static int delegate(const char *path, uid_t uid) {
    static const char *const files[] = {"", "/cgroup.procs", "/tasks", "/cgroup.threads",
                                        "/cgroup.subtree_control"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char file[PATH_CAP];
        if (pathf(file, "%s%s", path, files[i]) < 0)
            return -1;
        /* which files exist depends on the version */
        if (chown(file, uid, uid) < 0 && errno != ENOENT)
            return fail_errno("chown", file);
    }
    return 0;
}

static bool weighs(const struct hierarchy *h) {
    return h->unified ? only_v2 : has_option(h, "cpu");
}

static int weight_path(const struct hierarchy *h, const char *path, char out[PATH_CAP]) {
    return pathf(out, "%s/%s", path, h->unified ? "cpu.weight" : "cpu.shares");
}

static unsigned usual_weight(const struct hierarchy *h) { return h->unified ? 100 : 1024; }

static int weigh(const struct hierarchy *h, const char *path, unsigned percent) {
    char file[PATH_CAP], text[32];
    if (weight_path(h, path, file) < 0)
        return -1;
    snprintf(text, sizeof text, "%u", usual_weight(h) * percent / 100);
    return write_text(file, text);
}

int cgroup_weigh(const struct conf *conf, unsigned slot, unsigned percent) {
    const struct hierarchy *h = cgroup_with("cpu");
    char path[PATH_CAP];
    errno = ENOENT;
    return h == NULL || cgroup_slot_path(conf, h, slot, path) < 0 ? -1 : weigh(h, path, percent);
}

bool cgroup_weighs_less(const struct conf *conf, unsigned slot) {
    const struct hierarchy *h = cgroup_with("cpu");
    char path[PATH_CAP], file[PATH_CAP];
    uint64_t weight;
    return h != NULL && cgroup_slot_path(conf, h, slot, path) == 0 &&
           weight_path(h, path, file) == 0 && read_number(file, &weight) == 0 &&
           weight < usual_weight(h);
}

/* All sandboxes together would weigh as much as one other process of the host, and wait for one of
 * theirs that overdrew: they get the share of so many processes as there are processors. */
static int weigh_all(const struct hierarchy *h, const char *path) {
    enum { MOST = 100 };
    if (!weighs(h))
        return 0;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    processors = processors < 1 ? 1 : processors > MOST ? MOST : processors;
    return weigh(h, path, (unsigned)processors * 100) < 0 ? fail_errno("weigh", path) : 0;
}

int cgroup_setup(const struct conf *conf) {
    if (cgroup_find() < 0)
        return -1;
    for (int i = 0; i < count; i++) {
        const struct hierarchy *h = &hierarchies[i];
        char path[PATH_CAP];
        if (h->unified)
            favour_dynamic(h);
        if (cgroup_parent_path(conf, h, path) < 0)
            return -1;
        if (h->unified && only_v2 && enable_controllers(h->mount) < 0)
            return -1;
        if (make_directory(h, h->mount, path) < 0)
            return -1;
        if ((h->unified && only_v2 && enable_controllers(path) < 0) || weigh_all(h, path) < 0)
            return -1;
    }
    return cgroup_thaw_all(conf);
}

/* The host has 65,535 memory cgroups in all, and root inside makes them for 10 KiB each. Cgroup v1
 * knows no such limit. */
static int limit_descendants(const char *path) {
    char file[PATH_CAP], text[16];
    if (pathf(file, "%s/cgroup.max.descendants", path) < 0)
        return -1;
    snprintf(text, sizeof text, "%d", CGROUPS_BELOW);
    return write_text(file, text) < 0 && errno != ENOENT ? fail_errno("write", file) : 0;
}

int cgroup_make(const struct conf *conf, unsigned slot) {
    for (int i = 0; i < count; i++) {
        const struct hierarchy *h = &hierarchies[i];
        char above[PATH_CAP], path[PATH_CAP];
        if (access(h->mount, F_OK) < 0)
            continue; /* a host's hierarchy that the pinned mount namespace does not show */
        if (cgroup_parent_path(conf, h, above) < 0 || cgroup_slot_path(conf, h, slot, path) < 0)
            return -1;
        if (make_directory(h, above, path) < 0 || (h->unified && limit_descendants(path) < 0) ||
            delegate(path, slot_uid(conf, slot)) < 0)
            return -1;
    }
    if (only_v2) {
        char path[PATH_CAP];
        /* an out-of-memory kill takes the one process, not the whole sandbox */
        if (cgroup_slot_path(conf, cgroup_with("memory"), slot, path) < 0)
            return -1;
        return write_file(path, "memory.oom.group", "0");
    }
    return 0;
}

int cgroup_path_for_oci(const struct conf *conf, unsigned slot, char out[PATH_CAP]) {
    return pathf(out, "/%s/%u", conf->cgroup, slot);
}
