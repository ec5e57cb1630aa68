/* The identity verb. */
#include "identity.h"

#include "child.h"
#include "worker.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    struct pending *p = w->context;
    if (fd >= 0) /* none was asked for */
        close(fd);
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
