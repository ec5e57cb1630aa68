/* Starting a program: the child between fork and exec, and its report to the loop. */
#include "process.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum { REPORT = 3 /* the report socket in the child */, REPORT_MAX = 1024 };

/* --- the child --- */

static void report(const void *p, size_t n, int fd) {
    struct iovec io = {(void *)(uintptr_t)p, n};
    union {
        struct cmsghdr h;
        char space[CMSG_SPACE(sizeof(int))];
    } c = {0};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (fd >= 0) {
        m.msg_control = c.space;
        m.msg_controllen = sizeof c.space;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &fd, sizeof fd);
    }
    if (sendmsg(REPORT, &m, MSG_NOSIGNAL) < 0)
        _exit(127);
}

__attribute__((noreturn)) static void fail(int err, const char *code, const char *what) {
    char message[512];
    struct buf b = {0};
    snprintf(message, sizeof message, "%.400s: %s", what, strerror(err));
    put_error(&b, err, code, message);
    report(b.p, b.len, -1);
    _exit(127);
}

static unsigned short size_of(struct span request, enum tag tag, unsigned short absent) {
    uint64_t n = field_num(request, tag, absent);
    return n && n <= UINT16_MAX ? (unsigned short)n : absent;
}

static void open_pty(struct span request) {
    struct stat st;
    struct termios t;
    struct winsize size = {.ws_col = size_of(request, TAG_COLS, 80),
                           .ws_row = size_of(request, TAG_ROWS, 24)};
    int unlock = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    /* the loop will read from it, so it has to be a terminal whatever the sandbox put there */
    if (master < 0 || fstat(master, &st) < 0)
        fail(errno, "pty", "/dev/ptmx");
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
        fail(ENODEV, "pty", "/dev/ptmx");
    int slave = ioctl(master, TIOCSPTLCK, &unlock) < 0
                    ? -1
                    : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || ioctl(slave, TIOCSCTTY, 0) < 0 || ioctl(slave, TIOCSWINSZ, &size) < 0)
        fail(errno, "pty", "opening a pty");
    if (tcgetattr(slave, &t) == 0) {
        t.c_iflag |= IUTF8;
        tcsetattr(slave, TCSANOW, &t);
    }
    report("", 1, master);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(slave, fd) < 0)
            fail(errno, "pty", "dup2");
}

/* So that the program may open its own pipes by name, as /dev/stdout or in /proc, and those of
 * the other programs of its user. Where it is not allowed, programs run without that. */
static void own_pipes(const int stdio[3], const struct user *u) {
    for (int fd = 0; fd < 3; fd++)
        if (stdio[fd] >= 0 && fchown(fd, u->uid, u->gid) < 0)
            return;
}

/* What the client decided by must not have changed: a file's stamp, or without a size its absence.
 */
static void check_stamp(struct span request) {
    char *path = field_str(request, TAG_PATH);
    struct span size;
    struct stat st;
    if (!path)
        return;
    bool there = stat(path, &st) == 0, expected = field_get(request, TAG_SIZE, &size);
    uint64_t ns =
        there ? (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec : 0;
    if (there != expected || (there && ((uint64_t)st.st_size != field_num(request, TAG_SIZE, 0) ||
                                        ns != field_num(request, TAG_MTIME_NS, 0))))
        fail(ESTALE, "stale", path);
}

static void open_null(void) {
    int ends[2], fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 &&
        pipe2(ends, O_CLOEXEC) == 0) { /* images without /dev: an empty pipe reads the same */
        close(ends[1]);
        fd = ends[0];
    }
    if (fd < 0 || dup2(fd, 0) < 0)
        fail(errno, "exec", "/dev/null");
}

static void search_and_exec(char **argv, char **env) {
    const char *path = NULL, *file = argv[0];
    int err = ENOENT;
    if (strchr(file, '/')) {
        execve(file, argv, env);
        fail(errno, "exec", file);
    }
    for (char **e = env; *e; e++)
        if (strncmp(*e, "PATH=", 5) == 0)
            path = *e + 5;
    if (!path)
        path = "/usr/local/bin:/usr/bin:/bin";
    for (;; path++) {
        char *candidate;
        int n = (int)strcspn(path, ":");
        if (*file && asprintf(&candidate, "%.*s%s%s", n, path, n ? "/" : "", file) > 0) {
            execve(candidate, argv, env);
            if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
                fail(errno, "exec", candidate);
            if (errno == EACCES)
                err = EACCES;
        }
        path += n;
        if (!*path)
            fail(err, "exec", file);
    }
}

