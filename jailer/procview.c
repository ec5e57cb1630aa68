/* Mounts, watches and binds the view of their own limits that sandboxes have. Two processes beside
 * the main one: the watcher, root, which mounts the file system, binds its files into every running
 * sandbox and asks it something every second; and the server, the ordinary user without any
 * capability, which answers the kernel. A server that dies or hangs is replaced, and its files are
 * bound anew. One whose jailer died goes on until the next jailer has replaced its files. */
#include "procview.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ORIGIN = 3 }; /* the watcher's descriptor of the host's mount namespace */
enum { ASK_EVERY_MS = 1000, PATIENCE_MS = 2000, BIND_MS = 1000, SOON_S = 2 };

const struct view_file view_files[VIEW_FILES] = {
    [VIEW_MEMINFO] = {"meminfo", "/proc/meminfo", PROC_SUPER_MAGIC},
    [VIEW_CPUINFO] = {"cpuinfo", "/proc/cpuinfo", PROC_SUPER_MAGIC},
    [VIEW_STAT] = {"stat", "/proc/stat", PROC_SUPER_MAGIC},
    [VIEW_ONLINE] = {"online", "/sys/devices/system/cpu/online", SYSFS_MAGIC},
};

static pid_t watcher;
static time_t started;

static int view_path(const struct conf *conf, char out[PATH_CAP]) {
    return pathf(out, "%s/ns/view", conf->data);
}

/* ---- binding ----------------------------------------------------------------------------- */

/* In the sandbox's mount namespace, where names may be anything: only a file of the kernel's own
 * file system is covered, and the worst that a sandbox can do is to see its own limits elsewhere.
 */
