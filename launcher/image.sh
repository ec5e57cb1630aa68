# shellcheck shell=bash
# Has the default image built as the platform's user. Sourced by ../daytona.

# A finished <layer>.json means that the layer is there or has been imported; the server takes the tars from the
# directory. $DAYTONA_IMAGE_CACHE names a directory that keeps images across data directories.
ensure_image() {
  local build=$APP/images/default/build settings=(--out "$DATA_DIR/images" --settings "$DATA_DIR/server.conf") layer
  layer=$(as_user "$build" "${settings[@]}" --print-layer)
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
  remove_other_tars "$layer"
}

take_cached_image() {
  local cache=${DAYTONA_IMAGE_CACHE-} layer=$1
  [[ -n $cache && -s $cache/$layer.tar && -s $cache/$layer.json ]] || return 0
  copy_image "$layer" "$cache" "$DATA_DIR/images"
  chown "$PLATFORM_USER:" "$DATA_DIR/images/$layer".{tar,json}
}

keep_cached_image() {
  local cache=${DAYTONA_IMAGE_CACHE-} layer=$1
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

# Earlier recipes' tars: imported long ago, and large.
remove_other_tars() {
  local file
  for file in "$DATA_DIR"/images/*.tar; do
    [[ ! -e $file || $file == "$DATA_DIR/images/$1.tar" ]] || rm -f "$file"
  done
}
