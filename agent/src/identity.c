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

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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

static size_t name_length(const char *entry) { return strcspn(entry, "="); }

static char **env_find(char **env, const char *name, size_t n) {
    for (; *env; env++)
        if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
            return env;
    return NULL;
}

static void env_set(char **env, char *entry) {
    char **old = env_find(env, entry, name_length(entry));
    if (old) {
        *old = entry;
        return;
    }
    while (*env)
        env++;
    env[0] = entry;
    env[1] = NULL;
}

static void env_unset(char **env, const char *name) {
    for (char **e; (e = env_find(env, name, strlen(name)));)
        do
            e[0] = e[1];
        while (*e++);
}

static void env_default(char **env, char **unset, const char *name, const char *value) {
    for (char **u = unset; *u; u++)
        if (strcmp(*u, name) == 0)
            return;
    char *entry;
    if (!env_find(env, name, strlen(name)) && asprintf(&entry, "%s=%s", name, value) > 0)
        env_set(env, entry);
}

char **child_env(struct span request, const struct user *u) {
    size_t base = 0, own;
    bool clean = field_num(request, TAG_CLEAN_ENV, 0);
    char **added = field_list(request, TAG_ENV, &own);
    char **unset = field_list(request, TAG_UNSET, NULL);
    while (!clean && identity.env[base])
        base++;
    char **env = xzalloc((base + own + 6) * sizeof *env);
    memcpy(env, identity.env, base * sizeof *env);
    for (char **name = unset; *name; name++)
        env_unset(env, *name);
    for (char **entry = added; *entry; entry++)
        env_set(env, *entry);
    if (clean)
        return env;
    env_default(env, unset, "HOME", u->home);
    env_default(env, unset, "USER", u->name);
    env_default(env, unset, "LOGNAME", u->name);
    env_default(env, unset, "SHELL", u->shell);
    env_default(env, unset, "PATH", DEFAULT_PATH);
    return env;
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
