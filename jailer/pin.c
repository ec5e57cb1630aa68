/* The pinned mount namespace, which outlives the jailer and holds every disk and namespace file. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

static int bind_namespace(int fd, const char *file) {
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    return mount(source, file, NULL, MS_BIND, NULL);
}

/* The kernel binds only a namespace whose number is higher than that of the one it is bound in, so
 * that there is no circle. On kernel 6.18 the numbers seem to come from a range for each processor:
 * one that was made later, on another processor, was refused, one that was made on the processor
 * where the present one was made was not. */
static int make_bound(const struct conf *conf, const char *file) {
    long processors = sysconf(_SC_NPROCESSORS_CONF);
    int error = EINVAL;
    for (int processor = ANY_PROCESSOR; error == EINVAL && processor < processors; processor++) {
        int fd = namespace_make(conf, NULL, processor);
        if (fd < 0 && processor == ANY_PROCESSOR)
            return -1;
        if (fd < 0)
            continue; /* one that is off, or not for us */
        if (bind_namespace(fd, file) == 0)
            return fd;
        error = errno;
        close(fd);
    }
    errno = error;
    return fail_errno("bind the mount namespace to", file);
}

/* <data>/ns is a private mount of its own: a namespace file cannot be bound where mounts propagate
 * into that very namespace. Returns the pin's fd. */
static int open_pin(const struct conf *conf, bool make) {
    char dir[PATH_CAP], file[PATH_CAP];
    if (pathf(dir, "%s/ns", conf->data) < 0 || pathf(file, "%s/ns/mnt", conf->data) < 0)
        return -1;
    int fd = open(file, O_RDONLY | O_CLOEXEC | (make ? O_CREAT : 0) | O_NOFOLLOW, 0600);
    struct statfs fs;
    if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC)
        return fd;
    if (fd >= 0)
        close(fd);
    if (!make)
        return fail(E_ABSENT, "no pinned mount namespace");
    if (!is_mount_root(dir) && mount(dir, dir, NULL, MS_BIND, NULL) < 0)
        return fail_errno("bind", dir);
    if (mount(NULL, dir, NULL, MS_PRIVATE, NULL) < 0)
        return fail_errno("make private", dir);
    fd = open(file, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("create", file);
    close(fd);
    return make_bound(conf, file);
}

/* Calls fn with the path of every sandbox's disk mount point. */
static void each_disk_mount(const struct conf *conf, void (*fn)(const char *path)) {
    char path[PATH_CAP];
    if (pathf(path, "%s/sbx", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    if (stream == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= ID_MAX &&
            sandbox_path(conf, entry->d_name, "disk", path) == 0 && is_mount_root(path))
            fn(path);
    closedir(stream);
}

static void thaw_disk(const char *path) {
    if (set_thaw(path) < 0)
        log_line("%s", failure_text());
}

static void remove_marks(const struct conf *conf) {
    char path[PATH_CAP];
    if (pathf(path, "%s/sbx", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    if (stream == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= ID_MAX &&
            sandbox_path(conf, entry->d_name, "frozen", path) == 0)
            unlink(path);
    closedir(stream);
}

/* Half-made things of a jailer that died. */
static void remove_temporary(const struct conf *conf) {
    static const char *const kinds[] = {"disks", "templates", "layers", "tmp"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char path[PATH_CAP];
        if (pathf(path, "%s/pool/%s", conf->data, kinds[i]) < 0)
            return;
        DIR *stream = opendir(path);
        const struct dirent *entry;
        while (stream != NULL && (entry = readdir(stream)) != NULL) {
            size_t length = strlen(entry->d_name);
            if (length > 4 && strcmp(entry->d_name + length - 4, ".tmp") == 0 &&
                pathf(path, "%s/pool/%s/%s", conf->data, kinds[i], entry->d_name) == 0 &&
                tree_remove(path) < 0)
                log_line("%s", failure_text());
        }
        if (stream != NULL)
            closedir(stream);
    }
}

static int make_directories(const struct conf *conf) {
    static const struct {
        const char *name;
        mode_t mode;
        bool shared; /* group daytona */
    } dirs[] = {{"run", 0750, true},   {"run/a", 0750, true}, {"ns", 0700, false},
                {"pool", 0700, false}, {"sbx", 0700, false},  {"slots", 0700, false}};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char path[PATH_CAP];
        if (pathf(path, "%s/%s", conf->data, dirs[i].name) < 0 ||
            make_dir(path, dirs[i].mode, 0, dirs[i].shared ? conf->gid : 0) < 0)
            return -1;
    }
    return 0;
}

static int origin = -1;

int pin_origin(void) { return origin; }

int pin_enter(const struct conf *conf) {
    origin = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (origin < 0)
        return fail_errno("open", "/proc/self/ns/mnt");
    if (make_directories(conf) < 0 || runtime_load(conf) < 0)
        return -1;
    if (launch_make(conf) < 0)
        return -1;
    int pin = open_pin(conf, true);
    if (pin < 0)
        return -1;
    int result = setns(pin, CLONE_NEWNS);
    close(pin);
    if (result < 0)
        return fail_errno("setns", "pinned mount namespace");
    each_disk_mount(conf, thaw_disk);
    remove_marks(conf);
    if (pool_mount(conf) < 0)
        return -1;
    remove_temporary(conf);
    return 0;
}

static void unmount_disk(const char *path) {
    if (unmount_all(path, 0) < 0) {
        log_line("%s", failure_text());
        unmount_all(path, MNT_DETACH);
    }
}

/* Kills and removes every sandbox that left a directory. */
static void clean_sandboxes(const struct conf *conf) {
    char path[PATH_CAP];
    if (pathf(path, "%s/sbx", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= ID_MAX &&
            sandbox_clean(conf, entry->d_name) < 0)
            log_line("%s", failure_text());
    if (stream != NULL)
        closedir(stream);
}

/* Inside the pinned namespace, or on the host when there is none (any more). */
static int purge_inside(const struct conf *conf) {
    char path[PATH_CAP];
    each_disk_mount(conf, thaw_disk);
    clean_sandboxes(conf);
    each_disk_mount(conf, unmount_disk);
    int result = slots_purge(conf);
    if (loop_detach_all(conf, true) < 0 || pathf(path, "%s/pool", conf->data) < 0 ||
        unmount_all(path, 0) < 0)
        result = -1;
    return result;
}

int pin_purge(const struct conf *conf) {
    char path[PATH_CAP];
    int pin = open_pin(conf, false);
    pid_t child = fork();
    if (child < 0)
        return fail_errno("fork", NULL);
    if (child == 0) {
        if (pin >= 0 && setns(pin, CLONE_NEWNS) < 0)
            fail_errno("setns", "pinned mount namespace");
        else if (purge_inside(conf) == 0)
            _exit(0);
        log_line("purge: %s", failure_text());
        _exit(1);
    }
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pin >= 0)
        close(pin);
    int result = status == 0 ? 0 : fail(E_SYSTEM, "purge is incomplete; the log says what is left");
    if (pathf(path, "%s/ns/mnt", conf->data) < 0 || unmount_all(path, MNT_DETACH) < 0)
        result = -1;
    unlink(path);
    if (pathf(path, "%s/ns", conf->data) < 0 || unmount_all(path, MNT_DETACH) < 0 ||
        loop_detach_all(conf, false) < 0)
        result = -1;
    return result;
}
