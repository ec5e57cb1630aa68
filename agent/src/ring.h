/*
 * The ring of a detached process: its newest output on the sandbox's own disk, or some of it in
 * memory when that is full.
 *
 * One unlinked file, divided into parts that are written in turn; entering a part that is in use
 * drops the oldest. A part is a sequence of records (header, bytes of one channel); consecutive
 * output of a channel shares a record. Root in the sandbox can reach the file through /proc, so
 * nothing read back is trusted.
 */
#ifndef RING_H
#define RING_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RING_DEFAULT = 64 << 20, RING_MIN = 64 << 10 };
#define RING_MAX (4ull << 30)

struct ring;

struct ring_cursor {
    uint64_t offset; /* of the next byte to read, counted in bytes of output */
    int part;        /* -1: look it up */
    uint64_t part_first;
    uint64_t record,
        done; /* position of the record's header in the part; bytes of it already read */
};

enum ring_result { RING_END = 0, RING_OVERRUN = -1, RING_BAD = -2 };

/* The directory that new ring files are made in (and unlinked at once). */
void ring_directory(const char *path);
struct ring *ring_new(uint64_t bound);
void ring_free(struct ring *r);
/* Never fails: what cannot be written counts as dropped. */
void ring_append(struct ring *r, int channel, const void *p, size_t n);
uint64_t ring_first(const struct ring *r);
uint64_t ring_next(const struct ring *r);
/* Bytes read into p (all of one channel), or a ring_result. */
ssize_t ring_read(struct ring *r, struct ring_cursor *c, int *channel, void *p, size_t n);

#endif
