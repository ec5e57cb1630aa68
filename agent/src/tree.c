/* Directory trees: removal and copy that no link, depth or parallel change leads outside the tree.
 */
#include "files.h"

#include "loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { DEPTH_MAX = 4096, COPY_DEPTH_MAX = 256 };

/* Where remove_tree came from: it walks with one open directory, so depth costs no descriptors. */
struct level {
    char *name;
    dev_t dev;
    ino_t ino;
};

/* Unlinks what is not a directory; the first directory's name goes to sub. 1: found one, 0: empty,
 * -1: errno. */
static int empty_directory(int dir, char sub[NAME_MAX + 1]) {
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (!d)
        return -1;
    int found = 0;
    errno = 0;
    for (struct dirent *e; !found && (e = readdir(d)); errno = 0) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (unlinkat(dir, e->d_name, 0) == 0 || errno == ENOENT)
            continue;
        struct stat st;
        int err = errno;
        if (fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)) {
            errno = err;
            found = -1;
        } else if (unlinkat(dir, e->d_name, AT_REMOVEDIR) < 0) {
            if (errno != ENOTEMPTY && errno != EEXIST) {
                found = -1;
            } else {
                snprintf(sub, NAME_MAX + 1, "%s", e->d_name);
                found = 1;
            }
        }
        if (found)
            break;
    }
    int err = errno;
    closedir(d);
    errno = err;
    return found ? found : err ? -1 : 0;
}

static int descend(int dir, const char *name) {
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Back to the parent, if it still is the directory we came from. */
static int ascend(int dir, const struct level *from) {
    struct stat st;
    int up = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (up >= 0 && (fstat(up, &st) < 0 || st.st_dev != from->dev || st.st_ino != from->ino)) {
        close(up);
        errno = EBUSY; /* somebody moved it meanwhile */
        return -1;
    }
    return up;
}

static bool empty_tree(int dir) {
    struct level *levels = NULL;
    size_t depth = 0;
    char sub[NAME_MAX + 1];
    for (;;) {
        int found = empty_directory(dir, sub), next = -1;
        struct stat st;
        if (found == 0 && depth == 0)
            return close(dir) == 0;
        if (found > 0 && depth < DEPTH_MAX && fstat(dir, &st) == 0) {
            next = descend(dir, sub);
            levels = xrealloc(levels, (depth + 1) * sizeof *levels);
            levels[depth++] = (struct level){xstrdup(sub), st.st_dev, st.st_ino};
        } else if (found == 0) {
            next = ascend(dir, &levels[--depth]);
            if (next >= 0 && unlinkat(next, levels[depth].name, AT_REMOVEDIR) < 0 &&
                errno != ENOENT) {
                close(next);
                next = -1;
            }
        }
        int err = errno;
        close(dir);
        errno = err;
        if (next < 0)
            return false;
        dir = next;
    }
}

bool remove_tree(int at, const char *name) {
    if (unlinkat(at, name, 0) == 0 || unlinkat(at, name, AT_REMOVEDIR) == 0)
        return true;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return false;
    int dir = descend(at, name);
    return dir >= 0 && empty_tree(dir) && unlinkat(at, name, AT_REMOVEDIR) == 0;
}

static bool copy_bytes(int in, int out) {
    for (;;) {
        ssize_t n = sendfile(out, in, NULL, 1 << 20);
        if (n <= 0)
            return n == 0;
    }
}

static bool copy_file(int from, int to, const char *name, const char *new_name) {
    int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    int out = in < 0 ? -1 : openat(to, new_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = out >= 0 && copy_bytes(in, out);
    int err = errno;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    errno = err;
    return ok;
}

static bool copy_at(int from, const char *name, int to, const char *new_name, int depth);

static bool copy_entries(int from, int to, int depth) {
    DIR *d = fdopendir(from);
    bool ok = d != NULL;
    if (!d)
        return false;
    errno = 0;
    for (struct dirent *e; ok && (e = readdir(d)); errno = ok ? 0 : errno)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            ok = copy_at(dirfd(d), e->d_name, to, e->d_name, depth);
    int err = errno;
    closedir(d);
    errno = err;
    return ok && !err;
}

static bool copy_directory(int from, const char *name, int to, const char *new_name, int depth) {
    if (depth >= COPY_DEPTH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (mkdirat(to, new_name, 0700) < 0)
        return false;
    int in = descend(from, name), out = in < 0 ? -1 : descend(to, new_name);
    bool ok = out >= 0 && copy_entries(in, out, depth + 1);
    if (out >= 0)
        close(out);
    return ok;
}

static bool copy_link(int from, const char *name, int to, const char *new_name) {
    char target[PATH_MAX];
    ssize_t n = readlinkat(from, name, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = 0;
    return symlinkat(target, to, new_name) == 0;
}

static bool copy_at(int from, const char *name, int to, const char *new_name, int depth) {
    struct stat st;
    if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    bool ok = S_ISDIR(st.st_mode)   ? copy_directory(from, name, to, new_name, depth)
              : S_ISREG(st.st_mode) ? copy_file(from, to, name, new_name)
              : S_ISLNK(st.st_mode) ? copy_link(from, name, to, new_name)
                                    : mknodat(to, new_name, st.st_mode, st.st_rdev) == 0;
    if (!ok)
        return false;
    if (geteuid() == 0 && fchownat(to, new_name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return false;
    if (!S_ISLNK(st.st_mode) && fchmodat(to, new_name, st.st_mode & 07777, 0) < 0)
        return false;
    struct timespec times[2] = {st.st_atim, st.st_mtim};
    return utimensat(to, new_name, times, AT_SYMLINK_NOFOLLOW) == 0;
}

bool copy_tree(const char *from, const char *to) {
    return copy_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
