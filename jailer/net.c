/* The routed veth pair of a slot, over rtnetlink: no process is started. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INSIDE_LO = 1, INSIDE_ETH0 = 2, BATCH_CAP = 2048, DEFAULT_MTU = 1500 };

static uint32_t link_mtu = DEFAULT_MTU;

/* With a larger one, packets that must not be fragmented would wait for an ICMP message that many
 * networks drop. An uplink's jumbo frames are no reason for larger links: not all of the path has
 * them. */
void net_setup(void) {
    struct uplink uplinks[UPLINKS_MAX];
    int count = host_uplinks(uplinks);
    link_mtu = DEFAULT_MTU;
    for (int i = 0; i < count; i++)
        if (uplinks[i].mtu < link_mtu)
            link_mtu = uplinks[i].mtu;
}

/* Requests collected for one sendmsg; the kernel handles them in order and stops at none, so every
 * acknowledgement is read. */
struct batch {
    char data[BATCH_CAP] __attribute__((aligned(4)));
    size_t length;
    unsigned messages;
    struct nlmsghdr *current;
};

static void *put(struct batch *batch, const void *data, size_t length) {
    char *at = batch->data + batch->length;
    size_t padded = NLMSG_ALIGN(length);
    if (batch->length + padded > sizeof batch->data)
        __builtin_trap(); /* sizes are constants of this file */
    memset(at, 0, padded);
    if (data != NULL)
        memcpy(at, data, length);
    batch->length += padded;
    if (batch->current != NULL)
        batch->current->nlmsg_len =
            (uint32_t)(batch->data + batch->length - (char *)batch->current);
    return at;
}

static void begin(struct batch *batch, uint16_t type, uint16_t flags, const void *body,
                  size_t length) {
    struct nlmsghdr header = {.nlmsg_len = sizeof header,
                              .nlmsg_type = type,
                              .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags),
                              .nlmsg_seq = ++batch->messages};
    batch->current = NULL;
    batch->current = put(batch, &header, sizeof header);
    put(batch, body, length);
}

static struct rtattr *attribute(struct batch *batch, uint16_t type, const void *data,
                                size_t length) {
    struct rtattr header = {.rta_len = (uint16_t)RTA_LENGTH(length), .rta_type = type};
    struct rtattr *at = put(batch, &header, sizeof header);
    if (length > 0)
        put(batch, data, length);
    return at;
}

static void close_nest(struct batch *batch, struct rtattr *nest) {
    nest->rta_len = (uint16_t)(batch->data + batch->length - (char *)nest);
}

static int send_batch(int fd, struct batch *batch, const char *what) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (sendto(fd, batch->data, batch->length, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
        return fail_errno("netlink send", what);
    unsigned answered = 0;
    int error = 0;
    unsigned failed = 0;
    while (answered < batch->messages) {
        char answer[8192] __attribute__((aligned(4)));
        ssize_t n = recv(fd, answer, sizeof answer, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_errno("netlink receive", what);
        int left = (int)n;
        for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)answer; NLMSG_OK(h, (unsigned)left);
             h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type != NLMSG_ERROR)
                continue;
            struct nlmsgerr *ack = NLMSG_DATA(h);
            answered++;
            if (ack->error != 0 && error == 0) {
                error = -ack->error;
                failed = h->nlmsg_seq;
            }
        }
    }
    if (error == 0)
        return 0;
    char subject[80];
    snprintf(subject, sizeof subject, "%s, step %u", what, failed);
    errno = error;
    return fail_errno("netlink", subject);
}

static int open_socket(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return fail_errno("socket", "netlink");
    int on = 1; /* acknowledgements without a copy of the request */
    if (setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) < 0) {
        close(fd);
        return fail_errno("setsockopt", "NETLINK_CAP_ACK");
    }
    return fd;
}

static void link_name(const struct conf *conf, unsigned slot, char out[IFNAMSIZ]) {
    snprintf(out, IFNAMSIZ, "%s%u", conf->veth_prefix, slot);
}

static void add_link(struct batch *batch, const char *name, int netns) {
    struct ifinfomsg host = {.ifi_family = AF_UNSPEC};
    struct ifinfomsg peer = {.ifi_family = AF_UNSPEC, .ifi_index = INSIDE_ETH0};
    uint32_t ns = (uint32_t)netns;
    begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &host, sizeof host);
    attribute(batch, IFLA_IFNAME, name, strlen(name) + 1);
    attribute(batch, IFLA_MTU, &link_mtu, sizeof link_mtu);
    struct rtattr *info = attribute(batch, IFLA_LINKINFO, NULL, 0);
    attribute(batch, IFLA_INFO_KIND, "veth", 5);
    struct rtattr *data = attribute(batch, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer_info = attribute(batch, VETH_INFO_PEER, NULL, 0);
    put(batch, &peer, sizeof peer);
    attribute(batch, IFLA_IFNAME, "eth0", 5);
    attribute(batch, IFLA_MTU, &link_mtu, sizeof link_mtu);
    attribute(batch, IFLA_NET_NS_FD, &ns, sizeof ns);
    close_nest(batch, peer_info);
    close_nest(batch, data);
    close_nest(batch, info);
}

