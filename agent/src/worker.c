#include "worker.h"

#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CONTROL = 3, /* descriptor numbers in the child */
    IN = 4,
    OUT = 5,
    PROC = 6,
    WORKERS_MAX = 256,
    MESSAGE_MAX = 16384,
    PIPE_SIZE = 1 << 20,
    UPLOAD_GRANT = 1 << 20,
    GRACE_MS = 5000, /* for an abandoned upload to remove its temporary file */
};

static struct worker *workers;
static unsigned worker_count;

/* --- the child --- */

/* False when the agent no longer listens: the client is gone. */
static bool send_message(enum frame type, const void *p, size_t n, int fd) {
    uint8_t t = (uint8_t)type;
    struct iovec io[2] = {{&t, 1}, {(void *)(uintptr_t)p, n}};
    union {
        struct cmsghdr h;
        char space[CMSG_SPACE(sizeof(int))];
    } c = {0};
    struct msghdr m = {.msg_iov = io, .msg_iovlen = 2};
    if (fd >= 0) {
        m.msg_control = c.space;
        m.msg_controllen = sizeof c.space;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &fd, sizeof fd);
    }
    return sendmsg(CONTROL, &m, MSG_NOSIGNAL) >= 0;
}

bool work_reply(struct work *w, const struct buf *fields) {
    (void)w;
    return send_message(FRAME_REPLY, fields ? fields->p : NULL, fields ? fields->len : 0, -1);
}

void work_send_fd(struct work *w, int fd) {
    (void)w;
    send_message(FRAME_REPLY, NULL, 0, fd);
}

void work_fail(int err, const char *code, const char *call) {
    char message[256];
    struct buf b = {0};
    snprintf(message, sizeof message, err ? "%s: %s" : "%s", call, strerror(err));
    put_error(&b, err, code, message);
    send_message(FRAME_ERROR, b.p, b.len, -1);
    _exit(1);
}

void work_become(struct work *w, struct user *u) {
    if (!child_user(w->request, u))
        work_fail(ENOENT, "user", "no such user in the sandbox");
    if (!user_become(u))
        work_fail(errno, "user", "taking on the user");
}

bool work_committed(void) {
    char c;
    return recv(CONTROL, &c, 1, 0) == 1;
}

/* To a low number, which nothing of the agent's has; -1 when there is none. */
static int put_at(int number, int fd) {
    if (fd < 0)
        close(number);
    else if (dup2(fd, number) < 0)
        _exit(1);
    return fd < 0 ? -1 : number;
}

static void child(struct span request, const struct worker_kind *kind, int control, int in,
                  int out) {
    struct work w = {request, put_at(IN, in), put_at(OUT, out)};
    put_at(CONTROL, control);
    proc_fd = put_at(PROC, proc_fd);
    child_start(PROC + 1);
    signal(SIGPIPE, SIG_IGN);
    if (kind->bulk & BULK_IN)
        signal(SIGTERM,
               SIG_IGN); /* ends when the agent lets go of it, without its temporary file */
    umask(0);
    kind->work(&w);
    send_message(FRAME_EXIT, NULL, 0, -1);
    _exit(0);
}

/* --- the agent --- */

static void worker_free(struct worker *w) {
    struct worker **p = &workers;
    while (*p != w)
        p = &(*p)->next;
    *p = w->next;
    worker_count--;
    if (w->kind.over)
        w->kind.over(w);
    watch_close(&w->control);
    watch_close(&w->out);
    w->in.streams = NULL;
    sink_close(&w->in);
    timer_clear(&w->grace);
    free_later(w);
}

static void check_end(struct worker *w) {
    if (!w->succeeded || w->out.fd >= 0)
        return;
    if (w->stream) {
        if (w->kind.bulk & BULK_OUT)
            stream_eof(w->stream, 1);
        stream_exit(w->stream, 0);
    }
    w->stream = NULL;
    worker_free(w);
}

