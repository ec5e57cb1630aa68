/*
 * fsutil: work over many files inside a sandbox at native speed, as the sandbox's user. Records of
 * NUL-terminated fields go to standard output (docs/protocols/fsutil.md).
 */
#include "fsutil.h"
#include "output.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 1000000 };

static int usage(void) {
    fputs("usage: fsutil search ROOT GLOB | find ROOT TEXT | list ROOT DEPTH |\n"
          "       watch ROOT [--recursive] | statfs PATH | ports | resolve NAME |\n"
          "       activity PID\n",
          stderr);
    return EXIT_USAGE;
}

/* A number from 1 to most, or 0. */
static unsigned number_of(const char *text, unsigned most) {
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && n <= most ? (unsigned)n : 0;
}

static int run(int argc, char **argv) {
    const char *command = argc > 1 ? argv[1] : "", *root = argc > 2 ? argv[2] : "";
    if (strcmp(command, "ports") == 0 && argc == 2)
        return ports();
    if (strcmp(command, "statfs") == 0 && argc == 3)
        return print_statfs(root);
    if (strcmp(command, "resolve") == 0 && argc == 3)
        return resolve(root);
    if (strcmp(command, "activity") == 0 && argc == 3 && number_of(root, INT_MAX))
        return activity(root);
    if (strcmp(command, "watch") == 0 && argc == 3)
        return watch(root, false);
    if (argc != 4)
        return usage();
    if (strcmp(command, "watch") == 0 && strcmp(argv[3], "--recursive") == 0)
        return watch(root, true);
    if (strcmp(command, "search") == 0)
        return search(root, argv[3]);
    if (strcmp(command, "find") == 0)
        return find(root, argv[3]);
    if (strcmp(command, "list") == 0 && number_of(argv[3], DEPTH_MAX))
        return list(root, number_of(argv[3], DEPTH_MAX));
    return usage();
}

int main(int argc, char **argv) {
    int code = run(argc, argv);
    out_flush();
    if (code > EXIT_ERRNO)
        fprintf(stderr, "fsutil: %.200s: %s\n", argc > 2 ? argv[2] : "/proc/net/tcp",
                strerror(code - EXIT_ERRNO));
    return code;
}