static void set_up(struct batch *batch, int index) {
    struct ifinfomsg link = {
        .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(batch, RTM_NEWLINK, 0, &link, sizeof link);
}

static void add_address(struct batch *batch, int index, uint32_t address, uint8_t scope) {
    struct ifaddrmsg body = {.ifa_family = AF_INET,
                             .ifa_prefixlen = 32,
                             .ifa_scope = scope,
                             .ifa_index = (uint32_t)index};
    begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    attribute(batch, IFA_LOCAL, &address, sizeof address);
    attribute(batch, IFA_ADDRESS, &address, sizeof address);
}

/* destination 0: the default route, via gateway */
static void add_route(struct batch *batch, int index, uint32_t destination, uint32_t gateway) {
    struct rtmsg body = {.rtm_family = AF_INET,
                         .rtm_dst_len = destination != 0 ? 32 : 0,
                         .rtm_table = RT_TABLE_MAIN,
                         .rtm_protocol = RTPROT_STATIC,
                         .rtm_scope = destination != 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
                         .rtm_type = RTN_UNICAST};
    uint32_t out = (uint32_t)index;
    begin(batch, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
    if (destination != 0)
        attribute(batch, RTA_DST, &destination, sizeof destination);
    else
        attribute(batch, RTA_GATEWAY, &gateway, sizeof gateway);
    attribute(batch, RTA_OIF, &out, sizeof out);
}

static int set_sysctl(const char *family, const char *link, const char *name, const char *value) {
    char path[PATH_CAP];
    if (pathf(path, "/proc/sys/net/%s/conf/%s/%s", family, link, name) < 0)
        return -1;
    if (write_text(path, value) == 0)
        return 0;
    if (errno == ENOENT && strcmp(family, "ipv6") == 0)
        return 0; /* a kernel without IPv6 */
    return fail_errno("write", path);
}

static int host_side(const struct conf *conf, unsigned slot, int fd, int netns) {
    char name[IFNAMSIZ];
    link_name(conf, slot, name);
    struct batch batch = {.length = 0};
    add_link(&batch, name, netns);
    if (send_batch(fd, &batch, "add link") < 0)
        return -1;
    /* arp_ignore: the host's other addresses are none of the sandbox's business; source routes
     * would change a packet's destination behind the firewall's back */
    if (set_sysctl("ipv6", name, "disable_ipv6", "1") < 0 ||
        set_sysctl("ipv4", name, "rp_filter", "1") < 0 ||
        set_sysctl("ipv4", name, "arp_ignore", "1") < 0 ||
        set_sysctl("ipv4", name, "accept_source_route", "0") < 0 ||
        set_sysctl("ipv4", name, "forwarding", "1") < 0)
        return -1;
    int index = (int)if_nametoindex(name);
    if (index == 0)
        return fail_errno("if_nametoindex", name);
    batch = (struct batch){.length = 0};
    set_up(&batch, index);
    add_address(&batch, index, inet_addr(GATEWAY_TEXT), RT_SCOPE_LINK);
    add_route(&batch, index, htonl(conf->subnet + slot), 0);
    return send_batch(fd, &batch, "host side (up, address, route)");
}

static int inside(const struct conf *conf, unsigned slot, int fd) {
    struct batch batch = {.length = 0};
    uint32_t gateway = inet_addr(GATEWAY_TEXT);
    set_up(&batch, INSIDE_LO);
    set_up(&batch, INSIDE_ETH0);
    add_address(&batch, INSIDE_ETH0, htonl(conf->subnet + slot), RT_SCOPE_UNIVERSE);
    add_route(&batch, INSIDE_ETH0, gateway, 0);
    add_route(&batch, INSIDE_ETH0, 0, gateway);
    return send_batch(fd, &batch, "slot's side (lo, eth0, address, routes)");
}

/* A netlink socket belongs for life to the network namespace it was opened in. */
static int prepare_inside(int netns, int home) {
    if (setns(netns, CLONE_NEWNET) < 0)
        return fail_errno("setns", "network namespace");
    int fd = open_socket();
    if (fd >= 0 && set_sysctl("ipv6", "eth0", "disable_ipv6", "1") < 0) {
        close(fd);
        fd = -1;
    }
    if (setns(home, CLONE_NEWNET) < 0) {
        fail_errno("setns", "own network namespace");
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    return fd;
}

int net_make(const struct conf *conf, unsigned slot, int netns) {
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0)
        return fail_errno("open", "/proc/self/ns/net");
    int result = -1;
    int fd = open_socket();
    if (fd >= 0) {
        result = host_side(conf, slot, fd, netns);
        close(fd);
    }
    if (result == 0 && (fd = prepare_inside(netns, home)) >= 0) {
        result = inside(conf, slot, fd);
        close(fd);
    } else {
        result = -1;
    }
    close(home);
    return result;
}

int net_drop(const struct conf *conf, unsigned slot) {
    char name[IFNAMSIZ];
    link_name(conf, slot, name);
    if (if_nametoindex(name) == 0)
        return 0;
    int fd = open_socket();
    if (fd < 0)
        return -1;
    struct batch batch = {.length = 0};
    struct ifinfomsg link = {.ifi_family = AF_UNSPEC};
    begin(&batch, RTM_DELLINK, 0, &link, sizeof link);
    attribute(&batch, IFLA_IFNAME, name, strlen(name) + 1);
    int result = send_batch(fd, &batch, "delete link");
    close(fd);
    return result < 0 && errno == ENODEV ? 0 : result;
}

bool net_exists(const struct conf *conf, unsigned slot) {
    char name[IFNAMSIZ];
    link_name(conf, slot, name);
    return if_nametoindex(name) != 0;
}
