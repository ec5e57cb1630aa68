/* A ring whose file root in the sandbox rewrites at will: reading says so, or gives what is there,
 * and ends. */
#define WORLD_ITSELF
#include "world.h"

#include "../src/loop.h"
#include "../src/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES = 1 << 20 };

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    harness_unprivileged();
    loop_init();
    return 0;
}

static void read_all(struct ring *r, uint64_t from) {
    static uint8_t bytes[4096];
    struct ring_cursor c = {.offset = from, .part = -1};
    int channel = 0;
    ssize_t n;
    for (uint64_t got = 0; (n = ring_read(r, &c, &channel, bytes, sizeof bytes)) > 0;) {
        got += (uint64_t)n;
        if ((channel != 1 && channel != 2) || got > ring_next(r) - from ||
            c.offset > ring_next(r)) {
            fprintf(stderr, "the ring gave what was never put in\n");
            abort();
        }
    }
}

/* Operations: a byte op and u16; what follows for `change` are the bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t output[BYTES];
    struct ring *r = ring_new(RING_MIN);
    int file = world_last_file();
    while (size >= 3) {
        unsigned op = data[0], number = (unsigned)(data[1] << 8 | data[2]);
        data += 3;
        size -= 3;
        size_t take = op % 4 == 2 ? (number % 32 < size ? number % 32 : size) : 0;
        switch (op % 4) {
        case 0:
        case 1:
            ring_append(r, 1 + (int)(op % 4), output, number);
            break;
        case 2:
            if (pwrite(file, data, take, (off_t)(number * 2)) < 0)
                abort();
            break;
        case 3:
            read_all(r, ring_first(r) + number);
            break;
        }
        data += take;
        size -= take;
    }
    read_all(r, ring_first(r));
    ring_free(r);
    loop_round(false); /* frees */
    return 0;
}
