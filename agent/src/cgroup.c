/*
 * A cgroup v2 with processes of its own gives the cgroups below it no controllers (but the root of
 * all), and what runs first lands in the root of the sandbox's cgroup namespace. So the agent makes
 * way, as systemd does in a container: then an engine of containers can limit its own.
 */
#include "cgroup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"
#define OWN "init"

enum { CGROUP2_MAGIC = 0x63677270 }; /* of linux/magic.h, which musl's compiler does not see */

static ssize_t get(int dir, const char *file, char *text, size_t cap) {
    int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, cap - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n;
}

static int put(int dir, const char *file, const char *text) {
    int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
    if (fd >= 0)
        close(fd);
    return n < 0 ? -1 : 0;
}

/* Each by itself: one that cannot be had must not cost the others. */
static void enable_controllers(int root) {
    char names[256], one[64], *rest = names;
    if (get(root, "cgroup.controllers", names, sizeof names) < 0)
        return;
    for (char *name; (name = strsep(&rest, " \n")) != NULL;)
        if (name[0] != '\0' && snprintf(one, sizeof one, "+%s", name) < (int)sizeof one)
            put(root, "cgroup.subtree_control", one);
}

/* Programs that look for their limits only where they are themselves find them there. */
static void repeat_limits(int root) {
    static const char *const files[] = {"memory.max", "cpu.max"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char to[64], text[64];
        snprintf(to, sizeof to, OWN "/%s", files[i]);
        if (get(root, files[i], text, sizeof text) > 0)
            put(root, to, text);
    }
}

void cgroup_leave_root(void) {
    struct statfs fs;
    int root = open(ROOT, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0)
        return;
    if (fstatfs(root, &fs) == 0 && fs.f_type == CGROUP2_MAGIC && mkdirat(root, OWN, 0755) == 0 &&
        put(root, OWN "/cgroup.procs", "0") == 0) {
        enable_controllers(root);
        repeat_limits(root);
    }
    close(root);
}
