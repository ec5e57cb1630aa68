/* Loaded into the ssh of the tools: it refuses to run as a user whom /etc/passwd does not name, as
 * in an image without that file. Such a user is then the one of the environment. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *variable(const char *name, const char *otherwise) {
    const char *value = getenv(name);
    return strdup(value != NULL && value[0] != '\0' ? value : otherwise);
}

struct passwd *getpwuid(uid_t uid) {
    static struct passwd own;
    struct passwd *(*lookup)(uid_t);
    void *symbol = dlsym(RTLD_NEXT, "getpwuid");
    memcpy(&lookup, &symbol, sizeof lookup);
    struct passwd *found = symbol != NULL ? lookup(uid) : NULL;
    if (found != NULL || uid != getuid())
        return found;
    own = (struct passwd){.pw_name = variable("USER", uid == 0 ? "root" : "user"),
                          .pw_passwd = variable("", "x"),
                          .pw_uid = uid,
                          .pw_gid = getgid(),
                          .pw_gecos = variable("", ""),
                          .pw_dir = variable("HOME", "/"),
                          .pw_shell = variable("", "/bin/sh")};
    bool whole = own.pw_name && own.pw_passwd && own.pw_gecos && own.pw_dir && own.pw_shell;
    return whole ? &own : NULL;
}
