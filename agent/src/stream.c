/* Streams and what goes out: frames, credit, back-pressure. */
#include "connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { LAZY_MS = 4 }; /* more than a shell needs to start and end */

static void conn_events(struct conn *c) {
    uint32_t events = buf_size(&c->out) < OUT_LIMIT ? EPOLLIN : 0;
    if (buf_size(&c->out))
        events |= EPOLLOUT;
    watch_set(&c->w, events);
}

static void wake_streams(struct conn *c) {
    c->wants_room = false;
    for (int i = 0; i < BUCKETS; i++)
        for (struct stream *st = c->bucket[i], *next; st; st = next) {
            next = st->next;
            if (st->ops && st->ops->ready && st->credit)
                st->ops->ready(st);
        }
}

/* A failed write only silences the connection: the hang-up is noticed by the reading side, which
 * closes it. */
void conn_flush(struct conn *c) {
    timer_clear(&c->lazy);
    while (buf_size(&c->out) && !c->dead_out) {
        ssize_t n = send(c->w.fd, c->out.p + c->out.off, buf_size(&c->out), MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            c->dead_out = true;
        if (n < 0)
            break;
        c->out.off += (size_t)n;
    }
    if (c->dead_out || (!buf_size(&c->out) && c->out.cap > OUT_SMALL))
        buf_free(&c->out);
    conn_events(c);
    if (c->wants_room && buf_size(&c->out) < OUT_HIGH)
        wake_streams(c);
}

void conn_send(struct conn *c, enum frame type, int channel, uint32_t stream, const void *p,
               size_t n) {
    if (c->dead_out)
        return;
    uint8_t head[HEADER] = {0};
    set_u32(head, (uint32_t)n);
    head[4] = (uint8_t)type;
    head[5] = (uint8_t)channel;
    set_u32(head + 8, stream);
    if (n <= OUT_SMALL || (c->w.events & EPOLLOUT)) {
        buf_put(&c->out, head, HEADER);
        buf_put(&c->out, p, n);
        task_queue(&c->flush);
        return;
    }
    struct iovec io[3] = {
        {c->out.p + c->out.off, buf_size(&c->out)}, {head, HEADER}, {(void *)(uintptr_t)p, n}};
    struct msghdr m = {.msg_iov = io, .msg_iovlen = 3};
    ssize_t sent = sendmsg(c->w.fd, &m, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR)
        c->dead_out = true;
    size_t left = sent < 0 ? 0 : (size_t)sent;
    size_t queued = left < io[0].iov_len ? left : io[0].iov_len;
    c->out.off += queued;
    left -= queued;
    for (int i = 1; i < 3; i++) {
        size_t skip = left < io[i].iov_len ? left : io[i].iov_len;
        buf_put(&c->out, (uint8_t *)io[i].iov_base + skip, io[i].iov_len - skip);
        left -= skip;
    }
    task_queue(&c->flush);
}

static void flush_lazy(struct timer *t) { conn_flush(container_of(t, struct conn, lazy)); }

/* Puts off the flush: a program that starts and ends at once then costs one write, and its reader
 * one wake-up. */
static void send_lazily(struct stream *st, enum frame type, int channel, const void *p, size_t n) {
    struct conn *c = st->conn;
    bool queued = c->flush.queued;
    conn_send(c, type, channel, st->id, p, n);
    if (!st->lazy || queued || n > OUT_SMALL || !c->flush.queued)
        return;
    task_cancel(&c->flush);
    if (!c->lazy.armed)
        timer_set(&c->lazy, LAZY_MS, flush_lazy);
}

struct stream **stream_slot(struct conn *c, uint32_t id) {
    struct stream **p = &c->bucket[id % BUCKETS];
    while (*p && (*p)->id != id)
        p = &(*p)->next;
    return p;
}

void stream_end(struct stream *st) {
    struct stream **p = stream_slot(st->conn, st->id);
    if (*p == st) {
        *p = st->next;
        st->conn->streams--;
    }
    st->ops = NULL;
    free_later(st);
}

size_t stream_room(struct stream *st) {
    if (st->conn->dead_out)
        return 0;
    if (buf_size(&st->conn->out) >= OUT_HIGH) {
        st->conn->wants_room = true;
        return 0;
    }
    return st->credit < SCRATCH ? (size_t)st->credit : SCRATCH;
}

void stream_data(struct stream *st, int channel, const void *p, size_t n) {
    st->credit -= n;
    conn_send(st->conn, FRAME_DATA, channel, st->id, p, n);
}

void stream_eof(struct stream *st, int channel) { send_lazily(st, FRAME_EOF, channel, NULL, 0); }

void stream_grant(struct stream *st, uint64_t n) {
    uint8_t bytes[4];
    st->allowance += n;
    set_u32(bytes, (uint32_t)n);
    conn_send(st->conn, FRAME_CREDIT, 0, st->id, bytes, sizeof bytes);
}

void stream_reply_raw(struct stream *st, const void *p, size_t n) {
    send_lazily(st, FRAME_REPLY, 0, p, n);
}

void stream_reply(struct stream *st, const struct buf *fields) {
    stream_reply_raw(st, fields ? fields->p + fields->off : NULL, fields ? buf_size(fields) : 0);
}

void stream_done(struct stream *st, const struct buf *fields) {
    stream_reply(st, fields);
    stream_end(st);
}

void stream_done_raw(struct stream *st, const void *p, size_t n) {
    stream_reply_raw(st, p, n);
    stream_end(st);
}

void stream_exit(struct stream *st, int64_t status) {
    struct buf b = {0};
    put_num(&b, TAG_STATUS, (uint64_t)status);
    conn_send(st->conn, FRAME_EXIT, 0, st->id, b.p, b.len);
    buf_free(&b);
    stream_end(st);
}

void put_error(struct buf *b, int err, const char *code, const char *message) {
    put_num(b, TAG_ERRNO, (uint64_t)(err > 0 ? err : 0));
    put_str(b, TAG_CODE, code);
    put_str(b, TAG_MESSAGE, message);
}

void stream_error_raw(struct stream *st, const void *p, size_t n) {
    conn_send(st->conn, FRAME_ERROR, 0, st->id, p, n);
    stream_end(st);
}

void stream_error(struct stream *st, int err, const char *code, const char *fmt, ...) {
    char message[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    struct buf b = {0};
    put_error(&b, err, code, message);
    stream_error_raw(st, b.p, b.len);
    buf_free(&b);
}
