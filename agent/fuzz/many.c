/* The stream of write-many: any bytes, cut anywhere; a worker ends by refusing, not by harm. */
#define WORLD_ITSELF
#include "world.h"

#include "../src/files.h"
#include "../src/worker.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf ended;
static void (*work)(struct work *);
static int open_uploads;
static size_t files;

/* What many.c needs of the agent, as far as its parsing goes: files are only counted. */
void worker_start(struct stream *st, struct span request, const struct worker_kind *kind) {
    (void)st;
    (void)request;
    work = kind->work;
}

bool uploads_refused(struct stream *st) {
    (void)st;
    return false;
}

void stream_error(struct stream *st, int err, const char *code, const char *fmt, ...) {
    (void)st;
    (void)err;
    (void)code;
    (void)fmt;
}

void work_enter(struct work *w) { (void)w; }

bool work_reply(struct work *w, const struct buf *fields) {
    (void)w;
    (void)fields;
    return true;
}

void work_fail(int err, const char *code, const char *call) {
    (void)err;
    (void)code;
    (void)call;
    longjmp(ended, 1);
}

bool write_all(int fd, const void *p, size_t n) {
    (void)fd;
    return !n || memchr(p, 0, n) != p + n; /* every byte must be there to be looked at */
}

int open_regular(const char *path, struct stat *st) {
    (void)path;
    (void)st;
    errno = ENOENT;
    return -1;
}

ssize_t transfer(int from, int to, size_t n) {
    (void)from;
    (void)to;
    (void)n;
    return 0;
}

void put_stat(struct buf *b, const struct stat *st, int dir, const char *name) {
    (void)b;
    (void)st;
    (void)dir;
    (void)name;
}

bool upload_begin(struct upload *u, const char *asked, bool parents) {
    (void)parents;
    memset(u, 0, sizeof *u);
    files++;
    if (strlen(asked) % 7 == 6) { /* some are refused */
        errno = EACCES;
        return false;
    }
    open_uploads++;
    return true;
}

bool upload_end(struct upload *u, mode_t mode) {
    (void)u;
    if (mode & ~07777)
        abort();
    open_uploads--;
    return true;
}

void upload_undo(struct upload *u) {
    (void)u;
    open_uploads--;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    harness_unprivileged();
    verb_write_many(NULL, (struct span){NULL, 0});
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int in = memfd_create("in", MFD_CLOEXEC);
    if (in < 0 || write(in, data, size) != (ssize_t)size || lseek(in, 0, SEEK_SET) != 0)
        abort();
    struct work w = {.in = in, .out = -1};
    open_uploads = 0;
    if (!setjmp(ended))
        work(&w);
    close(in);
    if (open_uploads) {
        fprintf(stderr, "%d uploads are neither in place nor undone\n", open_uploads);
        abort();
    }
    return 0;
}
