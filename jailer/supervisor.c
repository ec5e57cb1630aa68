/* Starts the jailer (root) and the server (the ordinary user, no capability), and restarts each
 * alone. It has no socket and obeys only signals. When it dies, both go on, and the next supervisor
 * adopts them by pid and start time.
 *
 *   supervisor --conf FILE -- <command of the server…> */
#include "jailer.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SERVICES = 2,
    STOP_MS = 60000,
    HURRIED_MS = 15000,
    KILLED_MS = 5000,
    STABLE_MS = 60000,
    ENVIRONMENT_MAX = 256,
    SERVER_NICE = -10
};

struct service {
    const char *name;
    char *const *argv;
    bool privileged;
    pid_t pid; /* 0: not running */
    int pidfd;
    int64_t started, next; /* ms; next: when to start again */
    unsigned failures;     /* in a row */
};

static struct conf conf;
static pid_t supervisor_pid;
static const int back_off_s[] = {0, 1, 2, 4, 8, 16, 30};
extern char **environ;

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- files ---- */

/* The log directory is the ordinary user's, so it is entered with that user's rights only. */
static int open_log(const char *name) {
    char path[PATH_CAP];
    if (pathf(path, "%s/log/%s.log", conf.data, name) < 0)
        return -1;
    setfsgid(conf.gid);
    setfsuid(conf.uid);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
    int saved = errno;
    setfsuid(0);
    setfsgid(0);
    errno = saved;
    if (fd < 0)
        return fail_errno("open", path);
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fcntl(fd, F_SETFL, O_APPEND) < 0) {
        close(fd);
        return fail(E_SYSTEM, "%s is not a regular file", path);
    }
    return fd;
}

static int pid_path(const char *name, char out[PATH_CAP]) {
    return pathf(out, "%s/run/%s.pid", conf.data, name);
}

/* "pid starttime", complete or not at all. */
static int write_pid(const char *name) {
    char path[PATH_CAP], new_path[PATH_CAP], text[64];
    if (pid_path(name, path) < 0 || pathf(new_path, "%s/run/%s.pid.new", conf.data, name) < 0)
        return -1;
    int fd = open(new_path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return fail_errno("create", new_path);
    int n = snprintf(text, sizeof text, "%d %llu\n", (int)getpid(),
                     (unsigned long long)proc_start(getpid()));
    bool good = write(fd, text, (size_t)n) == n && fchmod(fd, 0644) == 0;
    if (close(fd) < 0 || !good)
        return fail_errno("write", new_path);
    return rename(new_path, path) < 0 ? fail_errno("rename", path) : 0;
}

static void remove_pid(const char *name) {
    char path[PATH_CAP];
    if (pid_path(name, path) == 0)
        unlink(path);
}

static bool runs_as(pid_t pid, uid_t uid) {
    char path[64], text[2048];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    const char *at;
    return read_text(path, text, sizeof text) > 0 && (at = strstr(text, "\nUid:\t")) != NULL &&
           strtoul(at + 6, NULL, 10) == uid;
}

/* A process that an earlier supervisor started and that still runs. */
static void adopt(struct service *service) {
    char path[PATH_CAP], text[64];
    long pid;
    unsigned long long start;
    if (pid_path(service->name, path) < 0 || read_text(path, text, sizeof text) < 0 ||
        sscanf(text, "%ld %llu", &pid, &start) != 2 || start == 0)
        return;
    int pidfd = pidfd_of((pid_t)pid);
    if (pidfd < 0)
        return;
    /* the same pid and tick may come again after a reboot, in another program */
    if (proc_start((pid_t)pid) != start ||
        !runs_as((pid_t)pid, service->privileged ? 0 : conf.uid)) {
        close(pidfd);
        return;
    }
    service->pid = (pid_t)pid;
    service->pidfd = pidfd;
    service->started = now_ms();
    log_line("adopted %s, pid %ld", service->name, pid);
}

/* ---- starting ---- */

static int drop_privileges(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[2] = {{0}, {0}};
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability) < 0)
            return fail_errno("prctl", "PR_CAPBSET_DROP");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 ||
        setresgid(conf.gid, conf.gid, conf.gid) < 0 || setresuid(conf.uid, conf.uid, conf.uid) < 0)
        return fail_errno("change to the user", NULL);
    if (syscall(SYS_capset, &header, none) < 0)
        return fail_errno("capset", NULL);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail_errno("prctl", "PR_SET_NO_NEW_PRIVS")
                                                      : 0;
}

