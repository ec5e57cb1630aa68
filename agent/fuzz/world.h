/*
 * Put before every source of the agent that is fuzzed: what would act on this host goes to the
 * harness instead. Nothing is forked, signalled, connected or made in a file system; the harness
 * holds the other end of every pipe and socket, as the programs and workers of a sandbox would.
 */
#ifndef WORLD_H
#define WORLD_H

/* Before the names are changed. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

pid_t world_fork(void);
int world_kill(pid_t pid, int sig);
int world_raise(int sig);
int world_socketpair(int domain, int type, int protocol, int fd[2]);
int world_socket(int domain, int type, int protocol);
int world_connect(int fd, const struct sockaddr *address, socklen_t length);
int world_pipe2(int fd[2], int flags);
int world_openat(int dir, const char *name, int flags, ...);
int world_unlinkat(int dir, const char *name, int flags);
long world_syscall(long number, ...);
int world_sethostname(const char *name, size_t length);
int world_clock_gettime(clockid_t clock, struct timespec *now);

#ifndef WORLD_ITSELF
#define fork world_fork
#define kill world_kill
#define raise world_raise
#define socketpair world_socketpair
#define socket world_socket
#define connect world_connect
#define pipe2 world_pipe2
#define openat world_openat
#define unlinkat world_unlinkat
#define syscall world_syscall
#define sethostname world_sethostname
#define clock_gettime world_clock_gettime
#endif

/* The harness's side. */
void world_reset(void);               /* closes all other ends */
void world_advance(unsigned ms);      /* lets time pass */
int world_end(unsigned which);        /* one of the other ends; -1: there is none */
void world_close_end(unsigned which); /* as when a program closes it */
int world_keep_end(int fd);           /* one more; also returns it */
int world_last_file(void);            /* what was made by name last */
pid_t world_pid(unsigned which);      /* of one that was "forked"; 0: there is none */

/* harness.c: this process may not do any more than it must. */
void harness_unprivileged(void);

#endif
