#include "ring.h"

#include "fields.h"
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { RECORD = 8, MAGIC = 0xd7, PARTS = 256, PART_MIN = 16 << 10, PART_MAX = 1 << 20 };

struct part {
    uint64_t first, size; /* offset of its first byte of output, and how many it holds */
    uint64_t used;        /* bytes of the file */
    bool held;
};

struct ring {
    int fd;
    int parts, limit; /* parts before limit could be allocated on the last try */
    int head, cur;    /* oldest and newest held part */
    uint64_t part_size, next;
    uint64_t open_at, open_len,
        open_written; /* the newest record; its header may say less than open_len */
    int open_channel;
    struct part part[];
};

static char *directory;
static int directory_fd = -1;

void ring_directory(const char *path) {
    free(directory);
    directory = xstrdup(path);
    for (char *p = directory + 1; *p; p++)
        if (*p == '/') {
            *p = 0;
            mkdir(directory, 0755);
            *p = '/';
        }
    mkdir(directory, 0700);
    directory_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory_fd < 0 || fchown(directory_fd, geteuid(), getegid()) < 0 ||
        fchmod(directory_fd, 0700) < 0)
        complain(path); /* processes run without it; their output counts as lost */
}

/*
 * The loop itself opens and writes ring files, although it opens nothing else: the directory is
 * held open since before any program ran in the sandbox, and is on its own disk, so no file system
 * made inside can stand in the way.
 */
