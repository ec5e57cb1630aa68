/* Environments: what a spawned process gets, and changing the base that all get. */
#include "identity.h"

#include "child.h"
#include "conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { VARIABLES_MAX = 4096 /* comparing each with each must not hold up the loop */ };

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

static bool names(char **list, const char *entry) {
    size_t n = name_length(entry);
    for (; *list; list++)
        if (name_length(*list) == n && memcmp(*list, entry, n) == 0)
            return true;
    return false;
}

/* The base without what the request removes, with what it sets; strings are copies. */
static char **changed_base(struct span request) {
    size_t base = 0, added;
    char **set = field_list(request, TAG_ENV, &added);
    char **unset = field_list(request, TAG_UNSET, NULL);
    char *prefix = field_str(request, TAG_PREFIX);
    while (identity.env[base])
        base++;
    char **env = xzalloc((base + added + 1) * sizeof *env), **end = env;
    for (char **e = identity.env; *e; e++) {
        const char *value = strchr(*e, '=') + 1;
        bool prefixed = prefix && *prefix && strncmp(value, prefix, strlen(prefix)) == 0;
        if (!prefixed && !names(unset, *e) && !names(set, *e))
            *end++ = xstrdup(*e);
    }
    for (char **e = set; *e; e++)
        if (!names(e + 1, *e)) /* of a name that comes twice the last counts */
            *end++ = xstrdup(*e);
    free_list(set);
    free_list(unset);
    free(prefix);
    return env;
}

static size_t count(struct span request, enum tag wanted) {
    uint8_t tag;
    struct span value;
    size_t n = 0;
    while (field_next(&request, &tag, &value))
        n += tag == wanted;
    return n;
}

void verb_environment(struct stream *st, struct span request) {
    if (count(request, TAG_ENV) + count(request, TAG_UNSET) > VARIABLES_MAX) {
        stream_error(st, E2BIG, "usage", "at most %d variables in a request", VARIABLES_MAX);
        return;
    }
    struct buf reply = {0};
    char **env = changed_base(request);
    for (char **e = env; *e; e++)
        put_str(&reply, TAG_ENV, *e);
    if (reply.len > PAYLOAD_MAX) {
        stream_error(st, E2BIG, "usage", "the environment would take more than %d bytes",
                     PAYLOAD_MAX);
        free_list(env);
    } else {
        stream_done(st, &reply);
        free_list(identity.env);
        identity.env = env;
    }
    buf_free(&reply);
}
