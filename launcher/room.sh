# shellcheck shell=bash
# Room for the data directory and its pool of disks. Sourced by ../daytona.

GIB=$((1024 * 1024 * 1024))
POOL_GIB_MAX=64
# The program, the database and what an image is made from.
BESIDE_POOL_BYTES=$GIB

existing_parent() {
  local path=$1
  until [[ -e $path ]]; do path=$(dirname "$path"); done
  echo "$path"
}

# Bytes that are free where a path is, or would be made.
free_bytes() { df --output=avail -B 1 "$(existing_parent "$1")" | tail -n 1 | tr -dc 0-9; }

# True for a path in memory, such as /tmp of Debian 13 and Fedora: the next boot empties it.
is_in_memory() { [[ $(stat --file-system --format %T "$(existing_parent "$1")") =~ ^(tmpfs|ramfs)$ ]]; }

# Half the free space, at most 64 GiB; 0, disks as plain files, where the kernel has no XFS.
default_pool_bytes() {
  local free
  if ! has_file_system xfs; then
    echo 0
    return 0
  fi
  free=$(($(free_bytes "$DATA_DIR") / 2 / GIB))
  ((free >= 1)) || fail "less than 2 GiB are free for $DATA_DIR$(kept_in_memory); $(more_room)"
  echo $(((free < POOL_GIB_MAX ? free : POOL_GIB_MAX) * GIB))
}

kept_in_memory() { ! is_in_memory "$DATA_DIR" || printf ', which is in memory'; }

more_room() { printf 'make room there, or choose another place with --data-dir'; }

# What the option says, else what is remembered, else the default.
wanted_pool_bytes() {
  local remembered
  remembered=$(setting "$DATA_DIR/jailer.conf" pool_bytes)
  if [[ $POOL_SIZE == none ]]; then
    echo 0
  elif [[ -n $POOL_SIZE ]]; then
    echo $((POOL_SIZE * GIB))
  elif [[ -n $remembered ]]; then
    echo "$remembered"
  else
    default_pool_bytes
  fi
}

# What the pool's image takes is taken at once; without room for it the jailer could not start, nor anything else. An
# image that exists keeps its size where it cannot grow, unless more was asked for just now.
require_room() {
  local image=$DATA_DIR/pool.img have=0 wanted missing
  [[ ! -e $image || -n $POOL_SIZE ]] || return 0
  wanted=$(wanted_pool_bytes)
  [[ ! -e $image ]] || have=$(stat -c %s "$image")
  ((wanted > have)) || return 0
  missing=$((wanted - have - $(free_bytes "$DATA_DIR")))
  [[ -e $image ]] || missing=$((missing + BESIDE_POOL_BYTES))
  ((missing <= 0)) ||
    fail "a pool of $((wanted / GIB)) GiB does not fit into $DATA_DIR$(kept_in_memory): $((missing / 1048576 + 1)) MiB are missing;" \
      "choose less with --pool-size, $(more_room)"
}

warn_of_memory() {
  ! is_in_memory "$DATA_DIR" || warn "$DATA_DIR is in memory: sandboxes take it from programs, and the next boot deletes them; $(other_place)"
}

other_place() { printf 'choose a directory on a disk with --data-dir'; }
