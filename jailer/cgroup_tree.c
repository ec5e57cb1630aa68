/* What happens to a slot's cgroup and to those that the sandbox made below it: kill, freeze,
 * remove. Root inside owns the directory, so names, depth and number of cgroups below it are
 * hostile: they are walked by descriptor, and never by a path made of their names. */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum { EMPTY_WAIT_MS = 10000, FREEZE_WAIT_MS = 10000 };

/* Directories directly below `path` that are cgroups; calls fn, stops at its first failure. */
static int each_child(const char *path, int (*fn)(const char *, void *), void *arg) {
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
            result = fn(child, arg);
    }
    closedir(directory);
    return result;
}

/* A process that froze itself in a cgroup v1 does not die before it is thawed. */
static void thaw_here(int dir, bool unified) {
    int fd = openat(dir, unified ? "cgroup.freeze" : "freezer.state", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* not the freezer's hierarchy, or gone */
    const char *text = unified ? "0" : "THAWED";
    if (write(fd, text, strlen(text)) < 0 && errno != ENODEV)
        log_line("thaw a cgroup: %s", strerror(errno));
    close(fd);
}

/* Thaws a cgroup and kills its processes, not those below it; *left counts them. */
static int kill_here(int dir, bool unified, unsigned *left) {
    thaw_here(dir, unified);
    int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
    FILE *procs = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (procs == NULL) {
        bool gone = fd < 0 && (errno == ENOENT || errno == ENODEV);
        if (!gone)
            fail_errno("open", "cgroup.procs");
        if (fd >= 0)
            close(fd);
        return gone ? 0 : -1;
    }
    int result = 0;
    long pid;
    while (result == 0 && fscanf(procs, "%ld", &pid) == 1) {
        /* 0: a process of another pid namespace, which this one cannot name */
        if (pid > 0 && kill((pid_t)pid, SIGKILL) < 0 && errno != ESRCH)
            result = fail_errno("kill a process of", "cgroup.procs");
        ++*left;
    }
    fclose(procs);
    return result;
}

/* Removes what can be removed directly below `dir`; *removed counts. Returns a descriptor of the
 * first cgroup that cannot, DONE when there is none, or -1. */
enum { DONE = -2 };

static int remove_children(int dir, unsigned *removed) {
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = copy >= 0 ? fdopendir(copy) : NULL;
    if (stream == NULL) {
        if (copy >= 0)
            close(copy);
        return errno == ENOENT || errno == ENODEV ? DONE : fail_errno("read", "a cgroup");
    }
    int child = DONE;
    for (struct dirent *e; child == DONE && (e = readdir(stream)) != NULL;) {
        if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(dir, e->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENODEV) {
            ++*removed;
            continue;
        }
        if (errno != EBUSY && errno != ENOTEMPTY)
            child = fail_errno("rmdir of a cgroup below", "the slot's");
        else if ((child = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) <
                 0)
            child = errno == ENOENT || errno == ENODEV ? DONE : fail_errno("open", "a cgroup");
    }
    closedir(stream);
    return child;
}

/* Kills all in the cgroup at `path` and below it, and removes what is below it: depth first, one
 * descriptor at a time, so that no depth costs stack, descriptors or a long path. *left counts the
 * processes met. A killed process leaves its cgroup a moment after it is gone, hence the waits. */
static int clear_tree(const char *path, bool unified, unsigned *left) {
    int at = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (at < 0)
        return errno == ENOENT || errno == ENODEV ? 0 : fail_errno("open", path);
    int result = 0, waited = 0;
    unsigned long depth = 0;
    for (bool rose = false;;) {
        unsigned removed = 0;
        if ((result = kill_here(at, unified, left)) < 0)
            break;
        int next = remove_children(at, &removed);
        if (next == DONE && depth == 0)
            break;
        if (next >= 0 && rose && removed == 0 && waited++ < EMPTY_WAIT_MS)
            poll(NULL, 0, 1); /* the one just left, most likely: its processes are still dying */
        if (waited > EMPTY_WAIT_MS) {
            result = fail(E_SYSTEM, "a cgroup below %s does not become empty", path);
            if (next >= 0)
                close(next);
            break;
        }
        rose = next == DONE;
        depth = rose ? depth - 1 : depth + 1;
        if (rose)
            next = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (next < 0) {
            result = rose ? fail_errno("open", "the cgroup above") : -1;
            break;
        }
        close(at);
        at = next;
    }
    close(at);
    return result;
}

static int remove_empty(const char *path) {
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

static int thaw_child(const char *path, void *arg) { return set_frozen(path, *(bool *)arg, false); }

int cgroup_thaw_all(const struct conf *conf) {
    const struct hierarchy *freezer = cgroup_with("freezer");
    char path[PATH_CAP];
    if (freezer == NULL)
        return fail(E_SYSTEM, "the cgroup freezer is not mounted");
    if (cgroup_parent_path(conf, freezer, path) < 0)
        return -1;
    bool unified = freezer->unified;
    return each_child(path, thaw_child, &unified);
}

/* The freezer's hierarchy first: what is frozen there would not die for the others. */
static int kill_once(const struct conf *conf, unsigned slot, unsigned *left) {
    const struct hierarchy *freezer = cgroup_with("freezer");
    char path[PATH_CAP];
    if (freezer == NULL)
        return fail(E_SYSTEM, "the cgroup freezer is not mounted");
    if (cgroup_slot_path(conf, freezer, slot, path) < 0 ||
        clear_tree(path, freezer->unified, left) < 0)
        return -1;
    for (int i = 0; i < cgroup_count(); i++) {
        const struct hierarchy *h = &cgroup_hierarchies()[i];
        if (h != freezer &&
            (cgroup_slot_path(conf, h, slot, path) < 0 || clear_tree(path, h->unified, left) < 0))
            return -1;
    }
    return 0;
}

int cgroup_kill(const struct conf *conf, unsigned slot) {
    char no_forks[PATH_CAP];
    /* with no room for new processes a fork bomb cannot outrun the loop below */
    if (cgroup_file(conf, slot, "pids", "pids.max", no_forks) == 0 &&
        write_text(no_forks, "0") < 0 && errno != ENOENT)
        return fail_errno("write", no_forks);
    for (int waited = 0;; waited++) {
        unsigned left = 0;
        if (kill_once(conf, slot, &left) < 0)
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
            remove_empty(path) < 0)
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
        const struct hierarchy *h = &cgroup_hierarchies()[i];
        char path[PATH_CAP];
        unsigned left = 0;
        if (cgroup_parent_path(conf, h, path) < 0 || clear_tree(path, h->unified, &left) < 0 ||
            remove_empty(path) < 0)
            return -1;
    }
    return 0;
}
