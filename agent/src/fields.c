#include "fields.h"

#include "loop.h"

#include <stdlib.h>
#include <string.h>

uint32_t get_u32(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void set_u32(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

void buf_put(struct buf *b, const void *p, size_t n) {
    if (!n)
        return;
    if (b->off == b->len)
        b->off = b->len = 0;
    if (b->len + n > b->cap && b->off) {
        memmove(b->p, b->p + b->off, buf_size(b));
        b->len -= b->off;
        b->off = 0;
    }
    if (b->len + n > b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 512;
        while (cap < b->len + n)
            cap *= 2;
        b->p = xrealloc(b->p, cap);
        b->cap = cap;
    }
    memcpy(b->p + b->len, p, n);
    b->len += n;
}

void buf_free(struct buf *b) {
    free(b->p);
    memset(b, 0, sizeof *b);
}

void put_bytes(struct buf *b, enum tag tag, const void *p, size_t n) {
    uint8_t head[5] = {(uint8_t)tag};
    set_u32(head + 1, (uint32_t)n);
    buf_put(b, head, sizeof head);
    buf_put(b, p, n);
}

void put_str(struct buf *b, enum tag tag, const char *s) { put_bytes(b, tag, s, strlen(s)); }

void put_num(struct buf *b, enum tag tag, uint64_t v) {
    uint8_t bytes[8];
    set_u32(bytes, (uint32_t)(v >> 32));
    set_u32(bytes + 4, (uint32_t)v);
    put_bytes(b, tag, bytes, sizeof bytes);
}

bool field_next(struct span *rest, uint8_t *tag, struct span *value) {
    if (rest->n < 5)
        return false;
    size_t n = get_u32(rest->p + 1);
    if (n > rest->n - 5)
        return false;
    *tag = rest->p[0];
    *value = (struct span){rest->p + 5, n};
    rest->p += 5 + n;
    rest->n -= 5 + n;
    return true;
}

bool fields_framed(struct span f) {
    uint8_t tag;
    struct span value;
    while (field_next(&f, &tag, &value))
        ;
    return f.n == 0;
}

static bool is_string(uint8_t tag) {
    switch (tag) {
    case TAG_VERB:
    case TAG_HOST:
    case TAG_HOSTNAME:
    case TAG_UNSET:
    case TAG_PROCESS:
    case TAG_ARGV:
    case TAG_ENV:
    case TAG_CWD:
    case TAG_USER:
    case TAG_LABEL:
    case TAG_PATH:
    case TAG_PATH2:
    case TAG_OWNER:
    case TAG_GROUP:
    case TAG_PREFIX:
        return true;
    default:
        return false;
    }
}

static bool is_number(uint8_t tag) {
    switch (tag) {
    case TAG_VERSION:
    case TAG_VERSION_MAX:
    case TAG_WINDOW:
    case TAG_PORT:
    case TAG_TIMEOUT_MS:
    case TAG_KILL_ON_CLOSE:
    case TAG_CLEAN_ENV:
    case TAG_MERGE:
    case TAG_FOLLOW:
    case TAG_PTY:
    case TAG_COLS:
    case TAG_ROWS:
    case TAG_DETACHED:
    case TAG_RING:
    case TAG_OFFSET:
    case TAG_SIGNAL:
    case TAG_TREE:
    case TAG_STDIN:
    case TAG_MODE:
    case TAG_FLAGS:
    case TAG_SIZE:
    case TAG_MTIME_NS:
    case TAG_RECURSIVE:
    case TAG_NO_REPLACE:
    case TAG_ECHO:
    case TAG_SUBREAPER:
        return true;
    default:
        return false;
    }
}

const char *fields_problem(struct span f) {
    uint8_t tag;
    struct span v;
    while (field_next(&f, &tag, &v)) {
        if (is_number(tag) && v.n != 8)
            return "a number has 8 bytes";
        if (is_string(tag) && memchr(v.p, 0, v.n))
            return "a string has no NUL byte";
        if (tag == TAG_ENV && (v.n == 0 || v.p[0] == '=' || !memchr(v.p, '=', v.n)))
            return "env is NAME=VALUE";
    }
    return NULL;
}

bool field_get(struct span f, enum tag tag, struct span *value) {
    uint8_t t;
    struct span v;
    while (field_next(&f, &t, &v))
        if (t == tag) {
            *value = v;
            return true;
        }
    return false;
}

uint64_t field_num(struct span f, enum tag tag, uint64_t absent) {
    struct span v;
    if (!field_get(f, tag, &v) || v.n != 8)
        return absent;
    return (uint64_t)get_u32(v.p) << 32 | get_u32(v.p + 4);
}

static char *copy_string(struct span v) {
    char *s = xrealloc(NULL, v.n + 1);
    memcpy(s, v.p, v.n);
    s[v.n] = 0;
    return s;
}

char *field_str(struct span f, enum tag tag) {
    struct span v;
    return field_get(f, tag, &v) ? copy_string(v) : NULL;
}

char **field_list(struct span f, enum tag tag, size_t *count) {
    uint8_t t;
    struct span v, rest = f;
    size_t n = 0, i = 0;
    while (field_next(&rest, &t, &v))
        n += t == tag;
    char **list = xzalloc((n + 1) * sizeof *list);
    for (rest = f; field_next(&rest, &t, &v);)
        if (t == tag)
            list[i++] = copy_string(v);
    if (count)
        *count = n;
    return list;
}

void free_list(char **list) {
    for (char **p = list; p && *p; p++)
        free(*p);
    free(list);
}
