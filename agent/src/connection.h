/* Inside a connection: for conn.c, which reads, and stream.c, which writes. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "conn.h"

enum {
    BUCKETS = 64,
    OUT_SMALL = 4096,  /* frames up to this size wait for the end of the round, to share a write */
    OUT_HIGH = 262144, /* no more DATA is produced above this */
    OUT_LIMIT = 1048576, /* no more frames are read above this */
};

struct conn {
    struct watch w;
    struct task flush;
    struct timer stall, lazy;
    struct buf out;
    uint8_t *part; /* an incomplete frame that is not DATA */
    size_t part_have, part_need;
    uint32_t data_left, data_stream; /* DATA is passed on as it comes */
    uint64_t frame_since;
    bool hello, failed, dead_out, wants_room;
    unsigned streams;
    struct stream *bucket[BUCKETS];
};

/* Where the stream of that id is, or would be, in its bucket. */
struct stream **stream_slot(struct conn *c, uint32_t id);
void conn_send(struct conn *c, enum frame type, int channel, uint32_t stream, const void *p,
               size_t n);
void conn_flush(struct conn *c);

#endif
