/* Writes a sandbox's system call filter as a BPF program, once, when the platform is built: the
 * runtime would need 12 ms of each start to compile it (measured).
 *
 *   generate default|restricted FILE
 *
 * What is not named stays allowed, so that programs newer than this list work; the kernel's own
 * checks against the sandbox's user namespace hold in any case. Named is what reaches kernel state
 * that no namespace divides, and what has mostly served to attack kernels. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int failed;

static void check(int result, const char *what) {
    if (result >= 0)
        return;
    fprintf(stderr, "generate: %s: %s\n", what, strerror(-result));
    failed = 1;
}

/* Absent on this architecture: nothing to block. */
static void refuse(scmp_filter_ctx filter, const char *name, int error) {
    int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) {
        fprintf(stderr, "generate: libseccomp does not know %s\n", name);
        failed = 1;
    } else if (number >= 0)
        check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO((uint32_t)error), number, 0), name);
}

/* ENOSYS where programs ask "does the kernel have it?" and go on without: io_uring (Node), the key
 * rings (runc gives up on EPERM). */
static void refuse_common(scmp_filter_ctx filter) {
    static const char *const forbidden[] = {
        "acct",
        "bpf",
        "clock_settime",
        "create_module",
        "delete_module",
        "finit_module",
        "get_kernel_syms",
        "init_module",
        "ioperm",
        "iopl",
        "kexec_file_load",
        "kexec_load",
        "lookup_dcookie",
        "nfsservctl",
        "open_by_handle_at",
        "perf_event_open",
        "query_module",
        "quotactl",
        "quotactl_fd",
        "settimeofday",
        "swapoff",
        "swapon",
        "syslog",
        "_sysctl",
        "sysfs",
        "uselib",
        "userfaultfd",
        "ustat",
        "vhangup",
    };
    static const char *const missing[] = {
        "add_key", "request_key", "keyctl", "io_uring_setup", "io_uring_enter", "io_uring_register",
    };
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++)
        refuse(filter, forbidden[i], EPERM);
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
        refuse(filter, missing[i], ENOSYS);
}

/* The families a program needs are divided by the network namespace; of the others, AF_VSOCK
 * reaches the hypervisor past every namespace and the rest load rarely used kernel code on demand.
 */
static void refuse_sockets(scmp_filter_ctx filter) {
    static const int allowed[] = {AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET};
    static const char *const calls[] = {"socket", "socketpair"};
    for (size_t c = 0; c < 2; c++) {
        int number = seccomp_syscall_resolve_name(calls[c]);
        for (int family = 0; family <= AF_PACKET; family++) {
            bool keep = false;
            for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
                keep = keep || allowed[i] == family;
            /* the family is an int: the kernel ignores the upper half of the register */
            if (!keep)
                check(seccomp_rule_add_exact(
                          filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), number, 1,
                          SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)family)),
                      calls[c]);
        }
        /* above AF_PACKET: any bit from 32 up, or 18…31 */
        for (int bit = 5; bit < 32; bit++)
            check(seccomp_rule_add_exact(
                      filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), number, 1,
                      SCMP_A0(SCMP_CMP_MASKED_EQ, (scmp_datum_t)1 << bit, (scmp_datum_t)1 << bit)),
                  calls[c]);
        for (int family = AF_PACKET + 1; family < 32; family++)
            check(seccomp_rule_add_exact(
                      filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), number, 1,
                      SCMP_A0(SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)family)),
                  calls[c]);
    }
}

/* Linux and its 32-bit variant as programs expect them, ADDR_NO_RANDOMIZE for debuggers, and the
 * query 0xffffffff. The rest — above all READ_IMPLIES_EXEC — is refused. */
static void refuse_personalities(scmp_filter_ctx filter) {
    const scmp_datum_t known =
        0x0008 | 0x20000 | 0x0040000; /* PER_LINUX32, UNAME26, NO_RANDOMIZE */
    const scmp_datum_t top = 0x80000000;
    int number = seccomp_syscall_resolve_name("personality");
    for (int bit = 0; bit < 31; bit++) {
        scmp_datum_t mask = (scmp_datum_t)1 << bit;
        if ((known & mask) == 0)
            check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
                                         SCMP_A0(SCMP_CMP_MASKED_EQ, top | mask, mask)),
                  "personality");
        /* bit 31 without all the others is not the query */
        check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM), number, 1,
                                     SCMP_A0(SCMP_CMP_MASKED_EQ, top | mask, top)),
              "personality");
    }
}

/* `restricted`: no new namespaces and no mounts either. clone3's flags lie in memory that a filter
 * cannot read: ENOSYS makes every C library fall back to clone. */
static void refuse_namespaces(scmp_filter_ctx filter) {
    static const char *const calls[] = {
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "mount",
        "mount_setattr",
        "move_mount",
        "open_tree",
        "pivot_root",
        "ptrace",
        "setns",
        "umount2",
        "process_vm_readv",
        "process_vm_writev",
        "name_to_handle_at",
        "kcmp",
    };
    static const scmp_datum_t flags[] = {CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,   CLONE_NEWUSER,
                                         CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP};
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        refuse(filter, calls[i], EPERM);
    refuse(filter, "clone3", ENOSYS);
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM),
                                     seccomp_syscall_resolve_name("clone"), 1,
                                     SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i])),
              "clone");
        check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM),
                                     seccomp_syscall_resolve_name("unshare"), 1,
                                     SCMP_A0(SCMP_CMP_MASKED_EQ, flags[i], flags[i])),
              "unshare");
    }
    check(seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EPERM),
                                 seccomp_syscall_resolve_name("unshare"), 1,
                                 SCMP_A0(SCMP_CMP_MASKED_EQ, 0x80, 0x80)), /* CLONE_NEWTIME */
          "unshare");
}

int main(int argc, char **argv) {
    bool restricted = argc == 3 && strcmp(argv[1], "restricted") == 0;
    if (argc != 3 || (!restricted && strcmp(argv[1], "default") != 0)) {
        fprintf(stderr, "usage: generate default|restricted FILE\n");
        return 2;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return 1;
    /* other calling conventions would go around the numbers below */
    check(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)), "bad arch");
    check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2), "binary tree");
    refuse_common(filter);
    refuse_sockets(filter);
    refuse_personalities(filter);
    if (restricted)
        refuse_namespaces(filter);
    int fd = failed ? -1 : open(argv[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    check(fd < 0 ? -errno : seccomp_export_bpf(filter, fd), argv[2]);
    seccomp_release(filter);
    if (failed)
        unlink(argv[2]);
    return failed;
}
