/* Processes that clients start: their table, output, end and input. */
#ifndef PROCESS_H
#define PROCESS_H

#include "conn.h"
#include "ring.h"
#include "sink.h"

#include <sys/types.h>

enum { PROCESSES_MAX = 4096, ID_MAX = 128, LABEL_MAX = 4096, ARGV_SHOWN = 4096 };

enum process_state {
    STARTING, /* forked, not yet executing the program */
    RUNNING,
    DRAINING, /* the program ended; what its pipes held by then is still being sent */
    ENDED,
};

struct process;

/* One output pipe (or the pty, as channel 1). */
struct output {
    struct watch w;
    struct process *process;
    int channel;
    size_t left; /* bytes that were in the pipe when the program ended */
};

/* A client that hears of the process: owner of a spawn or attach stream. */
struct listener {
    struct listener *next;
    struct stream *stream;
    struct process *process;
    struct task pump; /* detached: reads on in the ring */
    struct ring_cursor cursor;
    uint64_t stop; /* detached: the offset it ends at; UINT64_MAX while that is open */
    bool follow, spawned, kill_on_close, input, started;
    bool ended[2]; /* EOF was sent */
};

/* A client that writes to the process by the input verb. */
struct feeder {
    struct feeder *next;
    struct stream *stream;
    struct process *process;
    bool eof;
    bool echo; /* what it sends also counts as output */
};

struct process {
    struct process *next;
    char id[ID_MAX + 1];
    char *label;
    struct buf argv; /* encoded, shortened */
    pid_t pid;
    pid_t keeper; /* its parent that adopts its orphans; 0: none, or nobody is left below it */
    enum process_state state;
    int status;
    bool detached, pty, has_in, has_err;
    bool preset;   /* all its input came with the request */
    bool unlisted; /* kept only to drain pipes that others still hold */
    bool reported; /* somebody was told the status */
    bool freed;
    struct watch start; /* the child's report about exec */
    struct watch kept;  /* the keeper's news of the program's end */
    struct output out[2];
    struct sink in;
    struct feeder *feeders;
    struct ring *ring;
    uint64_t produced; /* bytes of output so far */
    struct listener *listeners;
};

extern struct process *processes;

void verb_spawn(struct stream *st, struct span request);
void verb_attach(struct stream *st, struct span request);
void verb_input(struct stream *st, struct span request);
void verb_resize(struct stream *st, struct span request);
void verb_signal(struct stream *st, struct span request);
void verb_forget(struct stream *st, struct span request);
void verb_processes(struct stream *st, struct span request);

/* The listed process of that id, or NULL. */
struct process *process_find(struct span id);
/* The process that the request names; NULL after an ERROR on the stream. */
struct process *process_named(struct stream *st, struct span request);
/* A listed process that is about to be started. */
struct process *process_new(void);
/* Adds the stream as a listener or ends it with an ERROR. Replies once the process runs. */
void process_listen(struct process *p, struct stream *st, struct span request, bool spawned,
                    bool follow);
void process_started(struct process *p);
void process_failed(struct process *p, struct span error);
void process_reaped(pid_t pid, int wait_status);
/* The program has ended: what it wrote is sent, then its listeners are told. */
void process_ended(struct process *p, int wait_status);
/* Removes it from the table; its pipes are drained until the last holder closes them. */
void process_unlist(struct process *p);
/* Appends to the ring and sends to the listeners; without a ring the caller has the credit. */
void process_output(struct process *p, int channel, const uint8_t *data, size_t n);
/* Ends every stream of the process with an ERROR. */
void process_dismiss(struct process *p, int err, const char *code, const char *message);

/* input.c */
void input_finish(struct sink *s);
void input_ended(struct process *p);

/* spawn.c: starts p as the request says; false with errno. */
bool spawn_start(struct process *p, struct span request);
/* Takes what the starting child has said; called again when it was reaped. */
void spawn_check(struct process *p);

/* keeper.c: like fork, with a keeper between; p must be told before the child's number is used. */
pid_t keeper_fork(struct process *p);
/* Takes what the keeper has said by now. */
void keeper_check(struct process *p);
void keeper_reaped(pid_t pid);

/* signals.c */
/* False when the process was reaped and its number is somebody else's now. */
bool signal_safe(struct process *p);
/* Signals a process group, or a single process that has not made its group yet; false with errno.
 */
bool signal_group(const struct process *p, int sig);
/* Signals root's descendants, and with_root also root, its session and its group. After SIGKILL
 * waits until they have ended, for so many milliseconds in all. */
void signal_tree(pid_t root, bool with_root, int sig, int wait_ms);
/* The same in a forked child, since reading /proc takes a while; the stream may be NULL. */
void signal_tree_later(struct stream *st, struct span request, const struct process *p, int sig);

/* shutdown.c */
void verb_shutdown(struct stream *st, struct span request);
void shutdown_and_exit(void);
void shutdown_check(bool children_left);
extern bool shutting_down;

#endif
