/* Signals to groups and trees of processes. */
#include "process.h"

#include "child.h"
#include "loop.h"
#include "worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    ROUNDS = 16,
    DYING_MS = 2000 /* one that the kernel holds, or that is frozen, takes longer */
};

struct task_info {
    pid_t pid, parent, group, session;
    unsigned long long started; /* with the number, what tells a process from a later one */
    char state;
    bool chosen;
};

struct snapshot {
    struct task_info *at;
    size_t n;
};

bool signal_group(const struct process *p, int sig) {
    return kill(-p->pid, sig) == 0 ||
           (errno == ESRCH && p->state == STARTING && kill(p->pid, sig) == 0);
}

static bool read_stat(const char *pid, struct task_info *t) {
    char name[64], text[512];
    snprintf(name, sizeof name, "%.20s/stat", pid);
    int fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = 0;
    char *end = strrchr(text, ')'); /* the name before it may hold anything */
    t->pid = atoi(pid);
    return end &&
           sscanf(end + 1,
                  " %c %d %d %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                  &t->state, &t->parent, &t->group, &t->session, &t->started) == 5;
}

/* The keeper reaps the program a moment after it has told of its end. */
static bool kept(const struct process *p) {
    char name[16];
    struct task_info t;
    snprintf(name, sizeof name, "%d", p->pid);
    return p->keeper && read_stat(name, &t) && t.parent == p->keeper;
}

bool signal_safe(struct process *p) {
    keeper_check(p);
    return p->state <= RUNNING || kill(p->pid, 0) < 0 || kept(p);
}

static struct snapshot look(void) {
    struct snapshot s = {0};
    size_t cap = 0;
    int fd = proc_fd < 0 ? -1 : openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    for (struct dirent *e; d && (e = readdir(d));) {
        struct task_info t = {0};
        if (e->d_name[0] < '0' || e->d_name[0] > '9' || !read_stat(e->d_name, &t) || t.state == 'Z')
            continue;
        if (s.n == cap) {
            cap = cap ? cap * 2 : 64;
            s.at = xrealloc(s.at, cap * sizeof *s.at);
        }
        s.at[s.n++] = t;
    }
    if (d)
        closedir(d);
    return s;
}

/* Root's session and group count as its own: daemons that lost their parent are found by them. */
static void choose(struct snapshot *s, pid_t root, bool with_root) {
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < s->n; i++) {
            struct task_info *t = &s->at[i];
            if (t->chosen || t->pid == 1)
                continue;
            bool hit = t->parent == root ||
                       (with_root && (t->pid == root || t->session == root || t->group == root));
            for (size_t j = 0; j < s->n && !hit; j++)
                hit = s->at[j].chosen && s->at[j].pid == t->parent;
            t->chosen = hit;
            more |= hit;
        }
    }
}

/* To the process that was seen, not to one that has its number by now. */
static bool signal_seen(const struct task_info *seen, int sig) {
    char name[16];
    struct task_info now;
    int fd = (int)syscall(SYS_pidfd_open, seen->pid, 0);
    if (fd < 0)
        return errno != ESRCH && kill(seen->pid, sig) == 0; /* a kernel or a filter without it */
    snprintf(name, sizeof name, "%d", seen->pid);
    bool done = read_stat(name, &now) && now.started == seen->started &&
                syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) == 0;
    close(fd);
    return done;
}

/* A killed process runs on until it next leaves the kernel. */
static void await_end(const struct task_info *seen, uint64_t until) {
    char name[16];
    struct task_info t;
    struct pollfd end = {.fd = (int)syscall(SYS_pidfd_open, seen->pid, 0), .events = POLLIN};
    snprintf(name, sizeof name, "%d", seen->pid);
    uint64_t now = now_ms();
    if (end.fd >= 0 && now < until && read_stat(name, &t) && t.started == seen->started)
        poll(&end, 1, (int)(until - now));
    if (end.fd >= 0)
        close(end.fd);
}

void signal_tree(pid_t root, bool with_root, int sig, int wait_ms) {
    pid_t self = getpid();
    uint64_t until = now_ms() + (uint64_t)wait_ms;
    /* children forked meanwhile are caught by looking again, which only makes sense when the signal
     * kills */
    for (int round = 0; round < (sig == SIGKILL ? ROUNDS : 1); round++) {
        struct snapshot s = look();
        size_t hits = 0;
        choose(&s, root, with_root);
        for (size_t i = 0; i < s.n; i++) {
            s.at[i].chosen = s.at[i].chosen && s.at[i].pid != agent_pid && s.at[i].pid != self &&
                             signal_seen(&s.at[i], sig);
            hits += s.at[i].chosen;
        }
        for (size_t i = 0; sig == SIGKILL && i < s.n && wait_ms > 0; i++)
            if (s.at[i].chosen)
                await_end(&s.at[i], until);
        free(s.at);
        if (!hits)
            break;
    }
}

static pid_t tree_root; /* handed to the child by fork */
static bool tree_with_root;
static int tree_signal;

static void tree_work(struct work *w) {
    signal_tree(tree_root, tree_with_root, tree_signal, DYING_MS);
    work_reply(w, NULL);
}

void signal_tree_later(struct stream *st, struct span request, const struct process *p, int sig) {
    /* All that a keeper keeps is below it, wherever the program's number is now. */
    tree_root = p->keeper ? p->keeper : p->pid;
    tree_with_root = !p->keeper;
    tree_signal = sig;
    if (worker_try(st, request, &(struct worker_kind){.work = tree_work}))
        return;
    /* no process to be had, perhaps because of the very tree that is to die; nothing else may wait
     */
    signal_tree(tree_root, tree_with_root, sig, 0);
    if (st)
        stream_done(st, NULL);
}
