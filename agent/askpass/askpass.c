/*
 * Hands credentials to git without their standing in an argument, a variable or a file.
 *
 *   askpass run PROGRAM ARGUMENT...   reads "protocol://host\nusername\npassword\n" from standard
 *                                     input, keeps it in anonymous memory behind descriptor 9 that
 *                                     PROGRAM and its children inherit, and becomes PROGRAM
 *   askpass get                       git's credential helper (gitcredentials(7)): answers for that
 *                                     protocol and host only
 *   askpass "Username for 'URL': "    GIT_ASKPASS, for images without the shell that git starts
 *                                     helpers with; "Password for ..." likewise
 *
 * So a redirect to another host is not followed by the credentials.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MEMORY = 9, BYTES_MAX = 64 << 10, NOT_STARTED = 127 };

struct secret {
    char *scope;
    char *username;
    char *password;
};

static char text[BYTES_MAX + 1];

static int failed(const char *call) {
    fprintf(stderr, "askpass: %s: %s\n", call, strerror(errno));
    return NOT_STARTED;
}

static ssize_t read_all(int fd, char *to, size_t room) {
    size_t n = 0;
    ssize_t got;
    while (n < room && (got = read(fd, to + n, room - n)) != 0) {
        if (got < 0 && errno != EINTR)
            return -1;
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

static bool write_all(int fd, const char *from, size_t left) {
    while (left > 0) {
        ssize_t n = write(fd, from, left);
        if (n < 0 && errno != EINTR)
            return false;
        from += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static int run(char **program) {
    ssize_t n = read_all(STDIN_FILENO, text, BYTES_MAX);
    if (n < 0)
        return failed("read");
    int memory = memfd_create("credentials", MFD_ALLOW_SEALING);
    if (memory < 0)
        return failed("memfd_create");
    if (!write_all(memory, text, (size_t)n))
        return failed("write");
    if (fcntl(memory, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
        return failed("fcntl F_ADD_SEALS");
    if (memory != MEMORY && (dup2(memory, MEMORY) < 0 || close(memory) < 0))
        return failed("dup2");
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0)
        return failed("open /dev/null");
    if (null != STDIN_FILENO)
        close(null);
    execvp(program[0], program);
    return failed(program[0]);
}

/* The line that begins at *rest, which is moved behind it; NULL when there is none. */
static char *line(char **rest) {
    char *start = *rest, *end = strchr(start, '\n');
    if (end == NULL)
        return NULL;
    *end = 0;
    *rest = end + 1;
    return start;
}

static bool load(struct secret *secret) {
    ssize_t n = pread(MEMORY, text, BYTES_MAX, 0);
    if (n < 0)
        return false;
    text[n] = 0;
    char *rest = text;
    return (secret->scope = line(&rest)) != NULL && (secret->username = line(&rest)) != NULL &&
           (secret->password = line(&rest)) != NULL;
}

/* The same host, by the same protocol or by https where http was asked for. */
static bool covers(const char *scope, const char *protocol, const char *host) {
    const char *sep = strstr(scope, "://");
    size_t n = sep == NULL ? 0 : (size_t)(sep - scope);
    if (sep == NULL || strcmp(sep + 3, host) != 0)
        return false;
    return (strlen(protocol) == n && strncmp(scope, protocol, n) == 0) ||
           (n == 4 && strncmp(scope, "http", n) == 0 && strcmp(protocol, "https") == 0);
}

static int helper(const struct secret *secret) {
    static char input[BYTES_MAX + 1];
    const char *protocol = "", *host = "";
    ssize_t n = read_all(STDIN_FILENO, input, BYTES_MAX);
    char *rest = input, *attribute;
    input[n < 0 ? 0 : n] = 0;
    while ((attribute = line(&rest)) != NULL) {
        if (strncmp(attribute, "protocol=", 9) == 0)
            protocol = attribute + 9;
        if (strncmp(attribute, "host=", 5) == 0)
            host = attribute + 5;
    }
    if (covers(secret->scope, protocol, host))
        printf("username=%s\npassword=%s\n", secret->username, secret->password);
    return 0;
}

/* "Username for 'https://host': " or "Password for 'https://user@host': ". */
static int prompted(const struct secret *secret, char *prompt) {
    char *protocol = strchr(prompt, '\''), *end = strrchr(prompt, '\'');
    if (protocol == NULL || end == protocol)
        return 1;
    protocol++;
    *end = 0;
    char *host = strstr(protocol, "://");
    if (host == NULL)
        return 1;
    *host = 0;
    host += 3;
    char *at = strrchr(host, '@');
    if (!covers(secret->scope, protocol, at == NULL ? host : at + 1))
        return 1;
    puts(strncmp(prompt, "Username", 8) == 0 ? secret->username : secret->password);
    return 0;
}

int main(int argc, char **argv) {
    struct secret secret;
    if (argc >= 3 && strcmp(argv[1], "run") == 0)
        return run(argv + 2);
    if (argc != 2) {
        fputs("usage: askpass run PROGRAM [ARGUMENT...] | get | PROMPT\n", stderr);
        return 2;
    }
    bool get = strcmp(argv[1], "get") == 0;
    if (!get && (strcmp(argv[1], "store") == 0 || strcmp(argv[1], "erase") == 0))
        return 0;
    if (!load(&secret))
        return 1;
    return get ? helper(&secret) : prompted(&secret, argv[1]);
}
