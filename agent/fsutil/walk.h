/*
 * Walks a tree in the order of its names, without following links and without ever leaving it:
 * every directory is opened relative to its parent, so that neither long paths nor directories that
 * are swapped for links meanwhile matter.
 */
#ifndef WALK_H
#define WALK_H

#include <stdbool.h>
#include <stddef.h>

struct entry {
    int dir;          /* directory that name is in */
    const char *name; /* of the root: its path, which may be a link */
    const char *base; /* last component of the path */
    const char *path; /* ROOT joined with what follows; valid during the visit */
    char type;        /* f d l p s b c as in find(1), ? when it is gone already */
    unsigned depth;   /* 0: the root itself */
};

/* What to do with an entry; of a directory: whether to look into it. */
typedef bool visit(const struct entry *e, void *context);

/* 0, or the errno of a root that cannot be looked at. What is unreadable below it is left out. */
int walk(const char *root, visit *visitor, void *context);

/* Letter of a file's mode. */
char type_of(unsigned mode);
/* Letter of a name in a directory; dirent_type as readdir has it. */
char type_in(int directory, const char *name, char dirent_type);
/* Opens a directory without following a link, or -1. */
int open_directory(int parent, const char *name);
/* Whether descending would enter /proc or /sys from another file system. */
bool is_pseudo(int fd);

#endif
