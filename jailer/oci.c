/* The OCI bundle's config.json. Every value comes from a validated argument or the configuration,
 * whose grammars contain nothing that JSON would have to escape. */
#include "storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define BPF_MAX (4096 * 8) /* the kernel takes 4,096 instructions of 8 bytes */

/* All that exist count inside the sandbox's user namespace only. */
#define CAPABILITIES_RESTRICTED                                                                    \
    "\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FOWNER\",\"CAP_FSETID\",\"CAP_KILL\",\"CAP_"         \
    "SETGID\","                                                                                    \
    "\"CAP_SETUID\",\"CAP_SETPCAP\",\"CAP_SETFCAP\",\"CAP_NET_BIND_SERVICE\",\"CAP_SYS_CHROOT\","  \
    "\"CAP_AUDIT_WRITE\""
#define CAPABILITIES_DEFAULT                                                                       \
    CAPABILITIES_RESTRICTED                                                                        \
    ",\"CAP_AUDIT_CONTROL\",\"CAP_AUDIT_READ\",\"CAP_BLOCK_SUSPEND\",\"CAP_BPF\","                 \
    "\"CAP_CHECKPOINT_RESTORE\",\"CAP_DAC_READ_SEARCH\",\"CAP_IPC_LOCK\",\"CAP_IPC_OWNER\","       \
    "\"CAP_LEASE\",\"CAP_LINUX_IMMUTABLE\",\"CAP_MAC_ADMIN\",\"CAP_MAC_OVERRIDE\",\"CAP_MKNOD\","  \
    "\"CAP_NET_ADMIN\",\"CAP_NET_BROADCAST\",\"CAP_NET_RAW\",\"CAP_PERFMON\",\"CAP_SYSLOG\","      \
    "\"CAP_SYS_ADMIN\",\"CAP_SYS_BOOT\",\"CAP_SYS_MODULE\",\"CAP_SYS_NICE\",\"CAP_SYS_PACCT\","    \
    "\"CAP_SYS_PTRACE\",\"CAP_SYS_RAWIO\",\"CAP_SYS_RESOURCE\",\"CAP_SYS_TIME\","                  \
    "\"CAP_SYS_TTY_CONFIG\",\"CAP_WAKE_ALARM\""

static char *base64(const unsigned char *bytes, size_t length) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *out = malloc(length / 3 * 4 + 8), *p = out;
    for (size_t i = 0; out != NULL && i < length; i += 3) {
        size_t left = length - i;
        uint32_t v = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                     (left > 2 ? bytes[i + 2] : 0);
        *p++ = digits[v >> 18];
        *p++ = digits[v >> 12 & 63];
        *p++ = left > 1 ? digits[v >> 6 & 63] : '=';
        *p++ = left > 2 ? digits[v & 63] : '=';
    }
    if (out != NULL)
        *p = '\0';
    return out;
}

char *oci_seccomp(const struct conf *conf, const char *profile) {
    unsigned char program[BPF_MAX + 1];
    char path[PATH_CAP];
    if (pathf(path, "%s/seccomp/%s.bpf", conf->app, profile) < 0)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail_errno("open", path);
        return NULL;
    }
    ssize_t length = read(fd, program, sizeof program);
    close(fd);
    if (length <= 0 || length > BPF_MAX || length % 8 != 0) {
        fail(E_SYSTEM, "%s is not a BPF program", path);
        return NULL;
    }
    char *text = base64(program, (size_t)length);
    if (text == NULL)
        fail_errno("malloc", NULL);
    return text;
}

/* A limit above the host's hard one makes the runtime fail. */
static void write_limits(FILE *out) {
    struct rlimit files;
    rlim_t soft = 65536, hard = 1048576;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        hard = files.rlim_max < hard ? files.rlim_max : hard;
        soft = hard < soft ? hard : soft;
    }
    /* 1, not 0: with 0 the kernel still starts the host's core_pattern program, as root, on a
     * sandbox's behalf; with 1 it does not, and writes no file either */
    fprintf(out,
            "\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":%llu,\"hard\":%llu},"
            "{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1}]",
            (unsigned long long)soft, (unsigned long long)hard);
}

/* Without HOME the runtime would look it up in the sandbox's /etc/passwd, and wait there for ever
 * if that is a FIFO. */
static void write_process(FILE *out, const struct bundle *bundle) {
    const char *caps = bundle->restricted ? CAPABILITIES_RESTRICTED : CAPABILITIES_DEFAULT;
    fprintf(
        out,
        "\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},"
        "\"args\":[\"/.daytona/agent\"],\"env\":[\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
        "/usr/bin:/sbin:/bin\",\"HOME=/\"],\"cwd\":\"/\",\"noNewPrivileges\":false,"
        "\"capabilities\":{\"bounding\":[%s],\"effective\":[%s],\"permitted\":[%s]},",
        caps, caps, caps);
    write_limits(out);
    fputs("},", out);
}

