/* fsutil statfs and fsutil ports: facts about the system that need no walk. */
#include "fsutil.h"

#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>

enum { LISTEN = 0x0a, PORTS = 65536 };

int print_statfs(const char *path) {
    struct statvfs fs;
    if (statvfs(path, &fs) < 0)
        return EXIT_ERRNO + errno;
    out_number((unsigned long long)fs.f_blocks * fs.f_frsize);
    out_number((unsigned long long)fs.f_bfree * fs.f_frsize);
    out_number((unsigned long long)fs.f_bavail * fs.f_frsize);
    return EXIT_DONE;
}

static int read_listening(const char *table, bool *open) {
    char line[512];
    unsigned port, state;
    FILE *f = fopen(table, "re");
    if (!f)
        return errno;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, " %*u: %*[0-9A-F]:%4x %*[0-9A-F]:%*4x %2x", &port, &state) == 2 &&
            state == LISTEN)
            open[port & (PORTS - 1)] = true;
    fclose(f);
    return 0;
}

/* Many servers listen on :: only, which takes IPv4 too, so both tables count. */
int ports(void) {
    static bool open[PORTS];
    int failed = read_listening("/proc/net/tcp", open);
    if (failed)
        return EXIT_ERRNO + failed;
    failed = read_listening("/proc/net/tcp6", open);
    if (failed && failed != ENOENT) /* a kernel without IPv6 */
        return EXIT_ERRNO + failed;
    for (unsigned port = 1; port < PORTS; port++)
        if (open[port])
            out_number(port);
    return EXIT_DONE;
}
