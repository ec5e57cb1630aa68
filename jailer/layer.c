/* Layers: tar archives unpacked where nothing of the host can be reached. Unpacking runs in
 * namespaces of its own as an id range nobody else has; ids on disk are 0…65535. */
#include "storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAYER_SLOT 0                     /* its id range belongs to no sandbox */
#define CHECK_BYTES ((uint64_t)64 << 20) /* the pool's space is looked at this often */

int layer_path(const struct conf *conf, const char *layer, char out[PATH_CAP]) {
    return pathf(out, "%s/pool/layers/%s", conf->data, layer);
}

/* ---- the unpacking process ------------------------------------------------------------------ */

/* /usr of the host, read-only; links like /bin → usr/bin are copied, real directories bound. */
static int bind_programs(void) {
    static const char *const names[] = {"usr", "bin", "sbin", "lib", "lib64", "lib32"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[16], target[128];
        struct stat st;
        snprintf(path, sizeof path, "/%s", names[i]);
        if (lstat(path, &st) < 0)
            continue;
        ssize_t length = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target - 1) : 0;
        if (length > 0) {
            target[length] = '\0';
            if (symlink(target, names[i]) < 0)
                return fail_errno("symlink", names[i]);
            continue;
        }
        if (mkdir(names[i], 0755) < 0)
            return fail_errno("mkdir", names[i]);
        /* with what is mounted below: the kernel lets nobody in a user namespace uncover that */
        int clone = mount_clone(AT_RECURSIVE, path, -1, MOUNT_ATTR_RDONLY);
        if (clone < 0 || mount_put(clone, names[i]) < 0)
            return -1;
        close(clone);
    }
    return 0;
}

static int enter_confinement(int userns, int target) {
    if (setns(launch_namespace(), CLONE_NEWNS) < 0 || setgroups(0, NULL) < 0 ||
        setns(userns, CLONE_NEWUSER) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return fail_errno("setns", "for unpacking");
    if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
                CLONE_NEWCGROUP) < 0)
        return fail_errno("unshare", "for unpacking");
    if (mount("tmpfs", LAUNCH_DIR, "tmpfs", MS_NODEV | MS_NOSUID, "mode=755,size=64k") < 0 ||
        chdir(LAUNCH_DIR) < 0)
        return fail_errno("mount tmpfs on", LAUNCH_DIR);
    if (mkdir("layer", 0755) < 0)
        return fail_errno("mkdir", "layer");
    if (mount_put(target, "layer") < 0 || bind_programs() < 0)
        return -1;
    if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/layer") < 0)
        return fail_errno("pivot_root", LAUNCH_DIR);
    return 0;
}

/* What restoring owners, modes and file capabilities takes. */
static int keep_few_capabilities(void) {
    static const int kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID, CAP_SETFCAP};
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++) {
        bool keep = false;
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
            keep = keep || kept[i] == cap;
        if (!keep && prctl(PR_CAPBSET_DROP, cap) < 0)
            return fail_errno("drop capability", NULL);
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail_errno("no_new_privs", NULL) : 0;
}

/* Devices cannot be made in a user namespace; below /dev they are not even tried. */
static void exec_tar(int input, int errors) {
    static char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
    static const char *const argv[] = {"tar",
                                       "--numeric-owner",
                                       "--xattrs",
                                       "--xattrs-include=*",
                                       "--warning=none",
                                       "--anchored",
                                       "--exclude=./dev/*",
                                       "--exclude=dev/*",
                                       "-xpf",
                                       "-",
                                       NULL};
    sigset_t none;
    sigemptyset(&none);
    if (dup2(input, 0) < 0 || dup2(errors, 1) < 0 || dup2(errors, 2) < 0 ||
        close_range(3, ~0u, 0) < 0)
        _exit(126);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    umask(0);
    execve("/bin/tar", (char *const *)(uintptr_t)argv, environment);
    dprintf(2, "tar: cannot run: %s\n", strerror(errno));
    _exit(127);
}

