#include "users.h"

#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 4 << 20, FIELDS = 7, GROUPS_MAX = 256 };

static char *slurp(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;
    char *text = NULL;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        size_t n = 0, cap = st.st_size > 0 && st.st_size < FILE_MAX ? (size_t)st.st_size : FILE_MAX;
        ssize_t got;
        text = xrealloc(NULL, cap + 1);
        while (n < cap && (got = read(fd, text + n, cap - n)) > 0)
            n += (size_t)got;
        text[n] = 0;
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* Read once: each child that comes here makes one call and ends. */
static struct {
    char *text;
    bool tried;
} databases[2];

static const char *database(int which) {
    if (!databases[which].tried) {
        databases[which].text = slurp(which ? "/etc/group" : "/etc/passwd");
        databases[which].tried = true;
    }
    return databases[which].text ? databases[which].text : "";
}

/* Splits the next line at colons into copies inside line; missing fields are empty. NULL at the
 * end. */
static const char *next_entry(const char *text, char *line, size_t cap, char *field[FIELDS]) {
    static char empty[1];
    if (!*text)
        return NULL;
    size_t n = strcspn(text, "\n");
    const char *rest = text[n] ? text + n + 1 : text + n;
    if (n >= cap)
        n = cap - 1;
    memcpy(line, text, n);
    line[n] = 0;
    for (int i = 0; i < FIELDS; i++)
        field[i] = empty;
    char *p = line;
    for (int i = 0; i < FIELDS && p; i++)
        field[i] = strsep(&p, ":");
    return rest;
}

static bool number(const char *s, unsigned long *value) {
    char *end;
    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    *value = strtoul(s, &end, 10);
    return !*end && !errno && *value < UINT32_MAX;
}

static void copy(char *to, size_t cap, const char *from) { snprintf(to, cap, "%s", from); }

static void nameless(struct user *u, uid_t uid, gid_t gid) {
    u->uid = uid;
    u->gid = gid;
    snprintf(u->name, sizeof u->name, "%lu", (unsigned long)uid);
    copy(u->home, sizeof u->home, "/");
    copy(u->shell, sizeof u->shell, "/bin/sh");
    if (uid == 0) { /* an image without /etc/passwd still has root */
        copy(u->name, sizeof u->name, "root");
        copy(u->home, sizeof u->home, "/root");
    }
}

bool user_find(const char *name, struct user *u) {
    char line[2048], *f[FIELDS];
    unsigned long wanted = 0, uid, gid;
    bool by_number = !name || !*name || number(name, &wanted);
    if (!name || !*name)
        wanted = geteuid();
    const char *text = database(0);
    memset(u, 0, sizeof *u);
    while ((text = next_entry(text, line, sizeof line, f))) {
        if (!number(f[2], &uid) || !number(f[3], &gid) || strlen(f[0]) >= sizeof u->name ||
            strlen(f[5]) >= sizeof u->home)
            continue;
        if (by_number ? uid != wanted : strcmp(f[0], name) != 0)
            continue;
        copy(u->name, sizeof u->name, f[0]);
        copy(u->home, sizeof u->home, *f[5] ? f[5] : "/");
        copy(u->shell, sizeof u->shell, *f[6] ? f[6] : "/bin/sh");
        u->uid = (uid_t)uid;
        u->gid = (gid_t)gid;
        return true;
    }
    if (!name || !*name)
        nameless(u, geteuid(), getegid());
    else if (strcmp(name, "root") == 0 || strcmp(name, "0") == 0)
        nameless(u, 0, 0);
    else
        return false;
    return true;
}

bool group_find(const char *name, gid_t *gid) {
    char line[2048], *f[FIELDS];
    unsigned long n;
    const char *text = database(1);
    while ((text = next_entry(text, line, sizeof line, f)))
        if (strcmp(f[0], name) == 0 && number(f[2], &n)) {
            *gid = (gid_t)n;
            return true;
        }
    if (!number(name, &n))
        return false;
    *gid = (gid_t)n;
    return true;
}

/* One remembered answer per kind: a directory's entries mostly share an owner. */
static struct {
    char name[64];
    unsigned long id;
    bool known;
} last[2];

static const char *id_name(int which, unsigned long id) {
    char line[2048], *f[FIELDS];
    unsigned long n;
    if (last[which].known && last[which].id == id)
        return last[which].name;
    last[which].known = true;
    last[which].id = id;
    snprintf(last[which].name, sizeof last[which].name, "%lu", id);
    const char *text = database(which);
    while ((text = next_entry(text, line, sizeof line, f)))
        if (number(f[2], &n) && n == id && *f[0] && strlen(f[0]) < sizeof last[which].name) {
            copy(last[which].name, sizeof last[which].name, f[0]);
            break;
        }
    return last[which].name;
}

const char *user_name(uid_t uid) { return id_name(0, uid); }

const char *group_name(gid_t gid) { return id_name(1, gid); }

/* Group lines are as long as their member list, so they are walked in place. */
static size_t member_of(const char *name, gid_t *groups, size_t max) {
    size_t count = 0, len = strlen(name);
    for (const char *line = database(1); *line && count < max;) {
        size_t n = strcspn(line, "\n");
        const char *end = line + n, *f[4] = {line};
        int i = 1;
        for (const char *p = line; p < end && i < 4; p++)
            if (*p == ':')
                f[i++] = p + 1;
        char digits[16] = "";
        if (i == 4)
            snprintf(digits, sizeof digits, "%.*s", (int)(f[3] - f[2] - 1), f[2]);
        unsigned long gid;
        if (number(digits, &gid)) { /* a line that names no group makes nobody a member */
            for (const char *m = f[3]; m < end;) {
                size_t w = strcspn(m, ",\n");
                if (w == len && memcmp(m, name, len) == 0 && count < max) {
                    groups[count++] = (gid_t)gid;
                    break;
                }
                m += w + 1;
            }
        }
        line = *end ? end + 1 : end;
    }
    return count;
}

bool user_become(const struct user *u) {
    if (geteuid() != 0) {
        errno = EPERM;
        return u->uid == geteuid();
    }
    gid_t groups[GROUPS_MAX + 1] = {u->gid};
    size_t n = 1 + member_of(u->name, groups + 1, GROUPS_MAX);
    /* a user namespace may refuse to change groups altogether: harmless for who stays root */
    if (setgroups(n, groups) < 0 && (errno != EPERM || u->uid != 0))
        return false;
    return setresgid(u->gid, u->gid, u->gid) == 0 && setresuid(u->uid, u->uid, u->uid) == 0;
}
