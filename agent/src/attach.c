/* The verbs on processes. */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct process *process_find(struct span id) {
    for (struct process *p = processes; p; p = p->next)
        if (!p->unlisted && strlen(p->id) == id.n && memcmp(p->id, id.p, id.n) == 0)
            return p;
    return NULL;
}

struct process *process_named(struct stream *st, struct span request) {
    struct span id;
    if (!field_get(request, TAG_PROCESS, &id)) {
        stream_error(st, 0, "usage", "process is missing");
        return NULL;
    }
    struct process *p = process_find(id);
    if (!p)
        stream_error(st, ESRCH, "absent", "no such process");
    return p;
}

/* Keeps the arguments for the processes verb, as far as they are short. */
static void remember_argv(struct process *p, struct span request) {
    uint8_t tag;
    struct span v;
    while (field_next(&request, &tag, &v))
        if (tag == TAG_ARGV && p->argv.len + v.n + 5 <= ARGV_SHOWN)
            put_bytes(&p->argv, TAG_ARGV, v.p, v.n);
}

static void choose_id(struct process *p, struct span asked) {
    static unsigned serial;
    char id[ID_MAX + 1] = "";
    memcpy(id, asked.p ? asked.p : (const uint8_t *)"", asked.n);
    while (!*id || (!asked.n && process_find((struct span){(uint8_t *)id, strlen(id)})))
        snprintf(id, sizeof id, "p%u", ++serial);
    strcpy(p->id, id);
}

void verb_spawn(struct stream *st, struct span request) {
    struct span id = {0}, program = {0}, label = {0}, input;
    unsigned count = 0;
    field_get(request, TAG_LABEL, &label);
    bool named = field_get(request, TAG_PROCESS, &id);
    if (!field_get(request, TAG_ARGV, &program) || !program.n ||
        (named && (!id.n || id.n > ID_MAX)) || label.n > LABEL_MAX) {
        stream_error(st, 0, "usage",
                     "argv, a process id of 1 to %d and a label of at most %d bytes", ID_MAX,
                     LABEL_MAX);
        return;
    }
    bool preset = field_get(request, TAG_INPUT, &input);
    if (preset && field_num(request, TAG_PTY, 0)) {
        stream_error(st, 0, "usage", "input goes to a pipe, not to a terminal");
        return;
    }
    struct process *p = named ? process_find(id) : NULL;
    if (p) {
        process_listen(p, st, request, false, true);
        return;
    }
    for (p = processes; p; p = p->next)
        count++;
    if (count >= PROCESSES_MAX || shutting_down) {
        stream_error(st, shutting_down ? ESHUTDOWN : EAGAIN, "busy",
                     shutting_down ? "shutting down" : "too many processes");
        return;
    }
    p = process_new();
    choose_id(p, named ? id : (struct span){0});
    p->label = field_str(request, TAG_LABEL);
    p->pty = field_num(request, TAG_PTY, 0);
    p->preset = preset;
    p->has_in = p->pty || preset || field_num(request, TAG_STDIN, 0);
    p->has_err = !p->pty && !field_num(request, TAG_MERGE, 0);
    p->detached = field_num(request, TAG_DETACHED, 0);
    remember_argv(p, request);
    if (p->detached)
        p->ring = ring_new(field_num(request, TAG_RING, RING_DEFAULT));
    process_listen(p, st, request, true, true);
    if (!spawn_start(p, request)) {
        int err = errno;
        struct buf b = {0};
        put_error(&b, err, "fork", strerror(err));
        process_failed(p, (struct span){b.p, b.len});
        buf_free(&b);
    }
}

void verb_attach(struct stream *st, struct span request) {
    struct process *p = process_named(st, request);
    if (p)
        process_listen(p, st, request, false, false);
}

/* The kernel tells the foreground group of a size only when it is a new one; programs that are to
 * draw their screen again have to be told of the old one. */
static bool set_size(int master, const struct winsize *size) {
    struct winsize old;
    pid_t group;
    if (ioctl(master, TIOCGWINSZ, &old) == 0 && old.ws_col == size->ws_col &&
        old.ws_row == size->ws_row) {
        if (ioctl(master, TIOCGPGRP, &group) == 0 && group > 1)
            kill(-group, SIGWINCH);
        return true;
    }
    return ioctl(master, TIOCSWINSZ, size) == 0;
}

