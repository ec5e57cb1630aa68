/* Connections and streams: frames in and out, credit, back-pressure. */
#ifndef CONN_H
#define CONN_H

#include "fields.h"
#include "loop.h"

#define AGENT_RELEASE "1.3.0"

/* 1: an agent as first released, which a test of upgrades builds. */
#ifndef AGENT_PROTOCOL
#define AGENT_PROTOCOL 2
#endif

enum {
    PROTOCOL_OLDEST = 1,
    PROTOCOL = AGENT_PROTOCOL,
    HEADER = 12,
    PAYLOAD_MAX = 262144,
    GRANT = 262144, /* first credit of a client's stream that may send */
    SCRATCH = 262144,
    WINDOW_MAX = 0x7fffffff, /* credit a client may have open on a stream */
};

enum frame {
    FRAME_HELLO = 1,
    FRAME_REQUEST = 2,
    FRAME_REPLY = 3,
    FRAME_ERROR = 4,
    FRAME_DATA = 5,
    FRAME_EOF = 6,
    FRAME_CREDIT = 7,
    FRAME_EXIT = 8,
    FRAME_CLOSE = 9,
    FRAME_PING = 10,
    FRAME_PONG = 11,
};

struct stream;

/* What the owner of a stream hears; each may be NULL. */
struct stream_ops {
    void (*data)(struct stream *, const uint8_t *p,
                 size_t n); /* bytes of channel 0, within credit */
    void (*eof)(struct stream *);
    void (*ready)(struct stream *);  /* room again after stream_room said 0 */
    void (*closed)(struct stream *); /* CLOSE or a lost connection: never touch the stream again */
};

struct conn;

struct stream {
    struct stream *next; /* in the connection's bucket */
    struct conn *conn;
    uint32_t id;
    uint64_t credit;    /* DATA bytes we may still send */
    uint64_t allowance; /* DATA bytes the client may still send */
    uint64_t unacked;   /* received, not yet granted again (sink.c) */
    uint64_t regrant;   /* consumed, CREDIT not yet sent (sink.c) */
    bool got_eof;
    bool lazy; /* REPLY and EOF may wait a little to share a write with what follows */
    const struct stream_ops *ops;
    void *owner;
    struct stream *peer; /* next stream of the same owner */
};

/* One buffer for all short-lived reads: nothing keeps it across a return to the loop. */
extern uint8_t scratch[SCRATCH];
extern uint64_t boot_id;

void conn_listen(int fd);

/* Bytes of DATA worth sending now: 0 when credit or the connection's queue is exhausted; ready
 * follows. */
size_t stream_room(struct stream *st);
void stream_data(struct stream *st, int channel, const void *p, size_t n);
void stream_eof(struct stream *st, int channel);
void stream_grant(struct stream *st, uint64_t n);
void stream_reply(struct stream *st, const struct buf *fields);
void stream_reply_raw(struct stream *st, const void *p, size_t n);
/* These end the stream and free it later. */
void stream_end(struct stream *st);
void stream_done(struct stream *st, const struct buf *fields);
void stream_done_raw(struct stream *st, const void *p, size_t n);
void stream_exit(struct stream *st, int64_t status);
void stream_error_raw(struct stream *st, const void *p, size_t n);
void stream_error(struct stream *st, int err, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void put_error(struct buf *b, int err, const char *code, const char *message);

/* verbs.c */
void dispatch(struct stream *st, struct span fields);

#endif
