/* The main process's side of `events`. */
#ifndef JAILER_EVENTS_H
#define JAILER_EVENTS_H

#include "jailer.h"
#include <poll.h>

enum {
    STREAMS = 16,
    WATCHED_MAX = SLOTS,
    EVENT_FDS = 1 + STREAMS + WATCHED_MAX,
    BEAT_SECONDS = 10
};

/* The dispatch table's entry for `events`: the main process compares it and keeps the connection
 * itself; in a child it fails. */
verb_function verb_events;

int events_open(const struct conf *conf);         /* before the first child */
void events_adopt(const struct sandbox *sandbox); /* one that ran before this jailer started */
/* Calls fn for every sandbox whose end has not been told yet. */
void events_each(void (*fn)(const struct sandbox *, void *), void *arg);
int events_subscribe(int fd);              /* takes the connection; -1: too many */
void events_reaped(pid_t pid, int status); /* a child that served no request has ended */
int events_poll_add(struct pollfd *fds);   /* fills at most EVENT_FDS, returns how many */
void events_poll_done(const struct pollfd *fds, int count);
void events_beat(void);
void events_close_in_child(void); /* a request's child keeps only its end of the pipe */

#endif
