/* Ending everything in the sandbox: by the verb, or because the agent itself was asked to end. */
#include "process.h"

#include "child.h"
#include "conn.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TIMEOUT_MS = 5000, KILL_AGAIN_MS = 100, KILL_ROUNDS = 100 };

bool shutting_down;
static bool then_exit;
static int kill_rounds;
static struct timer patience;

/* The streams that wait for the end. */
struct waiter {
    struct waiter *next;
    struct stream *stream;
};
static struct waiter *waiters;

static void signal_all(int sig) {
    if (agent_pid == 1)
        kill(-1, sig); /* everything in the pid namespace but us */
    else
        signal_tree(agent_pid, false, sig, 0);
}

static void over(bool clean) {
    timer_clear(&patience);
    for (struct waiter *w; (w = waiters);) {
        waiters = w->next;
        if (clean)
            stream_done(w->stream, NULL);
        else
            stream_error(w->stream, ETIMEDOUT, "busy", "processes survived SIGKILL");
        free(w);
    }
    if (then_exit)
        exit(0);
}

static void kill_them(struct timer *t) {
    if (kill_rounds++ >= KILL_ROUNDS) {
        over(false);
        return;
    }
    signal_all(SIGKILL);
    timer_set(t, KILL_AGAIN_MS, kill_them);
}

void shutdown_check(bool children_left) {
    if (shutting_down && !children_left)
        over(true);
}

static void begin(uint64_t timeout_ms) {
    shutting_down = true;
    kill_rounds = 0;
    workers_shutdown();
    signal_all(SIGTERM);
    signal_all(SIGCONT);
    timer_set(&patience, timeout_ms < 3600000 ? timeout_ms : 3600000, kill_them);
    raise(SIGCHLD); /* looks for children: there may be none at all */
}

static void on_closed(struct stream *st) {
    for (struct waiter **p = &waiters; *p; p = &(*p)->next)
        if ((*p)->stream == st) {
            struct waiter *w = *p;
            *p = w->next;
            free(w);
            return;
        }
}

static const struct stream_ops ops = {.closed = on_closed};

void verb_shutdown(struct stream *st, struct span request) {
    struct waiter *w = xzalloc(sizeof *w);
    w->stream = st;
    w->next = waiters;
    waiters = w;
    st->ops = &ops;
    begin(field_num(request, TAG_TIMEOUT_MS, TIMEOUT_MS));
}

void shutdown_and_exit(void) {
    then_exit = true;
    begin(TIMEOUT_MS);
}
