/* The firewall of this instance: one table, installed at start, no element per slot. A source
 * address is right exactly when the host's route to it leaves by the interface it came from
 * (`fib`), and the route to a slot's address exists only through its own link. */
#include "jailer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

static const char *nft_path(void) {
    static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return places[0];
}

static int run_nft(const char *rules) {
    char output[512];
    const char *const argv[] = {nft_path(), "-f", "-", NULL};
    int status = run_program(argv, rules, output, sizeof output);
    if (status < 0)
        return -1;
    return status == 0 ? 0 : fail(E_SYSTEM, "nft refused the rules of this instance: %s", output);
}

/* In prerouting, before any address translation: only the slot's own IPv4 source; nothing to an
 * address of the host itself (also not to a port that a container engine published on it); not to
 * link-local and cloud metadata addresses. In forward: neither another slot (of any instance), nor
 * the containers and virtual machines of this host, nor a connection from outside into one, and not
 * more connections at a time than leave the host's table to the others. Packets carry the path's
 * segment size, for uplinks below 1500.
 */
static const char table_text[] =
    "table inet %1$s\n"
    "delete table inet %1$s\n"
    "table inet %1$s {\n"
    "%5$s"
    "  chain prerouting {\n"
    "    type filter hook prerouting priority raw\n"
    "    iifname != \"%2$s*\" return\n"
    "    meta nfproto != ipv4 drop\n"
    "    ip saddr != %3$s/22 drop\n"
    "    fib saddr . iif oif missing drop\n"
    "    fib daddr type != unicast drop\n"
    "    ip daddr { 169.254.0.0/16, 100.100.100.200 } drop\n"
    "    ip daddr 168.63.129.16 tcp dport { 80, 32526 } drop\n"
    "  }\n"
    "  chain input {\n"
    "    type filter hook input priority filter\n"
    "    iifname \"%2$s*\" drop\n"
    "  }\n"
    "  chain forward {\n"
    "    type filter hook forward priority filter\n"
    "    iifname \"%2$s*\" oifname \"dt*\" drop\n"
    "    iifname \"%2$s*\" tcp flags syn tcp option maxseg size set rt mtu\n"
    "%4$s"
    "    oifname \"%2$s*\" ct state != { established, related } drop\n"
    "  }\n"
    "  chain postrouting {\n"
    "    type nat hook postrouting priority srcnat\n"
    "    ip saddr %3$s/22 oifname != \"dt*\" masquerade\n"
    "  }\n"
    "}\n";

/* Docker sets the policy of FORWARD to drop, and an accept in another table does not override that:
 * Docker leaves DOCKER-USER to others. An iptables of the legacy kind is asked through its program.
 */
static bool has_docker_chain(char *output, size_t cap) {
    const char *const argv[] = {nft_path(), "-a",     "list",        "chain",
                                "ip",       "filter", "DOCKER-USER", NULL};
    return run_program(argv, NULL, output, cap) == 0;
}

static int accept_in_nft_chain(const struct conf *conf, const char *listing) {
    char rules[512], mark[96];
    snprintf(mark, sizeof mark, "comment \"%s\"", conf->nft_table);
    if (strstr(listing, mark) != NULL)
        return 0;
    snprintf(rules, sizeof rules,
             "insert rule ip filter DOCKER-USER iifname \"%1$s*\" accept %2$s\n"
             "insert rule ip filter DOCKER-USER oifname \"%1$s*\" ct state established,related "
             "accept %2$s\n",
             conf->veth_prefix, mark);
    return run_nft(rules);
}

static const char legacy_iptables[] = "/usr/sbin/iptables-legacy";

static int legacy_rule(const struct conf *conf, const char *action, bool from_slot) {
    char link[24], output[256];
    snprintf(link, sizeof link, "%s+", conf->veth_prefix);
    const char *const from[] = {legacy_iptables, "-w", action, "DOCKER-USER", "-i", link, "-j",
                                "ACCEPT",        NULL};
    const char *const to[] = {legacy_iptables,
                              "-w",
                              action,
                              "DOCKER-USER",
                              "-o",
                              link,
                              "-m",
                              "conntrack",
                              "--ctstate",
                              "ESTABLISHED,RELATED",
                              "-j",
                              "ACCEPT",
                              NULL};
    return run_program(from_slot ? from : to, NULL, output, sizeof output);
}

