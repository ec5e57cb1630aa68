/* A sandbox's root: shared layers below, its own disk above, both idmapped into the slot's range,
 * and the overlay mounted by a child inside the slot's user namespace — mounted by host root, who
 * has no id there, it would come up read-only. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESOLV_MAX 4096
#define HOSTS_MAX 16384

/* ---- what the host knows about names ------------------------------------------------------ */

/* Keeps what a sandbox can use: IPv4 servers that are not the host's loopback, and the search list.
 */
static bool usable_resolver(const char *file, char out[RESOLV_MAX]) {
    char text[RESOLV_MAX];
    if (read_text(file, text, sizeof text) < 0)
        return false;
    bool server = false;
    size_t used = 0;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        unsigned a, b, c, d;
        bool is_server =
            sscanf(line, "nameserver %3u.%3u.%3u.%3u", &a, &b, &c, &d) == 4 && a != 127;
        bool keep = is_server || strncmp(line, "search ", 7) == 0 ||
                    strncmp(line, "domain ", 7) == 0 || strncmp(line, "options ", 8) == 0;
        if (keep)
            used += (size_t)snprintf(out + used, RESOLV_MAX - used, "%s\n", line);
        server = server || is_server;
    }
    return server;
}

static void read_resolver(char out[RESOLV_MAX]) {
    out[0] = '\0';
    if (!usable_resolver("/etc/resolv.conf", out) &&
        !usable_resolver("/run/systemd/resolve/resolv.conf", out))
        out[0] = '\0';
}

/* ---- the child inside the user namespace --------------------------------------------------- */

/* Both mounts, or why there are none. */
static void send_result(int socket, const struct overlays *overlays) {
    int fds[2], count = 0;
    if (overlays->root >= 0)
        fds[count++] = overlays->root;
    if (overlays->tools >= 0)
        fds[count++] = overlays->tools;
    char control[CMSG_SPACE(sizeof fds)] = {0};
    const char *text = count > 0 ? "" : failure_text();
    struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text) + 1};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (count > 0) {
        size_t bytes = (size_t)count * sizeof *fds;
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(bytes);
        memcpy(CMSG_DATA(header), fds, bytes);
    }
    if (sendmsg(socket, &message, MSG_NOSIGNAL) < 0)
        _exit(1);
}

int rootfs_receive_overlays(int socket, struct overlays *overlays) {
    int fds[2] = {-1, -1};
    char control[CMSG_SPACE(sizeof fds)], text[600];
    struct iovec iov = {.iov_base = text, .iov_len = sizeof text - 1};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return fail(E_SYSTEM, "the overlay's child died");
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
        text[n] = '\0';
        return fail(E_SYSTEM, "%s", text);
    }
    size_t bytes = header->cmsg_len - CMSG_LEN(0);
    memcpy(fds, CMSG_DATA(header), bytes < sizeof fds ? bytes : sizeof fds);
    *overlays = (struct overlays){.root = fds[0], .tools = fds[1]};
    return 0;
}

/* From here on this process is the sandbox's root, in a mount namespace of its own. */
static int become_inside(int userns) {
    if (setns(launch_namespace(), CLONE_NEWNS) < 0)
        return fail_errno("setns", "launch namespace");
    if (setgroups(0, NULL) < 0)
        return fail_errno("setgroups", NULL);
    if (setns(userns, CLONE_NEWUSER) < 0)
        return fail_errno("setns", "user namespace");
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return fail_errno("setresuid", NULL);
    if (unshare(CLONE_NEWNS) < 0)
        return fail_errno("unshare", "mount namespace inside the user namespace");
    if (mount("tmpfs", LAUNCH_DIR, "tmpfs", MS_NODEV, "mode=700,size=64k") < 0)
        return fail_errno("mount tmpfs on", LAUNCH_DIR);
    return chdir(LAUNCH_DIR) < 0 ? fail_errno("chdir", LAUNCH_DIR) : 0;
}

static int put_below(int mount, const char *name) {
    if (mkdir(name, 0700) < 0)
        return fail_errno("mkdir", name);
    return mount_put(mount, name);
}

static bool set(int fs, const char *key, const char *value) {
    return fsconfig(fs, value != NULL ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0) ==
           0;
}

/* A detached overlay; without an upper directory it is read-only whatever becomes of the mount.
 * Relative names: the options are shown in the sandbox's /proc/mounts and tell nothing. */
static int overlay(const char *lower, bool upper, unsigned attr) {
    int fs = fsopen("overlay", FSOPEN_CLOEXEC);
    if (fs < 0)
        return fail_errno("fsopen", "overlay");
    int mount = -1;
    if (set(fs, "source", "overlay") && set(fs, "lowerdir", lower) &&
        (!upper || (set(fs, "upperdir", "d/upper") && set(fs, "workdir", "d/work"))) &&
        set(fs, "xino", "auto") && set(fs, "userxattr", NULL) &&
        fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOATIME | attr);
    if (mount < 0)
        fail_errno("mount overlay of layers", lower);
    close(fs);
    return mount;
}

