/* The dial verb: a stream to a TCP port or a Unix socket of the sandbox. */
#include "dial.h"

#include "files.h"
#include "sink.h"
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000 };

struct dial {
    struct stream *stream;
    struct watch read;
    struct sink write; /* a descriptor of its own for the same socket: the loop watches each once */
    struct timer timeout;
    bool connected, read_over, write_over;
};

static void dial_free(struct dial *d) {
    timer_clear(&d->timeout);
    watch_close(&d->read);
    d->write.streams = NULL;
    sink_close(&d->write);
    free_later(d);
}

static void dial_fail(struct dial *d, int err) {
    stream_error(d->stream, err, "dial", "%s", strerror(err));
    dial_free(d);
}

static void check_over(struct dial *d) {
    if (!d->read_over || !(d->write_over || d->write.broken))
        return;
    stream_exit(d->stream, 0);
    dial_free(d);
}

static void on_read(struct watch *w, uint32_t events) {
    (void)events;
    struct dial *d = container_of(w, struct dial, read);
    size_t room = stream_room(d->stream);
    if (!room) {
        watch_set(w, 0);
        return;
    }
    ssize_t n = read(w->fd, scratch, room);
    if (n > 0) {
        stream_data(d->stream, 1, scratch, (size_t)n);
    } else if (n == 0) {
        d->read_over = true;
        watch_set(w, 0);
        stream_eof(d->stream, 1);
        check_over(d);
    } else if (errno != EAGAIN && errno != EINTR) {
        dial_fail(d, errno);
    }
}

static void write_finished(struct sink *s) {
    struct dial *d = container_of(s, struct dial, write);
    shutdown(s->w.fd, SHUT_WR);
    d->write_over = true;
    check_over(d);
}

static void connected(struct dial *d) {
    timer_clear(&d->timeout);
    int one = 1, fd = d->read.fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sink_init(&d->write, fcntl(fd, F_DUPFD_CLOEXEC, 0), GRANT, write_finished);
    d->connected = true;
    stream_reply(d->stream, NULL);
    sink_add(&d->write, d->stream);
    d->read.fn = on_read;
    watch_set(&d->read, EPOLLIN);
    if (d->stream->got_eof)
        sink_finish(&d->write);
}

static void on_connect(struct watch *w, uint32_t events) {
    (void)events;
    struct dial *d = container_of(w, struct dial, read);
    int err = 0;
    socklen_t n = sizeof err;
    if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &n) < 0 || err)
        dial_fail(d, err ? err : errno);
    else
        connected(d);
}

static void on_timeout(struct timer *t) {
    dial_fail(container_of(t, struct dial, timeout), ETIMEDOUT);
}

static void on_data(struct stream *st, const uint8_t *p, size_t n) {
    struct dial *d = st->owner;
    sink_data(&d->write, st, p, n);
    check_over(d);
}

static void on_eof(struct stream *st) {
    struct dial *d = st->owner;
    if (d->connected)
        sink_finish(&d->write);
}

static void on_ready(struct stream *st) {
    struct dial *d = st->owner;
    if (d->connected && !d->read_over)
        watch_set(&d->read, EPOLLIN);
}

static void on_closed(struct stream *st) { dial_free(st->owner); }

static const struct stream_ops ops = {on_data, on_eof, on_ready, on_closed};

static struct dial *dial_new(struct stream *st, int fd) {
    struct dial *d = xzalloc(sizeof *d);
    d->stream = st;
    watch_init(&d->read, fd, on_connect);
    watch_init(&d->write.w, -1, NULL);
    st->owner = d;
    st->ops = &ops;
    return d;
}

static void dial_tcp(struct stream *st, struct span request) {
    char *host = field_str(request, TAG_HOST);
    uint64_t port = field_num(request, TAG_PORT, 0);
    uint64_t timeout = field_num(request, TAG_TIMEOUT_MS, TIMEOUT_MS);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    bool is4 = host && inet_pton(AF_INET, host, &v4.sin_addr) == 1;
    bool is6 = host && !is4 && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
    free(host);
    if (!port || port > 65535 || !(is4 || is6)) {
        stream_error(st, 0, "usage", "host is an address, port is 1 to 65535");
        return;
    }
    int fd = socket(is4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int done = fd < 0 ? -1
               : is4  ? connect(fd, (struct sockaddr *)&v4, sizeof v4)
                      : connect(fd, (struct sockaddr *)&v6, sizeof v6);
    if (done < 0 && errno != EINPROGRESS) {
        stream_error(st, errno, "dial", "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    struct dial *d = dial_new(st, fd);
    if (done == 0) {
        connected(d);
    } else {
        timer_set(&d->timeout, timeout < 3600000 ? timeout : 3600000, on_timeout);
        watch_set(&d->read, EPOLLOUT);
    }
}

/* A path may lead through any file system, so a worker walks it and hands the connected socket
 * over. */
static void unix_work(struct work *w) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char *path = work_path(w, TAG_PATH);
    struct timeval t = {.tv_sec =
                            (time_t)(field_num(w->request, TAG_TIMEOUT_MS, TIMEOUT_MS) / 1000 + 1)};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof a.sun_path)
        work_fail(ENAMETOOLONG, "dial", path);
    strcpy(a.sun_path, path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t) < 0 ||
        connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        work_fail(errno == EAGAIN ? ETIMEDOUT : errno, "dial", path);
    work_send_fd(w, fd);
}

static bool is_unix_stream(int fd) {
    int domain = 0, type = 0;
    socklen_t n = sizeof domain, m = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m) == 0 && type == SOCK_STREAM;
}

static void unix_connected(struct worker *w, struct span reply, int fd) {
    (void)reply;
    struct stream *st = w->stream;
    w->stream = NULL;
    if (fd < 0 || !is_unix_stream(fd)) {
        stream_error(st, EIO, "worker", "the worker did not connect");
        if (fd >= 0)
            close(fd);
        return;
    }
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    connected(dial_new(st, fd));
}

void verb_dial(struct stream *st, struct span request) {
    struct span path;
    if (field_get(request, TAG_PATH, &path))
        worker_start(st, request,
                     &(struct worker_kind){.work = unix_work, .replied = unix_connected});
    else
        dial_tcp(st, request);
}