static void on_out(struct watch *watch, uint32_t events) {
    (void)events;
    struct worker *w = container_of(watch, struct worker, out);
    size_t room = stream_room(w->stream);
    if (!room) {
        watch_set(watch, 0);
        return;
    }
    ssize_t n = read(watch->fd, scratch, room);
    if (n > 0) {
        stream_data(w->stream, 1, scratch, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        watch_close(watch);
        check_end(w);
    }
}

static void on_eof(struct stream *st);

static void on_reply(struct worker *w, struct span reply, int fd) {
    w->replied = true;
    if (w->kind.replied) {
        w->kind.replied(w, reply, fd);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (w->kind.bulk == BULK_NONE) {
        stream_done_raw(w->stream, reply.p, reply.n);
        w->stream = NULL;
        return;
    }
    stream_reply_raw(w->stream, reply.p, reply.n);
    if (w->kind.bulk & BULK_OUT)
        watch_set(&w->out, EPOLLIN);
    if (w->has_in) {
        sink_add(&w->in, w->stream);
        if (w->stream->got_eof) /* an empty upload may be sent without waiting for the REPLY */
            on_eof(w->stream);
    }
}

static void on_control(struct watch *watch, uint32_t events) {
    (void)events;
    struct worker *w = container_of(watch, struct worker, control);
    static uint8_t message[MESSAGE_MAX];
    union {
        struct cmsghdr h;
        char space[CMSG_SPACE(sizeof(int))];
    } c;
    struct iovec io = {message, sizeof message};
    struct msghdr m = {.msg_iov = &io,
                       .msg_iovlen = 1,
                       .msg_control = &c,
                       .msg_controllen = CMSG_LEN(sizeof(int))}; /* of more, one comes */
    int fd = -1;
    ssize_t n = recvmsg(watch->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    struct cmsghdr *h = n >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (h && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS &&
        h->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(h), sizeof fd);
    struct span payload = {message + 1, n > 0 ? (size_t)n - 1 : 0};
    /* the worker runs in the sandbox: root there could make it say anything */
    bool sound = n > 0 && !(m.msg_flags & MSG_TRUNC) && fields_framed(payload);
    if (sound && message[0] == FRAME_REPLY && !w->replied && w->stream) {
        on_reply(w, payload, fd);
        return;
    }
    if (fd >= 0)
        close(fd);
    if (sound && message[0] == FRAME_EXIT && (w->replied || !w->stream)) {
        w->succeeded = true;
        watch_close(watch);
        check_end(w);
        return;
    }
    if (w->stream && sound && message[0] == FRAME_ERROR)
        stream_error_raw(w->stream, payload.p, payload.n);
    else if (w->stream)
        stream_error(w->stream, EIO, "worker", "the worker was killed");
    w->stream = NULL;
    worker_free(w);
}

static void upload_finished(struct sink *s) {
    struct worker *w = container_of(s, struct worker, in);
    if (!(w->kind.bulk & BULK_OUT)) /* others commit as they go, and do not read it */
        send(w->control.fd, "C", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    watch_close(&s->w);
}

static void on_data(struct stream *st, const uint8_t *p, size_t n) {
    struct worker *w = st->owner;
    w->received += n;
    sink_data(&w->in, st, p, n);
}

static void kill_stuck(struct timer *t) {
    struct worker *w = container_of(t, struct worker, grace);
    kill(w->pid, SIGKILL);
    worker_free(w);
}

/* Nobody waits for the worker any more. An upload's undoes its work when pipe and socket close
 * without a commit. */
static void let_go(struct worker *w) {
    w->stream = NULL;
    w->in.streams = NULL;
    if (w->has_in && w->pid) {
        watch_close(&w->control);
        watch_close(&w->out);
        sink_close(&w->in);
        timer_set(&w->grace, GRACE_MS, kill_stuck);
        return;
    }
    if (w->pid)
        kill(w->pid, SIGKILL);
    worker_free(w);
}

static void give_up(struct stream *st) { let_go(st->owner); }

static void on_eof(struct stream *st) {
    struct worker *w = st->owner;
    if (!w->has_in || !w->replied)
        return;
    if (w->expected != UINT64_MAX && w->received != w->expected) {
        stream_error(st, 0, "size", "%llu bytes came, %llu were announced",
                     (unsigned long long)w->received, (unsigned long long)w->expected);
        let_go(w);
        return;
    }
    sink_finish(&w->in);
}

static void on_ready(struct stream *st) {
    struct worker *w = st->owner;
    if (w->replied && w->out.fd >= 0)
        watch_set(&w->out, EPOLLIN);
}

static const struct stream_ops ops = {on_data, on_eof, on_ready, give_up};

/* Of the two ends, ours does not block; false with errno. */
static bool bulk_pipe(int fd[2], int ours) {
    if (pipe2(fd, O_CLOEXEC) < 0)
        return false;
    fcntl(fd[ours], F_SETFL, O_NONBLOCK);
    fcntl(fd[ours], F_SETPIPE_SZ, PIPE_SIZE);
    return true;
}

bool worker_try(struct stream *st, struct span request, const struct worker_kind *kind) {
    struct worker *w = xzalloc(sizeof *w);
    int control[2] = {-1, -1}, in[2] = {-1, -1}, out[2] = {-1, -1};
    w->kind = *kind;
    w->context = kind->context;
    w->stream = st;
    w->has_in = kind->bulk & BULK_IN;
    w->expected = field_num(request, TAG_SIZE, UINT64_MAX);
    pid_t pid = -1;
    if (worker_count >= WORKERS_MAX)
        errno = EAGAIN;
    else if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) == 0 &&
             (!(kind->bulk & BULK_IN) || bulk_pipe(in, 1)) &&
             (!(kind->bulk & BULK_OUT) || bulk_pipe(out, 0)))
        pid = fork();
    if (pid == 0)
        child(request, kind, control[1], in[0], out[1]);
    int err = errno;
    if (control[1] >= 0)
        close(control[1]);
    if (in[0] >= 0)
        close(in[0]);
    if (out[1] >= 0)
        close(out[1]);
    watch_init(&w->control, control[0], on_control);
    watch_init(&w->out, out[0], on_out);
    sink_init(&w->in, in[1], UPLOAD_GRANT, upload_finished);
    w->pid = pid > 0 ? pid : 0;
    w->next = workers;
    workers = w;
    worker_count++;
    if (pid < 0) {
        worker_free(w);
        errno = err;
        return false;
    }
    watch_set(&w->control, EPOLLIN);
    if (st) {
        st->owner = w;
        st->ops = &ops;
    }
    return true;
}

void worker_start(struct stream *st, struct span request, const struct worker_kind *kind) {
    if (!worker_try(st, request, kind))
        stream_error(st, errno, "fork", "starting a worker: %s", strerror(errno));
}

void workers_shutdown(void) {
    for (struct worker *w = workers, *next; w; w = next) {
        next = w->next;
        if (!w->has_in || w->in.finished || !w->stream)
            continue;
        stream_error(w->stream, ESHUTDOWN, "busy", "shutting down");
        let_go(w);
    }
}

void worker_reaped(pid_t pid) {
    for (struct worker *w = workers; w; w = w->next)
        if (w->pid == pid) {
            w->pid = 0;
            if (w->grace.armed)
                worker_free(w);
            return;
        }
}
