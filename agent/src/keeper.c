/*
 * A program's keeper: a process of ours between the agent and the program. The kernel hands it, and
 * not the agent, whatever the program's descendants leave behind, so that a daemon whose parents
 * are gone is still found below it. It ends when nothing is left to keep.
 */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the keeper tells: first of the program's start, then of its end. */
struct news {
    pid_t pid; /* -1: it could not be forked */
    int value; /* errno, later the wait status */
};

enum { TELL = 0 /* the keeper's only descriptor */ };

/* --- the keeper --- */

static void tell(pid_t pid, int value) {
    struct news n = {pid, value};
    if (send(TELL, &n, sizeof n, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        _exit(1); /* a program that is left alone is the agent's again */
}

/* The end is told before it is reaped: until then its number cannot be anybody else's. */
__attribute__((noreturn)) static void keep(pid_t program) {
    for (;;) {
        siginfo_t ended = {0};
        int status;
        if (waitid(P_ALL, 0, &ended, WEXITED | WNOWAIT | __WALL) < 0) {
            if (errno == EINTR)
                continue;
            _exit(0); /* no children: nobody is left */
        }
        if (ended.si_pid == program) {
            status = ended.si_code == CLD_EXITED ? (ended.si_status & 0xff) << 8 : ended.si_status;
            tell(program, status);
            program = -1;
        }
        while (waitpid(ended.si_pid, &status, __WALL) < 0 && errno == EINTR)
            ;
    }
}

/* Forks the program; returns only in its child, as what the agent's own fork would have been. */
static void become_keeper(int sock) {
    sigset_t all;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        _exit(1);
    pid_t program = fork();
    if (program == 0)
        return;
    int err = errno;
    setsid();
    prctl(PR_SET_NAME, "agent-keeper");
    dup2(sock, TELL);
    syscall(SYS_close_range, TELL + 1, ~0U, 0); /* above all the program's pipes */
    sigfillset(&all);                           /* it ends when its children have, and by SIGKILL */
    sigprocmask(SIG_SETMASK, &all, NULL);
    tell(program, program < 0 ? err : 0);
    keep(program);
}

/* --- the agent --- */

static void hear(struct process *p) {
    struct news n;
    while (p->kept.fd >= 0) {
        ssize_t got = recv(p->kept.fd, &n, sizeof n, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        watch_close(&p->kept); /* there is only one end, and no news after the keeper's own */
        if (got == (ssize_t)sizeof n)
            process_ended(p, n.value);
    }
}

static void on_news(struct watch *w, uint32_t events) {
    (void)events;
    hear(container_of(w, struct process, kept));
}

pid_t keeper_fork(struct process *p) {
    int sock[2];
    struct news n;
    ssize_t got;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) < 0)
        return -1;
    pid_t keeper = fork();
    if (keeper == 0) {
        become_keeper(sock[1]);
        return 0;
    }
    int err = errno;
    close(sock[1]);
    /* Takes no longer than the fork did: the other side is our own code. */
    do
        got = keeper < 0 ? 0 : recv(sock[0], &n, sizeof n, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof n || n.pid < 0) {
        close(sock[0]);
        errno = keeper < 0 ? err : got == (ssize_t)sizeof n ? n.value : EAGAIN;
        return -1;
    }
    p->keeper = keeper;
    watch_init(&p->kept, sock[0], on_news);
    watch_set(&p->kept, EPOLLIN);
    return n.pid;
}

void keeper_check(struct process *p) { hear(p); }

void keeper_reaped(pid_t pid) {
    for (struct process *p = processes; p; p = p->next)
        if (p->keeper == pid) {
            hear(p);
            p->keeper = 0;
            return;
        }
}
