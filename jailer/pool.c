/* The pool: where disks, templates and layers live. Its three forms — a reflinking data directory,
 * an XFS image in a loop, a plain directory with sparse copies — differ only in this file. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define IOC_FICLONE _IOW(0x94, 9, int)
#define MKFS_XFS "/sbin/mkfs.xfs"
#define INODES_NEEDED 256              /* for something new, of the pool */
#define POOL_MIN ((uint64_t)320 << 20) /* mkfs.xfs refuses less than 300 MiB */

static int make_layout(const struct conf *conf) {
    static const char *const dirs[] = {"disks", "templates", "layers", "tmp"};
    char path[PATH_CAP];
    if (pathf(path, "%s/pool", conf->data) < 0 || make_dir(path, 0700, 0, 0) < 0)
        return -1;
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++)
        if (pathf(path, "%s/pool/%s", conf->data, dirs[i]) < 0 || make_dir(path, 0700, 0, 0) < 0)
            return -1;
    return 0;
}

/* Tries it, rather than trusting a file system's name: XFS can be made without reflinks. */
static bool directory_reflinks(const char *directory) {
    int from = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    int to = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool result =
        from >= 0 && to >= 0 && write(from, "x", 1) == 1 && ioctl(to, IOC_FICLONE, from) == 0;
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return result;
}

