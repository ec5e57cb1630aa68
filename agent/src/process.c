/* The life of a process after it was forked: output, end, listeners. */
#include "process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PTY_LEFT = 1 << 20,   /* a pty cannot say how much it holds: read until empty, at most this */
    PUMP_BYTES = 1 << 20, /* what one listener gets from the ring before others have their turn */
    UNREPORTED_MAX = 256, /* ended processes that nobody was told of and nobody asked to keep */
    READ_SIZE = 65536,
};

struct process *processes;

static void process_free(struct process *p) {
    for (struct process **q = &processes; *q; q = &(*q)->next)
        if (*q == p) {
            *q = p->next;
            break;
        }
    p->freed = true;
    watch_close(&p->kept);
    ring_free(p->ring);
    buf_free(&p->argv);
    free(p->label);
    free_later(p);
}

/* Frees an unlisted process once nothing can come from it any more. */
static void process_settle(struct process *p) {
    if (!p->freed && p->unlisted && p->state == ENDED && p->out[0].w.fd < 0 && p->out[1].w.fd < 0)
        process_free(p);
}

void process_unlist(struct process *p) {
    if (p->unlisted)
        return;
    p->unlisted = true;
    ring_free(p->ring);
    p->ring = NULL;
    process_settle(p);
}

static void listener_remove(struct listener *l) {
    struct process *p = l->process;
    for (struct listener **q = &p->listeners; *q; q = &(*q)->next)
        if (*q == l) {
            *q = l->next;
            break;
        }
    if (l->input && l->stream)
        sink_remove(&p->in, l->stream);
    task_cancel(&l->pump);
    free_later(l);
}

static void listener_eof(struct listener *l, int channel) {
    if (!l->ended[channel - 1])
        stream_eof(l->stream, channel);
    l->ended[channel - 1] = true;
}

static void end_listener(struct listener *l) {
    struct process *p = l->process;
    struct stream *st = l->stream;
    listener_eof(l, 1);
    if (p->has_err)
        listener_eof(l, 2);
    listener_remove(l);
    stream_exit(st, p->status);
    p->reported = true;
    if (!p->detached)
        process_unlist(p);
}

void process_dismiss(struct process *p, int err, const char *code, const char *message) {
    for (struct listener *l; (l = p->listeners);) {
        struct stream *st = l->stream;
        listener_remove(l);
        stream_error(st, err, code, "%s", message);
    }
}

/* Sends a listener of a detached process what the ring holds, as far as credit goes. */
static void pump(struct task *t) {
    struct listener *l = container_of(t, struct listener, pump);
    struct process *p = l->process;
    if (!l->started)
        return;
    for (size_t sent = 0; sent < PUMP_BYTES;) {
        if (l->cursor.offset >= l->stop) {
            struct stream *st = l->stream;
            if (p->state == ENDED) {
                end_listener(l);
                return;
            }
            listener_remove(l);
            stream_eof(st, 1);
            stream_end(st);
            return;
        }
        if (l->cursor.offset >= ring_next(p->ring))
            return;
        size_t room = stream_room(l->stream);
        if (!room)
            return;
        if (room > l->stop - l->cursor.offset)
            room = (size_t)(l->stop - l->cursor.offset);
        int channel = 1;
        ssize_t n = ring_read(p->ring, &l->cursor, &channel, scratch, room);
        if (n == RING_OVERRUN || n == RING_BAD) {
            struct stream *st = l->stream;
            listener_remove(l);
            if (n == RING_OVERRUN)
                stream_error(st, 0, "overrun", "the reader fell behind the ring: attach again");
            else
                stream_error(st, EIO, "ring", "the ring's file has been changed");
            return;
        }
        if (n <= 0)
            return;
        stream_data(l->stream, channel, scratch, (size_t)n);
        sent += (size_t)n;
    }
    task_queue(t);
}

static void outputs_resume(struct process *p) {
    for (int i = 0; i < 2; i++)
        watch_set(&p->out[i].w, EPOLLIN);
}

/* The program has ended and its output is complete. */
static void finish(struct process *p) {
    p->state = ENDED;
    input_ended(p);
    for (struct listener *l = p->listeners, *next; l; l = next) {
        next = l->next;
        if (!p->detached) {
            end_listener(l);
        } else {
            if (l->stop > ring_next(p->ring))
                l->stop = ring_next(p->ring);
            task_queue(&l->pump);
        }
    }
    outputs_resume(p);
    process_settle(p);
}

