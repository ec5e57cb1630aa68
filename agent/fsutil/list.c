/* fsutil list: what is in a directory and below, with metadata. */
#include "fsutil.h"

#include "output.h"
#include "walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

/* Describes what a link leads to, or the link itself where it leads nowhere. */
static bool describe(const struct entry *e, struct stat *st) {
    return fstatat(e->dir, e->name, st, 0) == 0 ||
           fstatat(e->dir, e->name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool show(const struct entry *e, void *depth) {
    struct stat st;
    char text[160];
    if (e->depth == 0)
        return true;
    if (!describe(e, &st))
        return false;
    out_field(e->path);
    int n = snprintf(text, sizeof text, "%c%c%c%c%04o%c%lld%c%u%c%u%c%lld.%09ld", e->type, 0,
                     type_of(st.st_mode), 0, st.st_mode & 07777, 0, (long long)st.st_size, 0,
                     st.st_uid, 0, st.st_gid, 0, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    out_bytes(text, (size_t)n + 1);
    return e->depth < *(unsigned *)depth;
}

int list(const char *root, unsigned depth) {
    struct stat st;
    int err = stat(root, &st) < 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
    if (!err)
        err = walk(root, show, &depth);
    return err ? EXIT_ERRNO + err : EXIT_DONE;
}
