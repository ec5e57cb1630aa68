/*
 * What the jailer reads: lines of a connection, cut anywhere, and their words. The verbs are
 * compiled out: what would be done is only looked at, and must be inside every grammar. Runs
 * without any privilege.
 */
#define fork no_fork
#include "../serve.c"
#undef fork

#include <ctype.h>
#include <grp.h>
#include <stdio.h>

enum { NOBODY = 65534 };

/* Nothing here is reached by parsing. */
pid_t no_fork(void) { abort(); }
int events_subscribe(int fd) { return fd < 0 ? -1 : 0; }
void events_close_in_child(void) {}
int events_poll_add(struct pollfd *fds) { return fds == NULL; }
void events_poll_done(const struct pollfd *fds, int count) { (void)fds, (void)count; }
void events_reaped(pid_t pid, int status) { (void)pid, (void)status; }
void events_beat(void) {}
int guard_look(const struct conf *c, int64_t now) { return c == NULL && now == 0; }
int priority_look(const struct conf *c, int64_t now) { return c == NULL && now == 0; }
bool procview_start(const struct conf *c) { return c != NULL; }
void procview_stop(const struct conf *c) { (void)c; }
bool procview_reaped(pid_t pid) { return pid == 0; }

/* The verbs that verbs.c names. */
#define VERB(name)                                                                                 \
    int verb_##name(struct request *request, struct reply *reply) {                                \
        (void)request, (void)reply;                                                                \
        abort();                                                                                   \
    }
VERB(events)
VERB(slot_make)
VERB(slot_drop)
VERB(disk_make)
VERB(disk_clone)
VERB(disk_capture)
VERB(disk_grow)
VERB(disk_drop)
VERB(layer_import)
VERB(layer_drop)
VERB(start)
VERB(kill)
VERB(limits)
VERB(freeze)
VERB(thaw)
VERB(stats)
VERB(trim)
void list_slots(const struct conf *c, struct reply *reply) { (void)c, (void)reply; }
void list_disks(const struct conf *c, struct reply *reply) { (void)c, (void)reply; }
void list_layers(const struct conf *c, struct reply *reply) { (void)c, (void)reply; }
void list_sandboxes(const struct conf *c, struct reply *reply) { (void)c, (void)reply; }
int pool_space(const struct conf *c, uint64_t *free_kib, uint64_t *total_kib) {
    (void)c, (void)free_kib, (void)total_kib;
    return -1;
}

enum { ACCEPTED_MAX = 32 };
static const char *accepted[ACCEPTED_MAX];

static void note(const char *verb) {
    int i = 0;
    while (i < ACCEPTED_MAX - 1 && accepted[i] != NULL && accepted[i] != verb)
        i++;
    accepted[i] = verb;
}

/* A word that becomes part of a path, an argument of a program or a line of a file. */
static void must_be_plain(const char *word) {
    size_t length = strlen(word);
    if (length == 0 || length > 1023 || strstr(word, "..") != NULL)
        abort();
    for (const char *p = word; *p != '\0'; p++)
        if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '-')
            abort();
}

static void look(const struct request *request, verb_function *function) {
    if (function == NULL || request->verb == NULL || request->count > 11 ||
        request->layers > LIST_MAX)
        abort();
    for (int i = 0; i < request->count; i++)
        must_be_plain(request->arg[i]);
    for (int i = 0; i < request->layers; i++)
        must_be_plain(request->layer[i]);
    if (request->tools != NULL)
        must_be_plain(request->tools);
    if (strcmp(request->verb, "start") == 0 &&
        (request->layers < 1 || request->number[1] < 1 || request->number[1] >= SLOTS - 1 ||
         request->number[6] < 10 || request->number[7] < 16 || request->number[8] < 4 ||
         request->number[9] < 1 || request->number[9] > 100))
        abort();
    note(request->verb);
}

static void report(void) {
    if (getenv("FUZZ_REPORT") == NULL)
        return;
    printf("accepted:");
    for (int i = 0; i < ACCEPTED_MAX && accepted[i] != NULL; i++)
        printf(" %s", accepted[i]);
    printf("\n");
    fflush(stdout);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) < 0))
        abort();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    atexit(report);
    return 0;
}

/* Takes what is there; false when the connection would be closed. */
static bool take(struct connection *connection) {
    for (bool open = true; open;) {
        int got = read_line(connection);
        if (connection->used > LINE_MAX_BYTES)
            abort();
        if (got <= 0)
            return got == 0;
        struct request request = {.conf = conf, .fd = connection->fd};
        verb_function *function = NULL;
        connection->used = 0;
        /* in a block of its own, so that a byte too far is seen */
        char *line = strdup(connection->line);
        if (request_parse(line, &request, &function) == 0)
            look(&request, function);
        else if (failure_code() != E_USAGE)
            abort();
        else
            open = send_failure(connection->fd, MSG_DONTWAIT);
        free(line);
    }
    return false;
}

/* The first byte says in pieces of how many bytes the rest comes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct conf none;
    struct connection connection = {0};
    char answer[4096];
    int pair[2];
    if (size < 2)
        return 0;
    conf = &none;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        abort();
    connection.fd = pair[0];
    size_t piece = data[0] == 0 ? size : data[0];
    bool open = true;
    for (size_t at = 1; at < size && open; at += piece) {
        size_t n = piece < size - at ? piece : size - at;
        open = send(pair[1], data + at, n, MSG_NOSIGNAL) == (ssize_t)n && take(&connection);
        ssize_t got = recv(pair[1], answer, sizeof answer, 0);
        if (got > 0 && memcmp(answer, "error usage ", got < 12 ? (size_t)got : 12) != 0)
            abort();
        while (got > 0)
            got = recv(pair[1], answer, sizeof answer, 0);
    }
    close(pair[0]);
    close(pair[1]);
    return 0;
}
