/* Small helpers: failures, paths, files, processes, locks. */
#include "jailer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
    enum code code;
    char text[600];
} failure;

int fail(enum code code, const char *format, ...) {
    int saved = errno;
    failure.code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(failure.text, sizeof failure.text, format, args);
    va_end(args);
    /* It becomes one line of ASCII on the wire, whatever a tool printed. */
    for (char *p = failure.text; *p != '\0'; p++)
        if (!isprint((unsigned char)*p))
            *p = *p == '\n' ? ' ' : '?';
    for (size_t n = strlen(failure.text); n > 0 && failure.text[n - 1] == ' '; n--)
        failure.text[n - 1] = '\0';
    errno = saved;
    return -1;
}

int fail_errno(const char *call, const char *subject) {
    int saved = errno;
    enum code code = E_SYSTEM;
    if (saved == ENOSPC || saved == EDQUOT)
        code = E_SPACE;
    else if (saved == EMFILE || saved == ENFILE || saved == EAGAIN || saved == ENOMEM)
        code = E_BUSY; /* processes, descriptors or memory of the host are used up: for now */
    fail(code, "%s%s%s: %s", call, subject != NULL ? " " : "", subject != NULL ? subject : "",
         strerror(saved));
    errno = saved;
    return -1;
}

enum code failure_code(void) { return failure.code; }
const char *failure_text(void) { return failure.text; }

void log_line(const char *format, ...) {
    char line[1024];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t used = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    used += (size_t)snprintf(line + used, sizeof line - used, ".%03ldZ %s[%d] ",
                             now.tv_nsec / 1000000, program_invocation_short_name, (int)getpid());
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + used, sizeof line - used - 1, format, args);
    va_end(args);
    if (n > 0)
        used += (size_t)n;
    if (used > sizeof line - 2)
        used = sizeof line - 2;
    line[used++] = '\n';
    if (write(STDERR_FILENO, line, used) < 0)
        return; /* a full log disk must not stop the service */
}

int pathf(char out[PATH_CAP], const char *format, ...) {
    va_list args;
    va_start(args, format);
    int length = vsnprintf(out, PATH_CAP, format, args);
    va_end(args);
    if (length < 0 || length >= PATH_CAP)
        return fail(E_SYSTEM, "a path is longer than %d bytes: %.80s", PATH_CAP - 1, out);
    return 0;
}

int make_dir(const char *path, mode_t mode, uid_t uid, gid_t gid) {
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail_errno("mkdir", path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", path);
    int result = 0;
    if (fchown(fd, uid, gid) < 0)
        result = fail_errno("chown", path);
    else if (fchmod(fd, mode) < 0)
        result = fail_errno("chmod", path);
    close(fd);
    return result;
}

int write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t length = strlen(text);
    ssize_t n = write(fd, text, length);
    int saved = errno;
    close(fd);
    errno = n >= 0 ? EIO : saved;
    return n == (ssize_t)length ? 0 : -1;
}

ssize_t read_text(const char *path, char *out, size_t cap) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t used = 0;
    ssize_t n = 0;
    while (used < cap - 1 && (n = read(fd, out + used, cap - 1 - used)) > 0)
        used += (size_t)n;
    int saved = errno;
    close(fd);
    if (n < 0) {
        errno = saved;
        return -1;
    }
    out[used] = '\0';
    return (ssize_t)used;
}

int read_number(const char *path, uint64_t *out) {
    char text[64];
    if (read_text(path, text, sizeof text) < 0)
        return -1;
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    if (end == text)
        errno = EINVAL;
    return errno == 0 ? 0 : -1;
}

bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *out) {
    size_t length = strlen(text);
    if (length == 0 || length > 19 || (text[0] == '0' && length > 1))
        return false;
    uint64_t value = 0;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return false;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    *out = value;
    return value >= min && value <= max;
}

uint64_t proc_start(pid_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (pid <= 0 || read_text(path, text, sizeof text) < 0)
        return 0;
    /* the command may contain blanks and parentheses: count from the last one */
    char *p = strrchr(text, ')');
    if (p == NULL || p[1] != ' ' || p[2] == 'Z' || p[2] == 'X')
        return 0;
    char *rest = p + 2;
    for (int field = 3; field < 22; field++)
        if (strsep(&rest, " ") == NULL)
            return 0;
    return rest != NULL ? strtoull(rest, NULL, 10) : 0;
}

