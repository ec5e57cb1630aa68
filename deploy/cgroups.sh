# shellcheck shell=bash
# Control groups inside a container. Sourced by entrypoint.

CGROUP_ROOT=/sys/fs/cgroup

# Cgroup v1: the container sees its own directory of each hierarchy, and the jailer makes the sandboxes' below. Cgroup v2 gives
# controllers only to children of a cgroup without processes: those of the container move to a leaf. Where the container shares the
# host's cgroup namespace, it takes one of its own first, so that what it makes ends with it.
own_cgroups() {
  [[ -e $CGROUP_ROOT/cgroup.controllers ]] || return 0
  if [[ $(</proc/self/cgroup) != "0::/" && -z ${DAYTONA_CGROUP_NAMESPACE-} ]]; then
    export DAYTONA_CGROUP_NAMESPACE=own
    exec unshare --cgroup "$0" "$@"
  fi
  if [[ ${DAYTONA_CGROUP_NAMESPACE-} == own ]]; then
    umount "$CGROUP_ROOT"
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$CGROUP_ROOT"
    unset DAYTONA_CGROUP_NAMESPACE
  fi
  empty_root "$CGROUP_ROOT"
}

# empty_root DIRECTORY: moves all processes of a cgroup into its child `init`.
empty_root() {
  local pid attempt
  mkdir -p "$1/init"
  # The first one again and again, for some end meanwhile and others begin.
  for ((attempt = 0; attempt < 1000; attempt++)); do
    read -r pid <"$1/cgroup.procs" || return 0
    echo "$pid" 2>/dev/null >"$1/init/cgroup.procs" || true
  done
  fail "process $pid cannot be moved to $1/init"
}
