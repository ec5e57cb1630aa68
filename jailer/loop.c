/* Disk images: locks, loop devices, and the kernel's new mount interface. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

/* linux/fs.h cannot be included beside sys/mount.h in every C library */
#define IOC_FIFREEZE _IOWR('X', 119, int)
#define IOC_FITHAW _IOWR('X', 120, int)
#define LABEL "daytona-%u/"            /* and the disk: what only root can ask a loop device for */
#define TRIM_LEAST ((uint64_t)1 << 20) /* smaller gaps would only scatter the image in the pool */
#define REQUEST_KIB 128
#define LOOP_BLOCK 4096 /* = ext4's and the pool's sector size; any backing device can take it */

static void on_alarm(int signal) { (void)signal; }

/* flock() that gives up: the timer repeats, so that a signal just before the call is no hang. */
static int flock_for(int fd, int wait_ms) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK || wait_ms <= 0)
        return -1;
    struct sigaction action = {.sa_handler = on_alarm}, old;
    struct itimerval timer = {.it_value = {wait_ms / 1000, wait_ms % 1000 * 1000},
                              .it_interval = {0, 100000}};
    struct itimerval outer; /* the verb's own limit */
    sigaction(SIGALRM, &action, &old);
    setitimer(ITIMER_REAL, &timer, &outer);
    int result = flock(fd, LOCK_EX);
    int saved = errno;
    setitimer(ITIMER_REAL, &outer, NULL);
    sigaction(SIGALRM, &old, NULL);
    errno = saved;
    return result;
}

static int lock_image(int fd, const char *path, int wait_ms) {
    if (fd < 0)
        return errno == ENOENT ? fail(E_ABSENT, "%s does not exist", path)
                               : fail_errno("open", path);
    if (flock_for(fd, wait_ms) < 0) {
        close(fd);
        return fail(E_BUSY, "%s is attached to a loop device", path);
    }
    return fd;
}

int image_open(const char *path, int wait_ms) {
    return lock_image(open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), path, wait_ms);
}

/* Through a detached mount of the file alone: the kernel tells every sandbox the path of a loop
 * device's file, and of this one there is no more to tell than "/". */
int image_open_nameless(const char *path, int wait_ms) {
    char self[32];
    int mount =
        open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    if (mount < 0)
        return lock_image(-1, path, wait_ms);
    snprintf(self, sizeof self, "/proc/self/fd/%d", mount);
    int fd = open(self, O_RDWR | O_CLOEXEC); /* refuses a symbolic link */
    int saved = errno;
    close(mount);
    errno = saved;
    return lock_image(fd, path, wait_ms);
}

static int open_free_device(int control, char device[32]) {
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    if (number < 0)
        return -1;
    snprintf(device, 32, "/dev/loop%d", number);
    int fd = open(device, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && /* a /dev that the kernel does not fill */
        (mknod(device, S_IFBLK | 0600, makedev(7, (unsigned)number)) == 0 || errno == EEXIST))
        fd = open(device, O_RDWR | O_CLOEXEC);
    return fd;
}

/* A device takes 128 requests ahead. Small ones, so that a disk that fills the pool is not 160 MiB
 * further than the guard of the pool sees. The device keeps this for its next image; larger
 * requests were measured to be no faster. */
static void bound_requests(const char *device) {
    char path[80], text[16] = "";
    snprintf(path, sizeof path, "/sys/block/%.20s/queue/max_sectors_kb", device + strlen("/dev/"));
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return; /* a container's /sys that is not to be written */
    if (read(fd, text, sizeof text - 1) > 0 && atoi(text) > REQUEST_KIB)
        dprintf(fd, "%d", REQUEST_KIB); /* takes 12 ms, hence only where it changes something */
    close(fd);
}

int loop_attach(const struct conf *conf, int image, const char *disk, char device[32]) {
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0)
        return fail_errno("open", "/dev/loop-control");
    struct loop_config config = {.fd = (uint32_t)image,
                                 .block_size = LOOP_BLOCK,
                                 .info = {.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO}};
    snprintf((char *)config.info.lo_file_name, sizeof config.info.lo_file_name, LABEL "%s",
             conf->instance, disk);
    int fd = -1;
    /* another process may take the free device between the two calls: EBUSY, take the next */
    for (int attempt = 0; attempt < 200; attempt++) {
        fd = open_free_device(control, device);
        if (fd < 0)
            break;
        if (ioctl(fd, LOOP_CONFIGURE, &config) == 0)
            break;
        int saved = errno;
        close(fd);
        fd = -1;
        errno = saved;
        if (errno == EINVAL && (config.info.lo_flags & LO_FLAGS_DIRECT_IO) != 0)
            config.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO; /* e.g. a pool on tmpfs */
        else if (errno != EBUSY)
            break;
    }
    if (fd < 0)
        fail_errno("attach a loop device", device);
    else if (strcmp(disk, LOOP_POOL) != 0)
        bound_requests(device);
    close(control);
    return fd;
}

/* Whether a loop device is one of this data directory's, and a disk's if those alone count. */
static bool is_ours(const struct conf *conf, int fd, bool disks) {
    struct loop_info64 info;
    char label[sizeof info.lo_file_name];
    if (ioctl(fd, LOOP_GET_STATUS64, &info) < 0)
        return false;
    const char *name = (const char *)info.lo_file_name;
    size_t length = (size_t)snprintf(label, sizeof label, LABEL, conf->instance);
    return strncmp(name, label, length) == 0 && (!disks || strcmp(name + length, LOOP_POOL) != 0);
}

