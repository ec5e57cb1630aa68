/* Disks: ext4 images, copied from a formatted template of their size. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define GIB ((off_t)1 << 30)

int disk_path(const struct conf *conf, const char *disk, char out[PATH_CAP]) {
    return pathf(out, "%s/pool/disks/%s.img", conf->data, disk);
}

int disk_size_gib(const char *path, uint64_t *gib) {
    struct stat st;
    if (lstat(path, &st) < 0)
        return -1;
    *gib = (uint64_t)(st.st_size / GIB);
    return 0;
}

/* `upper` and `work` are the overlay's, `docker` is bound where an overlay cannot be. */
static int make_stage(const char *stage) {
    static const char *const dirs[] = {"", "/upper", "/work", "/docker"};
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        char path[PATH_CAP];
        if (pathf(path, "%s%s", stage, dirs[i]) < 0 || make_dir(path, 0755, 0, 0) < 0)
            return -1;
    }
    return 0;
}

/* Without resize_inode and its reserved blocks an empty disk allocates 164 KiB (measured). */
static int format_image(const char *image, const char *stage) {
    const char *const argv[] = {"/sbin/mke2fs",
                                "-q",
                                "-F",
                                "-t",
                                "ext4",
                                "-b",
                                "4096",
                                "-m",
                                "0",
                                "-O",
                                "^resize_inode",
                                "-E",
                                "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0",
                                "-J",
                                "size=8",
                                "-d",
                                stage,
                                image,
                                NULL};
    char output[400];
    int status = run_program(argv, NULL, output, sizeof output);
    if (status > 0)
        fail(E_SYSTEM, "mke2fs: %s", output);
    return status == 0 ? 0 : -1;
}