static void forget_unreported(void) {
    unsigned n = 0;
    struct process *oldest = NULL;
    for (struct process *p = processes; p; p = p->next)
        if (p->state == ENDED && !p->detached && !p->unlisted) {
            n++;
            oldest = p; /* the list is newest first */
        }
    if (n > UNREPORTED_MAX)
        process_unlist(oldest);
}

static void check_finished(struct process *p) {
    if (p->state != DRAINING)
        return;
    for (int i = 0; i < 2; i++)
        if (p->out[i].w.fd >= 0 && p->out[i].left)
            return;
    finish(p);
    forget_unreported();
}

void process_output(struct process *p, int channel, const uint8_t *data, size_t n) {
    p->produced += n;
    if (p->ring) {
        ring_append(p->ring, channel, data, n);
        for (struct listener *l = p->listeners; l; l = l->next)
            task_queue(&l->pump);
    } else if (p->listeners && p->state != ENDED) {
        stream_data(p->listeners->stream, channel, data, n);
    }
}

static void output_closed(struct output *o) {
    struct process *p = o->process;
    watch_close(&o->w);
    if (!p->detached && p->listeners && p->state != ENDED)
        listener_eof(p->listeners, o->channel);
    check_finished(p);
    process_settle(p);
}

/* Reads once; false when there is nothing to do until an event or credit comes. */
static bool output_read(struct output *o) {
    struct process *p = o->process;
    size_t limit = p->detached ? READ_SIZE : SCRATCH;
    if (!p->detached && p->listeners && p->state != ENDED) {
        size_t room = stream_room(p->listeners->stream);
        if (!room) { /* the program blocks on its pipe, as it would on a slow terminal */
            watch_set(&o->w, 0);
            return false;
        }
        limit = room;
    }
    if (p->state == DRAINING && limit > o->left)
        limit = o->left;
    ssize_t n = limit ? read(o->w.fd, scratch, limit) : -1;
    int err = limit ? errno : EAGAIN;
    if (n > 0) {
        process_output(p, o->channel, scratch, (size_t)n);
        if (p->state == DRAINING)
            o->left -= (size_t)n;
        check_finished(p);
        return p->state == DRAINING && o->left;
    }
    if (n < 0 && (err == EAGAIN || err == EINTR)) {
        if (p->state == DRAINING && err == EAGAIN)
            o->left = 0;
        check_finished(p);
        return false;
    }
    output_closed(o); /* end of file, or EIO from a pty without programs */
    return false;
}

static void on_output(struct watch *w, uint32_t events) {
    (void)events;
    output_read(container_of(w, struct output, w));
}

/* Notes what each pipe holds at the program's end, and sends it at once as far as possible. */
static void drain(struct process *p) {
    p->state = DRAINING;
    for (int i = 0; i < 2; i++) {
        struct output *o = &p->out[i];
        int held = 0;
        struct pollfd look = {.fd = o->w.fd, .events = POLLIN};
        if (o->w.fd < 0)
            continue;
        if (p->pty)
            poll(&look, 1, 0); /* makes the terminal move its output to where it can be read */
        if (ioctl(o->w.fd, FIONREAD, &held) < 0)
            held = 0;
        o->left = p->pty ? PTY_LEFT : (size_t)held;
    }
    for (int i = 0; i < 2; i++)
        while (p->state == DRAINING && p->out[i].w.fd >= 0 && output_read(&p->out[i]))
            ;
    check_finished(p);
}

void process_ended(struct process *p, int wait_status) {
    if (p->state > RUNNING)
        return;
    p->status = WIFSIGNALED(wait_status) ? -WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
    if (p->state == STARTING)
        spawn_check(p); /* its report may still lie unread */
    if (p->state == RUNNING)
        drain(p);
}

void process_reaped(pid_t pid, int wait_status) {
    keeper_reaped(pid);
    for (struct process *p = processes; p; p = p->next)
        if (p->pid == pid && p->state <= RUNNING) {
            process_ended(p, wait_status);
            return;
        }
}