/* Preallocated: a sparse image would turn a full host disk into I/O errors in every sandbox. */
static int make_image(const struct conf *conf, const char *image) {
    char half[PATH_CAP];
    if (pathf(half, "%s.tmp", image) < 0)
        return -1;
    unlink(half);
    int fd = open(half, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("create", half);
    int result = fallocate(fd, 0, 0, (off_t)conf->pool_bytes);
    if (result < 0)
        fail(errno == ENOSPC ? E_SPACE : E_SYSTEM,
             "fallocate %s: %s (a pool of %llu MiB; choose less with --pool-size)", half,
             strerror(errno), (unsigned long long)(conf->pool_bytes >> 20));
    close(fd);
    if (result == 0) {
        const char *const argv[] = {MKFS_XFS,    "-q", "-K",        "-f", "-m",
                                    "reflink=1", "-s", "size=4096", half, NULL};
        char output[400];
        int status = run_program(argv, NULL, output, sizeof output);
        if (status > 0)
            fail(E_SYSTEM, "mkfs.xfs: %s", output);
        result = status == 0 ? 0 : -1;
    }
    if (result == 0 && rename(half, image) < 0)
        result = fail_errno("rename", half);
    if (result < 0)
        unlink(half);
    return result;
}

static int mount_image(const struct conf *conf, const char *image, const char *target) {
    static const char *const options[] = {NULL};
    char device[32];
    int fd =
        image_open_nameless(image, 10000); /* a purge or a stopped jailer may be about to let go */
    if (fd < 0)
        return -1;
    int loop = loop_attach(conf, fd, LOOP_POOL, device);
    close(fd);
    if (loop < 0)
        return -1;
    int mounted = device_mount("xfs", device, options, MOUNT_ATTR_NOATIME);
    close(loop);
    if (mounted < 0)
        return -1;
    int result = mount_put(mounted, target);
    close(mounted);
    return result;
}

int pool_mount(const struct conf *conf) {
    char pool[PATH_CAP], disks[PATH_CAP], image[PATH_CAP];
    if (pathf(pool, "%s/pool", conf->data) < 0 || pathf(disks, "%s/pool/disks", conf->data) < 0 ||
        pathf(image, "%s/pool.img", conf->data) < 0)
        return -1;
    if (!is_mount_root(pool)) {
        bool have = access(image, F_OK) == 0;
        /* what an earlier start chose stays: mounting over a plain pool would hide its disks */
        if (!have && access(disks, F_OK) < 0 && conf->pool_bytes >= POOL_MIN &&
            access(MKFS_XFS, X_OK) == 0 && !directory_reflinks(pool)) {
            if (make_image(conf, image) < 0)
                return -1;
            have = true;
        }
        if (have && mount_image(conf, image, pool) < 0)
            return -1;
    }
    if (access(image, F_OK) == 0 && pool_grow(conf, image, pool) < 0)
        log_line("the pool keeps its size: %s", failure_text()); /* no reason not to serve */
    return make_layout(conf);
}

static int pool_statvfs(const struct conf *conf, struct statvfs *fs) {
    char path[PATH_CAP];
    if (pathf(path, "%s/pool", conf->data) < 0)
        return -1;
    return statvfs(path, fs) < 0 ? fail_errno("statvfs", path) : 0;
}

int pool_space(const struct conf *conf, uint64_t *free_kib, uint64_t *total_kib) {
    struct statvfs fs;
    if (pool_statvfs(conf, &fs) < 0)
        return -1;
    *free_kib = (uint64_t)fs.f_bavail * fs.f_frsize / 1024;
    *total_kib = (uint64_t)fs.f_blocks * fs.f_frsize / 1024;
    return 0;
}

/* XFS gives back the blocks of a removed file in the background: waits for those. */
static void settle_removals(const struct conf *conf) {
    struct {
        uint32_t version, flags, uid, gid, project, unused;
        uint64_t least_size, reserved[12];
    } which = {.version = 1, .flags = 1 /* wait */}; /* struct xfs_fs_eofblocks */
    char path[PATH_CAP];
    int fd = pathf(path, "%s/pool", conf->data) < 0
                 ? -1
                 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    ioctl(fd, _IOR('X', 58, which), &which); /* refused where the pool is no XFS: as good */
    close(fd);
}

int pool_require(const struct conf *conf, unsigned percent) {
    struct statvfs fs;
    if (pool_statvfs(conf, &fs) < 0)
        return -1;
    if (fs.f_bavail < fs.f_blocks / 100 * percent) {
        settle_removals(conf);
        if (pool_statvfs(conf, &fs) < 0)
            return -1;
    }
    if (fs.f_bavail < fs.f_blocks / 100 * percent)
        return fail(E_SPACE,
                    "only %llu of the pool's %llu MiB are free (%u %% needed): delete sandboxes "
                    "that are not needed, or enlarge the pool (./daytona up --pool-size)",
                    (unsigned long long)fs.f_bavail * fs.f_frsize >> 20,
                    (unsigned long long)fs.f_blocks * fs.f_frsize >> 20, percent);
    /* f_files is 0 where inodes have no bound of their own */
    if (fs.f_files != 0 && fs.f_favail < INODES_NEEDED)
        return fail(E_SPACE,
                    "only %llu inodes of the pool are free: delete images that are not needed",
                    (unsigned long long)fs.f_favail);
    return 0;
}

#define END_PERCENT 3
#define END_LEAST ((uint64_t)256 << 10) /* KiB: what a fast host writes while it is looked at */
#define END_LEAST_PERCENT 8             /* but no more of a small pool */
#define LAST_PART 3

struct pool_marks pool_marks(uint64_t total_kib) {
    uint64_t least = total_kib / 100 * END_LEAST_PERCENT;
    struct pool_marks marks = {.end_kib = total_kib / 100 * END_PERCENT};
    if (least > END_LEAST)
        least = END_LEAST;
    if (marks.end_kib < least)
        marks.end_kib = least;
    marks.last_kib = marks.end_kib / LAST_PART;
    return marks;
}

/* Copies the data ranges only; holes stay holes. */
static int copy_sparse(int from, int to) {
    struct stat st;
    if (fstat(from, &st) < 0 || ftruncate(to, st.st_size) < 0)
        return -1;
    for (off_t at = 0; at < st.st_size;) {
        off_t start = lseek(from, at, SEEK_DATA);
        if (start < 0)
            return errno == ENXIO ? fdatasync(to) : -1;
        off_t end = lseek(from, start, SEEK_HOLE);
        if (end < 0)
            return -1;
        off_t out = start;
        while (start < end) {
            ssize_t n = copy_file_range(from, &start, to, &out, (size_t)(end - start), 0);
            if (n <= 0)
                return -1;
        }
        at = end;
    }
    return fdatasync(to);
}

int pool_copy(const char *src, const char *dst, uid_t uid, gid_t gid, mode_t mode) {
    int from = open(src, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return fail_errno("open", src);
    int to = open(dst, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int result = to < 0 ? fail_errno("create", dst) : 0;
    if (result == 0 && ioctl(to, IOC_FICLONE, from) < 0) {
        bool unsupported =
            errno == EOPNOTSUPP || errno == ENOTTY || errno == EINVAL || errno == EXDEV;
        if (!unsupported || copy_sparse(from, to) < 0)
            result =
                fail(errno == ENOSPC ? E_SPACE : E_SYSTEM, "copy to %s: %s", dst, strerror(errno));
    }
    if (result == 0 && (fchown(to, uid, gid) < 0 || fchmod(to, mode) < 0))
        result = fail_errno("chown", dst);
    if (to >= 0) {
        close(to);
        if (result < 0)
            unlink(dst);
    }
    close(from);
    return result;
}
