/* /.daytona/bin/git: runs the git beside it in whatever image it finds itself, telling it where its
 * parts are and providing what the image lacks: an ssh client and certificates. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOME_OF_TOOLS "/.daytona"
#define GIT_CORE HOME_OF_TOOLS "/libexec/git-core"
#define SHARE HOME_OF_TOOLS "/share"

/* Where distributions keep the certificates their administrator trusts, and the system-wide
 * configuration that names them: git's libcurl knows only Debian's place, and a variable for
 * certificates would be stronger than what the user configures. */
static const struct {
    const char *bundle, *config;
} places[] = {
    {"/etc/ssl/certs/ca-certificates.crt", NULL}, /* Debian, Ubuntu, Alpine, Arch, distroless */
    {"/etc/pki/tls/certs/ca-bundle.crt", SHARE "/gitconfig/fedora"},
    {"/etc/ssl/ca-bundle.pem", SHARE "/gitconfig/opensuse"},
    {"/etc/ssl/cert.pem", SHARE "/gitconfig/alpine"},
    {SHARE "/ca-certificates.crt", SHARE "/gitconfig/brought"},
};

static void set(const char *name, const char *value) {
    if (setenv(name, value, 1) < 0) {
        fprintf(stderr, "setenv %s: %s\n", name, strerror(errno));
        exit(127);
    }
}

static void choose_certificates(void) {
    if (getenv("GIT_CONFIG_SYSTEM") != NULL || getenv("GIT_CONFIG_NOSYSTEM") != NULL)
        return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (access(places[i].bundle, R_OK) < 0)
            continue;
        if (places[i].config != NULL)
            set("GIT_CONFIG_SYSTEM", places[i].config);
        return;
    }
}

static bool on_path(const char *program) {
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        char file[PATH_MAX];
        int n = snprintf(file, sizeof file, "%.*s/%s", (int)length, path, program);
        if (n > 0 && (size_t)n < sizeof file && access(file, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

int main(int argc, char **argv) {
    (void)argc;
    set("GIT_EXEC_PATH", GIT_CORE);
    if (getenv("GIT_TEMPLATE_DIR") == NULL)
        set("GIT_TEMPLATE_DIR", SHARE "/git-core/templates");
    choose_certificates();
    if (getenv("GIT_SSH") == NULL && getenv("GIT_SSH_COMMAND") == NULL && !on_path("ssh"))
        set("GIT_SSH", HOME_OF_TOOLS "/bin/ssh");
    /* built for the image's C library, it could not be loaded beside git's own */
    unsetenv("LD_PRELOAD");
    execv(GIT_CORE "/git", argv);
    fprintf(stderr, "exec %s: %s\n", GIT_CORE "/git", strerror(errno));
    return 127;
}
