/* Files: what workers do with the sandbox's paths. Everything here but the verbs runs in a forked
 * child. */
#ifndef FILES_H
#define FILES_H

#include "worker.h"

#include <sys/stat.h>

void verb_stat(struct stream *st, struct span request);
void verb_list(struct stream *st, struct span request);
void verb_read(struct stream *st, struct span request);
void verb_write(struct stream *st, struct span request);
void verb_mkdir(struct stream *st, struct span request);
void verb_remove(struct stream *st, struct span request);
void verb_rename(struct stream *st, struct span request);
void verb_chmod(struct stream *st, struct span request);

/* Becomes the request's user, goes to the default directory and takes the path; fails the work
 * otherwise. */
char *work_path(struct work *w, enum tag tag);
void put_stat(struct buf *b, const struct stat *st, int dir, const char *name);
/* mkdir -p; false with errno. */
bool make_directories(char *path, mode_t mode);
/* Removes name below dir with everything in it, never following a link; false with errno. */
bool remove_tree(int dir, const char *name);
/* Copies from to to (which must not exist) with modes, times and, for root, owners; false with
 * errno. */
bool copy_tree(const char *from, const char *to);
/* Writes it all; false with errno. */
bool write_all(int fd, const void *p, size_t n);
/* A fresh path beside path: <prefix><at most as much of name as fits><random>. */
char *sibling(const char *path, const char *prefix, const char *name);
/* Moves up to n bytes between a pipe and a file, by splice where that works; like read(2). */
ssize_t transfer(int from, int to, size_t n);

#endif
