# shellcheck shell=bash
# ./daytona restore: a platform in an empty data directory of what ./daytona backup wrote. Sourced by ../daytona.

RESTORING=.restoring # in a data directory whose restore has not ended
RESTORED_FORMAT=1
RESTORE_PROCESS= # what is waited for
LAYER_NAME='[a-z0-9]{8,64}'
SANDBOX_NAME='[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'

command_restore() {
  local file manifest
  ((${#REST[@]} == 1)) || usage_error "restore needs a file that ./daytona backup wrote; see ./daytona help restore"
  require_host
  file=$(realpath -m -- "${REST[0]}")
  [[ -f $file && -r $file ]] || fail "there is no file $file"
  require_empty_data_directory
  install_packages
  say "Checking $file"
  check_names "$file"
  manifest=$("${ZSTD[@]}" -dc -- "$file" 2>/dev/null | tar --extract --to-stdout --occurrence=1 manifest 2>/dev/null) || true
  check_manifest "$manifest"
  ensure_user
  check_jdk_runs
  ensure_built
  claim_data_directory
  lock_data_directory
  : >"$DATA_DIR/$RESTORING"
  trap end_restore EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  note_cgroup_option
  ensure_installed
  prepare_pool "$manifest"
  unpack "$file"
  restore_settings
  restore_disks "$manifest"
  restore_layers "$manifest"
  restore_database
  return_jailer
  rm "$DATA_DIR/$RESTORING"
  say "Restored $DATA_DIR: sandboxes with their disks: $(grep -c '^disk ' <<<"$manifest" || true)"
  say "./daytona up$(data_dir_option) starts the platform; every sandbox can be started then"
}

end_restore() {
  local status=$?
  [[ -e $DATA_DIR/$RESTORING ]] || return 0
  # What it was doing must not go on while all is removed.
  [[ -z $RESTORE_PROCESS ]] || kill -KILL "$RESTORE_PROCESS" 2>/dev/null || true
  return_jailer
  (stop_platform && purge) || warn "$DATA_DIR is not removed; ./daytona down --purge$(data_dir_option) does it"
  exit "$status"
}

require_empty_data_directory() {
  [[ ! -e $DATA_DIR || (-d $DATA_DIR && -z $(ls -A "$DATA_DIR")) ]] ||
    fail "$DATA_DIR is not empty, and a restore makes a new platform: give another --data-dir, or remove this one with ./daytona down --purge$(data_dir_option)"
  ! is_data_directory || fail "$DATA_DIR is registered already: remove it with ./daytona down --purge$(data_dir_option)"
}

# A platform that is half restored must not start.
require_no_restore() {
  [[ ! -e $DATA_DIR/$RESTORING ]] ||
    fail "a restore to $DATA_DIR did not end: ./daytona down --purge$(data_dir_option), and then restore again"
}

# Reads all of it, so that damage is found before anything is made: lines "TYPE NAME" of what may be in it.
check_names() {
  local listing foreign status
  listing=$(mktemp)
  # shellcheck disable=SC2064 # its name as it is now
  trap "rm -f '$listing'" EXIT
  status=0
  "${ZSTD[@]}" -dc -- "$1" | LC_ALL=C tar --list --verbose --numeric-owner --quoting-style=escape >"$listing" 2>/dev/null || status=1
  ((status == 0)) || fail "$1 is damaged, cut off, or no backup; nothing was changed"
  # Without mode, owner, size and time, and without what links lead to.
  sed -i -E -e 's/^(.)[^ ]* +[^ ]+ +[^ ]+ +[^ ]+ +[^ ]+ /\1 /' -e '/^l /s/ -> .*//' -e '/^h /s/ link to .*//' "$listing"
  foreign=$(grep -vE "^(- (manifest|end|database|conf/server\.conf|conf/admin-api-key|images/$LAYER_NAME\.json|disks/$SANDBOX_NAME\.img)|d (conf|images)/|d layers/$LAYER_NAME/|[-dlhp] layers/$LAYER_NAME/.*)$" "$listing" || true
    grep -E '(/|^)\.\.(/|$)' "$listing" || true)
  [[ -z $foreign ]] || fail "$1 holds what no backup holds: ${foreign%%$'\n'*}; nothing was changed"
  [[ $(tail -n 1 "$listing") == '- end' ]] || fail "$1 is cut off; nothing was changed"
  rm -f "$listing"
  trap - EXIT
}

check_manifest() {
  local bad
  [[ $1 == "format $RESTORED_FORMAT"$'\n'* ]] ||
    fail "the backup is of another format (${1%%$'\n'*}); restore it with the version that wrote it, or a newer one"
  bad=$(grep -vE "^(format [0-9]+|created [0-9TZ:-]+|version [0-9a-f]+|schema [0-9.]+|kib [0-9]{1,15}|disk $SANDBOX_NAME [1-9][0-9]{0,2}|layer $LAYER_NAME)$" <<<"$1" || true)
  [[ -z $bad ]] || fail "the backup's manifest is not understood: ${bad%%$'\n'*}"
}

# A pool that has room for all of it, and for more.
prepare_pool() {
  local kib needed available
  kib=$(sed -n 's/^kib //p' <<<"$1")
  needed=$((kib * 5 / 4 / 1024 / 1024 + 1))
  [[ -n $POOL_SIZE ]] || POOL_SIZE=$(($(default_pool_bytes) / GIB))
  if [[ $POOL_SIZE == 0 || $POOL_SIZE == none ]]; then
    POOL_SIZE=none
  elif ((POOL_SIZE < needed)); then
    POOL_SIZE=$needed
  fi
  available=$(($(free_bytes "$DATA_DIR") / GIB))
  ((available >= ${POOL_SIZE/none/$needed})) || fail "the disks need $needed GiB, and $available GiB are free below $DATA_DIR"
  write_jailer_conf "$APP" "$INSTANCE"
  say "Making the pool"
  borrow_jailer
  find_pool
}

# Into the pool, where disks and layers then only change their names. The jailer removes it if this is killed.
unpack() {
  local stage=$DATA_DIR/pool/tmp/restore.tmp archive
  say "Unpacking"
  "${IN_POOL[@]}" install -d -m 0700 "$stage"
  exec {archive}< <(dies_with_us KILL "${ZSTD[@]}" -dc -- "$file")
  dies_with_us KILL "${IN_POOL[@]}" tar --extract --preserve-permissions --same-owner --numeric-owner --xattrs --xattrs-include='*' \
    --directory "$stage" <&"$archive" 2>"$DATA_DIR/run/restore.err" &
  RESTORE_PROCESS=$!
  exec {archive}<&-
  await_restore || fail "it could not be unpacked: $(tail -n 1 "$DATA_DIR/run/restore.err")"
}

# Waits so that signals are obeyed meanwhile.
await_restore() {
  local status=0
  wait "$RESTORE_PROCESS" || status=$?
  RESTORE_PROCESS=
  return "$status"
}

restored() { "${IN_POOL[@]}" cat "$DATA_DIR/pool/tmp/restore.tmp/$1"; }

restore_settings() {
  umask 0077
  restored conf/admin-api-key >"$DATA_DIR/admin-api-key"
  restored conf/server.conf >"$DATA_DIR/server.conf"
  umask 0022
  # 0 is a free port, not that of the other machine.
  [[ $API_PORT != 0 ]] || sed -i '/^DAYTONA_SERVER_API_PORT=/d' "$DATA_DIR/server.conf"
  [[ $PROXY_PORT != 0 ]] || sed -i '/^DAYTONA_SERVER_PROXY_PORT=/d' "$DATA_DIR/server.conf"
  write_server_conf
}

# Every disk is checked before it is one.
restore_disks() {
  local word id gib disk count=0 total stage=$DATA_DIR/pool/tmp/restore.tmp/disks
  total=$(grep -c '^disk ' <<<"$1" || true)
  while read -r word id gib; do
    [[ $word == disk ]] || continue
    disk=$stage/$id.img
    [[ $("${IN_POOL[@]}" stat -c '%F %s' "$disk" 2>/dev/null) == "regular file $((gib * GIB))" ]] ||
      fail "the backup lacks the disk of sandbox $id, or holds another size of it"
    "${IN_POOL[@]}" e2fsck -f -p "$disk" >"$DATA_DIR/run/restore.err" 2>&1 || (($? == 1)) ||
      fail "the disk of sandbox $id is damaged: $(tail -n 1 "$DATA_DIR/run/restore.err")"
    "${IN_POOL[@]}" chown "root:$PLATFORM_USER" "$disk"
    "${IN_POOL[@]}" chmod 0640 "$disk"
    "${IN_POOL[@]}" mv -nT "$disk" "$DATA_DIR/pool/disks/$id.img"
    count=$((count + 1))
    printf 'progress %d disks\n' $((100 * count / total))
  done <<<"$1" > >(show_progress Checking)
}

# Layers, and the descriptions by which the platform knows them.
restore_layers() {
  local word layer stage=$DATA_DIR/pool/tmp/restore.tmp
  while read -r word layer _; do
    [[ $word == layer ]] || continue
    "${IN_POOL[@]}" test -d "$stage/layers/$layer" || fail "the backup lacks the image layer $layer"
    "${IN_POOL[@]}" mv -nT "$stage/layers/$layer" "$DATA_DIR/pool/layers/$layer"
    if "${IN_POOL[@]}" test -f "$stage/images/$layer.json"; then
      "${IN_POOL[@]}" cp -p "$stage/images/$layer.json" "$DATA_DIR/images/$layer.json"
      chown "$PLATFORM_USER:" "$DATA_DIR/images/$layer.json"
      chmod 0644 "$DATA_DIR/images/$layer.json"
    fi
  done <<<"$1"
}

restore_database() {
  local rows=$DATA_DIR/postgres/restore.rows log=$DATA_DIR/run/restore.log
  say "Filling the database"
  restored database >"$rows"
  chown "$PLATFORM_USER:" "$rows"
  chmod 0600 "$rows"
  become_server KILL --restore "$rows" >"$log" </dev/null &
  RESTORE_PROCESS=$!
  await_restore || fail "the database was not restored: $(last_message "$log")"
  rm -f "$rows"
  "${IN_POOL[@]}" rm -rf "$DATA_DIR/pool/tmp/restore.tmp"
  "${IN_POOL[@]}" sync -f "$DATA_DIR/pool"
}
