/* What happens to a slot's cgroup and to those that the sandbox made below it: kill, freeze,
 * remove. */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 16, EMPTY_WAIT_MS = 10000, FREEZE_WAIT_MS = 10000 };

/* Directories directly below `path` that are cgroups; calls fn, stops at its first failure. */
static int each_child(const char *path, int (*fn)(const char *, int, void *), int depth,
                      void *arg) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT || errno == ENODEV ? 0 : fail_errno("open", path);
    int result = 0;
    for (struct dirent *e; result == 0 && (e = readdir(directory)) != NULL;) {
        char child[PATH_CAP];
        if (e->d_type != DT_DIR || e->d_name[0] == '.')
            continue;
        result = pathf(child, "%s/%s", path, e->d_name);
        if (result == 0)
            result = fn(child, depth, arg);
    }
    closedir(directory);
    return result;
}

/* Kills the processes of a cgroup and of those below it; *arg counts them. */
static int kill_tree(const char *path, int depth, void *arg) {
    char file[PATH_CAP];
    if (depth > DEPTH)
        return fail(E_SYSTEM, "cgroups are nested too deep below %.80s", path);
    if (pathf(file, "%s/cgroup.procs", path) < 0)
        return -1;
    FILE *procs = fopen(file, "re");
    if (procs == NULL)
        return errno == ENOENT || errno == ENODEV ? 0 : fail_errno("open", file);
    long pid;
    while (fscanf(procs, "%ld", &pid) == 1) {
        /* 0: a process of another pid namespace, which this one cannot name */
        if (pid > 0 && kill((pid_t)pid, SIGKILL) < 0 && errno != ESRCH) {
            fclose(procs);
            return fail_errno("kill", path);
        }
        ++*(unsigned *)arg;
    }
    fclose(procs);
    return each_child(path, kill_tree, depth + 1, arg);
}

static int remove_tree(const char *path, int depth, void *arg) {
    if (rmdir(path) == 0 || errno == ENOENT || errno == ENODEV)
        return 0;
    if (depth > DEPTH)
        return fail(E_SYSTEM, "cgroups are nested too deep below %.80s", path);
    if (each_child(path, remove_tree, depth + 1, arg) < 0)
        return -1;
    /* a process that was just killed leaves its cgroup a moment after it is gone */
    for (int waited = 0; rmdir(path) < 0 && errno != ENOENT && errno != ENODEV; waited++) {
        if (errno != EBUSY || waited == EMPTY_WAIT_MS)
            return fail_errno("rmdir", path);
        poll(NULL, 0, 1);
    }
    return 0;
}

static int set_frozen(const char *directory, bool unified, bool frozen) {
    char path[PATH_CAP];
    if (pathf(path, "%s/%s", directory, unified ? "cgroup.freeze" : "freezer.state") < 0)
        return -1;
    const char *text = unified ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");
    return write_text(path, text) < 0 && errno != ENOENT ? fail_errno("write", path) : 0;
}

static int thaw_child(const char *path, int depth, void *arg) {
    (void)depth;
    return set_frozen(path, *(bool *)arg, false);
}

int cgroup_thaw_all(const struct conf *conf) {
    const struct hierarchy *freezer = cgroup_with("freezer");
    char path[PATH_CAP];
    if (freezer == NULL)
        return fail(E_SYSTEM, "the cgroup freezer is not mounted");
    if (cgroup_parent_path(conf, freezer, path) < 0)
        return -1;
    bool unified = freezer->unified;
    return each_child(path, thaw_child, 0, &unified);
}

int cgroup_kill(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP], no_forks[PATH_CAP];
    /* with no room for new processes a fork bomb cannot outrun the loop below */
    if (cgroup_file(conf, slot, "pids", "pids.max", no_forks) == 0 &&
        write_text(no_forks, "0") < 0 && errno != ENOENT)
        return fail_errno("write", no_forks);
    const struct hierarchy *freezer = cgroup_with("freezer");
    if (cgroup_slot_path(conf, freezer, slot, path) < 0 ||
        set_frozen(path, freezer->unified, false) < 0)
        return -1;
    for (int waited = 0;; waited++) {
        unsigned left = 0;
        for (int i = 0; i < cgroup_count(); i++)
            if (cgroup_slot_path(conf, &cgroup_hierarchies()[i], slot, path) < 0 ||
                kill_tree(path, 0, &left) < 0)
                return -1;
        if (left == 0)
            return 0;
        if (waited == EMPTY_WAIT_MS)
            return fail(E_SYSTEM, "%u processes of slot %u do not die", left, slot);
        poll(NULL, 0, 1);
    }
}

int cgroup_drop(const struct conf *conf, unsigned slot) {
    if (cgroup_kill(conf, slot) < 0)
        return -1;
    for (int i = 0; i < cgroup_count(); i++) {
        char path[PATH_CAP];
        if (cgroup_slot_path(conf, &cgroup_hierarchies()[i], slot, path) < 0 ||
            remove_tree(path, 0, NULL) < 0)
            return -1;
    }
    return 0;
}

static bool is_frozen(const struct conf *conf, unsigned slot, bool unified) {
    uint64_t value = 0;
    char path[PATH_CAP], text[32];
    if (unified)
        return cgroup_field(conf, slot, "freezer", "cgroup.events", "frozen", &value) == 0 &&
               value == 1;
    return cgroup_file(conf, slot, "freezer", "freezer.state", path) == 0 &&
           read_text(path, text, sizeof text) > 0 && strcmp(text, "FROZEN\n") == 0;
}

int cgroup_freeze(const struct conf *conf, unsigned slot, bool frozen) {
    const struct hierarchy *freezer = cgroup_with("freezer");
    char path[PATH_CAP];
    if (cgroup_slot_path(conf, freezer, slot, path) < 0)
        return -1;
    if (access(path, F_OK) < 0)
        return fail(E_ABSENT, "slot %u has no cgroup", slot);
    if (set_frozen(path, freezer->unified, frozen) < 0)
        return -1;
    for (int waited = 0; is_frozen(conf, slot, freezer->unified) != frozen; waited++) {
        if (waited == FREEZE_WAIT_MS) {
            set_frozen(path, freezer->unified, false);
            return fail(E_SYSTEM, "slot %u does not %s", slot, frozen ? "freeze" : "thaw");
        }
        poll(NULL, 0, 1);
    }
    return 0;
}

int cgroup_purge(const struct conf *conf) {
    for (int i = 0; i < cgroup_count(); i++) {
        char path[PATH_CAP];
        if (cgroup_parent_path(conf, &cgroup_hierarchies()[i], path) < 0 ||
            remove_tree(path, 0, NULL) < 0)
            return -1;
    }
    return 0;
}
