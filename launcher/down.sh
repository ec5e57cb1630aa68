# shellcheck shell=bash
# ./daytona down and restart. Sourced by ../daytona.

command_down() {
  is_root || fail "run as root: sudo ./daytona down"
  if ! is_data_directory; then
    [[ $PURGE == 1 && ! -e $DATA_DIR/jailer.conf ]] || fail "$DATA_DIR is no data directory of this machine"
    say "Nothing is left of $DATA_DIR"
    return 0
  fi
  lock_data_directory
  trap hurry INT TERM
  drain_platform
  stop_sandboxes
  stop_platform
  kill_sandbox_processes
  if [[ $PURGE == 1 ]]; then
    purge
    say "Removed $DATA_DIR and all that belonged to it"
  else
    say "Stopped; ./daytona up continues"
  fi
}

command_restart() {
  is_root || fail "run as root: sudo ./daytona restart"
  is_data_directory || fail "$DATA_DIR is no data directory of this machine"
  find_jdk || fail "no JDK $JDK_VERSION was found"
  lock_data_directory
  # shellcheck disable=SC2034 # read by start_supervisor
  APP=$(setting "$DATA_DIR/jailer.conf" app)
  write_server_conf
  stop_platform
  start_platform
  print_summary
}

# One launcher at a time changes a data directory.
lock_data_directory() {
  mkdir -p "$DATA_DIR"
  exec {LAUNCHER_LOCK}>"$DATA_DIR/.launcher.lock"
  flock --nonblock "$LAUNCHER_LOCK" || {
    say "Waiting for another ./daytona of $DATA_DIR"
    flock "$LAUNCHER_LOCK"
  }
}

purge() {
  local app
  app=$(setting "$DATA_DIR/jailer.conf" app)
  if [[ -n $app && -x $app/bin/jailer ]]; then
    "$app/bin/jailer" --conf "$DATA_DIR/jailer.conf" --purge ||
      fail "the jailer could not remove everything (see above); $DATA_DIR stays, so that --purge can be repeated"
  fi
  require_no_mounts
  ! is_service || remove_unit
  rm -rf --one-file-system "$DATA_DIR"
  unregister_instance "$DATA_DIR" remove_host_changes
}

# Removing files below a mount would remove what is mounted.
require_no_mounts() {
  local mounts
  mounts=$(awk -v data="$DATA_DIR/" 'index($2, data) == 1 { print $2 }' /proc/mounts)
  [[ -z $mounts ]] || fail "still mounted: $mounts; umount it and repeat"
}

# With the last data directory goes what all of them shared.
remove_host_changes() {
  remove_user
  restore_cgroup_option
}

CGROUP_MARK=favordynmods

# The jailer sets favordynmods on the cgroup v2 mount, a setting of the whole host; what was there before is noted.
note_cgroup_option() {
  local mount options
  [[ ! -e $REGISTRY/$CGROUP_MARK ]] || return 0
  read -r mount options < <(awk '$3 == "cgroup2" { print $2, $4; exit }' /proc/mounts) || return 0
  [[ ,$options, == *,favordynmods,* ]] || printf '%s\n' "$mount" >"$REGISTRY/$CGROUP_MARK"
}

# A remount sets exactly the options it names; without the source, mount(8) would add the present ones again.
restore_cgroup_option() {
  local mount source options
  [[ -e $REGISTRY/$CGROUP_MARK ]] || return 0
  mount=$(<"$REGISTRY/$CGROUP_MARK")
  read -r source options < <(awk -v mount="$mount" '$2 == mount && $3 == "cgroup2" { print $1, $4; exit }' /proc/mounts) || return 0
  options=$(tr ',' '\n' <<<"$options" | grep -vx favordynmods | paste -sd,)
  mount -o "remount,$options" "$source" "$mount" || warn "favordynmods stays set on $mount"
  rm -f "$REGISTRY/$CGROUP_MARK"
}