/* Requests are answered while sandboxes take all the CPU they may. The second is the weight of the
 * session, where the kernel groups by sessions; neither is inherited by a sandbox, which the jailer
 * starts. */
static void prefer(void) {
    if (setpriority(PRIO_PROCESS, 0, SERVER_NICE) < 0)
        log_line("setpriority: %s", strerror(errno));
    char text[8];
    snprintf(text, sizeof text, "%d", SERVER_NICE);
    if (write_text("/proc/self/autogroup", text) < 0 && errno != ENOENT)
        log_line("write /proc/self/autogroup: %s", strerror(errno));
    /* nor when the host has no memory left; where this may not be set, sandboxes are at 250 */
    if (write_text("/proc/self/oom_score_adj", "-500") < 0 && errno != EACCES)
        log_line("write /proc/self/oom_score_adj: %s", strerror(errno));
}

static bool passes(const char *entry) {
    static const char *const prefixes[] = {"PATH=", "LANG=", "JAVA_HOME=", "DAYTONA_SERVER_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(entry, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static char **server_environment(void) {
    static char *entries[ENVIRONMENT_MAX], home[PATH_CAP + 8];
    int n = 0;
    snprintf(home, sizeof home, "HOME=%s", conf.data);
    entries[n++] = home;
    for (char **entry = environ; *entry != NULL && n < ENVIRONMENT_MAX - 1; entry++)
        if (passes(*entry))
            entries[n++] = *entry;
    return entries;
}

/* In the child. It writes its own pid file and then looks whether the supervisor still lives: so a
 * supervisor killed here leaves either a pid file to adopt by or no process. */
static void exec_service(const struct service *service) {
    static char *const privileged_environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    sigset_t none;
    int in[2];
    int log = open_log(service->name);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    setsid();
    umask(077);
    if (log < 0 || write_pid(service->name) < 0 || getppid() != supervisor_pid)
        goto failed;
    if (pipe2(in, O_CLOEXEC) < 0 || dup2(in[0], 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0) {
        fail_errno("redirect", service->name);
        goto failed;
    }
    if (!service->privileged) {
        prefer();
        if (drop_privileges() < 0)
            goto failed;
    }
    if (chdir(service->privileged ? "/" : conf.data) < 0) {
        fail_errno("chdir", conf.data);
        goto failed;
    }
    execve(service->argv[0], service->argv,
           service->privileged ? privileged_environment : server_environment());
    fail_errno("exec", service->argv[0]);
failed:
    log_line("%s does not start: %s", service->name, failure_text());
    _exit(127);
}

static void start(struct service *service) {
    pid_t pid = fork();
    if (pid == 0)
        exec_service(service);
    service->started = now_ms();
    service->pidfd = pid > 0 ? pidfd_of(pid) : -1;
    if (pid < 0 || service->pidfd < 0) {
        log_line("cannot start %s: %s", service->name, strerror(errno));
        if (pid > 0) { /* without a pidfd it could not be watched */
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
        }
        service->next = now_ms() + 1000;
        return;
    }
    service->pid = pid;
    log_line("started %s, pid %d", service->name, (int)pid);
}

static void ended(struct service *service) {
    size_t steps = sizeof back_off_s / sizeof *back_off_s;
    int status = -1;
    if (waitpid(service->pid, &status, WNOHANG) != service->pid)
        status = -1; /* adopted: not a child */
    if (now_ms() - service->started >= STABLE_MS)
        service->failures = 0;
    unsigned step = service->failures < steps ? service->failures : (unsigned)steps - 1;
    service->failures++;
    service->next = now_ms() + back_off_s[step] * 1000;
    log_line("%s, pid %d, ended (wait status %d), starts again in %d s", service->name,
             (int)service->pid, status, back_off_s[step]);
    close(service->pidfd);
    service->pid = 0;
    service->pidfd = -1;
}

/* ---- stopping ---- */

static void forget_signal(int signals) {
    struct signalfd_siginfo seen;
    if (read(signals, &seen, sizeof seen) < 0)
        log_line("signalfd: %s", strerror(errno));
}

/* Each further SIGTERM to the supervisor is passed on, and leaves little time: who sends it has no
 * patience. */
static int stops_in_time(const struct service *service, int signals) {
    int64_t deadline = now_ms() + STOP_MS;
    for (int64_t left = STOP_MS; left > 0; left = deadline - now_ms()) {
        struct pollfd fds[2] = {{.fd = service->pidfd, .events = POLLIN},
                                {.fd = signals, .events = POLLIN}};
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
            return 0;
        if (fds[0].revents != 0)
            return 1;
        if (fds[1].revents != 0) {
            forget_signal(signals);
            pidfd_signal(service->pidfd, SIGTERM);
            if (deadline > now_ms() + HURRIED_MS)
                deadline = now_ms() + HURRIED_MS;
        }
    }
    return 0;
}

static void stop(struct service *service, int signals) {
    if (service->pid != 0) {
        log_line("stopping %s, pid %d", service->name, (int)service->pid);
        pidfd_signal(service->pidfd, SIGTERM);
        if (!stops_in_time(service, signals)) {
            log_line("%s does not stop: killed", service->name);
            pidfd_signal(service->pidfd, SIGKILL);
            pidfd_wait(service->pidfd, KILLED_MS);
        }
    }
    remove_pid(service->name);
}

/* ---- the loop ---- */

static void supervise(struct service services[SERVICES], int signals) {
    for (;;) {
        struct pollfd fds[1 + SERVICES] = {{.fd = signals, .events = POLLIN}};
        int64_t wait = -1;
        for (int i = 0; i < SERVICES; i++) {
            struct service *service = &services[i];
            if (service->pid == 0 && service->next <= now_ms())
                start(service);
            int64_t left = service->next > now_ms() ? service->next - now_ms() : 0;
            if (service->pid == 0 && (wait < 0 || left < wait))
                wait = left;
            fds[1 + i] =
                (struct pollfd){.fd = service->pid != 0 ? service->pidfd : -1, .events = POLLIN};
        }
        if (poll(fds, 1 + SERVICES, (int)wait) < 0 && errno != EINTR) {
            log_line("poll: %s", strerror(errno));
            return;
        }
        if (fds[0].revents != 0)
            return;
        for (int i = 0; i < SERVICES; i++)
            if (fds[1 + i].revents != 0)
                ended(&services[i]);
    }
}

static int catch_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return fail_errno("sigprocmask", NULL);
    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    return fd < 0 ? fail_errno("signalfd", NULL) : fd;
}

static int prepare(void) {
    char path[PATH_CAP];
    if (pathf(path, "%s/run", conf.data) < 0 || make_dir(path, 0750, 0, conf.gid) < 0 ||
        pathf(path, "%s/log", conf.data) < 0 || make_dir(path, 0750, conf.uid, conf.gid) < 0 ||
        pathf(path, "%s/run/supervisor.lock", conf.data) < 0)
        return -1;
    if (lock_alone(path, "supervisor", conf.data) < 0)
        return -1;
    int log = open_log("supervisor");
    if (log < 0 || write_pid("supervisor") < 0)
        return -1;
    return dup2(log, 1) < 0 || dup2(log, 2) < 0 ? fail_errno("dup2", "log") : 0;
}

int main(int argc, char **argv) {
    if (argc < 5 || strcmp(argv[1], "--conf") != 0 || strcmp(argv[3], "--") != 0 ||
        argv[2][0] != '/' || argv[4][0] != '/') {
        fprintf(stderr, "usage: supervisor --conf /FILE -- /COMMAND argument…\n");
        return 2;
    }
    char jailer[PATH_CAP];
    int signals = -1;
    umask(077);
    supervisor_pid = getpid();
    if (geteuid() != 0)
        fail(E_USAGE, "the supervisor must be started by root");
    else if (chdir("/") < 0)
        fail_errno("chdir", "/");
    if (failure_text()[0] != '\0' || conf_read(argv[2], &conf) < 0 ||
        pathf(jailer, "%s/bin/jailer", conf.app) < 0 || (signals = catch_signals()) < 0 ||
        prepare() < 0) {
        log_line("%s", failure_text());
        return 1;
    }
    char *const jailer_argv[] = {jailer, "--conf", argv[2], "--foreground", NULL};
    struct service services[SERVICES] = {
        {.name = "jailer", .argv = jailer_argv, .privileged = true, .pidfd = -1},
        {.name = "server", .argv = argv + 4, .pidfd = -1},
    };
    for (int i = 0; i < SERVICES; i++)
        adopt(&services[i]);
    supervise(services, signals);
    forget_signal(signals);
    stop(&services[1], signals); /* the server needs the jailer while it stops */
    stop(&services[0], signals);
    remove_pid("supervisor");
    log_line("stopped");
    return 0;
}
