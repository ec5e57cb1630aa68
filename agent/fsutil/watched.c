#include "watched.h"

#include "output.h"
#include "walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUCKETS = 65536 };

static struct node *table[BUCKETS];

struct node *node_new(struct node *parent, const char *name) {
    size_t n = strlen(name) + 1;
    struct node *fresh = grow(NULL, sizeof *fresh + n);
    memset(fresh, 0, sizeof *fresh);
    fresh->wd = -1;
    fresh->parent = parent;
    memcpy(fresh->name, name, n);
    if (parent) {
        fresh->sibling = parent->child;
        parent->child = fresh;
    }
    return fresh;
}

struct node *node_child(const struct node *parent, const char *name) {
    struct node *n = parent->child;
    while (n && strcmp(n->name, name) != 0)
        n = n->sibling;
    return n;
}

struct node *node_find(int wd) {
    struct node *n = table[(unsigned)wd % BUCKETS];
    while (n && n->wd != wd)
        n = n->bucket;
    return n;
}

void node_unwatched(struct node *n) {
    if (n->wd < 0)
        return;
    struct node **p = &table[(unsigned)n->wd % BUCKETS];
    while (*p != n)
        p = &(*p)->bucket;
    *p = n->bucket;
    n->wd = -1;
}

void node_watched(struct node *n, int wd) {
    struct node *before = node_find(wd);
    if (before)
        node_unwatched(before);
    node_unwatched(n);
    n->wd = wd;
    n->bucket = table[(unsigned)wd % BUCKETS];
    table[(unsigned)wd % BUCKETS] = n;
}

void node_free(struct node *n, void (*gone)(int wd)) {
    if (n->parent) {
        struct node **p = &n->parent->child;
        while (*p != n)
            p = &(*p)->sibling;
        *p = n->sibling;
        n->parent = NULL;
    }
    while (n) { /* the first child first, so that depth costs nothing */
        if (n->child) {
            struct node *child = n->child;
            n->child = child->sibling;
            child->parent = n;
            n = child;
            continue;
        }
        struct node *parent = n->parent;
        if (n->wd >= 0)
            gone(n->wd);
        node_unwatched(n);
        free(n);
        n = parent;
    }
}

const char *node_path(const struct node *n, const char *name) {
    static char *path;
    static size_t cap;
    size_t need = strlen(name) + 1;
    for (const struct node *p = n; p; p = p->parent)
        need += strlen(p->name) + 1;
    if (need > cap)
        path = grow(path, cap = need * 2);
    char *at = path + need;
    for (const char *part = name; part; part = n ? n->name : NULL, n = n ? n->parent : NULL) {
        size_t size = strlen(part);
        bool last = at == path + need;
        if (last && !size && n)
            continue; /* its own path has no slash at the end */
        if (last)
            *--at = 0;
        else if (!size || part[size - 1] != '/')
            *--at = '/';
        at -= size;
        memcpy(at, part, size);
    }
    return at;
}

int node_open(const struct node *n, int root) {
    size_t depth = 0, i = 0;
    for (const struct node *p = n; p->parent; p = p->parent)
        depth++;
    const struct node **chain = grow(NULL, (depth + 1) * sizeof *chain);
    for (const struct node *p = n; p->parent; p = p->parent)
        chain[depth - ++i] = p;
    int fd = root;
    for (i = 0; i < depth && fd >= 0; i++) {
        int below = open_directory(fd, chain[i]->name), err = errno;
        close(fd);
        errno = err;
        fd = below;
    }
    free(chain);
    return fd;
}