static pid_t fork_unpack(int userns, int target, const int input[2], int errors) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0)
        fail_errno("fork", NULL);
    if (child != 0)
        return child;
    close(input[1]); /* else tar would never see the end */
    int result = enter_confinement(userns, target);
    if (result == 0)
        result = keep_few_capabilities();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the change of credentials, which clears it */
    if (getppid() != parent)
        _exit(1);
    if (result < 0) {
        dprintf(errors, "%s\n", failure_text());
        _exit(1);
    }
    pid_t tar = fork(); /* PID 1 of the new namespace: whatever it starts dies with it */
    if (tar == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exec_tar(input[0], errors);
    }
    close(input[0]); /* a tar that has ended shows as EPIPE */
    int status = 1 << 8;
    while (tar > 0 && waitpid(tar, &status, 0) < 0 && errno == EINTR)
        continue;
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

/* Reads tar's messages to their end and passes on the first that is a real failure. */
static pid_t fork_filter(const int input[2], const int errors[2], int verdict) {
    pid_t child = fork();
    if (child < 0)
        fail_errno("fork", NULL);
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(input[0]);
    close(input[1]);
    close(errors[1]);
    FILE *in = fdopen(errors[0], "r");
    char *line = NULL;
    size_t cap = 0;
    bool found = false;
    while (in != NULL && getline(&line, &cap, in) > 0) {
        if (found || strstr(line, ": Cannot mknod: ") != NULL ||
            strstr(line, ": Removing leading ") != NULL ||
            strstr(line, "Exiting with failure status due to previous errors") != NULL)
            continue;
        found = true;
        dprintf(verdict, "%.300s", line);
    }
    _exit(0);
}

/* ---- the jailer's side ---------------------------------------------------------------------- */

/* Moves exactly `bytes` from the connection into tar; what tar no longer wants is thrown away. */
static int feed(const struct conf *conf, int connection, int out, uint64_t bytes) {
    uint64_t left = bytes, unchecked = 0;
    bool wanted = true;
    while (left > 0) {
        size_t chunk = left < 1 << 20 ? (size_t)left : 1 << 20;
        ssize_t n;
        char scrap[16384];
        if (wanted)
            n = splice(connection, NULL, out, NULL, chunk, SPLICE_F_MOVE | SPLICE_F_MORE);
        else
            n = read(connection, scrap, chunk < sizeof scrap ? chunk : sizeof scrap);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && wanted && errno == EPIPE) {
            wanted = false; /* it met the archive's end marker, or failed: its status tells */
            continue;
        }
        if (n < 0)
            return fail_errno("read the archive", NULL);
        if (n == 0)
            return fail(E_USAGE, "the connection ended %llu bytes before the archive",
                        (unsigned long long)left);
        left -= (uint64_t)n;
        unchecked += (uint64_t)n;
        if (unchecked >= CHECK_BYTES) {
            unchecked = 0;
            if (pool_require(conf, POOL_GOING_ON) < 0)
                return -1;
        }
    }
    return 0;
}

static void close_pipe(int ends[2]) {
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
}

/* Waits for tar and tells whether its archive was unpacked. */
static int judge(pid_t unpack, int verdict) {
    char text[320] = "";
    int status = -1;
    ssize_t length = read(verdict, text, sizeof text - 1); /* ends with tar and the filter */
    while (waitpid(unpack, &status, 0) < 0 && errno == EINTR)
        continue;
    text[length > 0 ? length : 0] = '\0';
    bool only_devices = WIFEXITED(status) && WEXITSTATUS(status) == 2 && text[0] == '\0';
    if (status == 0 || only_devices)
        return 0;
    return fail(E_SYSTEM, "unpacking failed (status %d): %s", status,
                text[0] != '\0' ? text : "no message");
}

