/* Buffered standard output, and how the program ends (docs/protocols/fsutil.md). */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stddef.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_BROKEN = 1, /* no memory, or standard output does not take what was found */
    EXIT_USAGE = 2,
    EXIT_ERRNO = 100, /* plus the errno of ROOT */
};

void out_bytes(const void *p, size_t n);
/* A field of a record: the string and a NUL. */
void out_field(const char *s);
void out_number(unsigned long long n);
void out_flush(void);

/* Prints one line that names the call and errno. */
void broken(const char *call) __attribute__((noreturn));
void *grow(void *p, size_t n);

#endif
