#include "glob.h"

#include <stddef.h>
#include <stdint.h>

/* Decodes a character; what is not UTF-8 is a byte beyond all characters. */
static uint32_t next(const char **s) {
    const unsigned char *p = (const unsigned char *)*s;
    unsigned more = p[0] >= 0xc2 && p[0] < 0xe0   ? 1
                    : p[0] >= 0xe0 && p[0] < 0xf0 ? 2
                    : p[0] >= 0xf0 && p[0] < 0xf5 ? 3
                                                  : 0;
    uint32_t c = more ? p[0] & (0x3fu >> more) : p[0] < 0x80 ? p[0] : 0x110000u + p[0];
    for (unsigned i = 1; i <= more; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            *s += 1;
            return 0x110000u + p[0];
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    *s += 1 + more;
    return c;
}

/* One end of a range in brackets; false when there is none. */
static bool range_end(const char **p, uint32_t *c) {
    if (**p == '-' || **p == ']' || !**p)
        return false;
    if (**p == '\\' && !*++*p)
        return false;
    *c = next(p);
    return true;
}

/* Reads a class after its opening bracket; false when it is malformed. */
static bool class(const char **p, uint32_t c, bool *hit) {
    bool negated = **p == '^' || **p == '!', in = false;
    if (negated)
        ++*p;
    for (bool first = true; first || **p != ']'; first = false) {
        uint32_t low, high;
        if (!range_end(p, &low))
            return false;
        high = low;
        if (**p == '-') {
            ++*p;
            if (!range_end(p, &high))
                return false;
        }
        in = in || (low <= c && c <= high);
    }
    ++*p;
    *hit = in != negated;
    return true;
}

/* Matches one character against the part at *p, and moves past it; false also when malformed. */
static bool one(const char **p, uint32_t c, bool *valid) {
    bool hit = false;
    *valid = true;
    if (**p == '?') {
        ++*p;
        return c != '/';
    }
    if (**p == '[') {
        ++*p;
        *valid = class(p, c, &hit);
        return *valid && hit && c != '/';
    }
    if (**p == '\\' && !*++*p) {
        *valid = false;
        return false;
    }
    return next(p) == c;
}

bool glob_valid(const char *pattern) {
    bool valid = true;
    while (*pattern && valid)
        if (*pattern == '*')
            pattern++;
        else
            one(&pattern, 0, &valid);
    return valid;
}

bool glob_match(const char *pattern, const char *name) {
    const char *star = NULL, *again = NULL; /* the last *, and where its match may end next */
    bool valid;
    while (*name || *pattern) {
        if (*pattern == '*') {
            star = ++pattern;
            again = name;
            continue;
        }
        const char *rest = name;
        if (*pattern && *name && one(&pattern, next(&rest), &valid)) {
            name = rest;
            continue;
        }
        if (!star || !*again || *again == '/')
            return false;
        next(&again);
        name = again;
        pattern = star;
    }
    return true;
}
