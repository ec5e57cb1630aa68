/* /etc/passwd and /etc/group of a sandbox: any bytes; the user found is whole. */
#include "world.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *text[2];
static size_t length[2];

/* Instead of the file's own open: both files are the fuzzer's. */
static int open_text(const char *path, int flags) {
    (void)flags;
    int which = strstr(path, "group") != NULL, fd = memfd_create("text", MFD_CLOEXEC);
    if (fd < 0 || write(fd, text[which], length[which]) != (ssize_t)length[which] ||
        lseek(fd, 0, SEEK_SET) != 0)
        abort();
    return fd;
}

#define open open_text
#include "../src/users.c"
#undef open

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    harness_unprivileged();
    return 0;
}

static void forget(void) {
    for (int i = 0; i < 2; i++)
        free(databases[i].text);
    memset(databases, 0, sizeof databases);
    memset(last, 0, sizeof last);
}

static void look_up(const char *name) {
    struct user u;
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    if (user_find(name, &u)) {
        if (!memchr(u.name, 0, sizeof u.name) || !memchr(u.home, 0, sizeof u.home) ||
            !memchr(u.shell, 0, sizeof u.shell) || !*u.home || !*u.shell)
            abort();
        size_t count = member_of(u.name, groups, GROUPS_MAX);
        if (count > GROUPS_MAX)
            abort();
        for (size_t i = 0; i < count; i++) { /* nobody is in a group that no line names */
            char digits[16];
            snprintf(digits, sizeof digits, "%lu", (unsigned long)groups[i]);
            if (!strstr(database(1), digits))
                abort();
        }
        if (user_name(u.uid)[0] == 0 || group_name(u.gid)[0] == 0)
            abort();
    }
    if (name)
        group_find(name, &gid);
}

/* The input: a name, NUL, passwd, NUL, group. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *first = memchr(data, 0, size);
    if (!first)
        return 0;
    const uint8_t *end = data + size, *second = memchr(first + 1, 0, (size_t)(end - first - 1));
    if (!second)
        return 0;
    text[0] = first + 1;
    length[0] = (size_t)(second - first - 1);
    text[1] = second + 1;
    length[1] = (size_t)(end - second - 1);
    forget();
    look_up((const char *)data);
    look_up(NULL);
    look_up("0");
    return 0;
}