static int ring_open(void) {
    static unsigned serial;
    char name[32];
    snprintf(name, sizeof name, ".ring-%u", serial++);
    int fd = openat(directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 &&
        errno == EEXIST) { /* left by root in the sandbox, or by an agent killed in between */
        unlinkat(directory_fd, name, 0);
        fd = openat(directory_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd >= 0)
        unlinkat(directory_fd, name, 0);
    return fd;
}

/* What a process reports at its beginning must not be lost because the disk is full, so the first
 * block is taken at once. */
static bool take_room(int fd) {
    static const uint8_t block[4096];
    return pwrite(fd, block, sizeof block, 0) == sizeof block;
}

struct ring *ring_new(uint64_t bound) {
    int fd = ring_open();
    if (fd < 0 ? errno == ENOSPC || errno == EDQUOT : !take_room(fd)) {
        if (fd >= 0)
            close(fd);
        fd = memfd_create("ring", MFD_CLOEXEC);
        bound = RING_MIN; /* it counts as memory of the sandbox */
    }
    bound = bound < RING_MIN ? RING_MIN : bound > RING_MAX ? RING_MAX : bound;
    uint64_t size = (bound + PARTS - 1) / PARTS;
    size = size < PART_MIN ? PART_MIN : size > PART_MAX ? PART_MAX : size;
    int parts = (int)((bound + size - 1) / size) +
                1; /* one more, so that a full lap still holds the bound */
    struct ring *r = xzalloc(sizeof *r + (size_t)parts * sizeof r->part[0]);
    r->fd = fd;
    r->parts = r->limit = parts;
    r->part_size = size;
    r->part[0].held = true;
    return r;
}

void ring_free(struct ring *r) {
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free_later(r);
}

uint64_t ring_first(const struct ring *r) { return r->part[r->head].first; }

uint64_t ring_next(const struct ring *r) { return r->next; }

static int after(const struct ring *r, int i) {
    do
        i = (i + 1) % r->parts;
    while (!r->part[i].held && i != r->cur);
    return i;
}

static off_t place(const struct ring *r, int part, uint64_t at) {
    return (off_t)((uint64_t)part * r->part_size + at);
}

static void drop_all(struct ring *r) {
    for (int i = 0; i < r->parts; i++)
        r->part[i].held = false;
    r->head = r->cur = 0;
    r->part[0] = (struct part){.first = r->next, .held = true};
    r->open_len = 0;
}

static void pack_header(uint8_t *h, int channel, uint64_t n) {
    h[0] = (uint8_t)channel;
    h[1] = MAGIC;
    h[2] = h[3] = 0;
    set_u32(h + 4, (uint32_t)n);
}

/* Makes the newest record's header say its whole length. */
static void seal(struct ring *r) {
    uint8_t h[RECORD];
    if (r->open_len == r->open_written)
        return;
    pack_header(h, r->open_channel, r->open_len);
    if (pwrite(r->fd, h, RECORD, place(r, r->cur, r->open_at)) == RECORD)
        r->open_written = r->open_len;
    else
        drop_all(r); /* what follows it could not be found again */
}

static void advance(struct ring *r) {
    seal(r);
    int next = r->cur + 1;
    if (next >= r->limit) {
        next = 0;
        r->limit = r->parts; /* the disk may have room again a lap later */
    }
    while (r->part[next]
               .held) { /* normally the oldest; after wrapping early, older ones go before it */
        r->part[r->head].held = false;
        r->head = after(r, r->head);
    }
    r->part[next] = (struct part){.first = r->next, .held = true};
    r->cur = next;
    r->open_len = 0;
}

/* Appends to the current part what fits; -1 when the disk refuses, 0 when the part is full. */
static ssize_t append_some(struct ring *r, int channel, const uint8_t *p, size_t n) {
    struct part *part = &r->part[r->cur];
    bool fresh = !r->open_len || r->open_channel != channel;
    uint64_t head = fresh ? RECORD : 0, space = r->part_size - part->used;
    if (space <= head)
        return 0;
    if (n > space - head)
        n = (size_t)(space - head);
    if (fresh) {
        seal(r);
        part = &r->part[r->cur];
    }
    uint8_t h[RECORD];
    pack_header(h, channel, n);
    struct iovec io[2] = {{h, head}, {(void *)(uintptr_t)p, n}};
    ssize_t w = pwritev(r->fd, io, 2, place(r, r->cur, part->used));
    if (w <= (ssize_t)head)
        return -1;
    size_t got = (size_t)w - head;
    if (fresh) {
        r->open_at = part->used;
        r->open_channel = channel;
        r->open_len = 0;
        r->open_written = n; /* longer than open_len after a short write: sealed again below */
    }
    r->open_len += got;
    part->used += (size_t)w;
    part->size += got;
    r->next += got;
    return (ssize_t)got;
}

void ring_append(struct ring *r, int channel, const void *data, size_t n) {
    const uint8_t *p = data;
    if (r->fd < 0)
        r->fd = ring_open();
    for (int failures = 0; n;) {
        ssize_t got = r->fd < 0 ? -1 : append_some(r, channel, p, n);
        if (got > 0) {
            p += got;
            n -= (size_t)got;
            failures = 0;
            continue;
        }
        if (got < 0 && ++failures > 3) {
            r->next += n;
            drop_all(r);
            return;
        }
        if (got < 0 && r->part[r->cur].used == 0 && r->cur > 0)
            r->limit = r->cur; /* no room for this part now: wrap early */
        advance(r);
    }
}

static bool read_header(struct ring *r, int part, uint64_t at, int *channel, uint64_t *len) {
    const struct part *p = &r->part[part];
    if (part == r->cur && r->open_len && at == r->open_at) {
        *channel = r->open_channel;
        *len = r->open_len;
        return true;
    }
    uint8_t h[RECORD];
    if (at + RECORD >= p->used || pread(r->fd, h, RECORD, place(r, part, at)) != RECORD)
        return false;
    *channel = h[0];
    *len = get_u32(h + 4);
    return (h[0] == 1 || h[0] == 2) && h[1] == MAGIC && *len && *len <= p->used - at - RECORD;
}

static bool locate(struct ring *r, struct ring_cursor *c) {
    int i = r->head;
    while (i != r->cur && c->offset >= r->part[i].first + r->part[i].size)
        i = after(r, i);
    c->part = i;
    c->part_first = r->part[i].first;
    c->record = c->done = 0;
    uint64_t skip = c->offset - c->part_first, len;
    for (int channel; skip; skip -= len, c->record += RECORD + len) {
        if (!read_header(r, i, c->record, &channel, &len))
            return false;
        if (skip <= len) {
            c->done = skip;
            return true;
        }
    }
    return true;
}

ssize_t ring_read(struct ring *r, struct ring_cursor *c, int *channel, void *p, size_t n) {
    if (c->offset >= r->next)
        return RING_END;
    if (c->offset < ring_first(r))
        return RING_OVERRUN;
    const struct part *part = c->part < 0 ? NULL : &r->part[c->part];
    if (!part || !part->held || part->first != c->part_first ||
        c->offset >= part->first + part->size)
        if (!locate(r, c))
            return RING_BAD;
    uint64_t len;
    if (!read_header(r, c->part, c->record, channel, &len))
        return RING_BAD;
    if (c->done == len) {
        c->record += RECORD + len;
        c->done = 0;
        if (!read_header(r, c->part, c->record, channel, &len))
            return RING_BAD;
    }
    if (c->done > len)
        return RING_BAD;
    uint64_t left = r->part[c->part].first + r->part[c->part].size - c->offset;
    if (n > len - c->done)
        n = (size_t)(len - c->done);
    if (n > left)
        n = (size_t)left;
    ssize_t got = pread(r->fd, p, n, place(r, c->part, c->record + RECORD + c->done));
    if (got <= 0)
        return RING_BAD;
    c->done += (size_t)got;
    c->offset += (size_t)got;
    return got;
}
