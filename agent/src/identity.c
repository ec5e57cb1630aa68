#include "identity.h"

#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct identity identity;
int proc_fd = -1;
static struct rlimit files_limit;

void identity_init(void) {
    identity.env = xzalloc(sizeof *identity.env);
    proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (getrlimit(RLIMIT_NOFILE, &files_limit) == 0) {
        struct rlimit raised = {files_limit.rlim_max, files_limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &raised);
    }
}

void child_start(int keep) {
    static const unsigned long
        dfl[4]; /* the kernel's sigaction: libc's would spare those it uses itself */
    sigset_t none;
    for (int sig = 1; sig < NSIG; sig++)
        syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
    int oom = openat(proc_fd, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (oom >= 0 && write(oom, "500", 3) < 0)
        complain("oom_score_adj");
    syscall(SYS_close_range, keep, ~0U, 0);
    setsid();
    umask(022);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void child_limits(void) { setrlimit(RLIMIT_NOFILE, &files_limit); }

bool child_user(struct span request, struct user *u) {
    char *name = field_str(request, TAG_USER);
    return user_find(name && *name ? name : identity.user, u);
}

bool child_chdir(struct span request, const struct user *u) {
    char *cwd = field_str(request, TAG_CWD);
    bool given = cwd && *cwd;
    if (identity.cwd && (!given || *cwd != '/') && chdir(identity.cwd) == 0 && !given)
        return true;
    if (given)
        return chdir(cwd) == 0;
    return chdir(u->home) == 0 || chdir("/") == 0;
}

static void identity_work(struct work *w) {
    char real[PATH_MAX];
    struct user u;
    struct buf reply = {0};
    work_become(w, &u);
    if (!child_chdir(w->request, &u))
        work_fail(errno, "cwd", "chdir");
    if (!getcwd(real, sizeof real))
        work_fail(errno, "cwd", "getcwd");
    put_str(&reply, TAG_CWD, real);
    put_str(&reply, TAG_USER, u.name);
    put_str(&reply, TAG_PATH, u.home);
    work_reply(w, &reply);
}

/* The pending request, kept until the worker has found user and directory. */
struct pending {
    char *hostname;
    char **env;
};

static void identity_found(struct worker *w, struct span reply, int fd) {
    (void)fd;
    struct pending *p = w->context;
    if (p->hostname && sethostname(p->hostname, strlen(p->hostname)) < 0) {
        stream_error(w->stream, errno, "hostname", "sethostname: %s", strerror(errno));
        w->stream = NULL;
        return;
    }
    free_list(identity.env);
    free(identity.user);
    free(identity.cwd);
    identity.env = p->env;
    identity.user = field_str(reply, TAG_USER);
    identity.cwd = field_str(reply, TAG_CWD);
    p->env = NULL;
    stream_done_raw(w->stream, reply.p, reply.n);
    w->stream = NULL;
}

static void identity_over(struct worker *w) {
    struct pending *p = w->context;
    free(p->hostname);
    free_list(p->env);
    free(p);
}

void verb_identity(struct stream *st, struct span request) {
    struct pending *p = xzalloc(sizeof *p);
    p->hostname = field_str(request, TAG_HOSTNAME);
    p->env = field_list(request, TAG_ENV, NULL);
    worker_start(
        st, request,
        &(struct worker_kind){
            .work = identity_work, .replied = identity_found, .over = identity_over, .context = p});
}
