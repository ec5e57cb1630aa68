/* What is written down about a sandbox, and its removal in whatever state it is.
 *
 * <data>/sbx/<id>/spec    slot, disk and layers, before anything is mounted or started
 *                         (the tools' layer among them)
 *                 pid     PID 1 and its start time
 *                 frozen  exists while frozen
 *                 ended-by-guard  exists when it was ended because it filled the pool
 *                 disk/   mount point of the disk
 * <data>/sbx/.slot-<n>    symbolic link naming the sandbox of a slot */
#include "guard.h"
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEATH_MS 10000
#define FROZEN_MS 200 /* a sandbox that does not die within it may have frozen itself */

int sandbox_path(const struct conf *conf, const char *id, const char *file, char out[PATH_CAP]) {
    return pathf(out, "%s/sbx/%s%s%s", conf->data, id, file[0] != '\0' ? "/" : "", file);
}

static int slot_link(const struct conf *conf, unsigned slot, char out[PATH_CAP]) {
    return pathf(out, "%s/sbx/.slot-%u", conf->data, slot);
}

/* Complete or not there: a reader never sees half a file. */
static int put_file(const char *path, const char *text) {
    char half[PATH_CAP];
    if (pathf(half, "%s.new", path) < 0)
        return -1;
    int fd = open(half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_errno("create", half);
    ssize_t n = write(fd, text, strlen(text));
    close(fd);
    if (n != (ssize_t)strlen(text) || rename(half, path) < 0)
        return fail_errno("write", path);
    return 0;
}

/* The sandbox a slot's link names, if its spec agrees; a stale link counts as none. */
bool sandbox_of_slot(const struct conf *conf, unsigned slot, char id[ID_MAX + 1]) {
    char path[PATH_CAP];
    struct record record;
    if (slot_link(conf, slot, path) < 0)
        return false;
    ssize_t length = readlink(path, id, ID_MAX + 1);
    if (length <= 0 || length > ID_MAX)
        return false;
    id[length] = '\0';
    return record_read(conf, id, &record) && record.slot == slot;
}

int record_write(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP], text[2048];
    if (sandbox_path(conf, record->id, "spec", path) < 0)
        return -1;
    snprintf(text, sizeof text, "%u %s %s\n", record->slot, record->disk, record->layers);
    if (put_file(path, text) < 0 || slot_link(conf, record->slot, path) < 0)
        return -1;
    unlink(path); /* stale: the caller holds the slot's lock and has asked sandbox_of_slot */
    return symlink(record->id, path) < 0 ? fail_errno("symlink", path) : 0;
}

int record_write_pid(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP], text[64];
    if (sandbox_path(conf, record->id, "pid", path) < 0)
        return -1;
    snprintf(text, sizeof text, "%d %llu\n", (int)record->pid, (unsigned long long)record->start);
    return put_file(path, text);
}

bool record_read(const struct conf *conf, const char *id, struct record *record) {
    char path[PATH_CAP], text[2048];
    memset(record, 0, sizeof *record);
    snprintf(record->id, sizeof record->id, "%s", id);
    if (sandbox_path(conf, id, "spec", path) < 0 || read_text(path, text, sizeof text) < 0 ||
        sscanf(text, "%u %40s %1105s", &record->slot, record->disk, record->layers) != 3)
        return false;
    int pid = 0;
    unsigned long long start = 0;
    if (sandbox_path(conf, id, "pid", path) == 0 && read_text(path, text, sizeof text) > 0 &&
        sscanf(text, "%d %llu", &pid, &start) == 2 && pid > 1) {
        record->pid = pid;
        record->start = start;
    }
    return true;
}

bool record_alive(const struct record *record) {
    return record->pid > 1 && record->start != 0 && proc_start(record->pid) == record->start;
}

