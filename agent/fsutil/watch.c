/* fsutil watch: changes of a directory as they happen. */
#include "fsutil.h"

#include "names.h"
#include "output.h"
#include "walk.h"
#include "watched.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHANGES = IN_CREATE | IN_DELETE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO |
              IN_DELETE_SELF | IN_MOVE_SELF | IN_EXCL_UNLINK,
    ENDS = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED,
    EVENTS = 65536,
};

/* No directory is kept open, nor is one the current directory: inotify would not tell its end. */
static struct {
    int queue; /* inotify */
    bool recursive, directory, pseudo, full;
    struct stat st;                    /* of the root */
    char *real;                        /* where it is */
    struct node *root, *first, **last; /* directories to be looked into */
    const char *path;
} w;

static void record(const char *kind, const char *path, const char *detail) {
    out_field(kind);
    out_field(path);
    out_field(detail);
}

static void failed(const struct node *n, int err) {
    if (err == ENOSPC && w.full)
        return; /* the limit of watches is reached: said once */
    w.full = w.full || err == ENOSPC;
    out_field("error");
    out_field(node_path(n, ""));
    out_number((unsigned long long)err);
}

static void enqueue(struct node *n, bool fresh) {
    n->fresh = fresh;
    n->queued = NULL;
    *w.last = n;
    w.last = &n->queued;
}

/* Tells what is in a directory that has appeared: it may have come before the watch. */
static void look(struct node *n, int fd) {
    struct names list;
    if (!n->fresh && !w.recursive)
        return;
    names_read(&list, fd);
    for (size_t i = 0; i < list.count; i++) {
        const char *name = list.name[i];
        char type = type_in(fd, name, name[-1]);
        if (n->fresh && type != '?')
            record("create", node_path(n, name), type == 'd' ? "d" : "f");
        if (type == 'd' && w.recursive)
            enqueue(node_new(n, name), n->fresh);
    }
    names_free(&list);
}

/* -1 with ENOENT when there is another one now. */
static int open_root(void) {
    struct stat st;
    int fd = open_directory(AT_FDCWD, w.real);
    if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_dev != w.st.st_dev || st.st_ino != w.st.st_ino)) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

/* inotify takes a path: this one is short, and cannot be swapped. */
static void watch_directory(struct node *n) {
    int root = open_root(), fd = root < 0 ? -1 : node_open(n, root);
    if (fd < 0) {
        if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) /* it is gone already */
            failed(n, errno);
        return;
    }
    if (!w.pseudo && is_pseudo(fd)) {
        close(fd);
        return;
    }
    int wd = fchdir(fd) < 0 ? -1 : inotify_add_watch(w.queue, ".", CHANGES | IN_ONLYDIR);
    if (wd < 0) {
        failed(n, errno);
    } else {
        node_watched(n, wd);
        look(n, fd);
    }
    close(fd);
}

static void look_into_queued(void) {
    for (; w.first; w.first = w.first->queued)
        watch_directory(w.first);
    w.last = &w.first;
    if (chdir("/") < 0)
        broken("chdir");
}

static void forget(int wd) { inotify_rm_watch(w.queue, wd); }

/* Watches everything from the root on; 0, -1 when the root is gone, or an errno. */
static int begin(void) {
    w.last = &w.first;
    w.root = node_new(NULL, w.path);
    for (size_t n = strlen(w.root->name); n > 1 && w.root->name[n - 1] == '/'; n--)
        w.root->name[n - 1] = 0;
    w.queue = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (w.queue < 0)
        return errno;
    int wd = inotify_add_watch(w.queue, w.real, CHANGES);
    if (wd < 0)
        return errno == ENOENT || errno == ENOTDIR ? -1 : errno;
    node_watched(w.root, wd);
    if (w.directory) {
        int fd = open_root();
        if (fd < 0)
            return errno == ENOENT || errno == ENOTDIR ? -1 : errno;
        close(fd);
        enqueue(w.root, false);
        look_into_queued();
    }
    return 0;
}

