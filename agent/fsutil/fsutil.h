/* The commands of fsutil; each returns the program's exit code. */
#ifndef FSUTIL_H
#define FSUTIL_H

#include <stdbool.h>

int search(const char *root, const char *pattern);
int find(const char *root, const char *pattern);
int list(const char *root, unsigned depth);
int watch(const char *root, bool recursive);
int print_statfs(const char *path);
int ports(void);
int resolve(const char *name);
int activity(const char *pid);

#endif