int loop_detach_all(const struct conf *conf, bool disks) {
    DIR *stream = opendir("/sys/block");
    if (stream == NULL)
        return 0;
    const struct dirent *entry;
    while ((entry = readdir(stream)) != NULL) {
        char path[64];
        snprintf(path, sizeof path, "/sys/block/%.20s/loop", entry->d_name);
        if (access(path, F_OK) < 0) /* not attached, or no loop device */
            continue;
        snprintf(path, sizeof path, "/dev/%.20s", entry->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (is_ours(conf, fd, disks))
            ioctl(fd, LOOP_CLR_FD); /* still mounted: cleared with its last user */
        close(fd);
    }
    closedir(stream);
    return 0;
}

/* The kernel's own words about a refused mount, if it has any. */
static int fail_mount(int fs, const char *call, const char *what) {
    char text[256];
    int saved = errno;
    ssize_t n = read(fs, text, sizeof text - 1);
    if (n > 0) {
        text[n] = '\0';
        return fail(E_SYSTEM, "%s %s: %s (%s)", call, what, strerror(saved), text);
    }
    errno = saved;
    return fail_errno(call, what);
}

int device_mount(const char *type, const char *device, const char *const options[], unsigned attr) {
    int fs = fsopen(type, FSOPEN_CLOEXEC);
    if (fs < 0)
        return fail_errno("fsopen", type);
    int mount = -1;
    int result = fsconfig(fs, FSCONFIG_SET_STRING, "source", device, 0);
    for (int i = 0; result == 0 && options[i] != NULL; i++) {
        char key[32];
        const char *equals = strchr(options[i], '=');
        if (equals == NULL) {
            result = fsconfig(fs, FSCONFIG_SET_FLAG, options[i], NULL, 0);
            continue;
        }
        snprintf(key, sizeof key, "%.*s", (int)(equals - options[i]), options[i]);
        result = fsconfig(fs, FSCONFIG_SET_STRING, key, equals + 1, 0);
    }
    if (result == 0)
        result = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (result == 0)
        mount = fsmount(fs, FSMOUNT_CLOEXEC, attr);
    if (mount < 0)
        fail_mount(fs, "mount", type);
    close(fs);
    return mount;
}

int mount_clone(unsigned depth, const char *path, int userns, uint64_t attr) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | depth;
    int mount = open_tree(AT_FDCWD, path, flags);
    if (mount < 0)
        return fail_errno("open_tree", path);
    struct mount_attr change = {.attr_set = attr};
    if ((attr & MOUNT_ATTR__ATIME) !=
        0) /* an enumeration, not flags: the old value must be cleared */
        change.attr_clr = MOUNT_ATTR__ATIME;
    if (userns >= 0) {
        change.attr_set |= MOUNT_ATTR_IDMAP;
        change.userns_fd = (uint64_t)userns;
    }
    if (change.attr_set != 0 &&
        mount_setattr(mount, "", AT_EMPTY_PATH | depth, &change, sizeof change) < 0) {
        fail_errno("mount_setattr", path);
        close(mount);
        return -1;
    }
    return mount;
}

int mount_put(int mount, const char *path) {
    if (move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return fail_errno("move_mount to", path);
    return 0;
}

static int filesystem_ioctl(const char *mountpoint, unsigned long request, int harmless,
                            const char *name) {
    int fd = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", mountpoint);
    int result = 0;
    if (ioctl(fd, request, 0) < 0 && errno != harmless)
        result = fail_errno(name, mountpoint);
    close(fd);
    return result;
}

int set_thaw(const char *mountpoint) {
    return filesystem_ioctl(mountpoint, IOC_FITHAW, EINVAL, "thaw");
}

/* The interface of linux/fs.h; one GiB at a time, so that nobody waits long for the file system. */
int trim_next(const char *mountpoint, uint64_t *start, uint64_t *freed) {
    struct {
        uint64_t start, length, least;
    } range = {*start, (uint64_t)1 << 30, TRIM_LEAST};
    struct statfs fs;
    int fd = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", mountpoint);
    int result = fstatfs(fd, &fs) < 0 ? fail_errno("statfs", mountpoint) : 1;
    if (result > 0 && *start >= (uint64_t)fs.f_blocks * (uint64_t)fs.f_bsize)
        result = 0;
    else if (result > 0 && ioctl(fd, _IOWR('X', 121, range), &range) < 0)
        result = errno == EOPNOTSUPP ? 0 : fail_errno("trim", mountpoint);
    else if (result > 0)
        *freed += range.length;
    close(fd);
    *start += (uint64_t)1 << 30;
    return result;
}

int set_freeze(const char *mountpoint) {
    int fd = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", mountpoint);
    /* flushed before the freeze, writers are held for the shorter */
    int result = syncfs(fd) < 0 ? fail_errno("syncfs", mountpoint) : 0;
    close(fd);
    return result < 0 ? -1 : filesystem_ioctl(mountpoint, IOC_FIFREEZE, EBUSY, "freeze");
}
