/* Declarations shared by the storage and container files of the jailer only. */
#ifndef STORAGE_H
#define STORAGE_H

#include "jailer.h"

/* Where a start child finds what the runtime needs, inside the launch namespace (pin.c). */
#define LAUNCH_DIR "/dev/daytona" /* root 0755; every start child mounts its own tmpfs here */
#define LAUNCH_AGENT "/dev/agent" /* the agent's program: to be run, not to be read */

/* ---- namespace.c ------------------------------------------------------------------------- */

/* A new mount namespace made from this process's, all private, without the mounts the jailer has no
 * use for, then prepared (may be NULL), by a child on that processor. Its fd, or -1 with fail()
 * set. */
#define ANY_PROCESSOR (-1)
int namespace_make(const struct conf *conf, int (*prepare)(const struct conf *), int processor);
bool is_mount_root(const char *path);
/* Unmounts everything stacked on path; nothing mounted is fine. */
int unmount_all(const char *path, int flags);

/* ---- launch.c ---------------------------------------------------------------------------- */

/* A mount namespace with the host's mounts as they were at the jailer's start and a /dev of our
 * own, but with no sandbox's mounts: start children copy this one, so that a start costs the same
 * however many sandboxes run and holds no copy of another sandbox's disk. Made from the host's
 * namespace. */
int launch_make(const struct conf *conf);
int launch_namespace(void); /* its fd */
/* Moves this process into a private copy of it. */
int launch_enter(void);
/* There: a /dev for this start alone. Nodes that sandboxes shared would be shared inodes, and
 * watches and locks on them would tell one sandbox of another. */
int launch_own_dev(void);

/* ---- tree.c ------------------------------------------------------------------------------ */

/* Removes a directory tree of any depth and content without following links or crossing into a
 * mount; an absent one is fine. No process may be changing it. */
int tree_remove(const char *path);

/* ---- loop.c ------------------------------------------------------------------------------ */

/* Opens an image and takes the kernel's flock on it. A loop device keeps that open file, hence the
 * lock, for as long as it exists: "locked" is "attached", whoever crashed meanwhile. Waits up to
 * wait_ms for a device that is going away. fd, or -1 with fail(E_ABSENT / E_BUSY / E_SYSTEM). */
int image_open(const char *path, int wait_ms);
/* The same for an image that is to be attached: no sandbox learns its path from /sys. */
int image_open_nameless(const char *path, int wait_ms);
#define LOOP_POOL "pool!" /* the pool's image; no disk can be called so */
/* Attaches the image of a disk to a free loop device (auto-clear, direct I/O where possible).
 * Returns the device's fd, to be held until it is mounted, or -1 with fail() set. */
int loop_attach(const struct conf *conf, int image, const char *disk, char device[32]);
/* Detaches the loop devices of this data directory: those of disks, or the pool's too. */
int loop_detach_all(const struct conf *conf, bool disks);
/* fsopen … fsmount of a block device; options are "key" or "key=value", NULL-terminated. Detached
 * mount fd, or -1 with fail() set. */
int device_mount(const char *type, const char *device, const char *const options[], unsigned attr);
/* A detached clone of the mount at path, alone (depth 0) or with all below it (AT_RECURSIVE),
 * idmapped into the user namespace unless that is -1, with attr added. */
int mount_clone(unsigned depth, const char *path, int userns, uint64_t attr);
int mount_put(int mount, const char *path); /* move_mount of a detached mount */
int set_thaw(const char *mountpoint);       /* FITHAW; not frozen is fine */
/* Gives what is free in the next GiB back to the pool and moves start behind it: 1, 0 when there is
 * no more (or the pool cannot take it), -1 with fail() set. */
int trim_next(const char *mountpoint, uint64_t *start, uint64_t *freed);
int set_freeze(const char *mountpoint); /* flush, FIFREEZE */

/* ---- pool.c ------------------------------------------------------------------------------ */

int pool_mount(const struct conf *conf); /* inside the pinned namespace, at start */
/* grow.c: enlarges the mounted pool and its image to pool_bytes; -1 with fail() set, then as
 * before. */
int pool_grow(const struct conf *conf, const char *image, const char *pool);
/* Percent of the pool that must be free for something new, the start of a kept disk too, and for
 * the rest of an archive. */
