/* jailer.conf: any bytes; a configuration that is taken is inside every bound. */
#include "../conf.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_end(const char *text, size_t cap) {
    if (memchr(text, '\0', cap) == NULL || text[0] == '\0')
        abort();
}

/* Absolute, and no way up: ".....var" is a directory like any other, ".." is not. */
static void must_lead_down(const char *path) {
    if (path[0] != '/')
        abort();
    for (const char *p = path; *p != '\0';) {
        size_t length = strcspn(++p, "/");
        if (length == 0 || (length <= 2 && strspn(p, ".") >= length))
            abort();
        p += length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct conf conf;
    if (memchr(data, '\0', size) != NULL)
        return 0; /* refused where the file is read */
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    if (conf_parse(text, &conf) == 0) {
        must_end(conf.data, DATA_MAX + 1);
        must_end(conf.app, sizeof conf.app);
        must_end(conf.cgroup, sizeof conf.cgroup);
        must_end(conf.nft_table, sizeof conf.nft_table);
        must_end(conf.veth_prefix, sizeof conf.veth_prefix);
        must_end(conf.runtime, sizeof conf.runtime);
        must_lead_down(conf.data);
        must_lead_down(conf.app);
        must_lead_down(conf.runtime);
        if (conf.uid == 0 || conf.gid == 0 || conf.instance > 58 || conf.uid_base < 65536 ||
            (conf.subnet & (SLOTS - 1)) != 0)
            abort();
        if (getenv("FUZZ_REPORT") != NULL)
            printf("accepted: configuration\n");
    }
    free(text);
    return 0;
}
