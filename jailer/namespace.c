/* Making mount namespaces of the host's that hold no more of it than is used. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* True when path is directory or lies below it. */
static bool is_below(const char *path, const char *directory) {
    size_t length = strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The system's directories, and every mount on the way to ours. */
static bool is_needed(const struct conf *conf, const char *path) {
    static const char *const kept[] = {"/proc", "/sys",  "/dev", "/usr",   "/etc",
                                       "/bin",  "/sbin", "/lib", "/lib32", "/lib64"};
    char own[PATH_CAP];
    if (strcmp(path, "/") == 0 || strcmp(path, "/run") == 0)
        return true;
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (is_below(path, kept[i]))
            return true;
    if (pathf(own, "%s/ns", conf->data) == 0 && is_below(path, own))
        return false;
    return is_below(path, conf->data) || is_below(conf->data, path) || is_below(conf->app, path) ||
           is_below(conf->runtime, path);
}

/* mountinfo writes blanks and the like as three octal digits. */
static void unescape(char *text) {
    char *out = text;
    for (const char *p = text; *p != '\0'; p++) {
        if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] != '\0' && p[3] != '\0') {
            *out++ = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            p += 3;
        } else
            *out++ = *p;
    }
    *out = '\0';
}

/* A namespace that lives for months would otherwise keep every disk, share and network namespace
 * busy that happened to be mounted when it was made. */
static int drop_foreign_mounts(const struct conf *conf) {
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (file == NULL)
        return fail_errno("open", "/proc/self/mountinfo");
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, file) > 0) {
        char *rest = line, *path = NULL;
        if (strstr(line, " - cgroup") != NULL)
            continue;
        for (int field = 0; field < 5; field++)
            path = strsep(&rest, " ");
        if (path == NULL)
            continue;
        unescape(path);
        /* below a mount that is gone already, or stacked: nothing to do, or done with the next line
         */
        if (!is_needed(conf, path) && umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 &&
            errno != EINVAL && errno != ENOENT)
            log_line("umount %s: %s", path, strerror(errno));
    }
    free(line);
    fclose(file);
    return 0;
}

static int keep_to(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)processor, &set);
    return sched_setaffinity(0, sizeof set, &set) < 0 ? fail_errno("sched_setaffinity", NULL) : 0;
}

/* Prepares a new mount namespace in a child and returns its fd. */
int namespace_make(const struct conf *conf, int (*prepare)(const struct conf *), int processor) {
    int ready[2], done[2];
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(done, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        close(done[1]);
        int failed = 0;
        if (processor != ANY_PROCESSOR && keep_to(processor) < 0)
            failed = -1;
        else if (unshare(CLONE_NEWNS) < 0)
            failed = fail_errno("unshare", "mount namespace");
        else if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
            failed = fail_errno("make private", "/");
        else if ((failed = drop_foreign_mounts(conf)) == 0 && prepare != NULL)
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
