/* Downloads and uploads. */
#include "files.h"

#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITE_PARENTS = 1, WRITE_APPEND = 2, CHUNK = 1 << 20, LINKS_MAX = 40 };

ssize_t transfer(int from, int to, size_t n) {
    static bool copying;
    static char buffer[262144];
    while (!copying) {
        ssize_t moved = splice(from, NULL, to, NULL, n < CHUNK ? n : CHUNK, SPLICE_F_MOVE);
        if (moved >= 0 || (errno != EINVAL && errno != EINTR))
            return moved;
        copying = errno == EINVAL; /* not every file system can */
    }
    ssize_t got;
    do
        got = read(from, buffer, n < sizeof buffer ? n : sizeof buffer);
    while (got < 0 && errno == EINTR);
    return got > 0 && !write_all(to, buffer, (size_t)got) ? -1 : got;
}

/* Opening a FIFO or a device may block or do things, so only regular files are ever opened. */
static void refuse_special(const struct stat *st, const char *path) {
    if (S_ISDIR(st->st_mode))
        work_fail(EISDIR, "open", path);
    if (!S_ISREG(st->st_mode))
        work_fail(EINVAL, "open", path);
}

static void read_work(struct work *w) {
    char *path = work_path(w, TAG_PATH);
    uint64_t offset = field_num(w->request, TAG_OFFSET, 0);
    uint64_t left = field_num(w->request, TAG_SIZE, UINT64_MAX);
    struct stat st;
    struct buf b = {0};
    if (stat(path, &st) < 0)
        work_fail(errno, "open", path);
    refuse_special(&st, path);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        work_fail(errno, "open", path);
    refuse_special(&st, path);
    if (offset && (offset > INT64_MAX || lseek(fd, (off_t)offset, SEEK_SET) < 0))
        work_fail(EINVAL, "seek", path);
    put_stat(&b, &st, AT_FDCWD, path);
    work_reply(w, &b);
    while (left) {
        ssize_t n = transfer(fd, w->data, left < CHUNK ? (size_t)left : CHUNK);
        if (n < 0)
            work_fail(errno, "read", path);
        if (n == 0)
            return;
        left -= (uint64_t)n;
    }
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The path that a write through all links ends at; it need not exist. */
static char *resolve_links(char *path) {
    char target[PATH_MAX];
    for (int i = 0; i < LINKS_MAX; i++) {
        struct stat st;
        if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
            return path;
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n < 0)
            work_fail(errno, "readlink", path);
        target[n] = 0;
        char *next;
        int dir = (int)(base_name(path) - path);
        if (asprintf(&next, "%.*s%s", *target == '/' ? 0 : dir, path, target) < 0)
            work_fail(ENOMEM, "system", "asprintf");
        path = next;
    }
    work_fail(ELOOP, "open", path);
}

static void make_parents(const char *path) {
    char *parent = strndup(path, (size_t)(base_name(path) - path));
    size_t n = strlen(parent);
    while (n > 1 && parent[n - 1] == '/')
        parent[--n] = 0;
    if (n && !make_directories(parent, 0755))
        work_fail(errno, "mkdir", parent);
    free(parent);
}

/* Replies and fills fd from the client; false with errno, or ECANCELED when the client gave up. */
static bool receive(struct work *w, int fd) {
    ssize_t n = work_reply(w, NULL) ? 1 : 0;
    while (n > 0 && (n = transfer(w->data, fd, CHUNK)) > 0)
        ;
    if (n == 0 && !work_committed()) {
        errno = ECANCELED;
        return false;
    }
    return n == 0;
}

static void append_work(struct work *w, const char *path, mode_t mode) {
    struct stat st;
    if (stat(path, &st) == 0)
        refuse_special(&st, path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool created = fd >= 0;
    if (!created && errno == EEXIST)
        fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        work_fail(errno, "open", path);
    refuse_special(&st, path);
    if (created && fchmod(fd, mode) < 0)
        work_fail(errno, "open", path);
    if (!receive(w, fd)) {
        int err = errno;
        if (created ? unlink(path) < 0 : ftruncate(fd, st.st_size) < 0)
            complain("undoing an upload");
        work_fail(err, "write", path);
    }
}

static void write_work(struct work *w) {
    char *asked = work_path(w, TAG_PATH);
    uint64_t flags = field_num(w->request, TAG_FLAGS, 0);
    mode_t mode = (mode_t)field_num(w->request, TAG_MODE, 0644) & 07777;
    struct stat st;
    char *path = resolve_links(asked);
    if (!*base_name(path))
        work_fail(EISDIR, "open", path);
    if (lstat(path, &st) == 0)
        refuse_special(&st, path);
    else if (errno == ENOENT && (flags & WRITE_PARENTS))
        make_parents(path);
    if (flags & WRITE_APPEND) {
        append_work(w, path, mode);
        return;
    }
    char *temp = sibling(path, ".", base_name(path));
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        work_fail(errno, "open", path);
    if (!receive(w, fd) || fchmod(fd, mode) < 0 || rename(temp, path) < 0) {
        int err = errno;
        unlink(temp);
        work_fail(err, "write", path);
    }
}

void verb_read(struct stream *st, struct span request) {
    worker_start(st, request, &(struct worker_kind){.work = read_work, .bulk = BULK_OUT});
}

void verb_write(struct stream *st, struct span request) {
    if (shutting_down) {
        stream_error(st, ESHUTDOWN, "busy", "shutting down");
        return;
    }
    worker_start(st, request, &(struct worker_kind){.work = write_work, .bulk = BULK_IN});
}