void verb_resize(struct stream *st, struct span request) {
    struct process *p = process_named(st, request);
    uint64_t cols = field_num(request, TAG_COLS, 0), rows = field_num(request, TAG_ROWS, 0);
    struct winsize size = {.ws_col = (unsigned short)cols, .ws_row = (unsigned short)rows};
    if (!p)
        return;
    if (!cols || !rows || cols > UINT16_MAX || rows > UINT16_MAX)
        stream_error(st, 0, "usage", "cols and rows are 1 to 65535");
    else if (!p->pty || p->out[0].w.fd < 0 || p->state == ENDED)
        stream_error(st, p->pty ? ESRCH : ENOTTY, "pty", "the process has no terminal");
    else if (!set_size(p->out[0].w.fd, &size))
        stream_error(st, errno, "pty", "resizing: %s", strerror(errno));
    else
        stream_done(st, NULL);
}

void verb_signal(struct stream *st, struct span request) {
    struct process *p = process_named(st, request);
    uint64_t sig = field_num(request, TAG_SIGNAL, UINT64_MAX);
    bool tree = field_num(request, TAG_TREE, 0);
    if (!p)
        return;
    if (sig >= NSIG)
        stream_error(st, 0, "usage", "signal is 0 to %d", NSIG - 1);
    else if (tree && p->keeper && !sig)
        stream_done(st, NULL); /* it ends when nobody is left */
    else if (!(tree && p->keeper) && !signal_safe(p))
        stream_error(st, ESRCH, "signal", "%s", strerror(ESRCH));
    else if (tree && sig)
        signal_tree_later(st, request, p, (int)sig);
    else if (!signal_group(p, (int)sig))
        stream_error(st, errno, "signal", "%s", strerror(errno));
    else
        stream_done(st, NULL);
}

void verb_forget(struct stream *st, struct span request) {
    struct process *p = process_named(st, request);
    if (!p)
        return;
    if (p->state != ENDED) {
        stream_error(st, EBUSY, "busy", "the process has not ended");
        return;
    }
    process_dismiss(p, ESRCH, "absent", "the process was forgotten");
    process_unlist(p);
    stream_done(st, NULL);
}

static void put_process(struct buf *reply, const struct process *p) {
    struct buf b = {0};
    put_str(&b, TAG_PROCESS, p->id);
    put_num(&b, TAG_PID, (uint64_t)p->pid);
    if (p->label)
        put_str(&b, TAG_LABEL, p->label);
    put_num(&b, TAG_RUNNING, p->state != ENDED);
    if (p->state == ENDED)
        put_num(&b, TAG_STATUS, (uint64_t)(int64_t)p->status);
    struct winsize size;
    if (p->pty && p->state == RUNNING && p->out[0].w.fd >= 0 &&
        ioctl(p->out[0].w.fd, TIOCGWINSZ, &size) == 0) {
        put_num(&b, TAG_COLS, size.ws_col);
        put_num(&b, TAG_ROWS, size.ws_row);
    }
    buf_put(&b, p->argv.p, p->argv.len);
    put_num(&b, TAG_OFFSET, p->ring ? ring_next(p->ring) : p->produced);
    put_bytes(reply, TAG_ENTRY, b.p, b.len);
    buf_free(&b);
}

/* Newest first. A reply that cannot hold all says how many it left out; the client asks on from the
 * last one. */
void verb_processes(struct stream *st, struct span request) {
    struct buf reply = {0};
    struct span after;
    struct process *p = processes;
    uint64_t left = 0;
    if (field_get(request, TAG_PROCESS, &after)) {
        p = process_named(st, request);
        if (!p)
            return;
        p = p->next;
    }
    for (; p; p = p->next) {
        if (p->unlisted)
            continue;
        if (left || reply.len > PAYLOAD_MAX - (ARGV_SHOWN + LABEL_MAX + 512))
            left++;
        else
            put_process(&reply, p);
    }
    put_num(&reply, TAG_SIZE, left);
    stream_done(st, &reply);
    buf_free(&reply);
}
