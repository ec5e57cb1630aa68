# shellcheck shell=bash
# What backup and restore share: the jailer, the pool it alone sees, and the server's part. Sourced by ../daytona.

OWN_JAILER=
# shellcheck disable=SC2034 # read by the other parts
ZSTD=(zstd --quiet)

require_zstd() {
  command -v zstd >/dev/null && return 0
  {
    echo "error: backups are compressed by zstd, which is not installed:"
    package_commands '' zstd
  } >&2
  exit 1
}

# One that runs is used; else one is started for as long as this takes.
borrow_jailer() {
  ! running_pid jailer >/dev/null || return 0
  rm -f "$DATA_DIR/run/jailer.sock"
  dies_with_us TERM "$APP/bin/jailer" --conf "$DATA_DIR/jailer.conf" --foreground </dev/null >"$DATA_DIR/run/jailer.out" 2>&1 &
  OWN_JAILER=$!
  until [[ -S $DATA_DIR/run/jailer.sock ]]; do
    kill -0 "$OWN_JAILER" 2>/dev/null || fail "the jailer does not start: $(tail -n 1 "$DATA_DIR/run/jailer.out")"
    sleep 0.05
  done
}

return_jailer() {
  [[ -n $OWN_JAILER ]] || return 0
  kill "$OWN_JAILER" 2>/dev/null || true
  wait "$OWN_JAILER" 2>/dev/null || true
  OWN_JAILER=
}

# dies_with_us SIGNAL COMMAND…: in a process of its own, which ends with this shell however that ends.
dies_with_us() { exec setpriv --pdeathsig "$@"; }

# Runs a command where the pool is mounted: <data>/pool of the pinned mount namespace, whatever form it has.
IN_POOL=()

# shellcheck disable=SC2034 # read by the other parts
find_pool() { IN_POOL=(nsenter --mount="$DATA_DIR/ns/mnt"); }

# The server's program in another role, in a process of its own: become_server SIGNAL OPTION…; the signal is what it
# gets when this shell ends, or clear.
become_server() {
  local signal=$1
  shift
  cd /
  exec setpriv --pdeathsig "$signal" "${AS_USER[@]:1}" JAVA_HOME="$JDK" "$APP/bin/server" --config "$DATA_DIR/server.conf" "$@" 2>&1
}

# The message of the last warning or error in a log of the server's.
last_message() { grep -E 'level=(error|warn)' "$1" | tail -n 1 | sed -E 's/.* message="?(.*[^"])"?$/\1/'; }
