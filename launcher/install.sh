# shellcheck shell=bash
# Copies the distribution below the data directory, from where it runs. Sourced by ../daytona.

# Sets APP. What runs is root's and never the checkout, which a user can write and a closed home hides.
ensure_installed() {
  local hash
  hash=$(<"$CHECKOUT/build/dist.hash")
  APP=$DATA_DIR/app/$hash
  if [[ ! -e $APP/.complete ]]; then
    say "Installing $APP"
    rm -rf "$APP" "$DATA_DIR/app/.new"
    cp -r --no-preserve=mode,ownership "$CHECKOUT/build/dist" "$DATA_DIR/app/.new"
    chown -R root:root "$DATA_DIR/app/.new"
    chmod -R u=rwX,go=rX "$DATA_DIR/app/.new"
    find "$DATA_DIR/app/.new/bin" "$DATA_DIR/app/.new/images" -type f \
      \( -path '*/bin/*' -o -name build -o -name customize \) -exec chmod 0755 {} +
    mv "$DATA_DIR/app/.new" "$APP"
    make_ready
    touch "$APP/.complete"
  fi
  if [[ $(readlink "$DATA_DIR/app/current") != "$hash" ]]; then
    ln -sfn "$hash" "$DATA_DIR/app/current.new"
    mv -fT "$DATA_DIR/app/current.new" "$DATA_DIR/app/current"
  fi
}

# Unpacks PostgreSQL and makes the JVM's start-up cache, in the place where they are used. Without either the server
# runs as well, but starts more slowly.
make_ready() {
  local log=$DATA_DIR/log/make-aot.log
  JAVA_HOME=$JDK "$APP/bin/make-aot" >"$log" 2>&1 </dev/null ||
    warn "the start-up cache was not made: $(tail -n 1 "$log")"
}

# Distributions that nothing runs from any more.
remove_old_apps() {
  local directory
  for directory in "$DATA_DIR"/app/*/; do
    directory=${directory%/}
    [[ $directory == "$APP" || -L $directory ]] || rm -rf "$directory"
  done
}

# Owners and modes as docs/protocols/jailer.md says; what is the jailer's alone it makes itself.
make_directories() {
  local user=$PLATFORM_USER
  install -d -o root -g root -m 0755 "$DATA_DIR" "$DATA_DIR/app"
  install -d -o root -g "$user" -m 0750 "$DATA_DIR/run"
  # The server may not make files in run, but says in these where it listens.
  local name
  for name in api proxy; do
    [[ -e $DATA_DIR/run/$name.port ]] || install -o "$user" -g "$user" -m 0644 /dev/null "$DATA_DIR/run/$name.port"
  done
  install -d -o "$user" -g "$user" -m 0750 "$DATA_DIR/log"
  install -d -o "$user" -g "$user" -m 0751 "$DATA_DIR/images"
  install -d -o "$user" -g "$user" -m 0700 "$DATA_DIR/postgres" "$DATA_DIR/runner"
}

# A directory that holds something else is never taken: purge would remove it.
claim_data_directory() {
  if [[ -d $DATA_DIR && -n $(ls -A "$DATA_DIR") ]] && ! is_data_directory; then
    fail "$DATA_DIR is not empty and no data directory of this platform; choose another with --data-dir"
  fi
  mkdir -p "$DATA_DIR"
  # shellcheck disable=SC2034 # read by command_up
  INSTANCE=$(register_instance "$DATA_DIR" "${DAYTONA_INSTANCE:-0}")
  make_directories
  as_user test -x "$DATA_DIR" ||
    fail "the user $PLATFORM_USER cannot enter $DATA_DIR: a directory above it is closed to others"
}

is_data_directory() { instance_of "$DATA_DIR" >/dev/null; }

check_jdk_runs() {
  as_user "$JDK/bin/java" -version >/dev/null 2>&1 ||
    fail "the user $PLATFORM_USER cannot run $JDK/bin/java: put the JDK where every user can read it, e.g. below $JVM_DIRECTORY"
}
