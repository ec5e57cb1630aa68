/* The connections of the socket, and the loop that gives every request to a child. */
#include "serve.h"

#include "events.h"
#include "guard.h"
#include "priority.h"
#include "procview.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECTIONS = 256,
    CHILDREN = 64,        /* verbs at the same time; further requests wait in their sockets */
    VERB_SECONDS = 1800,  /* a backstop; layer-import is bounded by its silence instead */
    SILENCE_SECONDS = 60, /* of a peer that a child reads from or writes to */
    STOP_MS = 15000,      /* how long SIGTERM waits for running verbs */
    RETRY_MS = 500,       /* of what shall run beside it */
    EXIT_REPLIED = 0,
    EXIT_REPLIED_CLOSE = 3,
};

struct connection {
    int fd;
    pid_t child; /* serving a request of this connection; 0: none */
    const char *verb;
    size_t used;
    char line[LINE_MAX_BYTES + 1];
};

static const struct conf *conf;
static struct connection connections[CONNECTIONS];
static int connection_count;
static int children;
static int listener, signals;
static pid_t main_pid;

static const char *code_name(enum code code) {
    static const char *const names[] = {"usage", "absent", "exists", "busy", "space", "system"};
    return names[code];
}

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- replies ---- */

static bool send_all(int fd, const char *text, size_t length, int flags) {
    while (length > 0) {
        ssize_t n = send(fd, text, length, MSG_NOSIGNAL | flags);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        text += n;
        length -= (size_t)n;
    }
    return true;
}

static bool send_failure(int fd, int flags) {
    char line[700];
    int n = snprintf(line, sizeof line, "error %s %s\n", code_name(failure_code()), failure_text());
    return send_all(fd, line, (size_t)n, flags);
}

/* ---- connections ---- */

static void close_connection(int index) {
    struct connection *connection = &connections[index];
    shutdown(connection->fd, SHUT_RDWR); /* children may hold a copy for a moment */
    close(connection->fd);
    connections[index] = connections[--connection_count];
}

static bool accept_connection(void) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return false;
    struct ucred peer;
    socklen_t length = sizeof peer;
    struct timeval silence = {.tv_sec = SILENCE_SECONDS};
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != conf->uid ||
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence) < 0) {
        close(fd);
        return true;
    }
    struct connection *connection = &connections[connection_count++];
    memset(connection, 0, sizeof *connection);
    connection->fd = fd;
    return true;
}

/* ---- one request ---- */

static void close_others(int keep) {
    close(listener);
    close(signals);
    for (int i = 0; i < connection_count; i++)
        if (connections[i].fd != keep)
            close(connections[i].fd);
    events_close_in_child();
}

/* Dies with the main process: a verb of a killed jailer must not go on beside its successor. */
static void serve(struct request *request, verb_function *function) {
    struct reply reply = {0};
    sigset_t none;
    sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != main_pid)
        _exit(1);
    setpriority(PRIO_PROCESS, 0, 0);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_others(request->fd);
    if (function != verb_layer_import)
        alarm(VERB_SECONDS);
    bool sent;
    if (function(request, &reply) == 0) {
        char last[600];
        int n = snprintf(last, sizeof last, reply.ok[0] != '\0' ? "ok %s\n" : "ok\n", reply.ok);
        sent = send_all(request->fd, reply.text, reply.length, 0) &&
               send_all(request->fd, last, (size_t)n, 0);
    } else {
        log_line("%s: %s %s", request->verb, code_name(failure_code()), failure_text());
        sent = send_failure(request->fd, 0);
    }
    _exit(sent && !reply.close_after ? EXIT_REPLIED : EXIT_REPLIED_CLOSE);
}

/* False: the connection is finished. */
static bool start_request(struct connection *connection) {
    struct request request = {.conf = conf, .fd = connection->fd};
    verb_function *function = NULL;
    connection->used = 0;
    if (request_parse(connection->line, &request, &function) < 0)
        return send_failure(connection->fd, MSG_DONTWAIT);
    pid_t child = fork();
    if (child == 0)
        serve(&request, function);
    if (child < 0) {
        fail_errno("fork", NULL);
        return send_failure(connection->fd, MSG_DONTWAIT);
    }
    connection->child = child;
    connection->verb = request.verb;
    children++;
    return true;
}

static bool is_events(const char *line) { return strcmp(line, "events") == 0; }

