/* Makes the user (and network) namespace of a slot. */
#include "jailer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The namespace's owner is the effective uid of who unshares it, and inotify and namespace counts
 * are charged to that owner: so it must be the slot's own first id. Capabilities are kept over the
 * change of uid because some distributions let only privileged processes unshare. */
static int become_owner(uid_t base) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0 || setgroups(0, NULL) < 0 ||
        setresgid(base, base, base) < 0 || setresuid(base, base, base) < 0)
        return -1;
    return 0;
}

static void hold_namespaces(uid_t base, int flags, int report, int release) {
    int error = become_owner(base) < 0 || unshare(flags) < 0 ? errno : 0;
    char byte;
    if (write(report, &error, sizeof error) == (ssize_t)sizeof error)
        while (read(release, &byte, 1) < 0 && errno == EINTR)
            ; /* ends when the parent closes its end */
    _exit(0);
}

static int write_map(pid_t child, const char *name, const char *text) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, name);
    return write_text(path, text) < 0 ? fail_errno("write", path) : 0;
}

static int open_namespace(pid_t child, const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)child, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? fail_errno("open", path) : fd;
}

static int take_namespaces(pid_t child, uid_t base, int report, int *user, int *net) {
    int error = EPIPE;
    ssize_t n;
    while ((n = read(report, &error, sizeof error)) < 0 && errno == EINTR)
        ;
    if (n != (ssize_t)sizeof error || error != 0) {
        errno = error;
        return fail_errno("unshare user namespace", NULL);
    }
    char map[64];
    snprintf(map, sizeof map, "0 %u %d\n", (unsigned)base, SLOT_IDS);
    if (write_map(child, "uid_map", map) < 0 || write_map(child, "gid_map", map) < 0)
        return -1;
    int user_fd = open_namespace(child, "user");
    if (user_fd < 0)
        return -1;
    if (net != NULL) {
        *net = open_namespace(child, "net");
        if (*net < 0) {
            close(user_fd);
            return -1;
        }
    }
    *user = user_fd;
    return 0;
}

int userns_make(uid_t base, bool with_net, int *user, int *net) {
    int report[2], release[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    if (pipe2(release, O_CLOEXEC) < 0) {
        fail_errno("pipe", NULL);
        close(report[0]);
        close(report[1]);
        return -1;
    }
    pid_t child = fork();
    if (child == 0) {
        close(report[0]);
        close(release[1]);
        hold_namespaces(base, CLONE_NEWUSER | (with_net ? CLONE_NEWNET : 0), report[1], release[0]);
    }
    close(report[1]);
    close(release[0]);
    int result = child < 0 ? fail_errno("fork", NULL)
                           : take_namespaces(child, base, report[0], user, with_net ? net : NULL);
    close(report[0]);
    close(release[1]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return result;
}