enum { POOL_NEW = 10, POOL_GOING_ON = 5 };
/* fail(E_SPACE) when less than percent of the pool is free. */
int pool_require(const struct conf *conf, unsigned percent);
struct pool_marks {
    uint64_t end_kib;  /* less is free: the sandbox that grows fastest is ended (guard.c) */
    uint64_t last_kib; /* less is free: what was ended writes no more */
};
struct pool_marks pool_marks(uint64_t total_kib);
/* Copies src into the new file dst (removed again on failure): reflink or sparse copy. */
int pool_copy(const char *src, const char *dst, uid_t uid, gid_t gid, mode_t mode);

/* ---- disk.c ------------------------------------------------------------------------------ */

int disk_path(const struct conf *conf, const char *disk, char out[PATH_CAP]);
int disk_size_gib(const char *path, uint64_t *gib); /* -1 with errno, no fail() */
/* Makes the disk when it is absent (caller holds its lock). */
int disk_make(const struct conf *conf, const char *disk, uint64_t gib);
/* Mounts the disk at target; returns 0, or -1 with fail() set. */
int disk_mount(const struct conf *conf, const char *disk, const char *target);

/* ---- layer.c ----------------------------------------------------------------------------- */

int layer_path(const struct conf *conf, const char *layer, char out[PATH_CAP]);

/* ---- sandbox.c: what is written down about a sandbox in <data>/sbx/<id>/ ----------------- */

struct record {
    char id[ID_MAX + 1];
    unsigned slot;
    char disk[ID_MAX + 1];
    char layers[(LIST_MAX + 1) * 65 + 1]; /* all it mounts, comma-separated: tools too */
    pid_t pid;                            /* 0: not (yet) written */
    uint64_t start;
};
int sandbox_path(const struct conf *conf, const char *id, const char *file, char out[PATH_CAP]);
int record_write(const struct conf *conf, const struct record *record); /* all but the pid */
int record_write_pid(const struct conf *conf, const struct record *record);
bool record_read(const struct conf *conf, const char *id, struct record *record);
bool record_alive(const struct record *record);
void records_each(const struct conf *conf, bool (*fn)(const struct record *, void *), void *arg);
bool sandbox_of_disk(const struct conf *conf, const char *disk, struct record *out);
bool layer_in_use(const struct conf *conf, const char *layer);
/* Stops its processes, then its file system; and the reverse (caller holds its lock). */
int sandbox_freeze(const struct conf *conf, const struct record *record);
int sandbox_thaw(const struct conf *conf, const struct record *record);
/* Kills what runs and removes what is left of a sandbox, in whatever state; absent is fine. */
int sandbox_clean(const struct conf *conf, const char *id);

/* ---- rootfs.c ---------------------------------------------------------------------------- */

struct rootfs {
    int userns, netns;           /* the slot's */
    int layer[LIST_MAX], layers; /* idmapped read-only clones, lowest first */
    int disk, docker;            /* idmapped clones of the disk's root and docker directory */
    int tools;                   /* idmapped read-only clone, -1 without */
};
int rootfs_prepare(const struct conf *conf, const struct request *request, struct rootfs *rootfs);
struct overlays {
    int root, tools; /* detached mounts; tools: -1 without */
};
/* Child that mounts the overlays inside the user namespace and sends them over the socket. */
pid_t rootfs_fork_overlays(const struct rootfs *rootfs, const char *hostname, int socket);
/* What that child sent; -1 with fail() set. */
int rootfs_receive_overlays(int socket, struct overlays *overlays);

/* ---- runtime.c --------------------------------------------------------------------------- */

int runtime_load(const struct conf *conf); /* once at start */
/* Returns only with fail() set. */
void runtime_exec(const struct conf *conf, const char *const argv[], char *const environment[]);

/* ---- oci.c ------------------------------------------------------------------------------- */

struct bundle {
    const char *sandbox, *cgroup; /* id = host name; linux.cgroupsPath */
    bool restricted, tools;
    pid_t holder; /* process whose descriptors userns and netns the runtime may open by path */
    int userns, netns;
    uint64_t memory_mib;
    const char *seccomp; /* base64 of the BPF program */
};
int oci_write(const struct bundle *bundle, const char *directory); /* <directory>/config.json */
char *oci_seccomp(const struct conf *conf, const char *profile); /* base64, malloc; NULL + fail() */

#endif
