#include "files.h"

#include "child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

enum { STAT_NO_FOLLOW = 1, LIST_CHUNK = 65536 };

void work_enter(struct work *w) {
    static bool ready;
    struct user u;
    if (ready)
        return;
    work_become(w, &u);
    if (identity.cwd && chdir(identity.cwd) < 0 && chdir("/") < 0)
        work_fail(errno, "cwd", "chdir");
    ready = true;
}

char *work_path(struct work *w, enum tag tag) {
    work_enter(w);
    char *path = field_str(w->request, tag);
    if (!path || !*path)
        work_fail(0, "usage", "path is missing");
    return path;
}

bool write_all(int fd, const void *p, size_t n) {
    for (const char *at = p; n;) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return false;
        at += w;
        n -= (size_t)w;
    }
    return true;
}

static char type_letter(mode_t mode) {
    switch (mode & S_IFMT) {
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
        return 'f';
    }
}

void put_stat(struct buf *b, const struct stat *st, int dir, const char *name) {
    char target[PATH_MAX], type = type_letter(st->st_mode);
    put_bytes(b, TAG_TYPE, &type, 1);
    put_num(b, TAG_MODE, st->st_mode & 07777);
    put_num(b, TAG_SIZE, (uint64_t)st->st_size);
    put_num(b, TAG_UID, st->st_uid);
    put_num(b, TAG_GID, st->st_gid);
    put_str(b, TAG_OWNER, user_name(st->st_uid));
    put_str(b, TAG_GROUP, group_name(st->st_gid));
    int64_t ns =
        (int64_t)((uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec);
    put_num(b, TAG_MTIME_NS, (uint64_t)ns);
    ssize_t n = type == 'l' ? readlinkat(dir, name, target, sizeof target) : -1;
    if (n >= 0)
        put_bytes(b, TAG_TARGET, target, (size_t)n);
}

static void stat_work(struct work *w) {
    struct stat st;
    struct buf b = {0};
    char *path = work_path(w, TAG_PATH);
    bool follow = !(field_num(w->request, TAG_FLAGS, 0) & STAT_NO_FOLLOW);
    if (fstatat(AT_FDCWD, path, &st, follow ? 0 : AT_SYMLINK_NOFOLLOW) < 0)
        work_fail(errno, "stat", path);
    put_stat(&b, &st, AT_FDCWD, path);
    work_reply(w, &b);
}

static void list_entry(struct buf *out, DIR *d, const char *name) {
    struct stat st;
    struct buf entry = {0};
    uint8_t length[4];
    if (fstatat(dirfd(d), name, &st, 0) < 0 &&
        fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return; /* gone since it was listed */
    put_str(&entry, TAG_NAME, name);
    put_stat(&entry, &st, dirfd(d), name);
    set_u32(length, (uint32_t)entry.len);
    buf_put(out, length, sizeof length);
    buf_put(out, entry.p, entry.len);
    buf_free(&entry);
}

static void list_work(struct work *w) {
    char *path = work_path(w, TAG_PATH);
    struct buf out = {0};
    DIR *d = opendir(path);
    if (!d)
        work_fail(errno, "open", path);
    work_reply(w, NULL);
    errno = 0;
    for (struct dirent *e; (e = readdir(d)); errno = 0) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            list_entry(&out, d, e->d_name);
        if (out.len > LIST_CHUNK) {
            if (!write_all(w->out, out.p, out.len))
                _exit(1);
            out.len = 0;
        }
    }
    if (errno)
        work_fail(errno, "read", path);
    if (!write_all(w->out, out.p, out.len))
        _exit(1);
}

bool make_directories(char *path, mode_t mode) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = 0;
    for (char *p = path + 1; *p; p++)
        if (*p == '/' && p[-1] != '/') {
            *p = 0;
            bool made = mkdir(path, 0755) == 0 || errno == EEXIST;
            *p = '/';
            if (!made && errno != EROFS &&
                errno != EACCES) /* it may exist above what we may write */
                return false;
        }
    struct stat st;
    if (mkdir(path, mode) == 0)
        return true;
    int err = errno;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    errno = err;
    return false;
}

static void mkdir_work(struct work *w) {
    struct stat st;
    char *path = work_path(w, TAG_PATH);
    mode_t mode = (mode_t)field_num(w->request, TAG_MODE, 0755) & 07777;
    bool ok = field_num(w->request, TAG_RECURSIVE, 0)
                  ? make_directories(path, mode)
                  : mkdir(path, mode) == 0 ||
                        (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode));
    if (!ok)
        work_fail(errno ? errno : EEXIST, "mkdir", path);
    work_reply(w, NULL);
}

