/*
 * The agent's whole loop: two clients that may send anything at all, programs and workers that
 * answer anything, time that passes. The input is a sequence of operations; when it ends,
 * everybody leaves, and the agent must hold nothing any more.
 */
#define WORLD_ITSELF
#include "world.h"

#include "../src/child.h"
#include "../src/connection.h"
#include "../src/process.h"
#include "../src/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/un.h>

/* Operations: a byte op, a byte which, u16 length (big-endian), as many bytes. */
enum op {
    RAW,     /* bytes of a client, as they are */
    FRAME,   /* a frame of a client: type, u32 stream, payload */
    SAY,     /* what a program or worker writes at one of its ends */
    SAY_FD,  /* the same, with a socket; a single byte comes with a terminal */
    READ,    /* what a program reads at one of its ends */
    GONE,    /* closes an end */
    REAP,    /* a process ends: u16 wait status; none: no process is left */
    TIME,    /* u16 milliseconds */
    DRAIN,   /* a client reads */
    HANG_UP, /* a client leaves */
    OPS
};

enum { CLIENTS = 2, VERBS = 64, STREAMS = 4096, DESCRIPTORS = 512 };

static int listening;
static unsigned descriptors; /* open before anybody came */
static struct sockaddr_un address;
static int client[CLIENTS];

/* Which verbs were answered with REPLY: a harness that never gets anywhere shows. */
static char verb_name[VERBS][24];
static bool verb_accepted[VERBS];
static uint8_t verb_of[CLIENTS][STREAMS];
static struct buf answers[CLIENTS];

static unsigned verb_number(const struct span verb) {
    unsigned i = 1;
    for (; i < VERBS - 1 && verb_name[i][0]; i++)
        if (strlen(verb_name[i]) == verb.n && memcmp(verb_name[i], verb.p, verb.n) == 0)
            return i;
    if (verb.n >= sizeof verb_name[i])
        return 0;
    memcpy(verb_name[i], verb.p, verb.n);
    return i;
}

static void note_request(unsigned c, uint32_t stream, struct span fields) {
    struct span verb;
    if (stream < STREAMS && fields_framed(fields) && field_get(fields, TAG_VERB, &verb))
        verb_of[c][stream] = (uint8_t)verb_number(verb);
}

/* The agent's own frames must be well formed whatever came in. */
static void check_answers(unsigned c) {
    struct buf *b = &answers[c];
    while (buf_size(b) >= HEADER) {
        const uint8_t *p = b->p + b->off;
        uint32_t length = get_u32(p), stream = get_u32(p + 8);
        if (length > PAYLOAD_MAX || p[4] < FRAME_HELLO || p[4] > FRAME_PONG || p[6] || p[7])
            abort();
        if (buf_size(b) < HEADER + length)
            return;
        struct span payload = {p + HEADER, length};
        bool fields = p[4] == FRAME_REPLY || p[4] == FRAME_ERROR || p[4] == FRAME_EXIT;
        if (fields && !fields_framed(payload))
            abort();
        if (p[4] == FRAME_REPLY && stream < STREAMS)
            verb_accepted[verb_of[c][stream]] = true;
        b->off += HEADER + length;
    }
}

