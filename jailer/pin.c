/* The two mount namespaces of the jailer: the pinned one, which outlives it and holds every disk and
 * namespace file, and the launch one, which start children copy. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef NSFS_MAGIC
#define NSFS_MAGIC 0x6e736673
#endif

static int launch_fd = -1;

int launch_namespace(void) { return launch_fd; }

int launch_enter(void) {
    if (setns(launch_fd, CLONE_NEWNS) < 0)
        return fail_errno("setns", "launch namespace");
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno("unshare", "mount namespace");
    return 0;
}

bool is_mount_root(const char *path) {
    struct statx st;
    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &st) < 0)
        return false;
    return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int unmount_all(const char *path, int flags) {
    while (umount2(path, flags | UMOUNT_NOFOLLOW) == 0)
        continue;
    if (errno == EINVAL || errno == ENOENT)
        return 0; /* not a mount (any more) */
    return fail_errno("umount", path);
}

/* Prepares a new mount namespace in a child and returns its fd. */
static int make_namespace(const struct conf *conf, int (*prepare)(const struct conf *)) {
    int ready[2], done[2];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        close(done[1]);
        int failed = 0;
        if (unshare(CLONE_NEWNS) < 0)
            failed = fail_errno("unshare", "mount namespace");
        else if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
            failed = fail_errno("make private", "/");
        else
            failed = prepare(conf);
        const char *text = failed == 0 ? "" : failure_text();
        char end;
        if (write(ready[1], text, strlen(text) + 1) < 0 || read(done[0], &end, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(ready[1]);
    close(done[0]);
    char text[600] = "the namespace's child died";
    int fd = -1;
    if (child < 0)
        fail_errno("fork", NULL);
    else if (read(ready[0], text, sizeof text - 1) <= 0 || text[0] != '\0')
        fail(E_SYSTEM, "%s", text);
    else {
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)child);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            fail_errno("open", path);
    }
    close(ready[0]);
    close(done[1]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return fd;
}

static int prepare_pin(const struct conf *conf) {
    (void)conf;
    return 0;
}

static int make_node(const char *path, unsigned major, unsigned minor) {
    if (mknod(path, S_IFCHR | 0666, makedev(major, minor)) < 0 || chmod(path, 0666) < 0)
        return fail_errno("mknod", path);
    return 0;
}

/* The runtime binds the devices of a sandbox from here: nodes of our own, usable by everybody, so that
 * neither the host's modes nor a chown by the runtime matters. */
static int make_devices(void) {
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = {
        {"/dev/null", 1, 3},    {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},   {"/dev/random", 1, 8},
        {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},  {"/dev/fuse", 10, 229},
    };
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (make_node(nodes[i].path, nodes[i].major, nodes[i].minor) < 0)
            return -1;
    if (make_dir("/dev/net", 0755, 0, 0) < 0)
        return -1;
    return make_node("/dev/net/tun", 10, 200);
}

static bool hybrid_cgroups(void) {
    struct statfs fs;
    return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC;
}

/* Everything the runtime reads lies in paths that the sandbox's root may traverse. */
static int prepare_launch(const struct conf *conf) {
    char agent[PATH_CAP];
    /* on a hybrid host crun takes a visible cgroup v2 for the one to use */
    if (hybrid_cgroups() && umount2("/sys/fs/cgroup/unified", MNT_DETACH) < 0 && errno != EINVAL &&
        errno != ENOENT)
        return fail_errno("umount", "/sys/fs/cgroup/unified");
    if (pathf(agent, "%s/bin/agent", conf->app) < 0)
        return -1;
    int mount_fd = mount_clone(AT_FDCWD, agent, -1, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
    if (mount_fd < 0)
        return -1;
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOEXEC, "mode=755,size=1m") < 0)
        return fail_errno("mount", "tmpfs on /dev");
    umask(0);
    if (make_devices() < 0 || make_dir(LAUNCH_DIR, 0755, 0, 0) < 0)
        return -1;
    int fd = open(LAUNCH_AGENT, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    if (fd < 0)
        return fail_errno("create", LAUNCH_AGENT);
    close(fd);
    return mount_put(mount_fd, LAUNCH_AGENT);
}

/* <data>/ns is a private mount of its own: a namespace file cannot be bound where mounts propagate
 * into that very namespace. Returns the pin's fd. */
static int open_pin(const struct conf *conf, bool make) {
    char dir[PATH_CAP], file[PATH_CAP], source[64];
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
    fd = make_namespace(conf, prepare_pin);
    if (fd < 0)
        return -1;
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    if (mount(source, file, NULL, MS_BIND, NULL) < 0) {
        fail_errno("bind the mount namespace to", file);
        close(fd);
        return -1;
    }
    return fd;
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
    } dirs[] = {{"run", 0750, true},   {"run/a", 0750, true},  {"ns", 0700, false},
                {"pool", 0700, false}, {"sbx", 0700, false},   {"slots", 0700, false}};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char path[PATH_CAP];
        if (pathf(path, "%s/%s", conf->data, dirs[i].name) < 0 ||
            make_dir(path, dirs[i].mode, 0, dirs[i].shared ? conf->gid : 0) < 0)
            return -1;
    }
    return 0;
}

int pin_enter(const struct conf *conf) {
    if (make_directories(conf) < 0)
        return -1;
    launch_fd = make_namespace(conf, prepare_launch);
    if (launch_fd < 0)
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
    if (pathf(path, "%s/pool/disks", conf->data) < 0 || loop_detach_below(path) < 0 ||
        pathf(path, "%s/pool", conf->data) < 0 || unmount_all(path, 0) < 0)
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
        loop_detach_below(conf->data) < 0)
        result = -1;
    return result;
}
