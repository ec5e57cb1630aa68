/* A slot: uid range, namespaces, link, cgroup. Its network namespace file is bound last, so a slot
 * with both files and its link is completely made, and anything else is dropped and made again. */
#include "net.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <unistd.h>

uid_t slot_uid(const struct conf *conf, unsigned slot) { return conf->uid_base + slot * SLOT_IDS; }

void slot_address(const struct conf *conf, unsigned slot, char out[16]) {
    struct in_addr address = {.s_addr = htonl(conf->subnet + slot)};
    inet_ntop(AF_INET, &address, out, 16);
}

static int directory_of(const struct conf *conf, unsigned slot, char out[PATH_CAP]) {
    return pathf(out, "%s/slots/%u", conf->data, slot);
}

int slot_user_path(const struct conf *conf, unsigned slot, char out[PATH_CAP]) {
    return pathf(out, "%s/slots/%u/user", conf->data, slot);
}

int slot_net_path(const struct conf *conf, unsigned slot, char out[PATH_CAP]) {
    return pathf(out, "%s/slots/%u/net", conf->data, slot);
}

static bool is_namespace(const char *path) {
    struct statfs fs;
    return statfs(path, &fs) == 0 && fs.f_type == NSFS_MAGIC;
}

int slot_userns_fd(const struct conf *conf, unsigned slot) {
    char path[PATH_CAP];
    if (slot_user_path(conf, slot, path) < 0)
        return -1;
    if (!is_namespace(path))
        return fail(E_ABSENT, "slot %u does not exist: slot-make it first", slot);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? fail_errno("open", path) : fd;
}

bool slot_good(const struct conf *conf, unsigned slot) {
    char user[PATH_CAP], net[PATH_CAP];
    return slot_user_path(conf, slot, user) == 0 && slot_net_path(conf, slot, net) == 0 &&
           is_namespace(user) && is_namespace(net) && net_exists(conf, slot);
}

