/* fsutil activity: what a program and everything below it are doing, from /proc. */
#include "fsutil.h"

#include "output.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct task {
    long pid, parent;
    char name[64], state;
    unsigned long long ticks;
    bool chosen;
};

/* What a process has open. */
struct opened {
    char device[PATH_MAX]; /* a character device that it may read, other than /dev/null */
    unsigned long long unread;
    bool socket;
};

/* The beginning of /proc/PID/FILE as text; 0 bytes when it cannot be read. */
static size_t slurp(long pid, const char *file, char *text, size_t size) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", pid, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

static bool read_task(long pid, struct task *t) {
    char text[1024];
    unsigned long long own, system, reaped, reaped_system;
    slurp(pid, "stat", text, sizeof text);
    char *begin = strchr(text, '('), *end = strrchr(text, ')'); /* the name may hold anything */
    if (!begin || !end || end < begin)
        return false;
    *t = (struct task){.pid = pid};
    snprintf(t->name, sizeof t->name, "%.*s", (int)(end - begin - 1), begin + 1);
    if (sscanf(end + 1, " %c %ld %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %llu %llu",
               &t->state, &t->parent, &own, &system, &reaped, &reaped_system) != 6)
        return false;
    t->ticks = own + system + reaped + reaped_system;
    return true;
}

static size_t read_all(struct task **all) {
    size_t n = 0, cap = 0;
    DIR *d = opendir("/proc");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        if (n == cap)
            *all = grow(*all, (cap = cap ? cap * 2 : 64) * sizeof **all);
        n += read_task(atol(e->d_name), &(*all)[n]);
    }
    if (d)
        closedir(d);
    return n;
}

static void choose(struct task *all, size_t n, long root) {
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < n; i++) {
            bool hit = all[i].pid == root;
            for (size_t j = 0; j < n && !hit; j++)
                hit = all[j].chosen && all[j].pid == all[i].parent;
            more |= hit && !all[i].chosen;
            all[i].chosen = hit;
        }
    }
}

static unsigned long long bytes_moved(long pid) {
    char text[512];
    unsigned long long in = 0, out = 0;
    slurp(pid, "io", text, sizeof text);
    return sscanf(text, "rchar: %llu wchar: %llu", &in, &out) == 2 ? in + out : 0;
}

/* The FIFO that the process waits to open; "" when it does something else, "?" when its name cannot
 * be told. */
static void waited_fifo(long pid, char *fifo, size_t size) {
    char text[256], path[64], cwd[PATH_MAX] = "", name[PATH_MAX] = "";
    unsigned long arg[2] = {0};
    long call = -1;
    struct stat st;
    *fifo = 0;
    slurp(pid, "wchan", text, sizeof text);
    bool certain = strcmp(text, "wait_for_partner") == 0 || strcmp(text, "fifo_open") == 0;
    slurp(pid, "syscall", text, sizeof text);
    sscanf(text, "%ld %lx %lx", &call, &arg[0], &arg[1]);
    unsigned long at = call == SYS_openat ? arg[1] : 0;
#ifdef SYS_open
    at = call == SYS_open ? arg[0] : at;
#endif
    snprintf(path, sizeof path, "/proc/%ld/mem", pid);
    int mem = at ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (mem >= 0) {
        /* to the end of the page first: what follows may not be there */
        size_t part = 4096 - at % 4096;
        ssize_t n = pread(mem, name, part < sizeof name - 1 ? part : sizeof name - 1, (off_t)at);
        if (n > 0 && !memchr(name, 0, (size_t)n) && (size_t)n < sizeof name - 1)
            n = pread(mem, name + n, sizeof name - 1 - (size_t)n, (off_t)at + n);
        close(mem);
        if (n < 0)
            *name = 0;
    }
    snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
    ssize_t n = *name && *name != '/' ? readlink(path, cwd, sizeof cwd - 2) : 0;
    if (n > 0)
        cwd[n] = '/';
    char *full = grow(NULL, strlen(cwd) + strlen(name) + 1);
    strcat(strcpy(full, cwd), name);
    if (*name && stat(full, &st) == 0 && S_ISFIFO(st.st_mode))
        snprintf(fifo, size, "%s", full);
    else if (certain)
        snprintf(fifo, size, "?");
    free(full);
}

/* Bytes in a pipe that nobody has read. It has no name, so that no writer waits for a reader. */
static unsigned long long unread_in(int dir, const char *fd) {
    int n = 0, pipe = openat(dir, fd, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (pipe >= 0) {
        if (ioctl(pipe, FIONREAD, &n) < 0)
            n = 0;
        close(pipe);
    }
    return n > 0 ? (unsigned long long)n : 0;
}

static void look_at(int dir, const char *fd, struct opened *o) {
    char link[PATH_MAX];
    struct stat mode, st;
    ssize_t n = readlinkat(dir, fd, link, sizeof link - 1);
    if (n <= 0 || fstatat(dir, fd, &mode, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    link[n] = 0;
    if (strncmp(link, "socket:", 7) == 0)
        o->socket = true;
    if (!(mode.st_mode & S_IRUSR)) /* of the link: how it is open */
        return;
    if (strncmp(link, "pipe:", 5) == 0)
        o->unread += unread_in(dir, fd);
    else if (link[0] == '/' && fstatat(dir, fd, &st, 0) == 0 && S_ISCHR(st.st_mode) &&
             st.st_rdev != makedev(1, 3))
        snprintf(o->device, sizeof o->device, "%s", link);
}

static void read_opened(long pid, struct opened *o) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/fd", pid);
    DIR *d = opendir(path);
    o->device[0] = 0;
    o->unread = 0;
    o->socket = false;
    for (struct dirent *e; d && (e = readdir(d));)
        if (isdigit((unsigned char)e->d_name[0]))
            look_at(dirfd(d), e->d_name, o);
    if (d)
        closedir(d);
}

static void print(const struct task *t) {
    static char fifo[2 * PATH_MAX];
    static struct opened o;
    char state[2] = {t->state, 0};
    waited_fifo(t->pid, fifo, sizeof fifo);
    read_opened(t->pid, &o);
    out_number((unsigned long long)t->pid);
    out_number((unsigned long long)t->parent);
    out_field(t->name);
    out_field(state);
    out_number(t->ticks);
    out_number(bytes_moved(t->pid));
    out_field(fifo);
    out_field(o.device);
    out_number(o.unread);
    out_number(o.socket);
}

int activity(const char *pid) {
    struct task *all = NULL;
    size_t n = read_all(&all), found = 0;
    choose(all, n, atol(pid));
    for (size_t i = 0; i < n; i++)
        if (all[i].chosen && all[i].state != 'Z') {
            print(&all[i]);
            found++;
        }
    free(all);
    return found ? EXIT_DONE : EXIT_ERRNO + ESRCH;
}
