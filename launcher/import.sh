# shellcheck shell=bash
# ./daytona image: root file systems that the operator hands to the running platform. Sourced by ../daytona.

IMAGE_NAME='^[a-z0-9][a-z0-9._-]{0,63}$'

command_image() {
  local action=${REST[0]-}
  case $action in
    import) take_arguments NAME ARCHIVE ;;
    remove) take_arguments NAME ;;
    list) take_arguments ;;
    *) usage_error "image needs import, list or remove; see ./daytona help image" ;;
  esac
  require_data_directory
  is_healthy || fail "the platform does not answer at $(local_api_url); start it with ./daytona up$(data_dir_option)"
  "image_$action" "${REST[@]:1}"
}

take_arguments() {
  ((${#REST[@]} == $# + 1)) || usage_error "image ${REST[0]} needs ${*:-no argument}; see ./daytona help image"
}

# ---- import

image_import() {
  local name=$1 archive=$2
  check_image_name "$name"
  open_archive "$archive"
  lock_imports
  require_free_name "$name"
  read_archive "$name"
  hand_over "$name"
  wait_until_imported "$name"
  say "Imported. Create sandboxes from the snapshot \"$name\"."
}

check_image_name() {
  [[ $1 =~ $IMAGE_NAME ]] ||
    usage_error "an image's name has 1 to 64 of a-z, 0-9 and . _ -, beginning with a letter or digit"
  [[ $1 != default && $1 != tools ]] || fail "$1 is an image of the platform's own; choose another name"
}

# Sets ARCHIVE to a descriptor: the platform's user need not be able to open the file himself.
open_archive() {
  if [[ $1 == - ]]; then
    [[ ! -t 0 ]] || fail "standard input is a terminal; pipe an archive into it"
    exec {ARCHIVE}<&0
  else
    [[ ! -d $1 ]] || fail "$1 is a directory; pack it: tar -C $1 -c . | ./daytona image import NAME -"
    [[ -r $1 ]] || fail "there is no file $1 that can be read"
    exec {ARCHIVE}<"$1"
  fi
}

lock_imports() {
  exec {IMPORT_LOCK}>"$DATA_DIR/.import.lock"
  flock --nonblock "$IMPORT_LOCK" || {
    say "Waiting for another ./daytona image of $DATA_DIR"
    flock "$IMPORT_LOCK"
  }
}

require_free_name() {
  local answer
  answer=$(API_SECONDS=10 api GET "/snapshots/$1" 2>/dev/null) || return 0
  if [[ -n $(description_of "$1") ]]; then
    fail "$1 is imported already; choose another name, or first ./daytona image remove$(data_dir_option) $1"
  elif [[ $(json_string state <<<"$answer") == removing ]]; then
    fail "$1 is being removed: sandboxes made from it still exist; delete them or choose another name"
  fi
  fail "$1 is a snapshot of the platform's own; choose another name"
}

# As the platform's user, since an archive may be hostile. Ended with this process, even if that is killed.
read_archive() {
  local name=$1 out=$DATA_DIR/log/import.out app job
  app=$(setting "$DATA_DIR/jailer.conf" app)
  install -d -o "$PLATFORM_USER" -g "$PLATFORM_USER" -m 0750 "$DATA_DIR/images/import"
  : >"$out"
  "${AS_USER[@]}" setpriv --pdeathsig TERM "$app/images/import/build" "$name" "$IMAGE_CPU" "$IMAGE_MEMORY" "$IMAGE_DISK" \
    --out "$DATA_DIR/images/import" >"$out" 2>"$DATA_DIR/log/import.err" <&"$ARCHIVE" {ARCHIVE}<&- {IMPORT_LOCK}>&- &
  job=$!
  exec {ARCHIVE}<&-
  exec {BAR}> >(show_progress "Importing $name")
  BAR_JOB=$!
  tail --lines=+1 --follow --sleep-interval=0.2 --pid="$job" "$out" >&"$BAR"
  wait "$job" || {
    end_bar
    fail "$name is not imported: $(sed 's/^error: //' "$DATA_DIR/log/import.err")"
  }
}

end_bar() {
  exec {BAR}>&-
  wait "$BAR_JOB"
}

# From here on the server finishes it, also after a restart. The description last: it is what the server looks for. Not
# while `up` clears away tars.
hand_over() {
  local name=$1 description layer suffix
  description=$(find "$DATA_DIR/images/import" -maxdepth 1 -name '*.json')
  layer=$(basename "$description" .json)
  # shellcheck disable=SC2064 # the name is this one
  trap "withdraw $name; exit 130" INT
  # shellcheck disable=SC2064
  trap "withdraw $name; exit 143" TERM
  (
    exec {BAR}>&-
    lock_data_directory
    for suffix in tar json; do mv -f "$DATA_DIR/images/import/$layer.$suffix" "$DATA_DIR/images/"; done
  )
}

wait_until_imported() {
  local name=$1 answer state='' reason='' began=$SECONDS answered=$SECONDS
  until [[ $state == active ]]; do
    sleep 0.2
    answer=$(API_SECONDS=10 api GET "/snapshots/$name" 2>/dev/null) || {
      ! is_healthy || answered=$SECONDS
      ((SECONDS - answered < 120)) || fail "the platform does not answer; it goes on importing $name when it runs again"
      continue
    }
    answered=$SECONDS
    state=$(json_string state <<<"$answer")
    reason=$(json_string errorReason <<<"$answer" | json_unescape)
    if [[ $state == error ]]; then
      end_bar
      withdraw "$name" || true
      fail "$name is not imported: $reason"
    fi
    printf 'progress 80 %s\n' "${reason:-unpacking, $(((SECONDS - began) / 5 * 5)) s}" >&"$BAR"
  done
  trap - INT TERM
  echo "progress 100 ready" >&"$BAR"
  end_bar
}

# ---- list and remove

image_list() {
  local file name answer size count=0
  for file in "$DATA_DIR"/images/*.json; do
    is_operators "$file" || continue
    ((count > 0)) || list_line NAME STATE SIZE USER IMPORTED
    count=$((count + 1))
    name=$(json_string image <"$file")
    answer=$(API_SECONDS=10 api GET "/snapshots/$name" 2>/dev/null) || answer=
    size=$(grep -oE '"size_bytes":[0-9]+' "$file" | cut -d: -f2)
    list_line "$name" "$(default_to "$(json_string state <<<"$answer")" waiting)" "$((size >> 20)) MiB" \
      "$(json_string user <"$file")" "$(json_string created <"$file")"
  done
  ((count > 0)) || say "No image is imported; see ./daytona help image"
}

list_line() { printf '%-32s %-8s %10s  %-8s %s\n' "$@"; }

image_remove() {
  local name=$1
  check_image_name "$name"
  lock_imports
  [[ -n $(description_of "$name") ]] || fail "no image $name is imported; ./daytona image list$(data_dir_option) shows those that are"
  ! withdraw "$name" || say "$name is removed"
}

# Takes a description back, so that the server undoes what it has made of it; waits for that. Status 1 when it is not
# done yet.
withdraw() {
  local name=$1 description answer limit=$((SECONDS + 60))
  description=$(description_of "$name")
  [[ -n $description ]] || return 0
  rm -f "$description" "${description%.json}.tar"
  while ((SECONDS <= limit)); do
    sleep 0.2
    if ! answer=$(API_SECONDS=10 api GET "/snapshots/$name" 2>/dev/null); then
      ! is_healthy || return 0
    elif [[ $(json_string state <<<"$answer") == removing && -n $(json_string errorReason <<<"$answer") ]]; then
      say "$name makes no new sandboxes. $(json_string errorReason <<<"$answer" | json_unescape)."
      return 1
    fi
  done
  say "$name is not removed yet; the server does it as soon as it can."
  return 1
}

# Prints the description of an image that the operator has handed over; nothing when there is none.
description_of() {
  local file
  for file in "$DATA_DIR"/images/*.json; do
    if is_operators "$file" && [[ $(json_string image <"$file") == "$1" ]]; then printf '%s\n' "$file"; fi
  done
}

is_operators() { grep -q '"snapshot":' "$1" 2>/dev/null; }