void records_each(const struct conf *conf, bool (*fn)(const struct record *, void *), void *arg) {
    char path[PATH_CAP];
    if (pathf(path, "%s/sbx", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    const struct dirent *entry;
    struct record record;
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.' && strlen(entry->d_name) <= ID_MAX &&
            record_read(conf, entry->d_name, &record) && !fn(&record, arg))
            break;
    if (stream != NULL)
        closedir(stream);
}

struct search {
    const char *name;
    struct record *out;
    bool found;
};

static bool match_disk(const struct record *record, void *arg) {
    struct search *search = arg;
    if (strcmp(record->disk, search->name) != 0)
        return true;
    *search->out = *record;
    search->found = true;
    return false;
}

bool sandbox_of_disk(const struct conf *conf, const char *disk, struct record *out) {
    struct search search = {.name = disk, .out = out};
    records_each(conf, match_disk, &search);
    return search.found;
}

static bool match_layer(const struct record *record, void *arg) {
    struct search *search = arg;
    size_t length = strlen(search->name);
    for (const char *p = record->layers; (p = strstr(p, search->name)) != NULL; p++)
        if ((p == record->layers || p[-1] == ',') && (p[length] == ',' || p[length] == '\0'))
            search->found = true;
    return !search->found;
}

bool layer_in_use(const struct conf *conf, const char *layer) {
    struct search search = {.name = layer};
    records_each(conf, match_layer, &search);
    return search.found;
}

struct each {
    void (*fn)(const struct sandbox *, void *);
    void *arg;
};

static bool pass_alive(const struct record *record, void *arg) {
    const struct each *each = arg;
    struct sandbox sandbox = {.slot = record->slot, .pid = record->pid, .start = record->start};
    memcpy(sandbox.id, record->id, sizeof sandbox.id);
    if (record_alive(record))
        each->fn(&sandbox, each->arg);
    return true;
}

void sandboxes_each(const struct conf *conf, void (*fn)(const struct sandbox *, void *),
                    void *arg) {
    struct each each = {fn, arg};
    records_each(conf, pass_alive, &each);
}

struct listing {
    const struct conf *conf;
    struct reply *reply;
};

static bool list_one(const struct record *record, void *arg) {
    const struct listing *listing = arg;
    const char *state = record_alive(record)                     ? "running"
                        : guard_ended(listing->conf, record->id) ? "pool_full"
                                                                 : "exited";
    reply_line(listing->reply, "sandbox %s slot=%u pid=%d start=%llu state=%s", record->id,
               record->slot, (int)record->pid, (unsigned long long)record->start, state);
    return true;
}

void list_sandboxes(const struct conf *conf, struct reply *reply) {
    struct listing listing = {conf, reply};
    records_each(conf, list_one, &listing);
}

static bool owns_slot(const struct conf *conf, const struct record *record) {
    char id[ID_MAX + 1];
    return sandbox_of_slot(conf, record->slot, id) && strcmp(id, record->id) == 0;
}

/* SIGKILL to PID 1 takes its whole PID namespace along, and its mounts are gone before it is dead.
 * With cgroup v1 it waits for processes that root inside froze in a cgroup of its own. */
static int kill_first(const struct conf *conf, const struct record *record, int pidfd) {
    if (pidfd_signal(pidfd, SIGKILL) < 0)
        return errno == ESRCH ? 0 : fail_errno("kill PID 1 of", record->id);
    if (pidfd_wait(pidfd, FROZEN_MS))
        return 0;
    if (owns_slot(conf, record) && cgroup_kill(conf, record->slot) < 0)
        return -1;
    return pidfd_wait(pidfd, DEATH_MS)
               ? 0
               : fail(E_SYSTEM, "pid %d of sandbox %s does not die within 10 s", (int)record->pid,
                      record->id);
}

static int kill_processes(const struct conf *conf, const struct record *record) {
    int pidfd = record->pid > 1 ? pidfd_of(record->pid) : -1, result = 0;
    /* checked after the pidfd is open: the number cannot be reused from here on */
    if (pidfd >= 0 && record_alive(record))
        result = kill_first(conf, record, pidfd);
    if (pidfd >= 0)
        close(pidfd);
    /* a start that was cut off may have left a process that no pid file names */
    if (result == 0 && record->pid == 0 && owns_slot(conf, record))
        return cgroup_kill(conf, record->slot);
    return result;
}

static int release_disk(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP];
    if (sandbox_path(conf, record->id, "disk", path) < 0)
        return -1;
    if (!is_mount_root(path))
        return 0;
    if (unmount_all(path, 0) < 0 && (errno != EBUSY || unmount_all(path, MNT_DETACH) < 0))
        return -1;
    /* someone may still hold the file system (a process that entered the sandbox from the host) */
    if (record->disk[0] == '\0' || disk_path(conf, record->disk, path) < 0)
        return 0;
    int image = image_open(path, DEATH_MS);
    if (image < 0)
        return failure_code() == E_ABSENT ? 0 : -1;
    close(image);
    return 0;
}

static void thaw_before_kill(const struct conf *conf, const struct record *record) {
    char path[PATH_CAP];
    if (sandbox_path(conf, record->id, "frozen", path) < 0 || access(path, F_OK) < 0)
        return;
    if (cgroup_freeze(conf, record->slot, false) < 0)
        log_line("%s", failure_text());
    if (sandbox_path(conf, record->id, "disk", path) == 0 && is_mount_root(path) &&
        set_thaw(path) < 0)
        log_line("%s", failure_text());
}

int sandbox_clean(const struct conf *conf, const char *id) {
    char path[PATH_CAP], owner[ID_MAX + 1];
    struct record record;
    bool known = record_read(conf, id, &record);
    if (known) {
        thaw_before_kill(conf, &record);
        if (kill_processes(conf, &record) < 0)
            return -1;
    }
    if (release_disk(conf, &record) < 0 || pathf(path, "%s/run/a/%s", conf->data, id) < 0)
        return -1;
    if (unlink(path) < 0 && errno != ENOENT)
        return fail_errno("unlink", path);
    if (known && sandbox_of_slot(conf, record.slot, owner) && strcmp(owner, id) == 0 &&
        slot_link(conf, record.slot, path) == 0)
        unlink(path);
    return sandbox_path(conf, id, "", path) < 0 ? -1 : tree_remove(path);
}