/* The kernel dropped events: what is there now has to be found again. */
static int begin_again(void) {
    close(w.queue);
    node_free(w.root, forget);
    w.full = false;
    int err = begin();
    if (!err)
        record("overflow", w.root->name, "");
    return err;
}

static const char *kind_of(unsigned mask) {
    return mask & (IN_CREATE | IN_MOVED_TO) ? "create"
           : mask & IN_DELETE               ? "remove"
           : mask & IN_MOVED_FROM           ? "rename"
           : mask & IN_MODIFY               ? "write"
           : mask & IN_ATTRIB               ? "chmod"
                                            : NULL;
}

static void directory_changed(struct node *n, const struct inotify_event *e) {
    struct node *child = node_child(n, e->name);
    if (child && e->mask & (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM))
        node_free(child, forget);
    if (e->mask & (IN_CREATE | IN_MOVED_TO)) {
        enqueue(node_new(n, e->name), true);
        look_into_queued();
    }
}

/* Whether it was found, and told, when its parent was looked into: made between the watch and the
 * look. A name that was removed meanwhile is known no more. */
static bool told_already(const struct node *n, const struct inotify_event *e) {
    const struct node *child = w.recursive && e->len && e->mask & IN_CREATE && e->mask & IN_ISDIR
                                   ? node_child(n, e->name)
                                   : NULL;
    return child && child->wd >= 0;
}

/* False when the root is gone. */
static bool changed(const struct inotify_event *e) {
    struct node *n = node_find(e->wd);
    if (!n)
        return true;
    if (e->mask & ENDS) {
        if (e->mask & IN_IGNORED)
            node_unwatched(n);
        return n != w.root;
    }
    const char *kind = kind_of(e->mask), *name = e->len ? e->name : "";
    bool directory = *name ? e->mask & IN_ISDIR : w.directory;
    if (!kind || (!*name && n != w.root) /* told by the parent, too */ || told_already(n, e))
        return true;
    record(kind, node_path(n, name), directory ? "d" : "f");
    if (directory && *name && w.recursive)
        directory_changed(n, e);
    return true;
}

/* 0, -1 when the root is gone, or an errno. */
static int take_events(void) {
    static char buffer[EVENTS] __attribute__((aligned(__alignof__(struct inotify_event))));
    ssize_t got = read(w.queue, buffer, sizeof buffer);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        return errno;
    for (ssize_t at = 0; at < got;) {
        struct inotify_event *e = (struct inotify_event *)(buffer + at);
        at += (ssize_t)(sizeof *e + e->len);
        if (e->mask & IN_Q_OVERFLOW)
            return begin_again();
        if (!changed(e))
            return -1;
    }
    return 0;
}

/* Looks at the root; 0, or an errno. */
static int find_root(const char *root) {
    w.path = root;
    w.real = realpath(root, NULL);
    if (!w.real || stat(w.real, &w.st) < 0)
        return errno;
    w.directory = S_ISDIR(w.st.st_mode);
    int fd = w.directory ? open_root() : -1;
    if (w.directory && fd < 0)
        return errno;
    w.pseudo = fd >= 0 && is_pseudo(fd);
    if (fd >= 0)
        close(fd);
    return 0;
}

int watch(const char *root, bool recursive) {
    w.recursive = recursive;
    int err = find_root(root);
    if (err)
        return EXIT_ERRNO + err;
    err = begin();
    if (!err)
        record("ready", w.root->name, w.directory ? "d" : "f");
    while (!err) {
        out_flush();
        struct pollfd fds[2] = {{.fd = w.queue, .events = POLLIN}, {.fd = STDOUT_FILENO}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            broken("poll");
        if (fds[1].revents)
            return EXIT_BROKEN; /* nobody reads any more */
        if (fds[0].revents)
            err = take_events();
    }
    if (err < 0)
        record("end", w.root->name, "");
    node_free(w.root, forget);
    free(w.real);
    return err < 0 ? EXIT_DONE : EXIT_ERRNO + err;
}
