/* What all sandboxes and the host share: tables of the kernel with one limit for all network
 * namespaces or mounts, raised so that one sandbox cannot fill them, and the host's uplinks. */
#include "jailer.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

static void raise_to(const char *path, uint64_t least) {
    uint64_t now;
    char text[32];
    if (read_number(path, &now) < 0 || now >= least)
        return;
    snprintf(text, sizeof text, "%llu", (unsigned long long)least);
    if (write_text(path, text) < 0)
        log_line("write %s: %s; one sandbox may use up what all share", path, strerror(errno));
}

void host_setup(void) {
    /* 4,096 pseudo-terminals for all devpts mounts by default; a sandbox pays for each with its own
     * memory. The kernel's greatest value: */
    raise_to("/proc/sys/kernel/pty/max", 1 << 20);
    /* 65,536 outstanding requests of asynchronous I/O by default, held by whoever asks first */
    raise_to("/proc/sys/fs/aio-max-nr", 1 << 28);
    /* open files are paid for with memory; without systemd a tenth of the host's is the limit */
    raise_to("/proc/sys/fs/file-max", (uint64_t)1 << 40);
    /* 32,768 process numbers on small hosts: less than the sandboxes' limits together */
    raise_to("/proc/sys/kernel/pid_max", 1 << 22);
    /* 1,024 neighbours for all network namespaces: one per slot's link already fills them. From the
     * greatest down, for the kernel's collector starts at the second. */
    raise_to("/proc/sys/net/ipv4/neigh/default/gc_thresh3", 1 << 16);
    raise_to("/proc/sys/net/ipv4/neigh/default/gc_thresh2", 1 << 15);
    /* One switch for all network namespaces, which root of any of them may turn on and nobody off
     * again: on from the beginning, no sandbox changes the host by it. It only lets netfilter see
     * packets of lightweight tunnels. */
    raise_to("/proc/sys/net/netfilter/nf_hooks_lwtunnel", 1);
}

/* Lines of /proc/net/route: name, destination, gateway, flags, …, mask, in hexadecimal. */
int host_uplinks(struct uplink out[UPLINKS_MAX]) {
    FILE *file = fopen("/proc/net/route", "re");
    char line[256], name[IFNAMSIZ + 1];
    unsigned destination, flags, mask;
    int count = 0;
    while (file != NULL && count < UPLINKS_MAX && fgets(line, sizeof line, file) != NULL) {
        char path[PATH_CAP];
        if (sscanf(line, "%16s %x %*x %x %*d %*d %*d %x", name, &destination, &flags, &mask) != 4 ||
            destination != 0 || mask != 0 || (flags & 1) == 0 /* RTF_UP */ ||
            pathf(path, "/sys/class/net/%s/mtu", name) < 0)
            continue;
        struct uplink *uplink = &out[count];
        uint64_t mtu;
        if (read_number(path, &mtu) < 0 || mtu < 576 || mtu > 65535)
            continue;
        snprintf(uplink->name, sizeof uplink->name, "%s", name);
        uplink->mtu = (unsigned)mtu;
        count++;
    }
    if (file != NULL)
        fclose(file);
    return count;
}
