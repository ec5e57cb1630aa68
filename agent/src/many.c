/* Many files with one request: each costs a few system calls instead of a process. */
#include "files.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MANY_PARENTS = 1,
    HEAD_MAX = 16384, /* a path has at most PATH_MAX bytes */
    SMALL = 65536,    /* files that claim to be no larger are read before their size is told */
    CHUNK = 1 << 20,
};

/* What was read of the input, and what waits to be written. */
static uint8_t input[262144], output[262144];
static size_t at, end, waiting;
static bool deaf;

/* Nobody may listen any more. The rest of an upload shows it by its end, and is undone. */
static void flush_output(struct work *w) {
    deaf = deaf || !write_all(w->out, output, waiting);
    waiting = 0;
}

static void put_output(struct work *w, const void *p, size_t n) {
    if (n > sizeof output - waiting)
        flush_output(w);
    if (n)
        memcpy(output + waiting, p, n);
    waiting += n;
}

/* A file's head or result: an errno, or its size unless it is told by being 0. */
static void put_head(struct work *w, int err, uint64_t size) {
    struct buf b = {0};
    uint8_t length[4];
    if (err)
        put_num(&b, TAG_ERRNO, (uint64_t)err);
    else if (size)
        put_num(&b, TAG_SIZE, size);
    set_u32(length, (uint32_t)b.len);
    put_output(w, length, sizeof length);
    put_output(w, b.p, b.len);
    buf_free(&b);
}

/* --- write-many --- */

/* Up to n bytes of the input, at least one; none at its end. Whoever feeds it may wait for what
 * was said so far. */
static struct span take(struct work *w, uint64_t n) {
    if (at == end) {
        ssize_t got;
        flush_output(w);
        do
            got = read(w->in, input, sizeof input);
        while (got < 0 && errno == EINTR);
        at = 0;
        end = got > 0 ? (size_t)got : 0;
    }
    struct span piece = {input + at, end - at < n ? end - at : (size_t)n};
    at += piece.n;
    return piece;
}

/* Fills p; what is cut short ends the work, except before its first byte where it may end. */
static bool take_all(struct work *w, uint8_t *p, size_t n, bool may_end) {
    for (size_t have = 0; have < n;) {
        struct span piece = take(w, n - have);
        if (!piece.n && may_end && !have)
            return false;
        if (!piece.n)
            work_fail(0, "usage", "the files end too early");
        memcpy(p + have, piece.p, piece.n);
        have += piece.n;
    }
    return true;
}

/* Receives one file; 0 or an errno. */
static int receive_file(struct work *w, struct span head, bool parents) {
    struct upload u;
    mode_t mode = (mode_t)field_num(head, TAG_MODE, 0644) & 07777;
    char *path = field_str(head, TAG_PATH);
    if (!path)
        work_fail(0, "usage", "path is missing");
    int err = upload_begin(&u, path, parents) ? 0 : errno;
    free(path);
    for (uint64_t left = field_num(head, TAG_SIZE, 0); left;) {
        struct span piece = take(w, left);
        if (!piece.n) {
            if (!err)
                upload_undo(&u);
            work_fail(0, "usage", "the files end too early");
        }
        left -= piece.n;
        if (!err && !write_all(u.fd, piece.p, piece.n)) {
            err = errno;
            upload_undo(&u);
        }
    }
    return !err && !upload_end(&u, mode) ? errno : err;
}

static void write_many_work(struct work *w) {
    static uint8_t bytes[HEAD_MAX];
    bool parents = field_num(w->request, TAG_FLAGS, 0) & MANY_PARENTS;
    uint8_t length[4];
    work_enter(w);
    if (!work_reply(w, NULL))
        return;
    while (take_all(w, length, sizeof length, true)) {
        struct span head = {bytes, get_u32(length)};
        if (head.n > sizeof bytes)
            work_fail(0, "usage", "a head is too long");
        take_all(w, bytes, head.n, false);
        if (!fields_framed(head) || fields_problem(head))
            work_fail(0, "usage", "a head is malformed");
        put_head(w, receive_file(w, head, parents), 0);
    }
    flush_output(w);
}

/* --- read-many --- */

/* Moves the rest of a file whose size was told. */
static void send_rest(struct work *w, int fd, uint64_t left, const char *path) {
    flush_output(w);
    while (left) {
        ssize_t n = transfer(fd, w->out, left < CHUNK ? (size_t)left : CHUNK);
        if (n <= 0)
            work_fail(n < 0 ? errno : ENODATA, "read", path);
        left -= (uint64_t)n;
    }
}

/* The files of /proc claim to be empty and those of /sys to be larger than they are, so what is
 * small is read first. */
static void send_file(struct work *w, const char *path) {
    static uint8_t start[SMALL + 1];
    struct stat st;
    size_t held = 0;
    ssize_t n = 1;
    int fd = open_regular(path, &st), err = fd < 0 ? errno : 0;
    uint64_t size = err ? 0 : (uint64_t)st.st_size;
    if (!err && size <= SMALL) {
        while (n > 0 && held < sizeof start) {
            n = read(fd, start + held, sizeof start - held);
            held += n > 0 ? (size_t)n : 0;
        }
        if (n < 0)
            err = errno;
        else if (held <= SMALL)
            size = held;
        else if (!size)
            err = EOVERFLOW;
    }
    put_head(w, err, size);
    held = err ? 0 : held < size ? held : (size_t)size;
    put_output(w, start, held);
    if (!err && held < size)
        send_rest(w, fd, size - held, path);
    if (fd >= 0)
        close(fd);
}

static void read_many_work(struct work *w) {
    char **paths = field_list(w->request, TAG_PATH, NULL);
    work_enter(w);
    if (!work_reply(w, NULL))
        return;
    for (char **path = paths; *path && !deaf; path++)
        send_file(w, *path);
    flush_output(w);
}

void verb_read_many(struct stream *st, struct span request) {
    worker_start(st, request, &(struct worker_kind){.work = read_many_work, .bulk = BULK_OUT});
}

void verb_write_many(struct stream *st, struct span request) {
    struct worker_kind kind = {.work = write_many_work, .bulk = BULK_IN | BULK_OUT};
    if (!uploads_refused(st))
        worker_start(st, request, &kind);
}
