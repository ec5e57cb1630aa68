#include "walk.h"

#include "names.h"
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

/* Directories kept open: the root and the deepest ones. A parent beyond that is opened again on the
 * way back. */
enum { HELD = 64 };

enum { PROC_MAGIC = 0x9fa0, SYSFS_MAGIC = 0x62656572 }; /* statfs(2) */

struct level {
    int fd; /* -1: closed for now */
    dev_t dev;
    ino_t ino;
    struct names names;
    size_t at, prefix; /* next name; length of the path up to it */
};

struct walker {
    struct level *level;
    size_t depth, cap; /* levels in use */
    char *path;
    size_t path_cap;
    visit *visitor;
    void *context;
};

char type_of(unsigned mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return 'f';
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    case S_IFIFO:
        return 'p';
    case S_IFSOCK:
        return 's';
    case S_IFBLK:
        return 'b';
    case S_IFCHR:
        return 'c';
    default:
        return '?';
    }
}

int open_directory(int parent, const char *name) {
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

bool is_pseudo(int fd) {
    struct statfs fs;
    return fstatfs(fd, &fs) == 0 && (fs.f_type == PROC_MAGIC || fs.f_type == SYSFS_MAGIC);
}

char type_in(int directory, const char *name, char dirent_type) {
    struct stat st;
    if (dirent_type != DT_UNKNOWN)
        return type_of(DTTOIF((unsigned char)dirent_type));
    return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? type_of(st.st_mode) : '?';
}

/* Makes the path prefix + name. */
static void set_path(struct walker *w, size_t prefix, const char *name) {
    size_t n = strlen(name) + 1;
    if (prefix + n + 1 > w->path_cap)
        w->path = grow(w->path, w->path_cap = (prefix + n + 1) * 2);
    memcpy(w->path + prefix, name, n);
}

/* Takes over fd. The path is that of the directory. */
static void push(struct walker *w, int fd) {
    struct stat st;
    if (fstat(fd, &st) < 0 ||
        (w->depth && st.st_dev != w->level[w->depth - 1].dev && is_pseudo(fd))) {
        close(fd);
        return;
    }
    if (w->depth == w->cap)
        w->level = grow(w->level, (w->cap = w->cap ? w->cap * 2 : 64) * sizeof *w->level);
    struct level *l = &w->level[w->depth++];
    *l = (struct level){.fd = fd, .dev = st.st_dev, .ino = st.st_ino};
    names_read(&l->names, fd);
    l->prefix = strlen(w->path);
    if (w->path[l->prefix - 1] != '/')
        w->path[l->prefix++] = '/'; /* set_path has left room */
    if (w->depth > HELD && w->level[w->depth - HELD].fd >= 0) {
        close(w->level[w->depth - HELD].fd);
        w->level[w->depth - HELD].fd = -1;
    }
}

/* Back to the parent, which is opened again when it is still the same; otherwise the tree was moved
 * meanwhile, and what is left of the levels that cannot be reached is left out. */
static void pop(struct walker *w) {
    struct level *l = &w->level[--w->depth], *parent = l - 1;
    struct stat st;
    if (w->depth && parent->fd < 0 && l->fd >= 0) {
        int fd = open_directory(l->fd, "..");
        if (fd >= 0 &&
            (fstat(fd, &st) < 0 || st.st_dev != parent->dev || st.st_ino != parent->ino)) {
            close(fd);
            fd = -1;
        }
        parent->fd = fd;
    }
    if (w->depth && parent->fd < 0)
        parent->at = parent->names.count;
    if (l->fd >= 0)
        close(l->fd);
    names_free(&l->names);
}

static void step(struct walker *w) {
    struct level *l = &w->level[w->depth - 1];
    if (l->at == l->names.count) {
        pop(w);
        return;
    }
    char *name = l->names.name[l->at++];
    set_path(w, l->prefix, name);
    struct entry e = {.dir = l->fd,
                      .name = name,
                      .base = name,
                      .path = w->path,
                      .type = type_in(l->fd, name, name[-1]),
                      .depth = (unsigned)w->depth};
    if (!w->visitor(&e, w->context) || e.type != 'd')
        return;
    int fd = open_directory(l->fd, name);
    if (fd >= 0)
        push(w, fd);
}

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

int walk(const char *root, visit *visitor, void *context) {
    struct walker w = {.visitor = visitor, .context = context};
    struct stat st;
    int fd = -1;
    if (stat(root, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode)) {
        fd = open(root, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return errno;
    }
    set_path(&w, 0, root);
    for (size_t n = strlen(w.path); n > 1 && w.path[n - 1] == '/'; n--)
        w.path[n - 1] = 0;
    struct entry e = {.dir = AT_FDCWD,
                      .name = root,
                      .base = base_of(w.path),
                      .path = w.path,
                      .type = fd < 0 ? type_of(st.st_mode) : 'd'};
    if (visitor(&e, context) && fd >= 0)
        push(&w, fd);
    else if (fd >= 0)
        close(fd);
    while (w.depth)
        step(&w);
    free(w.level);
    free(w.path);
    return 0;
}