static void accept_in_legacy_chain(const struct conf *conf) {
    char output[256];
    const char *const list[] = {legacy_iptables, "-w", "-n", "-L", "DOCKER-USER", NULL};
    if (access(legacy_iptables, X_OK) < 0 || run_program(list, NULL, output, sizeof output) != 0)
        return;
    for (int from_slot = 0; from_slot < 2; from_slot++)
        if (legacy_rule(conf, "-C", from_slot) != 0 && legacy_rule(conf, "-I", from_slot) != 0)
            log_line("cannot add an accept to DOCKER-USER: sandboxes may have no network");
}

/* The bridges of container engines and hypervisors: what is behind them trusts the host's firewall,
 * which we tell to let a slot's packets through. Not a bridge that is itself the way out. */
static int local_bridges(const struct conf *conf, char *out, size_t cap) {
    static const char *const bridges[] = {"docker", "br-",   "virbr", "cni",
                                          "podman", "lxcbr", "lxdbr", "incusbr"};
    struct uplink uplinks[UPLINKS_MAX];
    int count = host_uplinks(uplinks), n = 0;
    for (size_t i = 0; i < sizeof bridges / sizeof *bridges; i++) {
        bool way_out = false;
        for (int u = 0; u < count; u++)
            way_out = way_out || strncmp(uplinks[u].name, bridges[i], strlen(bridges[i])) == 0;
        if (!way_out && n >= 0 && (size_t)n < cap)
            n += snprintf(out + n, cap - (size_t)n, "    iifname \"%s*\" oifname \"%s*\" drop\n",
                          conf->veth_prefix, bridges[i]);
    }
    return n >= 0 && (size_t)n < cap ? 0 : fail(E_SYSTEM, "the firewall's rules are too long");
}

/* 4,096 of the table's usual 262,144 (65,536 on small hosts) for each source address. */
static int install_table(const struct conf *conf, bool count_flows) {
    char rules[6144], forward[2048];
    struct in_addr subnet = {.s_addr = htonl(conf->subnet)};
    const char *set =
        count_flows ? "  set flows { type ipv4_addr; flags dynamic; size 1024; }\n" : "";
    if (local_bridges(conf, forward, sizeof forward - 256) < 0)
        return -1;
    if (count_flows)
        snprintf(
            forward + strlen(forward), 256,
            "    iifname \"%s*\" ct state new add @flows { ip saddr ct count over 4096 } drop\n",
            conf->veth_prefix);
    int n = snprintf(rules, sizeof rules, table_text, conf->nft_table, conf->veth_prefix,
                     inet_ntoa(subnet), forward, set);
    if (n < 0 || (size_t)n >= sizeof rules)
        return fail(E_SYSTEM, "the firewall's rules are too long");
    return run_nft(rules);
}

int nft_setup(const struct conf *conf) {
    char listing[8192];
    if (install_table(conf, true) < 0) {
        log_line("%s; connections of a sandbox are not counted", failure_text());
        if (install_table(conf, false) < 0)
            return -1;
    }
    if (has_docker_chain(listing, sizeof listing) && accept_in_nft_chain(conf, listing) < 0)
        return -1;
    accept_in_legacy_chain(conf);
    if (write_text("/proc/sys/net/ipv4/ip_forward", "1") < 0)
        return fail_errno("write", "/proc/sys/net/ipv4/ip_forward");
    return 0;
}

/* nft deletes a rule only by its handle: "… comment "daytona_0" # handle 12". */
static int drop_from_nft_chain(const struct conf *conf, char *listing) {
    char rules[1024] = "", mark[96];
    size_t used = 0;
    snprintf(mark, sizeof mark, "comment \"%s\" # handle ", conf->nft_table);
    char *rest = listing;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *at = strstr(line, mark);
        uint64_t handle;
        if (at == NULL || !parse_number(at + strlen(mark), 1, UINT32_MAX, &handle) ||
            used > sizeof rules - 80)
            continue;
        used += (size_t)snprintf(rules + used, sizeof rules - used,
                                 "delete rule ip filter DOCKER-USER handle %u\n", (unsigned)handle);
    }
    return used > 0 ? run_nft(rules) : 0;
}

int nft_clean(const struct conf *conf) {
    char rules[256], listing[8192];
    snprintf(rules, sizeof rules, "table inet %1$s\ndelete table inet %1$s\n", conf->nft_table);
    if (run_nft(rules) < 0)
        return -1;
    if (has_docker_chain(listing, sizeof listing) && drop_from_nft_chain(conf, listing) < 0)
        return -1;
    if (access(legacy_iptables, X_OK) == 0)
        for (int from_slot = 0; from_slot < 2; from_slot++)
            if (legacy_rule(conf, "-C", from_slot) == 0 && legacy_rule(conf, "-D", from_slot) != 0)
                return fail(E_SYSTEM, "iptables-legacy -D DOCKER-USER failed");
    return 0;
}