/* Takes no byte beyond the line: what follows belongs to the verb (layer-import) or to the next. */
static int read_line(struct connection *connection) {
    size_t room = LINE_MAX_BYTES - connection->used;
    char *at = connection->line + connection->used;
    ssize_t n = recv(connection->fd, at, room, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    if (n == 0)
        return -1;
    char *end = memchr(at, '\n', (size_t)n);
    size_t take = end != NULL ? (size_t)(end - at) + 1 : (size_t)n;
    if (recv(connection->fd, at, take, MSG_DONTWAIT) != (ssize_t)take)
        return -1;
    connection->used += take;
    if (end == NULL && connection->used < LINE_MAX_BYTES)
        return 0;
    if (end == NULL || memchr(connection->line, '\0', connection->used) != NULL) {
        fail(E_USAGE, end == NULL ? "a line is longer than 1024 bytes" : "a line contains NUL");
        connection->used = 0;
        return send_failure(connection->fd, MSG_DONTWAIT) && end != NULL ? 0 : -1;
    }
    connection->line[connection->used - 1] = '\0';
    return 1;
}

static void serve_connection(int index) {
    struct connection *connection = &connections[index];
    int got = read_line(connection);
    if (got == 0)
        return;
    if (got > 0 && is_events(connection->line)) {
        if (events_subscribe(connection->fd) == 0)
            connections[index] = connections[--connection_count];
        else if (!send_failure(connection->fd, MSG_DONTWAIT))
            close_connection(index);
        else
            connection->used = 0;
        return;
    }
    if (got < 0 || !start_request(connection))
        close_connection(index);
}

/* ---- children ---- */

static void finish_request(int index, int status) {
    struct connection *connection = &connections[index];
    connection->child = 0;
    children--;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REPLIED)
        return;
    if (!WIFEXITED(status)) {
        fail(E_SYSTEM, "%s was ended by signal %d (%s): repeat it", connection->verb,
             WTERMSIG(status), strsignal(WTERMSIG(status)));
        log_line("%s", failure_text());
        send_failure(connection->fd, MSG_DONTWAIT);
    }
    close_connection(index);
}

static void reap(void) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        int index = 0;
        while (index < connection_count && connections[index].child != pid)
            index++;
        if (index < connection_count)
            finish_request(index, status);
        else if (!procview_reaped(pid))
            events_reaped(pid, status);
    }
}

/* ---- the loop ---- */

static bool take_signals(void) {
    struct signalfd_siginfo info;
    bool stop = false;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
        stop = stop || info.ssi_signo != SIGCHLD;
    return stop;
}

/* Serves until SIGTERM, then until the running verbs have ended. */
static int run(void) {
    static struct pollfd fds[2 + CONNECTIONS + EVENT_FDS];
    int64_t beat = now_ms() + BEAT_SECONDS * 1000, stop = 0, guard = now_ms(), priority = guard;
    while (stop == 0 || (children > 0 && now_ms() < stop)) {
        bool room = stop == 0 && children < CHILDREN;
        int served = connection_count;
        fds[0] = (struct pollfd){.fd = signals, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = stop == 0 && served < CONNECTIONS ? listener : -1,
                                 .events = POLLIN};
        for (int i = 0; i < served; i++)
            fds[2 + i] = (struct pollfd){
                .fd = room && connections[i].child == 0 ? connections[i].fd : -1, .events = POLLIN};
        struct pollfd *events = fds + 2 + served;
        int event_count = events_poll_add(events);
        int64_t due = stop != 0 ? stop : beat;
        int64_t look = guard < priority ? guard : priority;
        int64_t wait = (look < due ? look : due) - now_ms();
        if (stop == 0 && !procview_start(conf) && wait > RETRY_MS)
            wait = RETRY_MS;
        int n = poll(fds, (nfds_t)(2 + served + event_count), wait > 0 ? (int)wait : 0);
        if (n < 0 && errno != EINTR)
            return fail_errno("poll", NULL);
        if (n < 0)
            continue;
        if (fds[0].revents != 0 && take_signals() && stop == 0)
            stop = now_ms() + STOP_MS;
        /* from the last: a closed connection is replaced by the last one */
        for (int i = served - 1; i >= 0 && stop == 0; i--)
            if (fds[2 + i].revents != 0 && children < CHILDREN)
                serve_connection(i);
        reap();
        events_poll_done(events, event_count);
        while (fds[1].revents != 0 && stop == 0 && connection_count < CONNECTIONS)
            if (!accept_connection())
                break;
        if (now_ms() >= guard)
            guard = now_ms() + guard_look(conf, now_ms());
        if (now_ms() >= priority)
            priority = now_ms() + priority_look(conf, now_ms());
        if (now_ms() >= beat) {
            events_beat();
            beat = now_ms() + BEAT_SECONDS * 1000;
        }
    }
    return 0;
}

int serve_until_stopped(const struct conf *configuration, int listener_fd, int signal_fd) {
    conf = configuration;
    listener = listener_fd;
    signals = signal_fd;
    main_pid = getpid();
    int result = run();
    procview_stop(conf);
    return result;
}
