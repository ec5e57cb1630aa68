/* The start of every forked child, and what it uses by default: the identity. */
#ifndef CHILD_H
#define CHILD_H

#include "fields.h"
#include "users.h"

#include <sys/types.h>

struct identity {
    char **env;       /* base environment, NULL-terminated */
    char *user, *cwd; /* NULL until the identity verb came */
};

extern struct identity identity;
extern pid_t agent_pid;
extern int proc_fd; /* /proc, opened before any program ran here; -1 when there is none */

/* Opens /proc, remembers limits that children get back, and raises our own. */
void child_init(void);

/* In a fresh child: own session, default signals, no descriptor from keep on, first to die when
 * memory runs out. */
void child_start(int keep);
/* The user named in the request, or the identity's. */
bool child_user(struct span request, struct user *u);
/* environment.c: of a spawned process: base, unset, env, and what its user implies. */
char **child_env(struct span request, const struct user *u);
/* Goes to the request's cwd, or to the default; false with errno. */
bool child_chdir(struct span request, const struct user *u);
/* Back to the limits the agent was started with. */
void child_limits(void);

#endif
