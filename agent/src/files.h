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

void verb_read_many(struct stream *st, struct span request);
void verb_write_many(struct stream *st, struct span request);

/* Becomes the request's user and goes to the default directory; fails the work otherwise. */
void work_enter(struct work *w);
/* The same, and takes the path. */
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
/* Opens a regular file, through links; -1 with errno. */
int open_regular(const char *path, struct stat *st);

/* A file that is being put in place of another one or of nothing. */
struct upload {
    char *path, *temp; /* where links lead, and what it is called until it is complete */
    int fd;
    const char *step; /* what was tried last */
};

/* Ends the stream with an ERROR while the agent shuts down. */
bool uploads_refused(struct stream *st);
/* Makes the temporary file; false with errno, and nothing is left of it. */
bool upload_begin(struct upload *u, const char *asked, bool parents);
/* Gives it the mode and its name; false with errno, and nothing is left of it. */
bool upload_end(struct upload *u, mode_t mode);
/* Leaves nothing of it; keeps errno. */
void upload_undo(struct upload *u);

/* Moves up to n bytes between a pipe and a file, by splice where that works; like read(2). */
ssize_t transfer(int from, int to, size_t n);

#endif