static int unpack(const struct request *request, int userns, int target) {
    int input[2] = {-1, -1}, errors[2] = {-1, -1}, verdict[2] = {-1, -1};
    pid_t tar = -1, filter = -1;
    int result = -1;
    if (pipe2(input, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ||
        pipe2(verdict, O_CLOEXEC) < 0) {
        fail_errno("pipe", NULL);
    } else {
        fcntl(input[1], F_SETPIPE_SZ, 1 << 20); /* a smaller one works too */
        filter = fork_filter(input, errors, verdict[1]);
        tar = filter < 0 ? -1 : fork_unpack(userns, target, input, errors[1]);
    }
    if (tar > 0) {
        close(input[0]);
        close(errors[1]);
        close(verdict[1]);
        input[0] = errors[1] = verdict[1] = -1;
        result = feed(request->conf, request->fd, input[1], request->number[1]);
        close(input[1]);
        input[1] = -1;
        if (result < 0) {
            kill(tar, SIGKILL);
            while (waitpid(tar, NULL, 0) < 0 && errno == EINTR)
                continue;
        } else
            result = judge(tar, verdict[0]);
    }
    close_pipe(input);
    close_pipe(errors);
    close_pipe(verdict);
    while (filter > 0 && waitpid(filter, NULL, 0) < 0 && errno == EINTR)
        continue;
    return result;
}

/* On disk before it has its name: a layer that exists is whole. */
static int seal(const char *half, const char *path) {
    int fd = open(half, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_errno("open", half);
    int result = syncfs(fd) < 0 ? fail_errno("syncfs", half) : 0;
    if (result == 0 && rename(half, path) < 0)
        result = fail_errno("rename", half);
    if (result == 0 && syncfs(fd) < 0)
        result = fail_errno("syncfs", path);
    close(fd);
    return result;
}

static int import_locked(const struct request *request) {
    const struct conf *conf = request->conf;
    char path[PATH_CAP], half[PATH_CAP];
    int userns = -1;
    if (layer_path(conf, request->arg[0], path) < 0 || pathf(half, "%s.tmp", path) < 0)
        return -1;
    if (access(path, F_OK) == 0)
        return fail(E_EXISTS, "layer %s exists", request->arg[0]);
    if (pool_require(conf, POOL_NEW) < 0 || tree_remove(half) < 0 || make_dir(half, 0755, 0, 0) < 0)
        return -1;
    int result = userns_make(slot_uid(conf, LAYER_SLOT), false, &userns, NULL);
    int target =
        result < 0 ? -1 : mount_clone(0, half, userns, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
    result = target < 0 ? -1 : unpack(request, userns, target);
    if (target >= 0)
        close(target);
    if (userns >= 0)
        close(userns);
    if (result == 0)
        result = seal(half, path);
    if (result < 0) {
        enum code code = failure_code();
        char text[600];
        snprintf(text, sizeof text, "%s", failure_text());
        if (tree_remove(half) < 0)
            log_line("%s", failure_text());
        return fail(code, "%s", text);
    }
    return 0;
}

int verb_layer_import(struct request *request, struct reply *reply) {
    int lock = lock_name(request->conf, "layer", request->arg[0], false);
    signal(SIGPIPE, SIG_IGN);
    int result = lock < 0 ? -1 : import_locked(request);
    if (lock >= 0)
        close(lock);
    /* after a failure the rest of the archive may still be on its way */
    reply->close_after = result < 0;
    return result;
}

int verb_layer_drop(struct request *request, struct reply *reply) {
    (void)reply;
    const struct conf *conf = request->conf;
    char path[PATH_CAP], trash[PATH_CAP];
    if (layer_path(conf, request->arg[0], path) < 0 || pathf(trash, "%s.tmp", path) < 0)
        return -1;
    int lock = lock_name(conf, "layer", request->arg[0], false);
    if (lock < 0)
        return -1;
    int result = 0;
    if (layer_in_use(conf, request->arg[0]))
        result = fail(E_BUSY, "layer %s is mounted", request->arg[0]);
    else if (tree_remove(trash) < 0)
        result = -1;
    else if (rename(path, trash) < 0) /* gone at once; a crash leaves what the next start removes */
        result = errno == ENOENT ? 0 : fail_errno("rename", path);
    else
        result = tree_remove(trash);
    close(lock);
    return result;
}

void list_layers(const struct conf *conf, struct reply *reply) {
    char path[PATH_CAP];
    if (pathf(path, "%s/pool/layers", conf->data) < 0)
        return;
    DIR *stream = opendir(path);
    const struct dirent *entry;
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (strchr(entry->d_name, '.') == NULL)
            reply_line(reply, "layer %s", entry->d_name);
    if (stream != NULL)
        closedir(stream);
}
