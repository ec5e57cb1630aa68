/* What every forked child begins with: user, directory, limits, signals. */
#include "child.h"

#include "conn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

struct identity identity;
pid_t agent_pid;
int proc_fd = -1;
static struct rlimit files_limit;

void child_init(void) {
    identity.env = xzalloc(sizeof *identity.env);
    proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (getrlimit(RLIMIT_NOFILE, &files_limit) == 0) {
        struct rlimit raised = {files_limit.rlim_max, files_limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &raised);
    }
}

/* Closes what is the agent's, then makes itself the first to die. In a sandbox nobody may read the
 * agent's program, so that nobody there can trace it or take its descriptors; the price is that the
 * kernel keeps a fork of it from its own files in /proc, too, unless it may be dumped. That it may
 * be for this moment only, when it holds nothing any more but what its program is to get. */
static void leave_agent(int keep) {
    int proc = proc_fd >= keep ? dup2(proc_fd, keep) : proc_fd;
    syscall(SYS_close_range, proc == keep ? keep + 1 : keep, ~0U, 0);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    int oom = openat(proc, "self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (oom >= 0) {
        if (write(oom, "500", 3) < 0)
            complain("oom_score_adj");
        close(oom);
    }
    if (proc == keep)
        close(proc);
}

void child_start(int keep) {
    static const unsigned long
        dfl[4]; /* the kernel's sigaction: libc's would spare those it uses itself */
    sigset_t none;
    for (int sig = 1; sig < NSIG; sig++)
        syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
    leave_agent(keep);
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