static void reply_listener(struct listener *l) {
    struct process *p = l->process;
    struct buf b = {0};
    put_str(&b, TAG_PROCESS, p->id);
    put_num(&b, TAG_PID, (uint64_t)p->pid);
    if (!l->spawned || p->detached) {
        uint64_t first = p->ring ? ring_first(p->ring) : p->produced;
        uint64_t asked = p->ring ? l->cursor.offset : first;
        uint64_t next = p->ring ? ring_next(p->ring) : first;
        l->cursor.offset = asked < first ? first : asked > next ? next : asked;
        l->cursor.part = -1;
        l->stop = p->state == ENDED || !l->follow ? next : UINT64_MAX;
        put_num(&b, TAG_RUNNING, p->state != ENDED);
        put_num(&b, TAG_OFFSET_FIRST, first);
        put_num(&b, TAG_LOST, asked < first ? first - asked : 0);
        put_num(&b, TAG_OFFSET, l->cursor.offset);
        if (p->label)
            put_str(&b, TAG_LABEL, p->label);
    }
    stream_reply(l->stream, &b);
    buf_free(&b);
    l->started = true;
    if (l->input) {
        sink_add(&p->in, l->stream);
        if (l->stream->got_eof)
            sink_finish(&p->in);
    }
    if (p->detached)
        task_queue(&l->pump);
    else if (p->state == ENDED)
        end_listener(l);
    else
        outputs_resume(p);
}

void process_started(struct process *p) {
    p->state = RUNNING;
    outputs_resume(p);
    for (struct listener *l = p->listeners, *next; l; l = next) {
        next = l->next;
        reply_listener(l);
    }
}

void process_failed(struct process *p, struct span error) {
    p->state = ENDED;
    input_ended(p);
    for (struct listener *l; (l = p->listeners);) {
        struct stream *st = l->stream;
        listener_remove(l);
        stream_error_raw(st, error.p, error.n);
    }
    watch_close(&p->out[0].w);
    watch_close(&p->out[1].w);
    process_unlist(p);
}

static void on_input(struct stream *st, const uint8_t *p, size_t n) {
    struct listener *l = st->owner;
    sink_data(&l->process->in, st, p, n);
}

static void on_input_eof(struct stream *st) {
    struct listener *l = st->owner;
    if (l->input && l->started)
        sink_finish(&l->process->in);
}

static void on_ready(struct stream *st) {
    struct listener *l = st->owner;
    if (l->process->detached)
        task_queue(&l->pump);
    else if (l->started)
        outputs_resume(l->process);
}

static void on_closed(struct stream *st) {
    struct listener *l = st->owner;
    struct process *p = l->process;
    listener_remove(l);
    if (l->kill_on_close && p->state <= RUNNING)
        signal_tree_later(NULL, (struct span){0}, p, SIGKILL);
    if (!p->detached && p->state != STARTING)
        outputs_resume(p); /* read and thrown away from now on */
}

static const struct stream_ops listener_ops = {on_input, on_input_eof, on_ready, on_closed};

void process_listen(struct process *p, struct stream *st, struct span request, bool spawned,
                    bool follow) {
    if (!p->detached && p->listeners) {
        stream_error(st, EBUSY, "busy", "another stream is attached to this process");
        return;
    }
    struct listener *l = xzalloc(sizeof *l);
    l->stream = st;
    l->process = p;
    l->pump.fn = pump;
    l->spawned = spawned;
    l->follow = field_num(request, TAG_FOLLOW, follow);
    l->cursor.offset = field_num(request, TAG_OFFSET, 0);
    l->stop = UINT64_MAX;
    l->kill_on_close = field_num(request, TAG_KILL_ON_CLOSE, 0);
    l->input = spawned && p->has_in && !p->preset;
    st->lazy = spawned && !p->detached && !l->input;
    l->next = p->listeners;
    p->listeners = l;
    st->owner = l;
    st->ops = &listener_ops;
    if (p->state != STARTING)
        reply_listener(l);
}

struct process *process_new(void) {
    struct process *p = xzalloc(sizeof *p);
    watch_init(&p->start, -1, NULL);
    watch_init(&p->kept, -1, NULL);
    sink_init(&p->in, -1, GRANT, input_finish);
    for (int i = 0; i < 2; i++) {
        watch_init(&p->out[i].w, -1, on_output);
        p->out[i].process = p;
        p->out[i].channel = i + 1;
    }
    p->next = processes;
    processes = p;
    return p;
}
