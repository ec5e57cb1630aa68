/* The host as the fuzzed agent sees it: forks that succeed, programs that are the fuzzer's input.
 */
#define WORLD_ITSELF
#include "world.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { ENDS = 512, PIDS = 512, FIRST_PID = 100000000 /* above every pid of Linux */ };

static int ends[ENDS];
static unsigned end_count, pid_count, pairs_since_fork;
static uint64_t clock_ms;
static int last_file = -1;

int world_keep_end(int fd) {
    if (fd >= 0 && end_count < ENDS) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        ends[end_count++] = fd;
    } else if (fd >= 0) {
        close(fd);
    }
    return fd;
}

static int copy_of(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

void world_reset(void) {
    for (unsigned i = 0; i < end_count; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    end_count = pid_count = pairs_since_fork = 0;
}

void world_advance(unsigned ms) { clock_ms += ms; }

int world_end(unsigned which) { return end_count ? ends[which % end_count] : -1; }

void world_close_end(unsigned which) {
    if (!end_count || ends[which % end_count] < 0)
        return;
    close(ends[which % end_count]);
    ends[which % end_count] = -1;
}

pid_t world_pid(unsigned which) { return pid_count ? (pid_t)(FIRST_PID + which % pid_count) : 0; }

/* Always the parent. A keeper's first news is waited for, so it has come already. */
pid_t world_fork(void) {
    if (pid_count == PIDS) {
        errno = EAGAIN;
        return -1;
    }
    pid_t pid = (pid_t)(FIRST_PID + pid_count++);
    if (pairs_since_fork > 1) {
        int news[2] = {pid, 0};
        send(ends[end_count - 1], news, sizeof news, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    pairs_since_fork = 0;
    return pid;
}

int world_kill(pid_t pid, int sig) {
    (void)sig;
    pid_t one = pid < 0 ? -pid : pid;
    if (one >= FIRST_PID && one < (pid_t)(FIRST_PID + pid_count))
        return 0;
    errno = ESRCH;
    return -1;
}

int world_raise(int sig) {
    (void)sig;
    return 0;
}

int world_socketpair(int domain, int type, int protocol, int fd[2]) {
    int done = socketpair(domain, type, protocol, fd);
    if (done == 0)
        world_keep_end(copy_of(fd[1]));
    pairs_since_fork++;
    return done;
}

/* Nothing leaves this process: whoever is connected to is the harness. */
int world_socket(int domain, int type, int protocol) {
    int fd[2];
    (void)domain;
    (void)protocol;
    if (socketpair(AF_UNIX, type, 0, fd) < 0)
        return -1;
    world_keep_end(fd[1]);
    return fd[0];
}

int world_connect(int fd, const struct sockaddr *address, socklen_t length) {
    (void)fd;
    (void)address;
    (void)length;
    return 0;
}

/* Of both ends, since either may be a program's. */
int world_pipe2(int fd[2], int flags) {
    int done = pipe2(fd, flags);
    if (done == 0) {
        world_keep_end(copy_of(fd[0]));
        world_keep_end(copy_of(fd[1]));
    }
    return done;
}

int world_openat(int dir, const char *name, int flags, ...) {
    (void)dir;
    (void)name;
    if (flags & O_CREAT)
        return last_file = memfd_create("fuzz", MFD_CLOEXEC);
    errno = ENOENT;
    return -1;
}

int world_last_file(void) { return last_file; }

int world_unlinkat(int dir, const char *name, int flags) {
    (void)dir;
    (void)name;
    (void)flags;
    return 0;
}

long world_syscall(long number, ...) {
    (void)number;
    errno = ESRCH;
    return -1;
}

int world_sethostname(const char *name, size_t length) {
    (void)name;
    return length <= 64 ? 0 : -1;
}

int world_clock_gettime(clockid_t clock, struct timespec *now) {
    (void)clock;
    *now = (struct timespec){.tv_sec = (time_t)(1000 + clock_ms / 1000),
                             .tv_nsec = (long)(clock_ms % 1000 * 1000000)};
    return 0;
}
