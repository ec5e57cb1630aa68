/* The sandbox's own cgroups, on a host with cgroup v2. */
#ifndef CGROUP_H
#define CGROUP_H

/* Leaves the root of the cgroup namespace for a cgroup `init` below it; before anything is started,
 * so that everything is below `init`. Nothing happens with cgroup v1 or where it may not write. */
void cgroup_leave_root(void);

#endif
