/* What clients write to a process: the input verb, and the end of standard input. */
#include "process.h"

#include <errno.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static void feeder_remove(struct feeder *f) {
    for (struct feeder **q = &f->process->feeders; *q; q = &(*q)->next)
        if (*q == f) {
            *q = f->next;
            break;
        }
    sink_remove(&f->process->in, f->stream);
    free_later(f);
}

/* A pipe is closed. A terminal stays open, and gets the character that means end of file. */
void input_finish(struct sink *s) {
    struct process *p = container_of(s, struct process, in);
    struct termios t;
    if (p->pty) {
        unsigned char eof = 4;
        if (tcgetattr(s->w.fd, &t) == 0)
            eof = t.c_cc[VEOF];
        if (write(s->w.fd, &eof, 1) < 0)
            s->broken =
                errno != EAGAIN; /* a terminal that takes nothing has no reader for it either */
        s->finishing = s->finished = false;
    } else {
        watch_close(&s->w);
    }
    for (struct feeder *f = p->feeders, *next; f; f = next) {
        next = f->next;
        if (f->eof) {
            struct stream *st = f->stream;
            feeder_remove(f);
            stream_exit(st, 0);
        }
    }
}

void input_ended(struct process *p) {
    sink_close(&p->in);
    for (struct feeder *f; (f = p->feeders);) {
        struct stream *st = f->stream;
        feeder_remove(f);
        stream_error(st, ESRCH, "ended", "the process has ended");
    }
}

static void on_data(struct stream *st, const uint8_t *p, size_t n) {
    struct feeder *f = st->owner;
    struct sink *in = &f->process->in;
    if (f->echo && in->w.fd >= 0 && !in->broken) /* before what the program makes of it */
        process_output(f->process, 1, p, n);
    sink_data(in, st, p, n);
}

static void on_eof(struct stream *st) {
    struct feeder *f = st->owner;
    f->eof = true;
    sink_finish(&f->process->in);
}

static void on_closed(struct stream *st) { feeder_remove(st->owner); }

static const struct stream_ops ops = {.data = on_data, .eof = on_eof, .closed = on_closed};

void verb_input(struct stream *st, struct span request) {
    struct process *p = process_named(st, request);
    bool echo = field_num(request, TAG_ECHO, 0);
    if (!p)
        return;
    if (echo && !p->detached) { /* its output is limited by its reader's credit */
        stream_error(st, 0, "usage", "echo is for detached processes");
    } else if (p->state != RUNNING) {
        stream_error(st, p->state == STARTING ? EAGAIN : ESRCH, "ended",
                     "the process is not running");
    } else if (!p->has_in || p->in.w.fd < 0 || p->in.finishing) {
        stream_error(st, EPIPE, "closed", "the process has no standard input, or it was closed");
    } else if (p->in.orphaned >= GRANT) {
        stream_error(st, EAGAIN, "busy", "the process does not read its input");
    } else {
        struct feeder *f = xzalloc(sizeof *f);
        f->stream = st;
        f->echo = echo;
        f->process = p;
        f->next = p->feeders;
        p->feeders = f;
        st->owner = f;
        st->ops = &ops;
        stream_reply(st, NULL);
        sink_add(&p->in, st);
    }
}