static int bind_namespace(int fd, const char *path) {
    char source[40];
    int file = open(path, O_CREAT | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return fail_errno("create", path);
    close(file);
    snprintf(source, sizeof source, "/proc/self/fd/%d", fd);
    return mount(source, path, NULL, MS_BIND, NULL) < 0 ? fail_errno("bind mount", path) : 0;
}

static int unbind_namespace(const char *path) {
    while (is_namespace(path))
        if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
            return fail_errno("umount", path);
    return unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR ? fail_errno("unlink", path) : 0;
}

/* Processes, cgroup and namespace files: after it nothing of the slot can be used. */
static int drop_contents(const struct conf *conf, unsigned slot) {
    char user[PATH_CAP], net[PATH_CAP];
    if (slot_user_path(conf, slot, user) < 0 || slot_net_path(conf, slot, net) < 0 ||
        cgroup_drop(conf, slot) < 0 || unbind_namespace(net) < 0)
        return -1;
    return unbind_namespace(user);
}

/* The link must be removed by name: the namespace may live on for minutes in the last packets of
 * closed connections. The directory goes last, so that a half-dropped slot is found by its name. */
static int drop_link(const struct conf *conf, unsigned slot) {
    char directory[PATH_CAP];
    if (directory_of(conf, slot, directory) < 0 || net_drop(conf, slot) < 0)
        return -1;
    return rmdir(directory) < 0 && errno != ENOENT ? fail_errno("rmdir", directory) : 0;
}

static int drop(const struct conf *conf, unsigned slot) {
    return drop_contents(conf, slot) < 0 ? -1 : drop_link(conf, slot);
}

/* The kernel takes 20 ms or more to remove a link: a child does it, which holds the slot's lock, so
 * that a slot-make of the same number waits for it. */
static int drop_link_later(const struct request *request, unsigned slot) {
    pid_t child = fork();
    if (child != 0)
        return child > 0 ? 0 : drop_link(request->conf, slot);
    close(request->fd);
    if (drop_link(request->conf, slot) < 0)
        log_line("slot %u keeps its link: %s", slot, failure_text());
    _exit(0);
}

static int make(const struct conf *conf, unsigned slot) {
    char directory[PATH_CAP], user_path[PATH_CAP], net_path[PATH_CAP];
    int user = -1, net = -1;
    if (directory_of(conf, slot, directory) < 0 || slot_user_path(conf, slot, user_path) < 0 ||
        slot_net_path(conf, slot, net_path) < 0 || make_dir(directory, 0700, 0, 0) < 0 ||
        userns_make(slot_uid(conf, slot), true, &user, &net) < 0)
        return -1;
    int result = -1;
    if (bind_namespace(user, user_path) == 0 && net_make(conf, slot, net) == 0 &&
        cgroup_make(conf, slot) == 0)
        result = bind_namespace(net, net_path);
    close(user);
    close(net);
    return result;
}

static int lock_slot(const struct conf *conf, unsigned slot) {
    char name[16];
    snprintf(name, sizeof name, "%u", slot);
    return lock_name(conf, "slot", name, false);
}

int verb_slot_make(struct request *request, struct reply *reply) {
    const struct conf *conf = request->conf;
    unsigned slot = (unsigned)request->number[0];
    if (lock_slot(conf, slot) < 0)
        return -1;
    if (!slot_good(conf, slot)) {
        char sandbox[ID_MAX + 1];
        if (sandbox_of_slot(conf, slot, sandbox))
            return fail(E_BUSY, "slot %u is damaged and runs sandbox %s: kill it first", slot,
                        sandbox);
        if (drop(conf, slot) < 0)
            return -1;
        if (make(conf, slot) < 0) {
            char why[600];
            enum code code = failure_code();
            snprintf(why, sizeof why, "%s", failure_text());
            if (drop(conf, slot) < 0)
                log_line("slot %u is left half-made: %s", slot, failure_text());
            return fail(code, "%s", why);
        }
    }
    char address[16];
    slot_address(conf, slot, address);
    return reply_ok(reply, "address=%s", address);
}

int verb_slot_drop(struct request *request, struct reply *reply) {
    (void)reply;
    const struct conf *conf = request->conf;
    unsigned slot = (unsigned)request->number[0];
    char sandbox[ID_MAX + 1];
    if (lock_slot(conf, slot) < 0)
        return -1;
    if (sandbox_of_slot(conf, slot, sandbox))
        return fail(E_BUSY, "slot %u runs sandbox %s: kill it first", slot, sandbox);
    return drop_contents(conf, slot) < 0 ? -1 : drop_link_later(request, slot);
}

static int by_number(const void *a, const void *b) {
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

void list_slots(const struct conf *conf, struct reply *reply) {
    char path[PATH_CAP], address[16];
    unsigned found[SLOTS];
    size_t n = 0;
    if (pathf(path, "%s/slots", conf->data) < 0)
        return;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *e; n < SLOTS && (e = readdir(directory)) != NULL;) {
        uint64_t slot;
        if (parse_number(e->d_name, 1, SLOTS - 2, &slot) && slot_good(conf, (unsigned)slot))
            found[n++] = (unsigned)slot;
    }
    closedir(directory);
    qsort(found, n, sizeof *found, by_number);
    for (size_t i = 0; i < n; i++) {
        slot_address(conf, found[i], address);
        reply_line(reply, "slot %u %s", found[i], address);
    }
}

/* What a jailer that died, or the whole host, left of slots it was making or dropping: their
 * numbers may not come again for long. Those of sandboxes are dropped after them. */
void slots_tidy(const struct conf *conf) {
    for (unsigned slot = 1; slot < SLOTS - 1; slot++) {
        char directory[PATH_CAP], sandbox[ID_MAX + 1];
        if (directory_of(conf, slot, directory) < 0 || access(directory, F_OK) < 0)
            continue;
        int lock = lock_slot(conf, slot); /* a child of the dead jailer may still be at it */
        if (lock < 0 || (!slot_good(conf, slot) && !sandbox_of_slot(conf, slot, sandbox) &&
                         drop(conf, slot) < 0))
            log_line("slot %u is left half-made: %s", slot, failure_text());
        if (lock >= 0)
            close(lock);
    }
}

int slots_purge(const struct conf *conf) {
    int result = 0;
    for (unsigned slot = 1; slot < SLOTS - 1; slot++) {
        char directory[PATH_CAP];
        if (directory_of(conf, slot, directory) < 0 || access(directory, F_OK) < 0)
            continue;
        if (drop(conf, slot) < 0) {
            log_line("slot %u: %s", slot, failure_text());
            result = -1;
        }
    }
    return cgroup_purge(conf) < 0 ? -1 : result;
}
