/* The pool's image follows `pool_bytes`: what is asked for later is added, nothing is taken away.
 */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/major.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define XFS_GROWFS "/usr/sbin/xfs_growfs"

/* Preallocated like the image itself. */
static int extend(const char *image, uint64_t bytes) {
    struct stat st;
    int fd = open(image, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail_errno("open", image);
    int result = 0;
    if (fstat(fd, &st) < 0) {
        result = fail_errno("stat", image);
    } else if ((uint64_t)st.st_size < bytes && fallocate(fd, 0, 0, (off_t)bytes) < 0) {
        fail(errno == ENOSPC ? E_SPACE : E_SYSTEM, "fallocate %s: %s", image, strerror(errno));
        result = ftruncate(fd, st.st_size) < 0 ? fail_errno("truncate", image) : -1;
    }
    close(fd);
    return result;
}

/* Tells the loop device below the mounted pool about its file's size. */
static int widen_device(const char *pool) {
    struct stat st;
    char device[32];
    if (stat(pool, &st) < 0)
        return fail_errno("stat", pool);
    if (major(st.st_dev) != LOOP_MAJOR)
        return fail(E_SYSTEM, "%s is not on a loop device", pool);
    snprintf(device, sizeof device, "/dev/loop%u", minor(st.st_dev));
    int fd = open(device, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", device);
    int result = ioctl(fd, LOOP_SET_CAPACITY, 0) < 0 ? fail_errno("LOOP_SET_CAPACITY", device) : 0;
    close(fd);
    return result;
}

int pool_grow(const struct conf *conf, const char *image, const char *pool) {
    const char *const argv[] = {XFS_GROWFS, "-d", pool, NULL};
    char output[400];
    if (extend(image, conf->pool_bytes) < 0 || widen_device(pool) < 0)
        return -1;
    int status = run_program(argv, NULL, output, sizeof output);
    if (status > 0)
        fail(E_SYSTEM, "xfs_growfs: %s", output);
    return status == 0 ? 0 : -1;
}
