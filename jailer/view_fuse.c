/* The kernel's FUSE protocol, as far as a few read-only files need it. Who asks is told by the
 * file, not by the asking process: a directory for each slot, and no names from a sandbox. */
#include "procview.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { REQUEST_CAP = 65536, TEXT_CAP = 262144, FOR_EVER_S = 1 << 24, FILE_BITS = 4 };

static char request[REQUEST_CAP] __attribute__((aligned(8)));
static char content[TEXT_CAP];
static size_t content_length;
static uint64_t content_node; /* whose content that is */

/* Node numbers: the root is 1, a slot's directory slot<<4, its files follow. */
static unsigned slot_of(uint64_t node) { return (unsigned)(node >> FILE_BITS); }
static int file_of(uint64_t node) { return (int)(node & ((1 << FILE_BITS) - 1)); }

static bool is_directory(uint64_t node) { return node == FUSE_ROOT_ID || file_of(node) == 0; }

static bool exists(uint64_t node) {
    return node == FUSE_ROOT_ID || (slot_of(node) >= 1 && slot_of(node) < SLOTS - 1 &&
                                    node >> FILE_BITS < SLOTS && file_of(node) < VIEW_FILES);
}

static void reply(int fuse, uint64_t unique, int error, const void *data, size_t length) {
    struct fuse_out_header header = {
        .len = (uint32_t)(sizeof header + length), .error = error, .unique = unique};
    struct iovec parts[] = {{.iov_base = &header, .iov_len = sizeof header},
                            {.iov_base = (void *)(uintptr_t)data, .iov_len = length}};
    if (writev(fuse, parts, 2) < 0 && errno != ENOENT) /* ENOENT: it was interrupted */
        log_line("procview: answer: %s", strerror(errno));
}

static struct fuse_attr attributes(uint64_t node) {
    bool directory = is_directory(node);
    return (struct fuse_attr){.ino = node,
                              .mode = directory ? S_IFDIR | 0555 : S_IFREG | 0444,
                              .nlink = directory ? 2 : 1,
                              .blksize = 4096};
}

/* 0 when there is no such. */
static uint64_t find(uint64_t parent, const char *name) {
    uint64_t slot;
    if (parent == FUSE_ROOT_ID)
        return parse_number(name, 1, SLOTS - 2, &slot) ? slot << FILE_BITS : 0;
    for (int file = 1; is_directory(parent) && file < VIEW_FILES; file++)
        if (strcmp(name, view_files[file].name) == 0)
            return parent + (uint64_t)file;
    return 0;
}

static void lookup(int fuse, const struct fuse_in_header *in, const char *name) {
    uint64_t node = find(in->nodeid, name);
    struct fuse_entry_out out = {
        .nodeid = node, .generation = 1, .entry_valid = FOR_EVER_S, .attr_valid = FOR_EVER_S};
    if (node == 0) {
        reply(fuse, in->unique, -ENOENT, NULL, 0);
        return;
    }
    out.attr = attributes(node);
    reply(fuse, in->unique, 0, &out, sizeof out);
}

static void initialize(int fuse, const struct fuse_in_header *in, const struct fuse_init_in *init) {
    struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
                                .minor = FUSE_KERNEL_MINOR_VERSION,
                                .max_readahead = init->max_readahead,
                                .max_background = 16,
                                .congestion_threshold = 12,
                                .max_write = 4096,
                                .time_gran = 1};
    if (out.minor > init->minor)
        out.minor = init->minor;
    reply(fuse, in->unique, 0, &out, sizeof out);
}

/* Later pieces are of the text that the first piece was of, unless another file came in between. */
static void give(const struct conf *conf, int fuse, const struct fuse_in_header *in,
                 const struct fuse_read_in *wanted) {
    if (is_directory(in->nodeid)) {
        reply(fuse, in->unique, -EISDIR, NULL, 0);
        return;
    }
    if (wanted->offset == 0 || content_node != in->nodeid) {
        content_length =
            view_text(conf, slot_of(in->nodeid), file_of(in->nodeid), content, sizeof content);
        content_node = in->nodeid;
    }
    size_t at = wanted->offset < content_length ? (size_t)wanted->offset : content_length;
    size_t length = content_length - at < wanted->size ? content_length - at : wanted->size;
    reply(fuse, in->unique, 0, content + at, length);
}

static void answer(const struct conf *conf, int fuse, const struct fuse_in_header *in,
                   const void *body) {
    struct fuse_attr_out attr = {.attr_valid = FOR_EVER_S};
    struct fuse_open_out opened = {.open_flags = FOPEN_DIRECT_IO};
    struct fuse_statfs_out statfs = {.st = {.bsize = 4096, .namelen = 255}};
    switch (in->opcode) {
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
        return; /* no answer to these; nothing here takes long enough to be interrupted */
    case FUSE_INIT:
        initialize(fuse, in, body);
        return;
    case FUSE_LOOKUP:
        lookup(fuse, in, body);
        return;
    case FUSE_GETATTR:
        attr.attr = attributes(in->nodeid);
        reply(fuse, in->unique, 0, &attr, sizeof attr);
        return;
    case FUSE_OPEN:
        reply(fuse, in->unique, 0, &opened, sizeof opened);
        return;
    case FUSE_READ:
        give(conf, fuse, in, body);
        return;
    case FUSE_STATFS:
        reply(fuse, in->unique, 0, &statfs, sizeof statfs);
        return;
    case FUSE_RELEASE:
        reply(fuse, in->unique, 0, NULL, 0);
        return;
    default:
        reply(fuse, in->unique, -ENOSYS, NULL, 0);
    }
}

void view_serve(const struct conf *conf, int fuse) {
    for (;;) {
        ssize_t n = read(fuse, request, sizeof request - 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOENT))
            continue;
        if (n < 0)
            return; /* ENODEV: unmounted */
        const struct fuse_in_header *in = (const void *)request;
        request[n] = '\0';
        if ((size_t)n < sizeof *in || in->len != (size_t)n)
            continue;
        if (in->opcode != FUSE_INIT && in->opcode != FUSE_FORGET &&
            in->opcode != FUSE_BATCH_FORGET && in->opcode != FUSE_INTERRUPT && !exists(in->nodeid))
            reply(fuse, in->unique, -ESTALE, NULL, 0);
        else
            answer(conf, fuse, in, request + sizeof *in);
    }
}