static void drain(unsigned c) {
    static uint8_t bytes[65536];
    ssize_t n;
    while (client[c] >= 0 && (n = recv(client[c], bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        buf_put(&answers[c], bytes, (size_t)n);
        check_answers(c);
    }
}

static void rounds(unsigned n) {
    while (n--)
        loop_round(false);
}

static void hang_up(unsigned c) {
    if (client[c] >= 0)
        close(client[c]);
    client[c] = -1;
    buf_free(&answers[c]);
}

static void connect_client(unsigned c) {
    client[c] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client[c] < 0 || connect(client[c], (struct sockaddr *)&address, sizeof address) < 0)
        abort();
    memset(verb_of[c], 0, sizeof verb_of[c]);
    rounds(1);
}

static void send_bytes(unsigned c, const uint8_t *p, size_t n) {
    if (client[c] < 0)
        connect_client(c);
    while (n) {
        ssize_t sent = send(client[c], p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent <= 0)
            break; /* the agent has closed, or waits until its answers are read */
        p += sent;
        n -= (size_t)sent;
        rounds(1);
    }
}

static void send_frame(unsigned c, struct span body) {
    uint8_t header[HEADER] = {0};
    if (body.n < 5)
        return;
    set_u32(header, (uint32_t)(body.n - 5));
    header[4] = body.p[0];
    memcpy(header + 8, body.p + 1, 4);
    struct span payload = {body.p + 5, body.n - 5};
    if (body.p[0] == FRAME_REQUEST)
        note_request(c, get_u32(body.p + 1), payload);
    send_bytes(c, header, sizeof header);
    send_bytes(c, payload.p, payload.n);
}

static void say(unsigned which, struct span bytes, bool with_fd) {
    int end = world_end(which), pair[2] = {-1, -1};
    union {
        struct cmsghdr h;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } c = {0};
    struct iovec io = {(void *)(uintptr_t)bytes.p, bytes.n};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
    if (end < 0)
        return;
    if (with_fd && bytes.n == 1) {
        pair[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (pair[0] < 0 || unlockpt(pair[0]) < 0)
            abort();
        world_keep_end(ioctl(pair[0], TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    } else if (with_fd && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        pair[0] = -1;
    }
    if (pair[0] >= 0) {
        m.msg_control = c.space;
        m.msg_controllen = sizeof c.space;
        c.h.cmsg_level = SOL_SOCKET;
        c.h.cmsg_type = SCM_RIGHTS;
        bool both = pair[1] >= 0 && bytes.n > 0 && bytes.p[0] & 0x80;
        c.h.cmsg_len = CMSG_LEN(both ? sizeof pair : sizeof pair[0]);
        memcpy(CMSG_DATA(&c.h), pair, both ? sizeof pair : sizeof pair[0]);
    }
    if (sendmsg(end, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == ENOTSOCK &&
        write(end, bytes.p, bytes.n) < 0)
        errno = 0; /* nobody reads there, or it is full */
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
}

static void reap(pid_t pid, int status) {
    if (!pid)
        return;
    worker_reaped(pid);
    process_reaped(pid, status);
}

static void perform(enum op op, unsigned which, struct span bytes) {
    static uint8_t sink[65536];
    unsigned c = which % CLIENTS;
    int number = bytes.n >= 2 ? bytes.p[0] << 8 | bytes.p[1] : 0;
    switch (op) {
    case RAW:
        send_bytes(c, bytes.p, bytes.n);
        break;
    case FRAME:
        send_frame(c, bytes);
        break;
    case SAY:
    case SAY_FD:
        say(which, bytes, op == SAY_FD);
        break;
    case READ:
        if (world_end(which) >= 0 && read(world_end(which), sink, sizeof sink) < 0)
            errno = 0;
        break;
    case GONE:
        world_close_end(which);
        break;
    case REAP:
        if (bytes.n)
            reap(world_pid(which), number);
        else
            shutdown_check(false);
        break;
    case TIME:
        world_advance((unsigned)number);
        break;
    case DRAIN:
        drain(c);
        break;
    case HANG_UP:
        hang_up(c);
        break;
    case OPS:
        break;
    }
    rounds(2);
}

static unsigned open_descriptors(void) {
    unsigned n = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Everybody leaves: clients, programs, workers. */
static void everybody_leaves(void) {
    for (unsigned c = 0; c < CLIENTS; c++) {
        drain(c);
        hang_up(c);
    }
    rounds(4);
    pid_t pid;
    for (unsigned i = 0; (pid = world_pid(i)) && (!i || pid != world_pid(0)); i++)
        reap(pid, 0);
    world_reset();
    rounds(8);
    for (struct process *p = processes, *next; p; p = next) {
        next = p->next;
        process_ended(p, 0);
        process_unlist(p);
    }
    world_advance(4000000); /* beyond every timer */
    rounds(8);
    if (processes) {
        fprintf(stderr, "a process is left when everybody has gone\n");
        abort();
    }
    shutting_down = false;
    if (open_descriptors() != descriptors) {
        fprintf(stderr, "%u descriptors are open, %u were before\n", open_descriptors(),
                descriptors);
        abort();
    }
}

static void report(void) {
    if (!getenv("FUZZ_REPORT"))
        return;
    printf("accepted:");
    for (unsigned i = 1; i < VERBS; i++)
        if (verb_accepted[i])
            printf(" %s", verb_name[i]);
    printf("\n");
    fflush(stdout);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    harness_unprivileged();
    agent_pid = 99999999; /* nobody: signals to all go nowhere */
    address.sun_family = AF_UNIX;
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "agent-fuzz-%d", (int)getpid());
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listening, 16) < 0)
        abort();
    boot_id = 1;
    identity.env = xzalloc(sizeof *identity.env);
    loop_init();
    conn_listen(listening);
    client[0] = client[1] = -1;
    atexit(report);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    descriptors = open_descriptors(); /* libFuzzer has some, and a symbolizer */
    while (size >= 4) {
        size_t length = (size_t)data[2] << 8 | data[3];
        if (length > size - 4)
            length = size - 4;
        perform(data[0] % OPS, data[1], (struct span){data + 4, length});
        data += 4 + length;
        size -= 4 + length;
    }
    everybody_leaves();
    return 0;
}
