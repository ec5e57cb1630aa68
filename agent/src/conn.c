/* Connections and what comes in: accepting, parsing, checking. */
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNS_MAX = 256,
    STREAMS_MAX = 4096,
    HALF_FRAME_MS = 60000, /* a frame that takes longer closes its connection */
    HELLO_MS = 60000,
};

uint8_t scratch[SCRATCH];
uint64_t boot_id;
static uint8_t input[SCRATCH]; /* not scratch: a frame may set off output while others wait here */
static struct watch listener;
static struct timer listener_pause;
static unsigned conns;

/* Beyond the first release (docs/protocols/agent.md); NULL ends them. */
static const char *const features[] = {
#if AGENT_PROTOCOL >= 2
    "spawn-input", "spawn-stamp", "pipe-owner", "input-echo",
    "environment", "subreaper",   "many-files",
#endif
    NULL};

static void flush_task(struct task *t) { conn_flush(container_of(t, struct conn, flush)); }

static void stream_drop(struct stream *st) {
    const struct stream_ops *ops = st->ops;
    stream_end(st);
    if (ops && ops->closed)
        ops->closed(st);
}

static void conn_close(struct conn *c) {
    timer_clear(&c->stall);
    timer_clear(&c->lazy);
    c->dead_out = true;
    for (int i = 0; i < BUCKETS; i++)
        while (c->bucket[i])
            stream_drop(c->bucket[i]);
    task_cancel(&c->flush);
    watch_close(&c->w);
    buf_free(&c->out);
    free(c->part);
    free_later(c);
    conns--;
    watch_set(&listener, EPOLLIN);
}

static void on_hello(struct conn *c, struct span f) {
    uint64_t min = field_num(f, TAG_VERSION, 0), max = field_num(f, TAG_VERSION_MAX, min);
    struct buf b = {0};
    c->hello = true;
    if (min > PROTOCOL || max < PROTOCOL_OLDEST || max < min) {
        put_error(&b, 0, "version", "no common version of the protocol");
        conn_send(c, FRAME_ERROR, 0, 0, b.p, b.len);
        c->failed = true;
    } else {
        char boot[17];
        snprintf(boot, sizeof boot, "%016llx", (unsigned long long)boot_id);
        put_num(&b, TAG_VERSION, max < PROTOCOL ? max : PROTOCOL);
        put_str(&b, TAG_AGENT, AGENT_RELEASE);
        put_str(&b, TAG_BOOT, boot);
        for (size_t i = 0; features[i] != NULL; i++)
            put_str(&b, TAG_FEATURE, features[i]);
        conn_send(c, FRAME_HELLO, 0, 0, b.p, b.len);
    }
    buf_free(&b);
}

static void on_request(struct conn *c, uint32_t id, struct span f) {
    struct stream **slot = stream_slot(c, id);
    if (!id || *slot || !fields_framed(f)) {
        c->failed = true;
        return;
    }
    struct stream *st = xzalloc(sizeof *st);
    st->conn = c;
    st->id = id;
    *slot = st;
    if (c->streams++ >= STREAMS_MAX)
        stream_error(st, EAGAIN, "busy", "too many open streams on this connection");
    else
        dispatch(st, f);
}

static void on_credit(struct conn *c, struct stream *st, uint32_t n) {
    if (!st)
        return;
    st->credit += n;
    if (st->credit > WINDOW_MAX)
        c->failed = true;
    else if (n && st->ops && st->ops->ready)
        st->ops->ready(st);
}

/* One whole frame that is not DATA; frames for a stream that has ended are late, not wrong. */
static void on_frame(struct conn *c, int type, uint32_t id, struct span f) {
    struct stream *st = *stream_slot(c, id);
    if (type == FRAME_HELLO && !c->hello && !id && fields_framed(f) && !fields_problem(f)) {
        on_hello(c, f);
    } else if (!c->hello) {
        c->failed = true;
    } else if (type == FRAME_REQUEST) {
        on_request(c, id, f);
    } else if (type == FRAME_EOF && id && !f.n) {
        if (st && !st->got_eof && st->ops && st->ops->eof) {
            st->got_eof = true;
            st->ops->eof(st);
        }
    } else if (type == FRAME_CREDIT && id && f.n == 4) {
        on_credit(c, st, get_u32(f.p));
    } else if (type == FRAME_CLOSE && id && !f.n) {
        if (st)
            stream_drop(st);
    } else if (type == FRAME_PING && !id && f.n <= 64) {
        conn_send(c, FRAME_PONG, 0, 0, f.p, f.n);
    } else if (type != FRAME_PONG || id || f.n > 64) {
        c->failed = true;
    }
}

