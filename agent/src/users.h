/* Users and groups of the sandbox's own /etc/passwd and /etc/group. Only for forked children: the
 * files may hang. */
#ifndef USERS_H
#define USERS_H

#include <stdbool.h>
#include <sys/types.h>

struct user {
    char name[64], home[512], shell[256];
    uid_t uid;
    gid_t gid;
};

/* By name or decimal uid; NULL: the agent's own user. False: no such user. */
bool user_find(const char *name, struct user *u);
bool group_find(const char *name, gid_t *gid);
/* The name, or the number in decimal. Valid until the next call. */
const char *user_name(uid_t uid);
const char *group_name(gid_t gid);
/* Takes on uid, gid and groups; false with errno. Not root: only the user we are. */
bool user_become(const struct user *u);

#endif
