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
static int refusal(const struct stat *st) {
    return S_ISDIR(st->st_mode) ? EISDIR : S_ISREG(st->st_mode) ? 0 : EINVAL;
}

static void refuse_special(const struct stat *st, const char *path) {
    if (refusal(st))
        work_fail(refusal(st), "open", path);
}

int open_regular(const char *path, struct stat *st) {
    int fd = -1, err = stat(path, st) < 0 ? errno : refusal(st);
    if (!err) {
        fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        err = fd < 0 || fstat(fd, st) < 0 ? errno : refusal(st);
    }
    if (err && fd >= 0)
        close(fd);
    errno = err;
    return err ? -1 : fd;
}

static void read_work(struct work *w) {
    char *path = work_path(w, TAG_PATH);
    uint64_t offset = field_num(w->request, TAG_OFFSET, 0);
    uint64_t left = field_num(w->request, TAG_SIZE, UINT64_MAX);
    struct stat st;
    struct buf b = {0};
    int fd = open_regular(path, &st);
    if (fd < 0)
        work_fail(errno, "open", path);
    if (offset && (offset > INT64_MAX || lseek(fd, (off_t)offset, SEEK_SET) < 0))
        work_fail(EINVAL, "seek", path);
    put_stat(&b, &st, AT_FDCWD, path);
    work_reply(w, &b);
    while (left) {
        ssize_t n = transfer(fd, w->out, left < CHUNK ? (size_t)left : CHUNK);
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

/* Follows links to the path that a write ends at, which need not exist; 0 or what lstat said. */
static int resolve_links(char **path, struct stat *st) {
    char target[PATH_MAX];
    for (int i = 0; i < LINKS_MAX; i++) {
        if (lstat(*path, st) < 0)
            return errno;
        if (!S_ISLNK(st->st_mode))
            return 0;
        ssize_t n = readlink(*path, target, sizeof target - 1);
        if (n < 0)
            return errno;
        target[n] = 0;
        char *next;
        int dir = (int)(base_name(*path) - *path);
        if (asprintf(&next, "%.*s%s", *target == '/' ? 0 : dir, *path, target) < 0)
            work_fail(ENOMEM, "system", "asprintf");
        free(*path);
        *path = next;
    }
    return ELOOP;
}

static bool make_parents(const char *path) {
    struct stat st;
    char *parent = strndup(path, (size_t)(base_name(path) - path));
    size_t n = strlen(parent);
    while (n > 1 && parent[n - 1] == '/')
        parent[--n] = 0;
    bool made =
        !n || (stat(parent, &st) == 0 && S_ISDIR(st.st_mode)) || make_directories(parent, 0755);
    free(parent);
    return made;
}

/* Finds where a write ends, a regular file or nothing, and makes its parents; false with errno. */
static bool find_target(struct upload *u, const char *asked, bool parents) {
    struct stat st;
    *u = (struct upload){.path = xstrdup(asked), .fd = -1, .step = "open"};
    int err = resolve_links(&u->path, &st);
    if (!*base_name(u->path))
        err = EISDIR;
    else if (!err)
        err = refusal(&st);
    else if (err == ENOENT && parents) {
        u->step = "mkdir";
        err = make_parents(u->path) ? 0 : errno;
    } else if (err == ENOENT)
        err = 0;
    if (!err)
        u->step = "open";
    errno = err;
    return !err;
}

void upload_undo(struct upload *u) {
    int err = errno;
    if (u->fd >= 0) {
        close(u->fd);
        unlink(u->temp);
    }
    free(u->temp);
    free(u->path);
    errno = err;
}

bool upload_begin(struct upload *u, const char *asked, bool parents) {
    if (find_target(u, asked, parents)) {
        u->temp = sibling(u->path, ".", base_name(u->path));
        u->fd = open(u->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (u->fd < 0)
        upload_undo(u);
    return u->fd >= 0;
}

bool upload_end(struct upload *u, mode_t mode) {
    u->step = "write";
    if (fchmod(u->fd, mode) < 0 || rename(u->temp, u->path) < 0) {
        upload_undo(u);
        return false;
    }
    close(u->fd);
    free(u->temp);
    free(u->path);
    return true;
}

/* Replies and fills fd from the client; false with errno, or ECANCELED when the client gave up. */
static bool receive(struct work *w, int fd) {
    ssize_t n = work_reply(w, NULL) ? 1 : 0;
    while (n > 0 && (n = transfer(w->in, fd, CHUNK)) > 0)
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
    bool parents = flags & WRITE_PARENTS;
    struct upload u;
    if (flags & WRITE_APPEND) {
        if (!find_target(&u, asked, parents))
            work_fail(errno, u.step, asked);
        append_work(w, u.path, mode);
        return;
    }
    if (!upload_begin(&u, asked, parents))
        work_fail(errno, u.step, asked);
    bool received = receive(w, u.fd);
    if (!received)
        upload_undo(&u);
    if (!received || !upload_end(&u, mode))
        work_fail(errno, "write", asked);
}

void verb_read(struct stream *st, struct span request) {
    worker_start(st, request, &(struct worker_kind){.work = read_work, .bulk = BULK_OUT});
}

bool uploads_refused(struct stream *st) {
    if (shutting_down)
        stream_error(st, ESHUTDOWN, "busy", "shutting down");
    return shutting_down;
}

void verb_write(struct stream *st, struct span request) {
    if (!uploads_refused(st))
        worker_start(st, request, &(struct worker_kind){.work = write_work, .bulk = BULK_IN});
}
