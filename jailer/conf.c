/* Reads jailer.conf: key=value lines, every key required once, unknown keys refused. */
#include "jailer.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind { TEXT_PATH, TEXT_NAME, NUMBER, ADDRESS };

struct key {
    const char *name;
    enum kind kind;
    uint64_t min, max; /* of a number; max bytes of a text */
};

enum {
    DATA,
    APP,
    UID,
    GID,
    INSTANCE,
    UID_BASE,
    SUBNET,
    CGROUP,
    TABLE,
    PREFIX,
    POOL,
    RUNTIME,
    KEYS
};

static const struct key keys[KEYS] = {
    [DATA] = {"data", TEXT_PATH, 0, DATA_MAX},
    [APP] = {"app", TEXT_PATH, 0, PATH_CAP - 40},
    [UID] = {"uid", NUMBER, 1, 0x7fffffff},
    [GID] = {"gid", NUMBER, 1, 0x7fffffff},
    [INSTANCE] = {"instance", NUMBER, 0, 58},
    [UID_BASE] = {"uid_base", NUMBER, 65536, 0xffffffffu - (uint64_t)SLOTS *SLOT_IDS},
    [SUBNET] = {"subnet", ADDRESS, 0, 0},
    [CGROUP] = {"cgroup", TEXT_NAME, 0, 63},
    [TABLE] = {"nft_table", TEXT_NAME, 0, 63},
    [PREFIX] = {"veth_prefix", TEXT_NAME, 0, 11}, /* + four digits fits in IFNAMSIZ */
    [POOL] = {"pool_bytes", NUMBER, 0, (uint64_t)1 << 50},
    [RUNTIME] = {"runtime", TEXT_PATH, 0, PATH_CAP - 1},
};

static bool is_path(const char *text) {
    if (text[0] != '/' || text[1] == '\0' || strstr(text, "//") != NULL)
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && strchr("/._-+", *p) == NULL)
            return false;
    size_t length = strlen(text);
    return text[length - 1] != '/' && strstr(text, "/../") == NULL && strstr(text, "/./") == NULL &&
           (length < 3 || strcmp(text + length - 3, "/..") != 0) &&
           strcmp(text + length - 2, "/.") != 0;
}

static bool is_name(const char *text) {
    if (!islower((unsigned char)text[0]))
        return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-' && *p != '_')
            return false;
    return true;
}

static bool parse_address(const char *text, uint32_t *out) {
    uint32_t address = 0;
    char copy[16];
    if (strlen(text) >= sizeof copy)
        return false;
    strcpy(copy, text);
    char *rest = copy;
    for (int i = 0; i < 4; i++) {
        char *part = strsep(&rest, ".");
        uint64_t octet;
        if (part == NULL || !parse_number(part, 0, 255, &octet))
            return false;
        address = address << 8 | (uint32_t)octet;
    }
    *out = address;
    return rest == NULL;
}

static void store(struct conf *conf, int index, const char *text, uint64_t number) {
    switch (index) {
    case DATA:
        strcpy(conf->data, text);
        break;
    case APP:
        strcpy(conf->app, text);
        break;
    case UID:
        conf->uid = (uid_t)number;
        break;
    case GID:
        conf->gid = (gid_t)number;
        break;
    case INSTANCE:
        conf->instance = (unsigned)number;
        break;
    case UID_BASE:
        conf->uid_base = (uint32_t)number;
        break;
    case SUBNET:
        conf->subnet = (uint32_t)number;
        break;
    case CGROUP:
        strcpy(conf->cgroup, text);
        break;
    case TABLE:
        strcpy(conf->nft_table, text);
        break;
    case PREFIX:
        strcpy(conf->veth_prefix, text);
        break;
    case POOL:
        conf->pool_bytes = number;
        break;
    case RUNTIME:
        strcpy(conf->runtime, text);
        break;
    }
}

static int take_value(struct conf *conf, int index, const char *value) {
    const struct key *key = &keys[index];
    uint64_t number = 0;
    bool good = false;
    switch (key->kind) {
    case TEXT_PATH:
        good = strlen(value) <= key->max && is_path(value);
        break;
    case TEXT_NAME:
        good = value[0] != '\0' && strlen(value) <= key->max && is_name(value);
        break;
    case NUMBER:
        good = parse_number(value, key->min, key->max, &number);
        break;
    case ADDRESS: {
        uint32_t address;
        /* a /22, so that slot n is subnet + n without a carry out of the instance's range */
        good = parse_address(value, &address) && (address & (SLOTS - 1)) == 0;
        number = good ? address : 0;
        break;
    }
    }
    if (!good)
        return fail(E_USAGE, "value of %s is not allowed", key->name);
    store(conf, index, value, number);
    return 0;
}

static int take_line(struct conf *conf, char *line, bool seen[KEYS]) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return fail(E_USAGE, "a line is not key=value");
    *equals = '\0';
    for (int i = 0; i < KEYS; i++) {
        if (strcmp(line, keys[i].name) != 0)
            continue;
        if (seen[i])
            return fail(E_USAGE, "key %s appears twice", line);
        seen[i] = true;
        return take_value(conf, i, equals + 1);
    }
    return fail(E_USAGE, "unknown key %.40s", line);
}

/* Only root may have written what root obeys. */
static int read_trusted(const char *file, char *text, size_t cap) {
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return fail_errno("open", file);
    struct stat st;
    ssize_t length = -1;
    int result = -1;
    if (fstat(fd, &st) < 0)
        fail_errno("stat", file);
    else if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & 022) != 0)
        fail(E_USAGE, "%s must be a file of root that nobody else can write", file);
    else if ((length = read(fd, text, cap - 1)) < 0)
        fail_errno("read", file);
    else if ((size_t)length == cap - 1 || memchr(text, '\0', (size_t)length) != NULL)
        fail(E_USAGE, "%s is too long or not text", file);
    else
        result = 0;
    close(fd);
    if (result == 0)
        text[length] = '\0';
    return result;
}

static bool in_slot_range(const struct conf *conf, uint32_t id) {
    return id >= conf->uid_base && id - conf->uid_base < (uint32_t)SLOTS * SLOT_IDS;
}

static int conf_parse(char *text, struct conf *conf) {
    bool seen[KEYS] = {false};
    memset(conf, 0, sizeof *conf);
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (take_line(conf, line, seen) < 0)
            return -1;
    }
    for (int i = 0; i < KEYS; i++)
        if (!seen[i])
            return fail(E_USAGE, "key %s is missing", keys[i].name);
    if (in_slot_range(conf, conf->uid) || in_slot_range(conf, conf->gid))
        return fail(E_USAGE,
                    "uid and gid must lie outside the slots' range, which begins at uid_base");
    return 0;
}

int conf_read(const char *file, struct conf *conf) {
    char text[8192];
    return read_trusted(file, text, sizeof text) < 0 ? -1 : conf_parse(text, conf);
}
