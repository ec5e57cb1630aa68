#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64 };

static int epoll_fd = -1;
static struct epoll_event batch[BATCH];
static int batch_len;
static struct timer *timers; /* unsorted: there are never more than a few */
static struct task *tasks, **tasks_tail = &tasks;
static void **garbage;
static size_t garbage_len, garbage_cap;

void complain(const char *call) { fprintf(stderr, "agent: %s: %s\n", call, strerror(errno)); }

void die(const char *call) {
    complain(call);
    exit(1);
}

void *xrealloc(void *p, size_t n) {
    p = realloc(p, n ? n : 1);
    if (!p)
        die("realloc");
    return p;
}

void *xzalloc(size_t n) {
    void *p = calloc(1, n);
    if (!p)
        die("calloc");
    return p;
}

char *xstrdup(const char *s) {
    size_t n = strlen(s) + 1;
    return memcpy(xrealloc(NULL, n), s, n);
}

void loop_init(void) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll_create1");
}

uint64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void watch_init(struct watch *w, int fd, void (*fn)(struct watch *, uint32_t)) {
    w->fd = fd;
    w->events = 0;
    w->fn = fn;
}

static void forget_in_batch(struct watch *w) {
    for (int i = 0; i < batch_len; i++)
        if (batch[i].data.ptr == w)
            batch[i].data.ptr = NULL;
}

void watch_set(struct watch *w, uint32_t events) {
    if (w->fd < 0 || events == w->events)
        return;
    struct epoll_event e = {.events = events, .data.ptr = w};
    int op = !w->events ? EPOLL_CTL_ADD : events ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (epoll_ctl(epoll_fd, op, w->fd, &e) < 0) {
        complain("epoll_ctl");
        return;
    }
    if (!events)
        forget_in_batch(w);
    w->events = events;
}

void watch_close(struct watch *w) {
    if (w->fd < 0)
        return;
    watch_set(w, 0);
    close(w->fd);
    w->fd = -1;
}

void timer_set(struct timer *t, uint64_t after_ms, void (*fn)(struct timer *)) {
    t->at_ms = now_ms() + (after_ms ? after_ms : 1);
    t->fn = fn;
    if (!t->armed) {
        t->armed = true;
        t->next = timers;
        timers = t;
    }
}

void timer_clear(struct timer *t) {
    if (!t->armed)
        return;
    for (struct timer **p = &timers; *p; p = &(*p)->next)
        if (*p == t) {
            *p = t->next;
            break;
        }
    t->armed = false;
}

static int timers_wait(void) {
    if (!timers)
        return -1;
    uint64_t now = now_ms(), first = UINT64_MAX;
    for (struct timer *t = timers; t; t = t->next)
        if (t->at_ms < first)
            first = t->at_ms;
    if (first <= now)
        return 0;
    return first - now > 3600000 ? 3600000 : (int)(first - now);
}

static void timers_run(void) {
    uint64_t now = timers ? now_ms() : 0;
    for (struct timer *t = timers; t;) {
        if (t->at_ms <= now) {
            timer_clear(t);
            t->fn(t);
            t = timers; /* the call may have changed the list */
        } else {
            t = t->next;
        }
    }
}

void task_queue(struct task *t) {
    if (t->queued)
        return;
    t->queued = true;
    t->next = NULL;
    *tasks_tail = t;
    tasks_tail = &t->next;
}

void task_cancel(struct task *t) {
    if (!t->queued)
        return;
    struct task **p = &tasks;
    while (*p && *p != t)
        p = &(*p)->next;
    if (*p)
        *p = t->next;
    tasks_tail = &tasks;
    while (*tasks_tail)
        tasks_tail = &(*tasks_tail)->next;
    t->queued = false;
}

/* Runs what is queued now; what a task queues waits for the next round, so that none starves the
 * others. */
static void tasks_run(void) {
    size_t n = 0;
    for (struct task *t = tasks; t; t = t->next)
        n++;
    while (n-- && tasks) {
        struct task *t = tasks;
        task_cancel(t);
        t->fn(t);
    }
}

void free_later(void *p) {
    if (garbage_len == garbage_cap) {
        garbage_cap = garbage_cap ? garbage_cap * 2 : 16;
        garbage = xrealloc(garbage, garbage_cap * sizeof *garbage);
    }
    garbage[garbage_len++] = p;
}

void loop_round(bool wait) {
    batch_len = epoll_wait(epoll_fd, batch, BATCH, tasks || !wait ? 0 : timers_wait());
    if (batch_len < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < batch_len; i++) {
        struct watch *w = batch[i].data.ptr;
        if (w)
            w->fn(w, batch[i].events);
    }
    batch_len = 0;
    timers_run();
    tasks_run();
    while (garbage_len)
        free(garbage[--garbage_len]);
}

void loop_run(void) {
    for (;;)
        loop_round(true);
}
