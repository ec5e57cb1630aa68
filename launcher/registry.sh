# shellcheck shell=bash
# Host-wide registry of data directories: /etc/daytona/instances/<number> holds the path. Sourced by ../daytona.

REGISTRY=/etc/daytona
INSTANCE_MAX=58

# Prints the number of a data directory; status 1 when it has none.
instance_of() {
  local file
  for file in "$REGISTRY"/instances/*; do
    if [[ -f $file && $(<"$file") == "$1" ]]; then
      echo "${file##*/}"
      return 0
    fi
  done
  return 1
}

# Runs a command in a subshell that holds the registry's lock. The last unregistration removes the lock file, so what
# was waited for may be gone: then again.
with_registry() {
  (
    while true; do
      mkdir -p "$REGISTRY"
      { exec {registry_lock}>"$REGISTRY/lock"; } 2>/dev/null || continue # the directory may be gone again, too
      flock "$registry_lock"
      [[ ! /proc/self/fd/$registry_lock -ef $REGISTRY/lock ]] || break
      exec {registry_lock}>&-
    done
    "$@"
  )
}

# Prints the number of a data directory, giving it the lowest free one from $2 (0) on when it is new.
register_instance() { with_registry allocate_instance "$1" "${2:-0}"; }

allocate_instance() {
  local directory=$1 number=$2
  if instance_of "$directory"; then return 0; fi
  mkdir -p "$REGISTRY/instances"
  for (( ; number <= INSTANCE_MAX; number++)); do
    [[ ! -e $REGISTRY/instances/$number ]] || continue
    printf '%s\n' "$directory" >"$REGISTRY/instances/.new"
    mv "$REGISTRY/instances/.new" "$REGISTRY/instances/$number"
    echo "$number"
    return 0
  done
  fail "this machine has $((INSTANCE_MAX + 1)) data directories already; remove one with ./daytona down --purge --data-dir DIR"
}

# Removes a data directory from the registry. When it was the last, runs the rest of the arguments before the lock is
# left, so that nobody registers in between.
unregister_instance() {
  [[ -d $REGISTRY ]] || return 0
  with_registry release_instance "$@"
}

release_instance() {
  local directory=$1 number
  shift
  if number=$(instance_of "$directory"); then rm -f "$REGISTRY/instances/$number"; fi
  [[ -z $(ls -A "$REGISTRY/instances" 2>/dev/null) ]] || return 0
  (($# == 0)) || "$@"
  rm -rf "$REGISTRY/instances" "$REGISTRY/lock"
  rmdir "$REGISTRY" 2>/dev/null || true
}
