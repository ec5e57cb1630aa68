# shellcheck shell=bash
# Has the default image and the tools of every sandbox built as the platform's user. Sourced by ../daytona.

DEFAULT_LAYER=
TOOLS_LAYER=
TOOLS_JOB=

# The tools beside the default image: they are done long before it. The server takes both from the directory.
ensure_images() {
  start_tools
  ensure_image
  finish_tools
  remove_other_tars
}

build_tools() {
  as_user "$APP/images/tools/build" --out "$DATA_DIR/images/tools" --settings "$DATA_DIR/server.conf" "$@"
}

start_tools() {
  install -d -o "$PLATFORM_USER" -g "$PLATFORM_USER" -m 0751 "$DATA_DIR/images/tools"
  TOOLS_LAYER=$(build_tools --print-layer)
  take_cached_image "$TOOLS_LAYER"
  # The server takes the one asked for last, whenever it was built.
  touch --no-create "$DATA_DIR/images/$TOOLS_LAYER.json"
  [[ ! -s $DATA_DIR/images/$TOOLS_LAYER.json ]] || return 0
  : >"$DATA_DIR/log/tools.out"
  # An interrupted `up` leaves it to its end; the next one waits for it.
  build_tools >"$DATA_DIR/log/tools.out" 2>"$DATA_DIR/log/tools.err" </dev/null {LAUNCHER_LOCK}>&- &
  TOOLS_JOB=$!
}

finish_tools() {
  [[ -n $TOOLS_JOB ]] || return 0
  say "Preparing the sandboxes' tools (a minute, once)"
  tail --lines=+1 --follow --sleep-interval=0.2 --pid="$TOOLS_JOB" "$DATA_DIR/log/tools.out" | show_progress "Tools"
  wait "$TOOLS_JOB" || {
    tail -n 40 "$DATA_DIR/log/tools.err" >&2
    fail "the sandboxes' tools could not be built; the end of $DATA_DIR/log/tools.err is above. See docs/network.md for mirrors, proxies and CAs"
  }
  local suffix
  for suffix in tar json; do mv -f "$DATA_DIR/images/tools/$TOOLS_LAYER.$suffix" "$DATA_DIR/images/"; done
  keep_cached_image "$TOOLS_LAYER"
}

# A finished <layer>.json means that the layer is there or has been imported; the server takes the tars from the
# directory. $DAYTONA_IMAGE_CACHE names a directory that keeps images across data directories.
ensure_image() {
  local build=$APP/images/default/build settings=(--out "$DATA_DIR/images" --settings "$DATA_DIR/server.conf") layer
  layer=$(as_user "$build" "${settings[@]}" --print-layer)
  DEFAULT_LAYER=$layer
  [[ ! -s $DATA_DIR/images/$layer.json ]] || return 0
  take_cached_image "$layer"
  if [[ ! -s $DATA_DIR/images/$layer.json ]]; then
    say "Preparing the default image (a few minutes, once)"
    as_user "$build" "${settings[@]}" 2>"$DATA_DIR/log/image.err" </dev/null | show_progress "Default image" || {
      tail -n 40 "$DATA_DIR/log/image.err" >&2
      fail "the default image could not be built; the end of $DATA_DIR/log/image.err is above. See docs/network.md for mirrors, proxies and CAs"
    }
    keep_cached_image "$layer"
  fi
}

take_cached_image() {
  local cache=${DAYTONA_IMAGE_CACHE-} layer=$1
  [[ ! -s $DATA_DIR/images/$layer.json ]] || return 0
  [[ -n $cache && -s $cache/$layer.json ]] || return 0
  if [[ -s $cache/$layer.tar ]]; then
    copy_image "$layer" "$cache" "$DATA_DIR/images"
  elif [[ -s $cache/$layer.tar.zst ]]; then
    unpack_image "$layer" "$cache" "$DATA_DIR/images"
  else
    return 0
  fi
  chown "$PLATFORM_USER:" "$DATA_DIR/images/$layer".{tar,json}
}

keep_cached_image() {
  local cache=${DAYTONA_IMAGE_CACHE-} layer=$1
  has_sources || return 0 # a container's cache is part of its image
  [[ -n $cache && -d $cache && -s $DATA_DIR/images/$layer.tar ]] || return 0
  copy_image "$layer" "$DATA_DIR/images" "$cache"
}

# The description last, as the build does.
copy_image() {
  local layer=$1 from=$2 to=$3 suffix
  for suffix in tar json; do
    cp --reflink=auto "$from/$layer.$suffix" "$to/.$layer.$suffix"
    mv -f "$to/.$layer.$suffix" "$to/$layer.$suffix"
  done
}

# As the platform's container brings them along.
unpack_image() {
  local layer=$1 from=$2 to=$3
  zstd --quiet --force --decompress "$from/$layer.tar.zst" -o "$to/.$layer.tar"
  mv -f "$to/.$layer.tar" "$to/$layer.tar"
  cp "$from/$layer.json" "$to/.$layer.json"
  mv -f "$to/.$layer.json" "$to/$layer.json"
}

# Earlier recipes' tars: imported long ago, and large. What the operator has handed over stays.
remove_other_tars() {
  local file
  for file in "$DATA_DIR"/images/*.tar; do
    case $file in
      "$DATA_DIR/images/$DEFAULT_LAYER.tar" | "$DATA_DIR/images/$TOOLS_LAYER.tar") ;;
      *) is_operators "${file%.tar}.json" || rm -f "$file" ;;
    esac
  done
}