int pidfd_of(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

bool pidfd_wait(int pidfd, int timeout_ms) {
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + timeout_ms;
    for (;;) {
        int n = poll(&poller, 1, timeout_ms);
        if (n >= 0 || errno != EINTR)
            return n > 0;
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t left = end - (now.tv_sec * 1000 + now.tv_nsec / 1000000);
        timeout_ms = left > 0 ? (int)left : 0;
    }
}

/* In the child: descriptors, environment, exec. */
static void exec_program(const char *const argv[], int in, int out, pid_t parent) {
    static char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (getppid() != parent || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
        _exit(126);
    execve(argv[0], (char *const *)(uintptr_t)argv, environment);
    _exit(127);
}

static void collect_output(int fd, char *output, size_t cap) {
    char scrap[4096];
    size_t used = 0;
    for (;;) {
        bool room = output != NULL && used < cap - 1;
        ssize_t n = room ? read(fd, output + used, cap - 1 - used) : read(fd, scrap, sizeof scrap);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (room)
            used += (size_t)n;
    }
    if (output != NULL)
        output[used] = '\0';
}

int run_program(const char *const argv[], const char *input, char *output, size_t cap) {
    int in[2], out[2];
    size_t length = input != NULL ? strlen(input) : 0;
    if (length > 60000) /* must fit in the pipe, nobody reads it yet */
        return fail(E_SYSTEM, "input of %s is too long", argv[0]);
    if (pipe2(in, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    if (pipe2(out, O_CLOEXEC) < 0) {
        fail_errno("pipe", NULL);
        close(in[0]);
        close(in[1]);
        return -1;
    }
    pid_t self = getpid();
    pid_t child = fork();
    if (child == 0)
        exec_program(argv, in[0], out[1], self);
    close(in[0]);
    close(out[1]);
    int status = -1;
    if (child < 0)
        fail_errno("fork for", argv[0]);
    else {
        ssize_t written = length > 0 ? write(in[1], input, length) : 0;
        close(in[1]);
        in[1] = -1;
        collect_output(out[0], output, cap);
        while (waitpid(child, &status, 0) < 0)
            if (errno != EINTR) {
                fail_errno("waitpid for", argv[0]);
                status = -1;
                break;
            }
        if (status != -1)
            status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (status == 127 || (status == 0 && written != (ssize_t)length))
            status = fail(E_SYSTEM, "cannot run %s: is its package installed?", argv[0]);
    }
    if (in[1] >= 0)
        close(in[1]);
    close(out[0]);
    return status;
}

/* One byte of the lock file per name: nothing to unlink, and a collision of two hashes only makes
 * two verbs wait for each other. */
int lock_name(const struct conf *conf, const char *kind, const char *id, bool shared) {
    char path[PATH_CAP];
    if (pathf(path, "%s/run/lock", conf->data) < 0)
        return -1;
    uint64_t hash = 14695981039346656037u;
    for (const char *p = kind; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    hash = (hash ^ '/') * 1099511628211u;
    for (const char *p = id; *p != '\0'; p++)
        hash = (hash ^ (unsigned char)*p) * 1099511628211u;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("open", path);
    struct flock lock = {.l_type = shared ? F_RDLCK : F_WRLCK,
                         .l_whence = SEEK_SET,
                         .l_start = (off_t)(hash >> 2),
                         .l_len = 1};
    while (fcntl(fd, F_OFD_SETLKW, &lock) < 0) {
        if (errno == EINTR)
            continue;
        fail_errno("lock", path);
        close(fd);
        return -1;
    }
    return fd;
}

int lock_alone(const char *path, const char *kind, const char *data) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("open", path);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return fail_errno("lock", path);
    bool known = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    close(fd);
    return fail(E_BUSY,
                "another %s, pid %d, serves %s: stop it with ./daytona down --data-dir %s, or give "
                "this one a directory of its own with --data-dir",
                kind, known ? (int)lock.l_pid : 0, data, data);
}
