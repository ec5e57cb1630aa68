/* Who runs, who has ended, and the streams that are told so. Ends are noticed by pidfd, also those
 * of sandboxes whose parent was an earlier jailer; the wait status is known only for own children.
 */
#include "events.h"

#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REAPED = 256 };

struct watched {
    struct sandbox sandbox;
    int pidfd;
};

static const struct conf *conf;
static int notices[2] = {-1, -1}; /* children write a struct sandbox in one piece */
static int streams[STREAMS];
static int stream_count;
static struct watched watched[WATCHED_MAX];
static int watched_count;
/* A sandbox may end before the notice of its start is read: the latest statuses are kept. */
static struct {
    pid_t pid;
    int status;
} reaped[REAPED];
static unsigned reaped_next;

int verb_events(struct request *request, struct reply *reply) {
    (void)request;
    (void)reply;
    return fail(E_SYSTEM, "events is served by the main process");
}

int events_open(const struct conf *configuration) {
    conf = configuration;
    if (pipe2(notices, O_CLOEXEC) < 0)
        return fail_errno("pipe", "events");
    return fcntl(notices[0], F_SETFL, O_NONBLOCK) < 0 ? fail_errno("fcntl", "events") : 0;
}

int events_started(const char *id, unsigned slot, pid_t pid, uint64_t start) {
    struct sandbox sandbox = {.slot = slot, .pid = pid, .start = start};
    snprintf(sandbox.id, sizeof sandbox.id, "%s", id);
    ssize_t n;
    while ((n = write(notices[1], &sandbox, sizeof sandbox)) < 0 && errno == EINTR)
        ;
    return n == (ssize_t)sizeof sandbox ? 0 : fail_errno("write", "events pipe");
}

static void drop_stream(int index) {
    shutdown(streams[index], SHUT_RDWR);
    close(streams[index]);
    streams[index] = streams[--stream_count];
}

/* A stream that does not take its line is closed: its reader subscribes again and lists. */
static void tell(const char *line) {
    size_t length = strlen(line);
    for (int i = stream_count - 1; i >= 0; i--)
        if (send(streams[i], line, length, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)length)
            drop_stream(i);
}

static int status_of(pid_t pid) {
    for (unsigned i = 0; i < REAPED; i++)
        if (reaped[i].pid == pid) {
            reaped[i].pid = 0;
            return reaped[i].status;
        }
    return -1;
}

static void report_end(const struct sandbox *sandbox) {
    struct cgroup_stats stats = {0};
    char line[160];
    if (cgroup_stats(conf, sandbox->slot, &stats) < 0)
        stats.oom_kills = 0; /* the slot was dropped in between */
    int status = status_of(sandbox->pid);
    snprintf(line, sizeof line, "exited %s status=%d oom_kills=%llu pool_full=%d\n", sandbox->id,
             status, (unsigned long long)stats.oom_kills, guard_ended(conf, sandbox->id));
    log_line("sandbox %s exited, status %d", sandbox->id, status);
    tell(line);
}

void events_adopt(const struct sandbox *sandbox) {
    for (int i = 0; i < watched_count; i++)
        if (watched[i].sandbox.pid == sandbox->pid && watched[i].sandbox.start == sandbox->start)
            return; /* `start` was repeated */
    if (watched_count == WATCHED_MAX) {
        log_line("sandbox %s is one too many to watch", sandbox->id);
        return;
    }
    int pidfd = pidfd_of(sandbox->pid);
    if (pidfd < 0 || proc_start(sandbox->pid) != sandbox->start) {
        if (pidfd >= 0)
            close(pidfd);
        report_end(sandbox);
        return;
    }
    watched[watched_count++] = (struct watched){.sandbox = *sandbox, .pidfd = pidfd};
}

void events_each(void (*fn)(const struct sandbox *, void *), void *arg) {
    for (int i = 0; i < watched_count; i++)
        fn(&watched[i].sandbox, arg);
}

int events_subscribe(int fd) {
    if (stream_count == STREAMS)
        return fail(E_BUSY, "there are %d event streams already", STREAMS);
    streams[stream_count++] = fd;
    tell("beat\n"); /* so the reader knows from when on it is told of ends */
    return 0;
}

void events_reaped(pid_t pid, int status) {
    reaped[reaped_next].pid = pid;
    reaped[reaped_next].status = status;
    reaped_next = (reaped_next + 1) % REAPED;
}

int events_poll_add(struct pollfd *fds) {
    int n = 0;
    fds[n++] = (struct pollfd){.fd = notices[0], .events = POLLIN};
    for (int i = 0; i < stream_count; i++)
        fds[n++] = (struct pollfd){.fd = streams[i], .events = POLLIN};
    for (int i = 0; i < watched_count; i++)
        fds[n++] = (struct pollfd){.fd = watched[i].pidfd, .events = POLLIN};
    return n;
}

static void end_watched(int pidfd) {
    for (int i = 0; i < watched_count; i++) {
        if (watched[i].pidfd != pidfd)
            continue;
        struct sandbox ended = watched[i].sandbox;
        close(pidfd);
        watched[i] = watched[--watched_count];
        report_end(&ended);
        return;
    }
    for (int i = 0; i < stream_count; i++)
        if (streams[i] == pidfd) {
            drop_stream(i); /* the reader left, or spoke: a stream takes no requests */
            return;
        }
}

void events_poll_done(const struct pollfd *fds, int count) {
    struct sandbox sandbox;
    for (int i = 1; i < count; i++)
        if (fds[i].revents != 0)
            end_watched(fds[i].fd);
    while (read(notices[0], &sandbox, sizeof sandbox) == (ssize_t)sizeof sandbox)
        events_adopt(&sandbox);
}

void events_beat(void) { tell("beat\n"); }

void events_close_in_child(void) {
    close(notices[0]);
    for (int i = 0; i < stream_count; i++)
        close(streams[i]);
    for (int i = 0; i < watched_count; i++)
        close(watched[i].pidfd);
}