static int make_template(const struct conf *conf, uint64_t gib, const char *template) {
    char half[PATH_CAP], stage[PATH_CAP];
    if (pathf(half, "%s.tmp", template) < 0 ||
        pathf(stage, "%s/pool/tmp/template-%llu.tmp", conf->data, (unsigned long long)gib) < 0)
        return -1;
    int fd = open(half, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("create", half);
    int result = ftruncate(fd, (off_t)gib * GIB) < 0 ? fail_errno("truncate", half) : 0;
    if (result == 0)
        result = make_stage(stage);
    if (result == 0)
        result = format_image(half, stage);
    if (result == 0 && fsync(fd) < 0)
        result = fail_errno("fsync", half);
    close(fd);
    if (result == 0 && rename(half, template) < 0)
        result = fail_errno("rename", half);
    if (result < 0)
        unlink(half);
    int removed = tree_remove(stage);
    return result < 0 ? result : removed;
}

static int need_template(const struct conf *conf, uint64_t gib, char template[PATH_CAP]) {
    char name[32];
    if (pathf(template, "%s/pool/templates/%llu.img", conf->data, (unsigned long long)gib) < 0)
        return -1;
    if (access(template, F_OK) == 0)
        return 0;
    snprintf(name, sizeof name, "template/%llu", (unsigned long long)gib);
    int lock = lock_name(conf, "disk", name, false);
    if (lock < 0)
        return -1;
    int result = access(template, F_OK) == 0 ? 0 : make_template(conf, gib, template);
    close(lock);
    return result;
}

static int copy_into_place(const struct conf *conf, const char *source, const char *path) {
    char half[PATH_CAP];
    if (pathf(half, "%s.tmp", path) < 0 || pool_copy(source, half, 0, conf->gid, 0640) < 0)
        return -1;
    if (rename(half, path) < 0) {
        fail_errno("rename", half);
        unlink(half);
        return -1;
    }
    return 0;
}

int disk_make(const struct conf *conf, const char *disk, uint64_t gib) {
    char path[PATH_CAP], template[PATH_CAP];
    uint64_t size;
    if (disk_path(conf, disk, path) < 0)
        return -1;
    if (disk_size_gib(path, &size) == 0)
        return size == gib ? 0 : fail(E_EXISTS, "disk %s exists with %u GiB", disk, (unsigned)size);
    if (pool_require(conf, POOL_NEW) < 0 || need_template(conf, gib, template) < 0)
        return -1;
    return copy_into_place(conf, template, path);
}

int verb_disk_make(struct request *request, struct reply *reply) {
    (void)reply;
    int lock = lock_name(request->conf, "disk", request->arg[0], false);
    if (lock < 0)
        return -1;
    int result = disk_make(request->conf, request->arg[0], request->number[1]);
    close(lock);
    return result;
}

/* Two disks are locked in the order of their names, so that two verbs cannot wait for each other.
 */
static int lock_two(const struct conf *conf, const char *a, const char *b, int locks[2]) {
    bool swap = strcmp(a, b) > 0;
    locks[0] = lock_name(conf, "disk", swap ? b : a, false);
    if (locks[0] < 0)
        return -1;
    locks[1] = lock_name(conf, "disk", swap ? a : b, false);
    if (locks[1] < 0) {
        close(locks[0]);
        return -1;
    }
    return 0;
}

/* A mounted disk may be copied only while it is frozen: then everything of it is in the image. */
static int clone_locked(const struct conf *conf, const char *from, const char *to) {
    char source[PATH_CAP], target[PATH_CAP], frozen[PATH_CAP];
    struct record record;
    if (disk_path(conf, from, source) < 0 || disk_path(conf, to, target) < 0)
        return -1;
    if (access(source, F_OK) < 0)
        return fail(E_ABSENT, "disk %s does not exist", from);
    if (access(target, F_OK) == 0)
        return fail(E_EXISTS, "disk %s exists", to);
    if (pool_require(conf, POOL_NEW) < 0)
        return -1;
    int image = image_open(source, 0);
    if (image < 0) {
        if (failure_code() != E_BUSY)
            return -1;
        if (!sandbox_of_disk(conf, from, &record) ||
            sandbox_path(conf, record.id, "frozen", frozen) < 0 || access(frozen, F_OK) < 0)
            return fail(E_BUSY, "disk %s is mounted and not frozen", from);
    }
    int result = copy_into_place(conf, source, target);
    if (image >= 0)
        close(image);
    return result;
}

static int clone_pair(const struct conf *conf, const char *from, const char *to) {
    int locks[2];
    if (lock_two(conf, from, to, locks) < 0)
        return -1;
    int result = clone_locked(conf, from, to);
    close(locks[0]);
    close(locks[1]);
    return result;
}

static int check_pair(const struct request *request) {
    return strcmp(request->arg[0], request->arg[1]) == 0
               ? fail(E_USAGE, "a disk cannot be copied onto itself")
               : 0;
}

int verb_disk_clone(struct request *request, struct reply *reply) {
    (void)reply;
    return check_pair(request) < 0 ? -1
                                   : clone_pair(request->conf, request->arg[0], request->arg[1]);
}

static int capture_frozen(const struct conf *conf, const struct record *record, const char *from,
                          const char *to) {
    char text[600], frozen[PATH_CAP];
    if (sandbox_path(conf, record->id, "frozen", frozen) < 0)
        return -1;
    if (access(frozen, F_OK) == 0)
        return clone_pair(conf, from, to); /* and whoever froze it thaws it */
    if (sandbox_freeze(conf, record) < 0)
        return -1;
    int result = clone_pair(conf, from, to);
    enum code code = failure_code();
    snprintf(text, sizeof text, "%s", failure_text());
    if (sandbox_thaw(conf, record) < 0)
        return -1;
    return result < 0 ? fail(code, "%s", text) : 0;
}

/* Frozen and thawed within one verb, so that no client that dies leaves a sandbox frozen. One whose
 * sandbox starts or ends meanwhile is `busy`. */
int verb_disk_capture(struct request *request, struct reply *reply) {
    (void)reply;
    const struct conf *conf = request->conf;
    const char *from = request->arg[0], *to = request->arg[1];
    struct record record;
    if (check_pair(request) < 0)
        return -1;
    if (!sandbox_of_disk(conf, from, &record))
        return clone_pair(conf, from, to);
    int lock = lock_name(conf, "sandbox", record.id, false);
    if (lock < 0)
        return -1;
    bool runs = sandbox_of_disk(conf, from, &record) && record_alive(&record);
    int result = runs ? capture_frozen(conf, &record, from, to) : clone_pair(conf, from, to);
    close(lock);
    return result;
}

static int run_checked(const char *const argv[], int worst) {
    char output[400];
    int status = run_program(argv, NULL, output, sizeof output);
    if (status > worst)
        fail(E_SYSTEM, "%s exit %d: %s", argv[0], status, output);
    return status >= 0 && status <= worst ? 0 : -1;
}

/* On a copy that then takes the disk's place: a crash in the middle of resize2fs loses nothing. */
static int grow_locked(const struct conf *conf, const char *disk, uint64_t gib) {
    char path[PATH_CAP], half[PATH_CAP];
    uint64_t size;
    if (disk_path(conf, disk, path) < 0 || pathf(half, "%s.tmp", path) < 0)
        return -1;
    int image = image_open(path, 0);
    if (image < 0)
        return -1;
    close(image); /* nobody else opens it: this verb holds the disk's lock */
    if (disk_size_gib(path, &size) < 0)
        return fail_errno("stat", path);
    if (size >= gib)
        return size == gib ? 0 : fail(E_USAGE, "disk %s has %u GiB already", disk, (unsigned)size);
    if (pool_require(conf, POOL_NEW) < 0 || pool_copy(path, half, 0, conf->gid, 0640) < 0)
        return -1;
    const char *const check[] = {"/sbin/e2fsck", "-f", "-p", half, NULL};
    const char *const resize[] = {"/sbin/resize2fs", half, NULL};
    int result = run_checked(check, 1); /* 1: errors corrected */
    if (result == 0 && truncate(half, (off_t)gib * GIB) < 0)
        result = fail_errno("truncate", half);
    if (result == 0)
        result = run_checked(resize, 0);
    int fd = result == 0 ? open(half, O_RDONLY | O_CLOEXEC) : -1;
    if (result == 0 && (fd < 0 || fsync(fd) < 0))
        result = fail_errno("fsync", half);
    if (fd >= 0)
        close(fd);
    if (result == 0 && rename(half, path) < 0)
        result = fail_errno("rename", half);
    if (result < 0)
        unlink(half);
    return result;
}

int verb_disk_grow(struct request *request, struct reply *reply) {
    (void)reply;
    int lock = lock_name(request->conf, "disk", request->arg[0], false);
    if (lock < 0)
        return -1;
    int result = grow_locked(request->conf, request->arg[0], request->number[1]);
    if (result < 0 && failure_code() == E_ABSENT)
        fail(E_ABSENT, "disk %s does not exist", request->arg[0]);
    close(lock);
    return result;
}

int verb_disk_drop(struct request *request, struct reply *reply) {
    (void)reply;
    char path[PATH_CAP];
    int lock = lock_name(request->conf, "disk", request->arg[0], false);
    if (lock < 0)
        return -1;
    int result = disk_path(request->conf, request->arg[0], path);
    if (result == 0) {
        int image = image_open(path, 0);
        if (image < 0)
            result = failure_code() == E_ABSENT ? 0 : -1;
        else if (unlink(path) < 0)
            result = fail_errno("unlink", path);
        if (image >= 0)
            close(image);
    }
    close(lock);
    return result;
}

int disk_mount(const struct conf *conf, const char *disk, const char *target) {
    /* no background zeroing of inode tables: it would allocate them in every sparse image */
    static const char *const options[] = {"noinit_itable", "errors=remount-ro", NULL};
    char path[PATH_CAP], device[32];
    if (disk_path(conf, disk, path) < 0)
        return -1;
    int image = image_open_nameless(path, 5000); /* a mount just killed may be going away */
    if (image < 0)
        return -1;
    int loop = loop_attach(conf, image, disk, device);
    close(image);
    if (loop < 0)
        return -1;
    int mounted = device_mount("ext4", device, options, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
    close(loop); /* auto-clear: detached with the mount */
    if (mounted < 0)
        return -1;
    int result = mount_put(mounted, target);
    close(mounted);
    return result;
}

void list_disks(const struct conf *conf, struct reply *reply) {
    char path[PATH_CAP];
    if (pathf(path, "%s/pool/disks", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct stat st;
        size_t length = strlen(entry->d_name);
        if (length <= 4 || strcmp(entry->d_name + length - 4, ".img") != 0 ||
            fstatat(dirfd(stream), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        reply_line(reply, "disk %.*s %llu %llu", (int)(length - 4), entry->d_name,
                   (unsigned long long)(st.st_size / GIB), (unsigned long long)st.st_blocks / 2);
    }
    if (stream != NULL)
        closedir(stream);
}
