#include "names.h"

#include "output.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As getdents64(2) lays it out. */
struct record {
    uint64_t ino;
    int64_t off;
    uint16_t length;
    uint8_t type;
    char name[];
};

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void names_read(struct names *list, int directory) {
    static char buffer[65536] __attribute__((aligned(8)));
    size_t used = 0, cap = 0, count = 0;
    long n;
    char *text = NULL;
    while ((n = syscall(SYS_getdents64, directory, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < n;) {
            struct record *r = (struct record *)(buffer + at);
            at += r->length;
            if (strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
                continue;
            size_t size = strlen(r->name) + 2;
            while (used + size > cap)
                text = grow(text, cap = cap ? cap * 2 : 1024);
            text[used] = (char)r->type;
            memcpy(text + used + 1, r->name, size - 1);
            used += size;
            count++;
        }
    list->text = text;
    list->count = count;
    list->name = count ? grow(NULL, count * sizeof *list->name) : NULL;
    for (size_t i = 0; i < count; i++) {
        list->name[i] = text + 1;
        text += strlen(text + 1) + 2;
    }
    if (count)
        qsort(list->name, count, sizeof *list->name, compare);
}

void names_free(struct names *list) {
    free(list->text);
    free(list->name);
}
