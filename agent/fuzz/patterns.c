/* Patterns of fsutil over names: any bytes, in time that grows with both lengths only. */
#define WORLD_ITSELF
#include "world.h"

#include "../fsutil/glob.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    harness_unprivileged();
    return 0;
}

/* The input is a pattern, a NUL and a name. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 2);
    if (!text)
        abort();
    memcpy(text, data, size);
    text[size] = text[size + 1] = 0;
    /* each in a block of its own, so that a byte too far is seen */
    char *pattern = strdup(text), *name = strdup(text + strlen(text) + (strlen(text) < size));
    bool valid = glob_valid(pattern);
    if (valid)
        glob_match(pattern, name);
    if (valid && !strpbrk(pattern, "*?[\\/") && glob_match(pattern, name) != !strcmp(pattern, name))
        abort(); /* a pattern of plain characters matches itself */
    free(text);
    free(pattern);
    free(name);
    return 0;
}
