/* The launch mount namespace, which start children copy. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

static int launch_fd = -1;

int launch_namespace(void) { return launch_fd; }

static int make_node(const char *path, unsigned major, unsigned minor) {
    if (mknod(path, S_IFCHR | 0666, makedev(major, minor)) < 0 || chmod(path, 0666) < 0)
        return fail_errno("mknod", path);
    return 0;
}

/* The runtime binds the devices of a sandbox from here: nodes of our own, usable by everybody, so
 * that neither the host's modes nor a chown by the runtime matters. */
static int make_dev(void) {
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = {
        {"/dev/null", 1, 3},    {"/dev/zero", 1, 5}, {"/dev/full", 1, 7},    {"/dev/random", 1, 8},
        {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},  {"/dev/fuse", 10, 229},
    };
    if (mount("tmpfs", "/dev", "tmpfs", MS_NOEXEC, "mode=755,size=1m") < 0)
        return fail_errno("mount", "tmpfs on /dev");
    for (size_t i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (make_node(nodes[i].path, nodes[i].major, nodes[i].minor) < 0)
            return -1;
    if (make_dir("/dev/net", 0755, 0, 0) < 0 || make_node("/dev/net/tun", 10, 200) < 0)
        return -1;
    return make_dir(LAUNCH_DIR, 0755, 0, 0);
}

/* Moves a mount of the agent's program to where the runtime takes it from. */
static int put_agent(int mount_fd) {
    int fd = open(LAUNCH_AGENT, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
    if (fd < 0)
        return fail_errno("create", LAUNCH_AGENT);
    close(fd);
    return mount_put(mount_fd, LAUNCH_AGENT);
}

int launch_enter(void) {
    if (setns(launch_fd, CLONE_NEWNS) < 0)
        return fail_errno("setns", "launch namespace");
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno("unshare", "mount namespace");
    return 0;
}

int launch_own_dev(void) {
    int agent = mount_clone(0, LAUNCH_AGENT, -1, 0);
    if (agent < 0)
        return -1;
    mode_t old = umask(0);
    int result = make_dev();
    umask(old);
    if (result == 0)
        return put_agent(agent);
    close(agent);
    return -1;
}

static bool hybrid_cgroups(void) {
    struct statfs fs;
    return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type != CGROUP2_SUPER_MAGIC;
}

static int copy_agent(const struct conf *conf, const char *to_path) {
    char path[PATH_CAP];
    struct stat st;
    if (pathf(path, "%s/bin/agent", conf->app) < 0)
        return -1;
    int from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from < 0)
        return fail_errno("open", path);
    int to = open(to_path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
    int result = to < 0 || fstat(from, &st) < 0 ? fail_errno("copy", path) : 0;
    off_t at = 0;
    while (result == 0 && at < st.st_size)
        if (sendfile(to, from, &at, (size_t)(st.st_size - at)) <= 0)
            result = fail_errno("copy", path);
    if (result == 0 && fchmod(to, 0711) < 0)
        result = fail_errno("chmod", to_path);
    close(from);
    if (to >= 0)
        close(to);
    return result;
}

/* The agent's program, in a file of ours that the sandbox's root may run but not read, for it is
 * the host's root's. What it cannot read it cannot trace: the kernel then keeps PID 1's memory and
 * descriptors — among them a socket of the host's network namespace — from everybody inside. Nor
 * can it lock, watch or sync the file, which is one for all sandboxes, and the mount table inside
 * names no path of the host. */
static int place_agent(const struct conf *conf) {
    static const char copy[] = LAUNCH_DIR "/agent";
    if (mount("tmpfs", LAUNCH_DIR, "tmpfs", MS_NODEV | MS_NOSUID, "mode=755,size=16m") < 0)
        return fail_errno("mount tmpfs on", LAUNCH_DIR);
    int result = copy_agent(conf, copy);
    int clone = result < 0 ? -1
                           : mount_clone(0, copy, -1,
                                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
    if (umount2(LAUNCH_DIR, MNT_DETACH) < 0)
        result = fail_errno("umount", LAUNCH_DIR);
    return clone < 0 || result < 0 ? -1 : put_agent(clone);
}

/* Everything the runtime reads lies in paths that the sandbox's root may traverse. */
static int prepare_launch(const struct conf *conf) {
    /* on a hybrid host crun takes a visible cgroup v2 for the one to use */
    if (hybrid_cgroups() && umount2("/sys/fs/cgroup/unified", MNT_DETACH) < 0 && errno != EINVAL &&
        errno != ENOENT)
        return fail_errno("umount", "/sys/fs/cgroup/unified");
    umask(0);
    return make_dev() < 0 ? -1 : place_agent(conf);
}

int launch_make(const struct conf *conf) {
    launch_fd = namespace_make(conf, prepare_launch, ANY_PROCESSOR);
    return launch_fd < 0 ? -1 : 0;
}
