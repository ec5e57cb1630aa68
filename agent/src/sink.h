/* A sink: a descriptor that clients' DATA is written to, with a bounded queue and credit given back
 * as it drains. */
#ifndef SINK_H
#define SINK_H

#include "conn.h"

struct sink {
    struct watch w;
    struct buf queue;
    struct stream *streams; /* linked by peer */
    uint32_t grant;
    uint64_t orphaned; /* queued bytes of streams that are gone */
    bool broken;       /* the reader is gone: bytes are thrown away */
    bool finishing;    /* close when the queue is empty */
    bool finished;
    void (*finish)(struct sink *); /* everything was written; still open */
};

/* Grant: the first credit of each stream. */
void sink_init(struct sink *s, int fd, uint32_t grant, void (*finish)(struct sink *));
/* Lets the stream send, and grants its first credit. */
void sink_add(struct sink *s, struct stream *st);
/* Forgets the stream; what it has queued is still written. */
void sink_remove(struct sink *s, struct stream *st);
void sink_data(struct sink *s, struct stream *st, const uint8_t *p, size_t n);
/* Bytes that no stream sent and no credit is given back for, and the end after them. */
void sink_preset(struct sink *s, const uint8_t *p, size_t n);
/* Calls finish when what is queued now has been written. */
void sink_finish(struct sink *s);
void sink_close(struct sink *s);

#endif
