/* fsutil find: lines of text files that hold a string. */
#include "fsutil.h"

#include "output.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_MAX_BYTES = 65535, /* scanning of a file stops at a longer line */
    PROBE = 512,            /* a NUL in these: not a text */
    BUFFER = 262144,
};

struct text {
    const char *path, *pattern;
    size_t pattern_size;
    unsigned long long line;
};

/* A NUL would end the field: it becomes U+FFFD, as bytes that are no text do in the end. */
static void out_content(const char *p, size_t n) {
    for (const char *nul; (nul = memchr(p, 0, n));) {
        out_bytes(p, (size_t)(nul - p));
        out_bytes("\xef\xbf\xbd", 3);
        n -= (size_t)(nul - p) + 1;
        p = nul + 1;
    }
    out_bytes(p, n);
    out_bytes("", 1);
}

static void scan_line(struct text *t, const char *p, size_t n) {
    t->line++;
    if (n && p[n - 1] == '\r')
        n--;
    if (!memmem(p, n, t->pattern, t->pattern_size))
        return;
    out_field(t->path);
    out_number(t->line);
    out_content(p, n);
}

/* Scans the whole lines at p, with last also one that the file's end cuts short. Returns the bytes
 * done, or -1 at a line that is too long. */
static ssize_t scan(struct text *t, const char *p, size_t n, bool last) {
    const char *start = p, *end = p + n;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if ((size_t)((stop ? stop : end) - p) > LINE_MAX_BYTES)
            return -1;
        if (!stop && !last)
            break;
        stop = stop ? stop : end;
        scan_line(t, p, (size_t)(stop - p));
        p = stop + 1;
    }
    return (p < end ? p : end) - start;
}

static size_t fill(int fd, char *p, size_t n) {
    size_t got = 0;
    while (got < n) {
        ssize_t r = read(fd, p + got, n - got);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            break;
        got += (size_t)r;
    }
    return got;
}

/* At most size bytes, so that a file which is being written to comes to an end. */
static void scan_file(struct text *t, int fd, unsigned long long size) {
    static char buffer[BUFFER];
    size_t held = 0;
    for (bool first = true, last = false; !last; first = false) {
        size_t want = size < BUFFER - held ? (size_t)size : BUFFER - held;
        size_t got = fill(fd, buffer + held, want);
        size -= got;
        held += got;
        last = got < want || !size;
        if (first && memchr(buffer, 0, held < PROBE ? held : PROBE))
            return;
        if (first && last && !memmem(buffer, held, t->pattern, t->pattern_size))
            return;
        ssize_t done = scan(t, buffer, held, last);
        if (done < 0)
            return;
        held -= (size_t)done;
        memmove(buffer, buffer + done, held);
    }
}

static bool look(const struct entry *e, void *pattern) {
    struct stat st;
    int follow = e->depth ? AT_SYMLINK_NOFOLLOW : 0;
    if (e->type != 'f' || fstatat(e->dir, e->name, &st, follow) < 0 || !S_ISREG(st.st_mode) ||
        !st.st_size)
        return true;
    int fd = openat(e->dir, e->name,
                    O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (e->depth ? O_NOFOLLOW : 0));
    if (fd < 0)
        return true;
    struct text t = {.path = e->path, .pattern = pattern, .pattern_size = strlen(pattern)};
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        scan_file(&t, fd, (unsigned long long)st.st_size);
    close(fd);
    return true;
}

int find(const char *root, const char *pattern) {
    int err = walk(root, look, (void *)(size_t)pattern);
    return err ? EXIT_ERRNO + err : EXIT_DONE;
}
