/* The jailer: start-up and its socket.
 *
 *   jailer --conf FILE                serves in the background; returns when the socket is there
 *   jailer --conf FILE --foreground   serves
 *   jailer --conf FILE --purge        removes all that this instance has on the host */
#include "events.h"
#include "net.h"
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct conf conf;
static int listener = -1, signals = -1;

static int be_the_only_one(void) {
    char path[PATH_CAP];
    if (pathf(path, "%s/run/jailer.lock", conf.data) < 0)
        return -1;
    return lock_alone(path, "jailer", conf.data);
}

static int make_run_dirs(void) {
    char path[PATH_CAP];
    if (pathf(path, "%s/run", conf.data) < 0 || make_dir(path, 0750, 0, conf.gid) < 0 ||
        pathf(path, "%s/run/a", conf.data) < 0 || make_dir(path, 0750, 0, conf.gid) < 0)
        return -1;
    return 0;
}

/* Bound under another name and renamed, so that whoever finds the socket can connect to it. */
static int listen_on_socket(void) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[PATH_CAP], new_path[PATH_CAP];
    if (pathf(path, "%s/run/jailer.sock", conf.data) < 0 ||
        pathf(new_path, "%s/run/j.sock", conf.data) < 0)
        return -1;
    memcpy(address.sun_path, new_path, strlen(new_path) + 1);
    if (unlink(new_path) < 0 && errno != ENOENT)
        return fail_errno("unlink", new_path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return fail_errno("socket", NULL);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
        return fail_errno("bind", new_path);
    if (chmod(new_path, 0600) < 0 || chown(new_path, conf.uid, conf.gid) < 0)
        return fail_errno("chown", new_path);
    if (listen(listener, 512) < 0)
        return fail_errno("listen", new_path);
    return rename(new_path, path) < 0 ? fail_errno("rename", path) : 0;
}

static int catch_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
        return fail_errno("sigprocmask", NULL);
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals < 0 ? fail_errno("signalfd", NULL) : 0;
}

static void adopt(const struct sandbox *sandbox, void *arg) {
    ++*(int *)arg;
    events_adopt(sandbox);
}

static int start_up(void) {
    struct rlimit files;
    int adopted = 0;
    umask(077);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (chdir("/") < 0)
        return fail_errno("chdir", "/");
    /* the guard of the pool is needed most when the host is overloaded */
    if (setpriority(PRIO_PROCESS, 0, MAIN_PRIORITY) < 0)
        log_line("setpriority: %s", strerror(errno));
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return fail_errno("prctl", "PR_SET_CHILD_SUBREAPER");
    /* the hierarchies before the pinned mount namespace, which may hide one from the runtime */
    if (catch_signals() < 0 || make_run_dirs() < 0 || be_the_only_one() < 0 ||
        cgroup_setup(&conf) < 0 || pin_enter(&conf) < 0 || nft_setup(&conf) < 0 ||
        events_open(&conf) < 0)
        return -1;
    sandboxes_each(&conf, adopt, &adopted);
    host_setup();
    net_setup();
    slots_tidy(&conf);
    if (listen_on_socket() < 0)
        return -1;
    log_line("serving %s, %d sandboxes run", conf.data, adopted);
    return 0;
}

/* The caller of a jailer without --foreground goes on when the socket is there. */
static int go_to_background(void) {
    int ready[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC) < 0)
        return fail_errno("pipe", NULL);
    pid_t child = fork();
    if (child < 0)
        return fail_errno("fork", NULL);
    if (child > 0) {
        close(ready[1]);
        exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(ready[0]);
    setsid();
    return ready[1];
}

static int purge(void) {
    if (access(conf.data, F_OK) == 0 && (make_run_dirs() < 0 || be_the_only_one() < 0))
        return -1;
    if (cgroup_find() < 0)
        return -1;
    int result = pin_purge(&conf);
    return nft_clean(&conf) < 0 ? -1 : result;
}

static int serve_requests(bool foreground) {
    int ready = -1;
    if ((!foreground && (ready = go_to_background()) < 0) || start_up() < 0)
        return -1;
    if (ready >= 0 && (write(ready, "r", 1) != 1 || close(ready) < 0))
        log_line("the caller did not wait");
    if (serve_until_stopped(&conf, listener, signals) < 0)
        return -1;
    log_line("stopped");
    return 0;
}

int main(int argc, char **argv) {
    const char *mode = argc == 4 ? argv[3] : "";
    bool purging = strcmp(mode, "--purge") == 0, foreground = strcmp(mode, "--foreground") == 0;
    if (argc < 3 || argc > 4 || strcmp(argv[1], "--conf") != 0 ||
        (argc == 4 && !purging && !foreground)) {
        fprintf(stderr, "usage: jailer --conf FILE [--foreground | --purge]\n");
        return 2;
    }
    int result = geteuid() != 0 ? fail(E_USAGE, "the jailer must be started by root")
                                : conf_read(argv[2], &conf);
    if (result == 0)
        result = purging ? purge() : serve_requests(foreground);
    if (result < 0)
        log_line("%s", failure_text());
    return result < 0 ? 1 : 0;
}
