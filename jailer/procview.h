/* What a sandbox sees of its limits: the files of /proc and /sys by which programs learn how many
 * processors and how much memory there are, served by a FUSE file system of the jailer's. */
#ifndef PROCVIEW_H
#define PROCVIEW_H

#include "storage.h"

enum { VIEW_MEMINFO = 1, VIEW_CPUINFO, VIEW_STAT, VIEW_ONLINE, VIEW_FILES };

struct view_file {
    const char *name;   /* in <data>/view/<slot>/ */
    const char *target; /* what it covers in a sandbox */
    long magic;         /* of the file system that it covers */
};
extern const struct view_file view_files[VIEW_FILES];

/* ---- procview.c -------------------------------------------------------------------------- */

/* Starts, and starts anew when it has ended, what serves the view; true when it runs. Called by the
 * main process only, which never waits for it. */
bool procview_start(const struct conf *conf);
/* At the jailer's orderly end: sandboxes that go on keep their view. */
void procview_stop(const struct conf *conf);
bool procview_reaped(pid_t pid); /* true: it was that */
/* Puts the view of a slot over the files of a running sandbox; one that is there is replaced. In a
 * child that is given up after a moment: a sandbox works without it. */
void procview_bind(const struct conf *conf, unsigned slot, pid_t pid);

/* ---- view_fuse.c ------------------------------------------------------------------------- */

/* Answers the kernel on an open /dev/fuse until the file system is unmounted everywhere. */
void view_serve(const struct conf *conf, int fuse);

/* ---- view_text.c ------------------------------------------------------------------------- */

/* The content of a file for a slot, at most cap bytes; its length. Where the slot has no limits to
 * be read, the host's. */
size_t view_text(const struct conf *conf, unsigned slot, int file, char *out, size_t cap);

#endif