/* stdio: the child's ends, -1 for none. */
__attribute__((noreturn)) static void child(struct span request, bool pty, int sock,
                                            const int stdio[3]) {
    struct user u;
    dup2(sock, REPORT);
    for (int fd = 0; fd < 3; fd++)
        if (stdio[fd] >= 0)
            dup2(stdio[fd], fd);
    child_start(REPORT + 1);
    fcntl(REPORT, F_SETFD, FD_CLOEXEC);
    child_limits();
    if (!child_user(request, &u))
        fail(ENOENT, "user", "no such user in the sandbox");
    if (u.uid != 0)
        own_pipes(stdio, &u);
    if (!user_become(&u))
        fail(errno, "user", "taking on the user");
    check_stamp(request); /* before the directory, so that a stale choice is always noticed */
    if (!child_chdir(request, &u))
        fail(errno, "cwd", "chdir");
    if (pty)
        open_pty(request);
    else if (stdio[0] < 0)
        open_null();
    search_and_exec(field_list(request, TAG_ARGV, NULL), child_env(request, &u));
    _exit(127);
}

/* --- the loop --- */

static void take_pty(struct process *p, int master) {
    int writer = fcntl(master, F_DUPFD_CLOEXEC, 0);
    fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK); /* one description: holds for both */
    p->out[0].w.fd = master;
    p->in.w.fd = writer;
}

/* What the starting child said last; from inside the sandbox, so it could be anything. */
static void start_over(struct process *p, struct span error) {
    struct buf b = {0};
    watch_close(&p->start);
    if (!error.n) {
        process_started(p);
    } else if (fields_framed(error)) {
        process_failed(p, error);
    } else {
        put_error(&b, EIO, "fork", "the starting process was taken over");
        process_failed(p, (struct span){b.p, b.len});
        buf_free(&b);
    }
}

void spawn_check(struct process *p) {
    uint8_t message[REPORT_MAX];
    union {
        struct cmsghdr h;
        char space[CMSG_SPACE(sizeof(int))];
    } c;
    while (p->start.fd >= 0) {
        struct iovec io = {message, sizeof message};
        struct msghdr m = {.msg_iov = &io,
                           .msg_iovlen = 1,
                           .msg_control = &c,
                           .msg_controllen = CMSG_LEN(sizeof(int))}; /* of more, one comes */
        int master = -1;
        ssize_t n = recvmsg(p->start.fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        struct cmsghdr *h = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
        if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
            h->cmsg_len == CMSG_LEN(sizeof(int)))
            memcpy(&master, CMSG_DATA(h), sizeof master);
        if (master >= 0 && p->pty && p->out[0].w.fd < 0) {
            take_pty(p, master);
            continue;
        }
        if (master >= 0)
            close(master);
        start_over(p, (struct span){message, n > 0 ? (size_t)n : 0});
    }
}

static void on_report(struct watch *w, uint32_t events) {
    (void)events;
    spawn_check(container_of(w, struct process, start));
}

static void close_pair(int fd[2]) {
    for (int i = 0; i < 2; i++)
        if (fd[i] >= 0)
            close(fd[i]);
}

/* The program finds its input in the pipe when it starts; only what does not fit follows. */
static void preset_input(struct process *p, struct span request, int *pipe_end) {
    struct span input = {0};
    if (!p->preset)
        return;
    field_get(request, TAG_INPUT, &input);
    fcntl(*pipe_end, F_SETFL, O_NONBLOCK);
    p->in.w.fd = *pipe_end;
    sink_preset(&p->in, input.p, input.n);
    *pipe_end = p->in.w.fd;
}

bool spawn_start(struct process *p, struct span request) {
    int sock[2] = {-1, -1}, in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
    bool wants_in = p->has_in, merge = !p->has_err;
    bool ok = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) == 0;
    if (!p->pty)
        ok = ok && (!wants_in || pipe2(in, O_CLOEXEC) == 0) && pipe2(out, O_CLOEXEC) == 0 &&
             (merge || pipe2(err, O_CLOEXEC) == 0);
    if (ok)
        preset_input(p, request, &in[1]);
    if (ok)
        p->pid = field_num(request, TAG_SUBREAPER, 0) ? keeper_fork(p) : fork();
    if (ok && p->pid == 0)
        child(request, p->pty, sock[1], (int[3]){in[0], out[1], merge ? out[1] : err[1]});
    if (!ok || p->pid < 0) {
        int saved = errno;
        if (p->preset && ok)
            in[1] = -1; /* the sink's */
        close_pair(sock);
        close_pair(in);
        close_pair(out);
        close_pair(err);
        errno = saved;
        return false;
    }
    int theirs[4] = {sock[1], in[0], out[1], err[1]}, mine[3] = {in[1], out[0], err[0]};
    for (int i = 0; i < 4; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    for (int i = 0; i < 3; i++)
        if (mine[i] >= 0)
            fcntl(mine[i], F_SETFL, O_NONBLOCK);
    p->in.w.fd = in[1];
    p->out[0].w.fd = out[0];
    p->out[1].w.fd = err[0];
    watch_init(&p->start, sock[0], on_report);
    watch_set(&p->start, EPOLLIN);
    return true;
}
