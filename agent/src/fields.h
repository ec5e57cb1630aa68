/* Fields: the payload of most frames, a sequence of u8 tag, u32 length, bytes
 * (docs/protocols/agent.md). */
#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tag {
    TAG_VERB = 1,
    TAG_VERSION = 2,
    TAG_VERSION_MAX = 3,
    TAG_AGENT = 4,
    TAG_BOOT = 5,
    TAG_ERRNO = 6,
    TAG_CODE = 7,
    TAG_MESSAGE = 8,
    TAG_WINDOW = 9,
    TAG_HOST = 10,
    TAG_PORT = 11,
    TAG_HOSTNAME = 12,
    TAG_TIMEOUT_MS = 13,
    TAG_KILL_ON_CLOSE = 14,
    TAG_CLEAN_ENV = 15,
    TAG_MERGE = 16,
    TAG_FOLLOW = 17,
    TAG_UNSET = 18,
    TAG_PROCESS = 20,
    TAG_PID = 21,
    TAG_ARGV = 22,
    TAG_ENV = 23,
    TAG_CWD = 24,
    TAG_USER = 25,
    TAG_PTY = 26,
    TAG_COLS = 27,
    TAG_ROWS = 28,
    TAG_DETACHED = 29,
    TAG_RING = 30,
    TAG_OFFSET = 31,
    TAG_SIGNAL = 32,
    TAG_STATUS = 33,
    TAG_LABEL = 34,
    TAG_RUNNING = 35,
    TAG_TREE = 36,
    TAG_STDIN = 37,
    TAG_PATH = 40,
    TAG_PATH2 = 41,
    TAG_MODE = 42,
    TAG_FLAGS = 43,
    TAG_UID = 44,
    TAG_GID = 45,
    TAG_SIZE = 46,
    TAG_MTIME_NS = 47,
    TAG_NAME = 48,
    TAG_TYPE = 49,
    TAG_TARGET = 50,
    TAG_OFFSET_FIRST = 51,
    TAG_LOST = 52,
    TAG_RECURSIVE = 53,
    TAG_OWNER = 54,
    TAG_GROUP = 55,
    TAG_ENTRY = 56,
    TAG_NO_REPLACE = 57,
    TAG_INPUT = 58,
    TAG_FEATURE = 59,
    TAG_ECHO = 60,
    TAG_PREFIX = 61,
    TAG_SUBREAPER = 62,
};

/* Bytes that belong to somebody else. */
struct span {
    const uint8_t *p;
    size_t n;
};

/* A growing byte buffer; bytes before off have been consumed. */
struct buf {
    uint8_t *p;
    size_t off, len, cap;
};

uint32_t get_u32(const uint8_t *p);
void set_u32(uint8_t *p, uint32_t v);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_free(struct buf *b);
static inline size_t buf_size(const struct buf *b) { return b->len - b->off; }

void put_bytes(struct buf *b, enum tag tag, const void *p, size_t n);
void put_str(struct buf *b, enum tag tag, const char *s);
void put_num(struct buf *b, enum tag tag, uint64_t v);

/* Takes the next field off the front of rest; false at the end. */
bool field_next(struct span *rest, uint8_t *tag, struct span *value);
/* True when every length lies inside the payload. */
bool fields_framed(struct span f);
/* Checks that known numbers have 8 bytes and strings no NUL: NULL, or what is wrong. */
const char *fields_problem(struct span f);

/* Leaves value alone when there is none. */
bool field_get(struct span f, enum tag tag, struct span *value);
uint64_t field_num(struct span f, enum tag tag, uint64_t absent);
/* The string as a fresh NUL-terminated copy, or NULL when absent. */
char *field_str(struct span f, enum tag tag);
/* All values of a list tag as a fresh NULL-terminated array of fresh strings. */
char **field_list(struct span f, enum tag tag, size_t *count);
void free_list(char **list);

#endif