static int assemble(const struct rootfs *rootfs, struct overlays *overlays) {
    char lower[LIST_MAX * 12] = "", name[12];
    size_t used = 0;
    for (int i = rootfs->layers - 1; i >= 0; i--) { /* overlayfs wants the topmost first */
        snprintf(name, sizeof name, "%d", i);
        if (put_below(rootfs->layer[i], name) < 0)
            return -1;
        used +=
            (size_t)snprintf(lower + used, sizeof lower - used, "%s%s", used > 0 ? ":" : "", name);
    }
    if (put_below(rootfs->disk, "d") < 0)
        return -1;
    /* An overlay for the tools, too, not a bind mount: what root inside may remount writable would
     * be one layer of all sandboxes, and watches and locks on its files would reach the others'.
     * Overlayfs wants two lower directories where there is no upper one. */
    if (rootfs->tools >= 0 &&
        (put_below(rootfs->tools, "t") < 0 ||
         (overlays->tools = overlay("t/tools:t/empty", false,
                                    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)) < 0))
        return -1;
    /* Not `nodev`: the file system belongs to the user namespace, so that no device node in it
     * opens in any case, and a flag that is locked would fail those who bind and remount a file of
     * it without naming it, as runc does for `docker run --init`. */
    overlays->root = overlay(lower, true, 0);
    return overlays->root < 0 ? -1 : 0;
}

/* Replaces a file of the sandbox's /etc. The process is chrooted into the overlay with the sandbox
 * root's own rights, so whatever the sandbox left there (links, devices, a full disk) is its own
 * affair; a failure must not keep it from starting. */
static void replace_file(const char *path, const char *text) {
    char half[64];
    snprintf(half, sizeof half, "%s.daytona-new", path);
    unlink(half);
    int fd = open(half, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return;
    bool whole = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    if (!whole || rename(half, path) < 0)
        unlink(half);
}

/* Adds this sandbox's own name to what the image, the user or a fork's parent wrote. */
static void name_in_hosts(const char *hostname) {
    static const char *const path = "/etc/hosts";
    char text[HOSTS_MAX + 512] = "";
    struct stat st;
    ssize_t length = 0;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            length = read(fd, text, HOSTS_MAX);
        close(fd);
    }
    if (length == HOSTS_MAX)
        return; /* too large to be copied whole: the user's own */
    text[length > 0 ? length : 0] = '\0';
    if (strstr(text, hostname) != NULL)
        return;
    size_t used = strlen(text);
    const char *loopback = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
    snprintf(text + used, sizeof text - used, "%s%s127.0.1.1\t%s\n",
             used > 0 && text[used - 1] != '\n' ? "\n" : "",
             strstr(text, "localhost") == NULL ? loopback : "", hostname);
    replace_file(path, text);
}

static void write_names(int mount, const char *hostname, const char *resolver) {
    char text[ID_MAX + 2];
    if (fchdir(mount) < 0 || chroot(".") < 0)
        return;
    umask(022);
    mkdir("/etc", 0755);
    if (mkdir("/tmp", 0755) == 0) /* an image may consist of one program */
        chmod("/tmp", 01777);
    if (resolver[0] != '\0')
        replace_file("/etc/resolv.conf", resolver);
    snprintf(text, sizeof text, "%s\n", hostname);
    replace_file("/etc/hostname", text);
    name_in_hosts(hostname);
}

pid_t rootfs_fork_overlays(const struct rootfs *rootfs, const char *hostname, int socket) {
    char resolver[RESOLV_MAX];
    read_resolver(resolver);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0)
        fail_errno("fork", NULL);
    if (child != 0)
        return child;
    struct overlays overlays = {.root = -1, .tools = -1};
    int result = become_inside(rootfs->userns) == 0 ? assemble(rootfs, &overlays) : -1;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of credentials, which clears it */
    if (getppid() != parent)
        _exit(1);
    if (result == 0)
        write_names(overlays.root, hostname, resolver);
    else
        overlays = (struct overlays){.root = -1, .tools = -1};
    send_result(socket, &overlays);
    _exit(result == 0 ? 0 : 1);
}

/* ---- the parent's part --------------------------------------------------------------------- */

static int clone_layer(const struct conf *conf, const char *layer, int userns, uint64_t attr) {
    char path[PATH_CAP];
    if (layer_path(conf, layer, path) < 0)
        return -1;
    if (access(path, F_OK) < 0)
        return fail(E_ABSENT, "layer %s does not exist", layer);
    return mount_clone(0, path, userns,
                       MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME | attr);
}

static int clone_layers(const struct conf *conf, const struct request *request,
                        struct rootfs *rootfs) {
    for (int i = 0; i < request->layers; i++) {
        rootfs->layer[i] = clone_layer(conf, request->layer[i], rootfs->userns, 0);
        if (rootfs->layer[i] < 0)
            return -1;
        rootfs->layers = i + 1;
    }
    if (request->tools == NULL)
        return 0;
    rootfs->tools = clone_layer(conf, request->tools, rootfs->userns, MOUNT_ATTR_NOSUID);
    return rootfs->tools < 0 ? -1 : 0;
}

int rootfs_prepare(const struct conf *conf, const struct request *request, struct rootfs *rootfs) {
    const char *id = request->arg[0];
    unsigned slot = (unsigned)request->number[1];
    char path[PATH_CAP];
    rootfs->userns = slot_userns_fd(conf, slot);
    if (rootfs->userns < 0 || slot_net_path(conf, slot, path) < 0)
        return -1;
    rootfs->netns = open(path, O_RDONLY | O_CLOEXEC);
    if (rootfs->netns < 0)
        return fail_errno("open", path);
    if (clone_layers(conf, request, rootfs) < 0 || sandbox_path(conf, id, "disk", path) < 0 ||
        make_dir(path, 0700, 0, 0) < 0 || disk_mount(conf, request->arg[2], path) < 0)
        return -1;
    rootfs->disk = mount_clone(0, path, rootfs->userns, MOUNT_ATTR_NODEV);
    if (rootfs->disk < 0 || sandbox_path(conf, id, "disk/docker", path) < 0)
        return -1;
    rootfs->docker = mount_clone(0, path, rootfs->userns, MOUNT_ATTR_NODEV);
    return rootfs->docker < 0 ? -1 : 0;
}
