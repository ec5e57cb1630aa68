/* The launch mount namespace, which start children copy. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static int launch_fd = -1;

int launch_namespace(void) { return launch_fd; }

int launch_enter(void) {
    if (setns(launch_fd, CLONE_NEWNS) < 0)
        return fail_errno("setns", "launch namespace");
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno("unshare", "mount namespace");
    return 0;
}

static int make_node(const char *path, unsigned major, unsigned minor) {
    if (mknod(path, S_IFCHR | 0666, makedev(major, minor)) < 0 || chmod(path, 0666) < 0)
        return fail_errno("mknod", path);
    return 0;
}

/* The runtime binds the devices of a sandbox from here: nodes of our own, usable by everybody, so
 * that neither the host's modes nor a chown by the runtime matters. */
static int make_devices(void) {
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = {
        {"/dev/null", 1, 3},    {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
        {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},  {"/dev/fuse", 10, 229},
    };
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (make_node(nodes[i].path, nodes[i].major, nodes[i].minor) < 0)
            return -1;
    if (make_dir("/dev/net", 0755, 0, 0) < 0)
        return -1;
    return make_node("/dev/net/tun", 10, 200);
}

static bool hybrid_cgroups(void) {
    struct statfs fs;
    return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC;
}

/* Everything the runtime reads lies in paths that the sandbox's root may traverse. */
static int prepare_launch(const struct conf *conf) {
    char agent[PATH_CAP];
    /* on a hybrid host crun takes a visible cgroup v2 for the one to use */
    if (hybrid_cgroups() && umount2("/sys/fs/cgroup/unified", MNT_DETACH) < 0 && errno != EINVAL &&
        errno != ENOENT)
        return fail_errno("umount", "/sys/fs/cgroup/unified");
    if (pathf(agent, "%s/bin/agent", conf->app) < 0)
        return -1;
    int mount_fd = mount_clone(AT_FDCWD, agent, -1, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
    if (mount_fd < 0)
        return -1;
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOEXEC, "mode=755,size=1m") < 0)
        return fail_errno("mount", "tmpfs on /dev");
    umask(0);
    if (make_devices() < 0 || make_dir(LAUNCH_DIR, 0755, 0, 0) < 0)
        return -1;
    int fd = open(LAUNCH_AGENT, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    if (fd < 0)
        return fail_errno("create", LAUNCH_AGENT);
    close(fd);
    return mount_put(mount_fd, LAUNCH_AGENT);
}

int launch_make(const struct conf *conf) {
    launch_fd = namespace_make(conf, prepare_launch);
    return launch_fd < 0 ? -1 : 0;
}
