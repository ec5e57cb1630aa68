/* The event loop: file descriptor watches, timers, deferred tasks and deferred frees. */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

struct watch {
    int fd;
    uint32_t events; /* 0: not registered, so that a hung-up descriptor cannot spin the loop */
    void (*fn)(struct watch *, uint32_t events);
};

struct timer {
    struct timer *next;
    uint64_t at_ms;
    bool armed;
    void (*fn)(struct timer *);
};

struct task {
    struct task *next;
    bool queued;
    void (*fn)(struct task *);
};

void loop_init(void);
void loop_run(void) __attribute__((noreturn));
/* What loop_run repeats; without wait only what is there already. */
void loop_round(bool wait);
uint64_t now_ms(void);

void watch_init(struct watch *w, int fd, void (*fn)(struct watch *, uint32_t));
void watch_set(struct watch *w, uint32_t events);
void watch_close(struct watch *w);

void timer_set(struct timer *t, uint64_t after_ms, void (*fn)(struct timer *));
void timer_clear(struct timer *t);

/* Runs the task once, after the events of this round. */
void task_queue(struct task *t);
void task_cancel(struct task *t);

/* Frees at the end of the round, so that callers up the stack may still look at their object. */
void free_later(void *p);

/* Prints "agent: <call>: <error>" and, for die, exits. */
void complain(const char *call);
void die(const char *call) __attribute__((noreturn));
void *xrealloc(void *p, size_t n);
void *xzalloc(size_t n);
char *xstrdup(const char *s);

#endif