static void chmod_work(struct work *w) {
    uint64_t none = UINT64_MAX, mode = field_num(w->request, TAG_MODE, none);
    char *path = work_path(w, TAG_PATH);
    char *owner = field_str(w->request, TAG_OWNER), *group = field_str(w->request, TAG_GROUP);
    struct user u = {.uid = (uid_t)-1};
    gid_t gid = (gid_t)-1;
    unsigned long number;
    char *end = owner;
    if (owner && *owner >= '0' && *owner <= '9' &&
        (number = strtoul(owner, &end, 10)) < UINT32_MAX && !*end)
        u.uid = (uid_t)number; /* a number need not be in /etc/passwd */
    else if (owner && (!*owner || !user_find(owner, &u)))
        work_fail(EINVAL, "user", "no such user in the sandbox");
    if (group && (!*group || !group_find(group, &gid)))
        work_fail(EINVAL, "group", "no such group in the sandbox");
    if ((owner || group) && chown(path, u.uid, gid) < 0)
        work_fail(errno, "chown", path);
    if (mode != none && chmod(path, (mode_t)mode & 07777) < 0) /* after chown, which clears bits */
        work_fail(errno, "chmod", path);
    work_reply(w, NULL);
}

static void remove_work(struct work *w) {
    struct stat st, root;
    char *path = work_path(w, TAG_PATH);
    if (lstat(path, &st) < 0)
        work_fail(errno, "remove", path);
    if (stat("/", &root) == 0 && st.st_dev == root.st_dev && st.st_ino == root.st_ino)
        work_fail(EBUSY, "remove", path);
    bool ok = field_num(w->request, TAG_RECURSIVE, 0) ? remove_tree(AT_FDCWD, path)
              : S_ISDIR(st.st_mode)                   ? rmdir(path) == 0
                                                      : unlink(path) == 0;
    if (!ok)
        work_fail(errno, "remove", path);
    work_reply(w, NULL);
}

static bool move(const char *from, const char *to, bool no_replace) {
    struct stat st;
    /* musl 1.2.3 has no renameat2 */
    if (syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, no_replace ? RENAME_NOREPLACE : 0) ==
        0)
        return true;
    if (!no_replace || (errno != EINVAL && errno != ENOSYS))
        return false;
    if (lstat(to, &st) == 0) { /* a file system without RENAME_NOREPLACE */
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0;
}

char *sibling(const char *path, const char *prefix, const char *name) {
    unsigned char random[8];
    char *fresh;
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    while (end && path[end - 1] != '/')
        end--;
    if (getrandom(random, sizeof random, 0) != sizeof random)
        work_fail(errno, "system", "getrandom");
    int room = NAME_MAX - (int)strlen(prefix) - 48;
    if (asprintf(&fresh, "%.*s%s%.*s%s%02x%02x%02x%02x%02x%02x%02x%02x", (int)end, path, prefix,
                 room, name, *name ? ".daytona-upload-" : "", random[0], random[1], random[2],
                 random[3], random[4], random[5], random[6], random[7]) < 0)
        work_fail(ENOMEM, "system", "asprintf");
    return fresh;
}

/* Another device, or a directory of a lower overlay layer: copy beside the target, put in place,
 * delete. */
static void move_by_copy(const char *from, const char *to, bool no_replace) {
    struct stat st;
    char *temp = sibling(to, ".daytona-move-", "");
    if (no_replace && lstat(to, &st) == 0)
        work_fail(EEXIST, "rename", to);
    if (!copy_tree(from, temp) || !move(temp, to, no_replace)) {
        int err = errno;
        remove_tree(AT_FDCWD, temp);
        work_fail(err, "rename", from);
    }
    if (!remove_tree(AT_FDCWD, from))
        work_fail(errno, "remove", from);
}

static void rename_work(struct work *w) {
    char *from = work_path(w, TAG_PATH), *to = work_path(w, TAG_PATH2);
    bool no_replace = field_num(w->request, TAG_NO_REPLACE, 0);
    if (!move(from, to, no_replace)) {
        if (errno != EXDEV)
            work_fail(errno, "rename", from);
        move_by_copy(from, to, no_replace);
    }
    work_reply(w, NULL);
}

static void start(struct stream *st, struct span request, void (*work)(struct work *),
                  enum bulk bulk) {
    struct worker_kind kind = {.work = work, .bulk = bulk};
    worker_start(st, request, &kind);
}

void verb_stat(struct stream *st, struct span request) { start(st, request, stat_work, BULK_NONE); }
void verb_list(struct stream *st, struct span request) { start(st, request, list_work, BULK_OUT); }
void verb_mkdir(struct stream *st, struct span request) {
    start(st, request, mkdir_work, BULK_NONE);
}
void verb_chmod(struct stream *st, struct span request) {
    start(st, request, chmod_work, BULK_NONE);
}
void verb_remove(struct stream *st, struct span request) {
    start(st, request, remove_work, BULK_NONE);
}
void verb_rename(struct stream *st, struct span request) {
    start(st, request, rename_work, BULK_NONE);
}