static void on_data_header(struct conn *c, uint32_t id, uint32_t n) {
    struct stream *st = *stream_slot(c, id);
    if (!c->hello || !id || (st && (n > st->allowance || st->got_eof))) {
        c->failed = true;
        return;
    }
    c->data_left = n;
    c->data_stream = id;
}

static void on_data(struct conn *c, const uint8_t *p, size_t n) {
    struct stream *st = *stream_slot(c, c->data_stream);
    c->data_left -= (uint32_t)n;
    if (!st || n > st->allowance)
        return; /* the stream ended, perhaps while this frame was on its way */
    st->allowance -= n;
    if (st->ops && st->ops->data)
        st->ops->data(st, p, n);
}

static void stash(struct conn *c, const uint8_t *p, size_t n, size_t need) {
    c->part = xrealloc(NULL, need);
    memcpy(c->part, p, n);
    c->part_have = n;
    c->part_need = need;
}

static void parse(struct conn *c, const uint8_t *p, size_t n) {
    while (n && !c->failed) {
        size_t used;
        if (c->data_left) {
            used = n < c->data_left ? n : c->data_left;
            on_data(c, p, used);
        } else if (n < HEADER) {
            stash(c, p, n, HEADER);
            return;
        } else {
            uint32_t len = get_u32(p), id = get_u32(p + 8);
            int type = p[4];
            if (len > PAYLOAD_MAX || p[5] || p[6] || p[7]) { /* clients send channel 0 only */
                c->failed = true;
                return;
            }
            used = HEADER;
            if (type == FRAME_DATA) {
                on_data_header(c, id, len);
            } else if (n < HEADER + len) {
                stash(c, p, n, HEADER + len);
                return;
            } else {
                used += len;
                on_frame(c, type, id, (struct span){p + HEADER, len});
            }
        }
        p += used;
        n -= used;
        c->frame_since = 0;
    }
}

static void stalled(struct timer *t) {
    struct conn *c = container_of(t, struct conn, stall);
    bool paused = !(c->w.events & EPOLLIN);
    if (!c->hello || (c->frame_since && !paused && now_ms() - c->frame_since >= HALF_FRAME_MS))
        conn_close(c);
    else if (c->frame_since)
        timer_set(t, HALF_FRAME_MS, stalled);
}

/* One read a round, so that connections share the loop. False when the connection is at its end. */
static bool conn_read(struct conn *c) {
    ssize_t n;
    if (c->part) {
        n = recv(c->w.fd, c->part + c->part_have, c->part_need - c->part_have, 0);
        if (n > 0 && (c->part_have += (size_t)n) == c->part_need) {
            uint8_t *part = c->part;
            c->part = NULL;
            parse(c, part, c->part_have);
            free(part);
        }
    } else {
        n = recv(c->w.fd, input, sizeof input, 0);
        if (n > 0)
            parse(c, input, (size_t)n);
    }
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if ((c->part || c->data_left) && !c->frame_since) {
        c->frame_since = now_ms();
        if (!c->stall.armed)
            timer_set(&c->stall, HALF_FRAME_MS, stalled);
    }
    return n > 0 && !c->failed;
}

static void on_conn(struct watch *w, uint32_t events) {
    struct conn *c = container_of(w, struct conn, w);
    if (events & (EPOLLHUP | EPOLLERR)) {
        c->dead_out = true; /* nobody reads; what the peer sent before is still carried out */
        buf_free(&c->out);
    } else if (events & EPOLLOUT) {
        conn_flush(c);
    }
    if ((events & ~(uint32_t)EPOLLOUT) && !conn_read(c)) {
        conn_flush(c);
        conn_close(c);
    }
}

static void resume_listening(struct timer *t) {
    (void)t;
    watch_set(&listener, EPOLLIN);
}

static void on_listener(struct watch *w, uint32_t events) {
    (void)events;
    int fd = accept4(w->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            watch_set(w, 0); /* level-triggered: would spin until a descriptor is free */
            timer_set(&listener_pause, 1000, resume_listening);
        }
        return;
    }
    int room = OUT_LIMIT; /* as much as the system allows: fewer turns for bulk */
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    struct conn *c = xzalloc(sizeof *c);
    c->flush.fn = flush_task;
    watch_init(&c->w, fd, on_conn);
    watch_set(&c->w, EPOLLIN);
    timer_set(&c->stall, HELLO_MS, stalled);
    if (++conns >= CONNS_MAX)
        watch_set(w, 0); /* more wait in the backlog until one closes */
}

void conn_listen(int fd) {
    watch_init(&listener, fd, on_listener);
    watch_set(&listener, EPOLLIN);
}
