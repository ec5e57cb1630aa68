# shellcheck shell=bash
# What every image build shares: options, the layer's name, progress, and publishing a finished tar. Sourced, not executed.

OUT=
SETTINGS=
PRINT_LAYER=0
LAYER=
WORK=

fail() {
  echo "error: $*" >&2
  exit 1
}

# One line for whoever draws a bar: percent 0–100 and what is being done.
progress() { echo "progress $1 $2"; }

# shellcheck disable=SC2034 # SETTINGS is read by the builds
parse_build_options() {
  while (($# > 0)); do
    case $1 in
    --out) OUT=${2-} && shift ;;
    --settings) SETTINGS=${2-} && shift ;;
    --print-layer) PRINT_LAYER=1 ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && fail "unknown argument $1" ;;
    esac
    shift || fail "an option lacks its value"
  done
  [[ -n $OUT ]] || { usage >&2; fail "--out is required"; }
  [[ -d $OUT && -w $OUT ]] || fail "$OUT is not a directory that $(id -un) can write"
  OUT=$(realpath "$OUT")
}

usage() {
  cat <<TEXT
Usage: ${0##*/} --out DIR [--settings FILE] [--print-layer]
Builds an image into DIR/<layer>.tar and DIR/<layer>.json; does nothing when that layer is there already.
  --settings FILE   key=value lines with DAYTONA_SERVER_NETWORK_* (docs/network.md)
  --print-layer     only prints the layer's name
TEXT
}

# The first 16 hex digits of SHA-256 over the recipe's files and the text on stdin (settings).
layer_name() {
  local recipe=$1
  {
    (cd "$recipe" && find . ../lib -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum)
    dpkg --print-architecture
    cat
  } | sha256sum | cut -c1-16
}

# Waits for a build that runs already, so that two of them do not meet; removes what a killed one left.
lock_output() {
  exec {LOCK}>"$OUT/.lock"
  flock "$LOCK"
  local left
  for left in "$OUT"/.build-*; do
    [[ -e $left ]] && remove_work "$left"
  done
  return 0
}

# True when the layer is complete: the description is renamed into place last.
is_built() { [[ -s $OUT/$LAYER.tar && -s $OUT/$LAYER.json ]]; }

make_work() {
  WORK=$(mktemp -d "$OUT/.build-XXXXXXXX")
  chmod 0711 "$WORK" # the user namespace's root is not the owner and must reach what it makes in there
  trap 'end_build 143' TERM
  trap 'end_build 130' INT
  trap 'end_build $?' EXIT
}

end_build() {
  trap - EXIT TERM INT
  [[ -z $WORK ]] || remove_work "$WORK"
  exit "$1"
}

# Ends what still works below the directory: mmdebstrap itself would first wait for apt to finish.
end_group() {
  local group
  [[ -s $1/group ]] || return 0
  group=$(<"$1/group")
  pgrep --pgroup "$group" --full mmdebstrap >/dev/null || return 0
  kill -KILL -- "-$group" 2>/dev/null || true
  while pgrep --pgroup "$group" --full mmdebstrap >/dev/null; do sleep 0.05; done
}

# A chroot left behind belongs to ids of the user namespace: its own root removes it.
remove_work() {
  local directory=$1 chroot
  end_group "$directory"
  for chroot in "$directory"/mmdebstrap.*; do
    [[ -d $chroot && ! -O $chroot ]] || continue
    chmod 0777 "$directory"
    mmdebstrap --unshare-helper rm -rf "$chroot"
  done
  rm -rf "$directory"
}

# For --print-layer: the name is all that was asked for.
print_layer() {
  [[ $PRINT_LAYER == 1 ]] || return 0
  echo "$LAYER"
  exit 0
}

# Renames WORK/image.tar into place, then its description.
publish() {
  local image=$1 packages=$2
  sync -d "$WORK/image.tar"
  chmod 0640 "$WORK/image.tar"
  printf '{"layer":"%s","image":"%s","size_bytes":%s,"created":"%s","packages":%s}\n' \
    "$LAYER" "$image" "$(stat -c %s "$WORK/image.tar")" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$packages" \
    >"$WORK/image.json"
  chmod 0640 "$WORK/image.json"
  mv -f "$WORK/image.tar" "$OUT/$LAYER.tar"
  mv -f "$WORK/image.json" "$OUT/$LAYER.json"
}
