/* The directories that are watched, as a tree, and found by inotify's numbers. */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdbool.h>
#include <stddef.h>

struct node {
    struct node *parent, *child, *sibling;
    struct node *bucket; /* next of the same hash */
    struct node *queued; /* next to be looked into */
    bool fresh;          /* what is in it has come just now */
    int wd;              /* -1: not watched */
    char name[];
};

struct node *node_new(struct node *parent, const char *name);
struct node *node_child(const struct node *parent, const char *name);
/* Frees it and all below; gone is told each number that was watched. */
void node_free(struct node *n, void (*gone)(int wd));
/* Finds it by this number from now on, and whoever had the number no more. */
void node_watched(struct node *n, int wd);
void node_unwatched(struct node *n);
struct node *node_find(int wd);
/* The path of a name in it, or its own for an empty one. Valid until the next call. */
const char *node_path(const struct node *n, const char *name);
/* Opens the directory without following links below the root, of which it takes a descriptor; -1
 * with errno. */
int node_open(const struct node *n, int root);

#endif