static void write_mount(FILE *out, const char *target, const char *type, const char *source,
                        const char *options) {
    fprintf(out, ",{\"destination\":\"%s\",\"type\":\"%s\",\"source\":\"%s\",\"options\":[%s]}",
            target, type, source, options);
}

static void write_mounts(FILE *out, const struct bundle *bundle) {
    char shm[96];
    const char *flags = "\"nosuid\",\"noexec\",\"nodev\"";
    unsigned long long shm_mib = bundle->memory_mib / 2 > 64 ? bundle->memory_mib / 2 : 64;
    snprintf(shm, sizeof shm, "%s,\"mode=1777\",\"size=%llum\"", flags, shm_mib);
    fputs("\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}", out);
    write_mount(out, "/dev", "tmpfs", "tmpfs",
                "\"nosuid\",\"strictatime\",\"mode=755\",\"size=64m\"");
    write_mount(out, "/dev/pts", "devpts", "devpts",
                "\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"");
    write_mount(out, "/dev/shm", "tmpfs", "shm", shm);
    write_mount(out, "/dev/mqueue", "mqueue", "mqueue", flags);
    write_mount(out, "/dev/fuse", "bind", "/dev/fuse", "\"bind\",\"nosuid\",\"noexec\"");
    write_mount(out, "/dev/net/tun", "bind", "/dev/net/tun", "\"bind\",\"nosuid\",\"noexec\"");
    write_mount(out, "/sys", "sysfs", "sysfs",
                bundle->restricted ? "\"nosuid\",\"noexec\",\"nodev\",\"ro\""
                                   : "\"nosuid\",\"noexec\",\"nodev\"");
    write_mount(out, "/sys/fs/cgroup", "cgroup", "cgroup",
                bundle->restricted ? "\"nosuid\",\"noexec\",\"nodev\",\"relatime\",\"ro\""
                                   : "\"nosuid\",\"noexec\",\"nodev\",\"relatime\"");
    /* where procview.c puts a whole /proc and /sys: the runtime mounts none but at the root */
    if (!bundle->restricted) {
        write_mount(out, "/dev/.daytona/proc", "tmpfs", "tmpfs", "\"ro\",\"mode=555\",\"size=4k\"");
        write_mount(out, "/dev/.daytona/sys", "tmpfs", "tmpfs", "\"ro\",\"mode=555\",\"size=4k\"");
    }
    if (bundle->tools)
        write_mount(out, "/.daytona", "bind", LAUNCH_DIR "/tools",
                    "\"bind\",\"ro\",\"nosuid\",\"nodev\"");
    write_mount(out, "/.daytona/agent", "bind", LAUNCH_AGENT,
                "\"bind\",\"ro\",\"nosuid\",\"nodev\"");
    write_mount(out, "/var/lib/docker", "bind", LAUNCH_DIR "/docker", "\"bind\",\"nodev\"");
    fputs("],", out);
}

static void write_linux(FILE *out, const struct bundle *bundle) {
    fprintf(
        out,
        "\"linux\":{\"cgroupsPath\":\"%s\",\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},"
        "{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"},"
        "{\"type\":\"network\",\"path\":\"/proc/%d/fd/%d\"},"
        "{\"type\":\"user\",\"path\":\"/proc/%d/fd/%d\"}],",
        bundle->cgroup, (int)bundle->holder, bundle->netns, (int)bundle->holder, bundle->userns);
    fputs("\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
          "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"},"
          "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":200,\"access\":\"rw\"}]}",
          out);
    fputs(",\"sysctl\":{\"net.ipv4.ip_unprivileged_port_start\":\"0\","
          "\"net.ipv4.ping_group_range\":\"0 65535\"}",
          out);
    /* Not for `default`: with any of /proc covered the kernel refuses nested containers a /proc.
     * What is below belongs to the host's root there, and this root is not. */
    if (bundle->restricted)
        fputs(",\"maskedPaths\":[\"/proc/acpi\",\"/proc/kcore\",\"/proc/keys\",\"/proc/"
              "latency_stats\","
              "\"/proc/timer_list\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/firmware\"],"
              "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\","
              "\"/proc/sysrq-trigger\"]",
              out);
    fputs("}", out);
}

int oci_write(const struct bundle *bundle, const char *directory) {
    char path[PATH_CAP];
    if (pathf(path, "%s/config.json", directory) < 0)
        return -1;
    FILE *out = fopen(path, "wxe");
    if (out == NULL)
        return fail_errno("create", path);
    fprintf(out, "{\"ociVersion\":\"1.0.2\",\"hostname\":\"%s\",", bundle->sandbox);
    fputs("\"root\":{\"path\":\"" LAUNCH_DIR "/root\",\"readonly\":false},", out);
    fprintf(out, "\"annotations\":{\"run.oci.seccomp_bpf_data\":\"%s\"},", bundle->seccomp);
    write_process(out, bundle);
    write_mounts(out, bundle);
    write_linux(out, bundle);
    fputs("}\n", out);
    bool bad = ferror(out) != 0;
    return fclose(out) != 0 || bad ? fail_errno("write", path) : 0;
}