static void put_over(const struct view_file *file, int mount) {
    struct statfs fs;
    if (umount2(file->target, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL)
        return;
    int target = open(file->target, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (target >= 0 && fstatfs(target, &fs) == 0 && fs.f_type == file->magic)
        move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    if (target >= 0)
        close(target);
}

/* A second /proc and /sys, which nothing covers in part: without them the kernel refuses containers
 * inside theirs. */
static void keep_whole(const char *whole, const char *path) {
    struct statfs fs;
    int target = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (target >= 0 && fstatfs(target, &fs) == 0 && fs.f_type == TMPFS_MAGIC) {
        int mount = open_tree(AT_FDCWD, whole, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (mount >= 0) {
            move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
            close(mount);
        }
    }
    if (target >= 0)
        close(target);
}

static int bind_here(const struct conf *conf, unsigned slot, pid_t pid) {
    int mounts[VIEW_FILES];
    char view[PATH_CAP], path[PATH_CAP];
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
    int namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || view_path(conf, view) < 0)
        return fail_errno("open", path);
    for (int file = 1; file < VIEW_FILES; file++) {
        if (pathf(path, "%s/%u/%s", view, slot, view_files[file].name) < 0)
            return -1;
        mounts[file] = mount_clone(0, path, -1,
                                   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                       MOUNT_ATTR_NOEXEC);
        if (mounts[file] < 0)
            return -1;
    }
    if (setns(namespace, CLONE_NEWNS) < 0)
        return fail_errno("setns", "a sandbox's mount namespace");
    keep_whole("/proc", "/dev/.daytona/proc");
    keep_whole("/sys", "/dev/.daytona/sys");
    for (int file = 1; file < VIEW_FILES; file++)
        put_over(&view_files[file], mounts[file]);
    return 0;
}

/* True when the child ended well in time; otherwise it is killed, but not waited for: what it
 * waits for may be a file system of the sandbox's. */
static bool ended_in_time(pid_t child, int patience_ms) {
    int status = -1, pidfd = child > 0 ? pidfd_of(child) : -1;
    bool ended = pidfd >= 0 && pidfd_wait(pidfd, patience_ms);
    if (!ended && child > 0)
        kill(child, SIGKILL);
    if (ended)
        waitpid(child, &status, 0);
    if (pidfd >= 0)
        close(pidfd);
    return ended && status == 0;
}

void procview_bind(const struct conf *conf, unsigned slot, pid_t pid) {
    pid_t child = fork();
    if (child == 0) {
        char view[PATH_CAP];
        if (view_path(conf, view) < 0 || !is_mount_root(view))
            _exit(0); /* not there yet: it comes to all that run */
        if (bind_here(conf, slot, pid) == 0)
            _exit(0);
        log_line("slot %u shows the host's figures for now: %s", slot, failure_text());
        _exit(1);
    }
    ended_in_time(child, BIND_MS);
}

/* A start that is under way holds the lock, and may have bound what is no more. */
static void rebind(const struct sandbox *sandbox, void *arg) {
    const struct conf *conf = arg;
    pid_t child = fork();
    if (child == 0) {
        struct record record;
        if (lock_name(conf, "sandbox", sandbox->id, false) >= 0 &&
            record_read(conf, sandbox->id, &record) && record_alive(&record))
            _exit(bind_here(conf, record.slot, record.pid) == 0 ? 0 : 1);
        _exit(0);
    }
    int status, pidfd = child > 0 ? pidfd_of(child) : -1;
    if (pidfd >= 0 && pidfd_wait(pidfd, BIND_MS))
        waitpid(child, &status, 0);
    if (pidfd >= 0)
        close(pidfd);
}

/* ---- the server -------------------------------------------------------------------------- */

/* It may outlive the jailer and the pin, and must hold neither the pool nor any disk. */
static void leave_pinned_namespace(void) {
    if (setns(ORIGIN, CLONE_NEWNS) < 0)
        log_line("procview: the host's mount namespace: %s", strerror(errno));
}

static void serve(const struct conf *conf, int fuse) {
    prctl(PR_SET_NAME, "procview");
    prctl(PR_SET_PDEATHSIG, 0);
    leave_pinned_namespace();
    if (setgroups(0, NULL) < 0 || setresgid(conf->gid, conf->gid, conf->gid) < 0 ||
        setresuid(conf->uid, conf->uid, conf->uid) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        log_line("procview: change to the user: %s", strerror(errno));
        _exit(1);
    }
    if (dup2(fuse, 3) < 0 || close_range(4, ~0u, 0) < 0)
        _exit(1);
    view_serve(conf, 3);
    _exit(0);
}

static int mount_view(const char *view) {
    char options[128];
    if (unmount_all(view, MNT_DETACH) < 0 || make_dir(view, 0700, 0, 0) < 0)
        return -1;
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse < 0)
        return fail_errno("open", "/dev/fuse");
    snprintf(options, sizeof options, "fd=%d,rootmode=40555,user_id=0,group_id=0,allow_other",
             fuse);
    if (mount("daytona", view, "fuse", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, options) < 0) {
        fail_errno("mount", view);
        close(fuse);
        return -1;
    }
    return fuse;
}

/* One question that goes through the server, asked by a child that may wait in vain. */
static bool answers(const char *view) {
    pid_t child = fork();
    if (child == 0) {
        char path[PATH_CAP], text[64];
        _exit(pathf(path, "%s/1/online", view) == 0 && read_text(path, text, sizeof text) > 0 ? 0
                                                                                              : 1);
    }
    return ended_in_time(child, PATIENCE_MS);
}

/* ---- the watcher ------------------------------------------------------------------------- */

/* Ends when the server does not answer any more; the main process starts another. */
static void watch(const struct conf *conf) {
    char view[PATH_CAP];
    int fuse = view_path(conf, view) < 0 ? -1 : mount_view(view);
    pid_t server = fuse < 0 ? -1 : fork();
    if (server == 0)
        serve(conf, fuse);
    if (server < 0) {
        log_line("sandboxes show the host's figures: %s", failure_text());
        return;
    }
    close(fuse); /* so that the file system ends with its server */
    int pidfd = pidfd_of(server);
    if (pidfd >= 0 && answers(view)) {
        sandboxes_each(conf, rebind, (void *)(uintptr_t)conf);
        while (!pidfd_wait(pidfd, ASK_EVERY_MS) && answers(view))
            while (waitpid(-1, NULL, WNOHANG) > 0) /* late ones */
                continue;
    }
    log_line("procview, pid %d, does not answer: started anew", (int)server);
    kill(server, SIGKILL);
}

bool procview_start(const struct conf *conf) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (watcher != 0 || (started != 0 && now.tv_sec - started < SOON_S))
        return watcher != 0;
    started = now.tv_sec;
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
            _exit(1);
        if (dup2(pin_origin(), ORIGIN) < 0)
            _exit(1);
        close_range(ORIGIN + 1, ~0u, 0);
        prctl(PR_SET_NAME, "procview-watch");
        watch(conf);
        _exit(1);
    }
    watcher = child > 0 ? child : 0;
    return watcher != 0;
}

static void count(const struct sandbox *sandbox, void *arg) {
    (void)sandbox;
    ++*(int *)arg;
}

void procview_stop(const struct conf *conf) {
    char view[PATH_CAP];
    int running = 0;
    if (watcher != 0)
        kill(watcher, SIGKILL);
    sandboxes_each(conf, count, &running);
    if (running == 0 && view_path(conf, view) == 0 && unmount_all(view, MNT_DETACH) < 0)
        log_line("%s", failure_text());
}

bool procview_reaped(pid_t pid) {
    if (pid != watcher)
        return false;
    watcher = 0;
    return true;
}
