#include "sink.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

static void give_back(struct sink *s, uint64_t n) {
    uint64_t old = n < s->orphaned ? n : s->orphaned;
    s->orphaned -= old;
    n -= old;
    for (struct stream *st = s->streams; st; st = st->peer) {
        uint64_t part = n < st->unacked ? n : st->unacked;
        st->unacked -= part;
        st->regrant += part;
        n -= part;
        /* in large pieces, each of which wakes the client: it has the rest of its credit until then
         */
        if (st->regrant >= s->grant / 4) {
            stream_grant(st, st->regrant);
            st->regrant = 0;
        }
    }
}

static void check_finish(struct sink *s) {
    if (s->finishing && !s->finished && !buf_size(&s->queue)) {
        s->finished = true;
        s->finish(s);
    }
}

/* Writes until the descriptor would block; returns the bytes consumed, thrown-away ones included.
 */
static size_t push(struct sink *s, const uint8_t *p, size_t n) {
    size_t done = 0;
    while (done < n && !s->broken) {
        ssize_t w = write(s->w.fd, p + done, n - done);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0 && errno == EAGAIN)
            return done;
        if (w < 0)
            s->broken = true;
        else
            done += (size_t)w;
    }
    return n;
}

static void on_writable(struct watch *w, uint32_t events) {
    struct sink *s = container_of(w, struct sink, w);
    if (events & (EPOLLERR | EPOLLHUP) && !(events & EPOLLOUT))
        s->broken = true;
    size_t n = push(s, s->queue.p + s->queue.off, buf_size(&s->queue));
    s->queue.off += n;
    if (!buf_size(&s->queue)) {
        buf_free(&s->queue);
        watch_set(w, 0);
    }
    give_back(s, n);
    check_finish(s);
}

void sink_init(struct sink *s, int fd, uint32_t grant, void (*finish)(struct sink *)) {
    watch_init(&s->w, fd, on_writable);
    s->grant = grant;
    s->finish = finish;
}

void sink_add(struct sink *s, struct stream *st) {
    st->peer = s->streams;
    s->streams = st;
    stream_grant(st, s->grant);
}

void sink_remove(struct sink *s, struct stream *st) {
    for (struct stream **p = &s->streams; *p; p = &(*p)->peer)
        if (*p == st) {
            *p = st->peer;
            s->orphaned += st->unacked;
            return;
        }
}

void sink_data(struct sink *s, struct stream *st, const uint8_t *p, size_t n) {
    st->unacked += n;
    size_t done = buf_size(&s->queue) ? 0 : s->w.fd < 0 ? n : push(s, p, n);
    if (done < n) {
        buf_put(&s->queue, p + done, n - done);
        watch_set(&s->w, EPOLLOUT);
    }
    give_back(s, done);
}

void sink_preset(struct sink *s, const uint8_t *p, size_t n) {
    size_t done = push(s, p, n);
    if (done < n) {
        buf_put(&s->queue, p + done, n - done);
        s->orphaned += n - done;
        watch_set(&s->w, EPOLLOUT);
    }
    sink_finish(s);
}

void sink_finish(struct sink *s) {
    s->finishing = true;
    check_finish(s);
}

void sink_close(struct sink *s) {
    watch_close(&s->w);
    buf_free(&s->queue);
    s->broken = true;
    give_back(s, UINT64_MAX);
}
