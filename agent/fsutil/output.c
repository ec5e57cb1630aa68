#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[65536];
static size_t used;

void broken(const char *call) {
    fprintf(stderr, "fsutil: %s: %s\n", call, strerror(errno));
    exit(EXIT_BROKEN);
}

void *grow(void *p, size_t n) {
    p = realloc(p, n);
    if (!p)
        broken("realloc");
    return p;
}

void out_flush(void) {
    for (size_t done = 0; done < used;) {
        ssize_t n = write(STDOUT_FILENO, buffer + done, used - done);
        if (n < 0 && errno != EINTR)
            broken("write");
        if (n > 0)
            done += (size_t)n;
    }
    used = 0;
}

void out_bytes(const void *p, size_t n) {
    const char *from = p;
    while (n) {
        size_t part = n < sizeof buffer - used ? n : sizeof buffer - used;
        memcpy(buffer + used, from, part);
        used += part;
        from += part;
        n -= part;
        if (used == sizeof buffer)
            out_flush();
    }
}

void out_field(const char *s) { out_bytes(s, strlen(s) + 1); }

void out_number(unsigned long long n) {
    char text[24];
    out_bytes(text, (size_t)snprintf(text, sizeof text, "%llu", n) + 1);
}
