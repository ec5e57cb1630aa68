/*
 * The agent: PID 1 of a sandbox. Serves docs/protocols/agent.md on a listening stream socket:
 * descriptor 3, or
 * --listen PATH. Never opens a path of the sandbox itself once it serves; forked children do.
 */
#include "cgroup.h"
#include "child.h"
#include "conn.h"
#include "process.h"
#include "ring.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTEN_FD = 3, RESERVED_FDS = 7 };

static struct watch signals;

static void reap_children(void) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        worker_reaped(pid);
        process_reaped(
            pid, status); /* an orphan of the sandbox belongs to nobody, and is just gone now */
    }
    shutdown_check(pid == 0 || errno != ECHILD);
}

static void on_signal(struct watch *w, uint32_t events) {
    (void)events;
    struct signalfd_siginfo info;
    while (read(w->fd, &info, sizeof info) == (ssize_t)sizeof info)
        if (info.ssi_signo != SIGCHLD)
            shutdown_and_exit();
    reap_children();
}

static void signals_init(void) {
    static const int ignored[] = {SIGPIPE, SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,
                                  SIGALRM, SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t taken;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigemptyset(&taken);
    sigaddset(&taken, SIGCHLD);
    sigaddset(&taken, SIGTERM);
    if (agent_pid == 1)
        signal(SIGINT, SIG_IGN); /* ctrl-alt-del of a container: nobody's business */
    else
        sigaddset(&taken, SIGINT);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    int fd = signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        die("signalfd");
    watch_init(&signals, fd, on_signal);
    watch_set(&signals, EPOLLIN);
}

/* Low numbers are where children put their own descriptors: nothing of ours may be there. */
static void reserve_low_descriptors(void) {
    int fd;
    do
        fd = eventfd(0, EFD_CLOEXEC);
    while (fd >= 0 && fd < RESERVED_FDS);
    if (fd < 0)
        die("eventfd");
    close(fd);
}

static int inherited_listener(void) {
    int listening = 0;
    socklen_t n = sizeof listening;
    if (getsockopt(LISTEN_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) < 0 || !listening) {
        fprintf(stderr, "agent: descriptor 3 is not a listening socket\n");
        exit(2);
    }
    return LISTEN_FD;
}

static int make_listener(const char *path) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (strlen(path) >= sizeof a.sun_path) {
        errno = ENAMETOOLONG;
        die(path);
    }
    strcpy(a.sun_path, path);
    unlink(path);
    umask(0177);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 128) < 0)
        die(path);
    umask(022);
    return fd;
}

int main(int argc, char **argv) {
    const char *path = NULL, *state = "/var/lib/daytona-agent";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--version") == 0) {
            puts("agent " AGENT_RELEASE);
            return 0;
        }
        bool listens = strcmp(argv[i], "--listen") == 0;
        if ((!listens && strcmp(argv[i], "--state") != 0) || i + 1 == argc) {
            fprintf(stderr, "usage: agent [--listen SOCKET] [--state DIRECTORY]\n");
            return 2;
        }
        *(listens ? &path : &state) = argv[++i];
    }
    agent_pid = getpid();
    int fd = path ? make_listener(path) : inherited_listener();
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
    reserve_low_descriptors();
    if (agent_pid == 1)
        cgroup_leave_root();
    else if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        die("prctl");
    if (getrandom(&boot_id, sizeof boot_id, 0) != sizeof boot_id)
        die("getrandom");
    loop_init();
    signals_init();
    child_init();
    ring_directory(state);
    conn_listen(fd);
    loop_run();
}
