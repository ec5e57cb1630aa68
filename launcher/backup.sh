# shellcheck shell=bash
# ./daytona backup: database, disks, images and settings in one file. Sourced by ../daytona.
#
# The file is a tar, compressed by zstd (which adds a checksum): manifest, conf/, database, images/, disks/, layers/, end.

BACKUP_PART=
BACKUP_STAGE=
BACKUP_PROCESSES=()
BACKUP_SERVER=
BACKUP_SERVER_INPUT=
RECORD_KIB=10

command_backup() {
  local file captured=0
  ((${#REST[@]} == 1)) || usage_error "backup needs the name of the file to write; see ./daytona help backup"
  require_data_directory
  is_data_directory || fail "$DATA_DIR is no data directory of this machine"
  find_jdk || fail "no JDK $JDK_VERSION was found"
  require_zstd
  file=$(realpath -m -- "${REST[0]}")
  [[ -d ${file%/*}/ ]] || fail "there is no directory ${file%/*}"
  [[ ! -e $file ]] || fail "$file exists; remove it, or give another name"
  [[ $file != "$DATA_DIR"/* ]] || fail "$file would go with the data directory; put it elsewhere"
  lock_data_directory
  APP=$(setting "$DATA_DIR/jailer.conf" app)
  umask 0077
  BACKUP_PART=$file.part
  rm -f "$BACKUP_PART"
  BACKUP_STAGE=$(mktemp -d "$DATA_DIR/.backup.XXXXXX")
  trap end_backup EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  guard_backup
  borrow_jailer
  find_pool
  capture_platform
  write_manifest
  write_archive
  sync "$BACKUP_PART"
  mv -fT "$BACKUP_PART" "$file"
  sync "${file%/*}"
  captured=$(grep -c '^disk ' "$BACKUP_STAGE/manifest" || true)
  say "Wrote $file: $(du -h "$file" | cut -f1), sandboxes with their disks: $captured"
  say "It holds the administrator's key and all that sandboxes hold; only root can read it. ./daytona restore makes a platform of it"
}

# However this shell ends, nothing half-made stays: the other end of the pipe sees it.
guard_backup() {
  # shellcheck disable=SC2016,SC2034 # the text is for the shell that it starts; the descriptor is closed with this one
  exec {BACKUP_GUARD}> >(exec setsid bash -c 'cat >/dev/null; rm -rf -- "$@"' guard "$BACKUP_PART" "$BACKUP_STAGE" 2>/dev/null)
}

end_backup() {
  local pid
  for pid in "${BACKUP_PROCESSES[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [[ -n $BACKUP_SERVER ]]; then
    # The copies go when its input ends.
    exec {BACKUP_SERVER_INPUT}>&-
    wait "$BACKUP_SERVER" 2>/dev/null || true
  fi
  return_jailer
  rm -rf -- "$BACKUP_PART" "$BACKUP_STAGE"
}

# The database's rows, and copies of the disks, which stay for as long as the server's process does.
capture_platform() {
  local line output ready=0 log=$DATA_DIR/run/backup.log
  install -d -m 0711 "$BACKUP_STAGE"
  install -d -o "$PLATFORM_USER" -g "$PLATFORM_USER" -m 0700 "$BACKUP_STAGE/server"
  : >"$log"
  # It ends with its input, not with this shell, so that the copies go.
  coproc CAPTURE { become_server clear --backup "$BACKUP_STAGE/server"; }
  # Of our own, as bash forgets its descriptors when it ends.
  exec {output}<&"${CAPTURE[0]}" {BACKUP_SERVER_INPUT}>&"${CAPTURE[1]}"
  BACKUP_SERVER=$CAPTURE_PID
  eval "exec ${CAPTURE[0]}<&- ${CAPTURE[1]}>&-"
  while ((ready == 0)) && IFS= read -r line <&"$output"; do
    case $line in
      ready) ready=1 ;;
      progress\ *) printf '%s\n' "$line" ;;
      *) printf '%s\n' "$line" >>"$log" ;;
    esac
  done > >(show_progress Backup)
  exec {output}<&-
  [[ $ready == 1 && -s $BACKUP_STAGE/server/parts ]] || fail "the database and the disks could not be copied: $(last_message "$log")"
}

write_manifest() {
  local stage=$BACKUP_STAGE word id copy gib kib layer total=0 layers=()
  install -d "$stage/conf" "$stage/images"
  install -m 0600 "$DATA_DIR/server.conf" "$DATA_DIR/admin-api-key" "$stage/conf/"
  mv "$stage/server/database" "$stage/database"
  chown root:root "$stage/database"
  {
    echo "format 1"
    echo "created $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "version ${APP##*/}"
    while read -r word id copy gib kib; do
      case $word in
        schema) echo "schema $id" ;;
        disk)
          echo "disk $id $gib"
          printf '%s\n' "disks/$copy.img" >>"$stage/disks"
          total=$((total + kib))
          ;;
        layer)
          echo "layer $id"
          layers+=("$id")
          ;;
      esac
    done <"$stage/server/parts"
    for layer in "${layers[@]}"; do
      printf '%s\n' "layers/$layer" >>"$stage/layers"
      [[ ! -s $DATA_DIR/images/$layer.json ]] || cp -p "$DATA_DIR/images/$layer.json" "$stage/images/"
    done
    ((${#layers[@]} == 0)) || total=$((total + $("${IN_POOL[@]}" du -skc "${layers[@]/#/"$DATA_DIR/pool/layers/"}" | tail -n 1 | cut -f1)))
    echo "kib $total"
  } >"$stage/manifest"
  : >"$stage/end"
}

write_archive() {
  local stage=$BACKUP_STAGE archive tar total part parts=()
  total=$(sed -n 's/^kib //p' "$stage/manifest")
  for part in disks layers; do
    [[ ! -s $stage/$part ]] || parts+=("--files-from=$stage/$part")
  done
  # A copy is called backup and the sandbox's id without its dashes.
  exec {archive}< <(dies_with_us KILL "${IN_POOL[@]}" tar --create --format=posix --sparse --numeric-owner --xattrs --xattrs-include='*' \
    --transform='flags=rSH;s,^disks/backup(.{8})(.{4})(.{4})(.{4})(.{12})[.]img$,disks/\1-\2-\3-\4-\5.img,x' \
    --checkpoint=2000 --checkpoint-action=echo='at %u' \
    -C "$stage" manifest conf database images -C "$DATA_DIR/pool" "${parts[@]}" -C "$stage" end 2> >(archive_progress "$total"))
  tar=$!
  dies_with_us KILL nice "${ZSTD[@]}" -T0 --stdout <&"$archive" >"$BACKUP_PART" &
  BACKUP_PROCESSES=("$tar" "$!")
  exec {archive}<&-
  wait "${BACKUP_PROCESSES[1]}" || fail "$BACKUP_PART could not be written"
  wait "$tar" || fail "the disks could not be read: $(grep -v ': at ' "$stage/tar.err" | tail -n 1)"
  BACKUP_PROCESSES=()
}

# Turns tar's messages into progress from 10 % on: archive_progress KIB.
archive_progress() {
  local line percent
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$BACKUP_STAGE/tar.err"
    [[ $line =~ ': at '([0-9]+)$ ]] || continue
    percent=$((10 + 90 * BASH_REMATCH[1] * RECORD_KIB / ($1 + 1)))
    printf 'progress %d archive\n' $((percent < 99 ? percent : 99))
  done | show_progress Backup >&2
}
