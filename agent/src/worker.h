/*
 * A worker: a forked child that does one thing with the sandbox's files, so that a hanging file
 * system only hangs it. It sends REPLY, ERROR and EXIT payloads over a control socket; bulk bytes
 * go through pipes.
 */
#ifndef WORKER_H
#define WORKER_H

#include "conn.h"
#include "sink.h"
#include "users.h"

/* The child's side. */
struct work {
    struct span request;
    int in, out; /* pipes for bulk bytes, or -1 */
};

enum bulk { BULK_NONE, BULK_OUT = 1 /* child to client */, BULK_IN = 2 /* client to child */ };

struct worker;

struct worker_kind {
    void (*work)(struct work *); /* in the child; returning means success */
    enum bulk bulk;              /* both ways: BULK_IN | BULK_OUT */
    /* Instead of passing the REPLY on; takes fd (-1: none), wanted or not. */
    void (*replied)(struct worker *, struct span reply, int fd);
    void (*over)(struct worker *); /* frees context */
    void *context;
};

/* The agent's side. */
struct worker {
    struct worker *next;
    pid_t pid; /* 0 once reaped */
    struct stream *stream;
    struct worker_kind kind;
    void *context;
    struct watch control, out;
    struct sink in;
    struct timer grace; /* of an abandoned upload's worker */
    bool replied, succeeded, has_in;
    uint64_t expected, received; /* of an upload; expected UINT64_MAX: unknown */
};

/* Forks, or ends the stream with an ERROR. */
void worker_start(struct stream *st, struct span request, const struct worker_kind *kind);
/* The same, but leaves a failure to the caller (errno); the stream may be NULL. */
bool worker_try(struct stream *st, struct span request, const struct worker_kind *kind);
/* Abandons uploads, so that their workers clean up. */
void workers_shutdown(void);
void worker_reaped(pid_t pid);

void work_become(struct work *w, struct user *u);
/* False when the client is gone: undo what was begun. */
bool work_reply(struct work *w, const struct buf *fields);
void work_send_fd(struct work *w, int fd);
/* True when the client has committed its upload (EOF came), false when it gave up. Blocks. */
bool work_committed(void);
void work_fail(int err, const char *code, const char *call) __attribute__((noreturn));

#endif
