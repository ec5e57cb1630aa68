# shellcheck shell=bash
# The command line client: what is called by ./daytona, but is no business of the platform's. Sourced by ../daytona.

CLIENT_COMMANDS=(exec)

# Exit status of `exec` when no program ran, see docs/cli.md.
CLIENT_FAILURE=125

is_client_command() { [[ " ${CLIENT_COMMANDS[*]} " == *" $1 "* ]]; }

# Needs neither root nor a data directory when the environment names an API.
run_client() {
  choose_platform "$@"
  ensure_client
  exec "$CLIENT/bin/cli" "${CLIENT_WORDS[@]}"
}

client_fail() {
  printf 'error: %s\n' "$*" >&2
  exit "$CLIENT_FAILURE"
}

# Sets CLIENT_WORDS to the command line without --data-dir. That platform is used, else the environment's, else the one
# of this machine, if we may read its key.
choose_platform() {
  local directory='' word
  CLIENT_WORDS=()
  while (($# > 0)); do
    word=$1
    shift
    case $word in
      --) CLIENT_WORDS+=(-- "$@") && break ;;
      --data-dir=*) directory=${word#*=} ;;
      --data-dir)
        (($# > 0)) || client_fail "--data-dir needs a value"
        directory=$1
        shift
        ;;
      *) CLIENT_WORDS+=("$word") ;;
    esac
  done
  DATA_DIR=$(realpath -m -- "${directory:-${DAYTONA_DATA_DIR:-/var/lib/daytona}}")
  if [[ -n $directory || (-z ${DAYTONA_API_URL-} && -z ${DAYTONA_API_KEY-}) ]]; then
    use_local_platform "$directory"
  fi
}

# use_local_platform WISHED: a platform that was not asked for may be missing; the client says then what to set.
use_local_platform() {
  if [[ -r $DATA_DIR/admin-api-key && -r $DATA_DIR/server.conf ]]; then
    DAYTONA_API_URL=$(local_api_url)
    DAYTONA_API_KEY=$(<"$DATA_DIR/admin-api-key")
    export DAYTONA_API_URL DAYTONA_API_KEY
  elif [[ -n $1 ]]; then
    client_fail "there is no platform in $DATA_DIR whose key you may read; root may"
  fi
}

# Sets CLIENT to a directory with the client: the platform's, which has a start-up cache, or one built here.
ensure_client() {
  for CLIENT in "$DATA_DIR/app/current" "$CHECKOUT/build/dist" "$CHECKOUT/build/client"; do
    [[ ! -x $CLIENT/bin/cli ]] || return 0
  done
  find_jdk || client_fail "no JDK $JDK_VERSION: $(why_no_jdk)"
  say "Building the client (once)" >&2
  local log=$CHECKOUT/build/client.log
  as_caller mkdir -p "$CHECKOUT/build"
  as_caller bash -c "$(declare -f build_client maven_package); build_client" build >"$log" 2>&1 </dev/null || {
    tail -n 20 "$log" >&2
    client_fail "the client could not be built; all of its log is $log"
  }
}

build_client() (
  set -e
  cd "$CHECKOUT"
  rm -rf build/client build/client.new
  mkdir -p build/client.new/bin build/client.new/lib
  maven_package cli build/client.new/lib
  cp launcher/bin/cli server/src/main/dist/bin/find-java build/client.new/bin/
  mv build/client.new build/client
)

# Teaches the JVM what a command of the client needs, by one in a sandbox: later ones start several times as fast.
train_client() {
  local sandbox=$1 cache=$DATA_DIR/log/cli.aot
  [[ ! -e $APP/lib/cli.aot ]] || return 0
  (
    JAVA_HOME=$JDK DAYTONA_API_URL=$(local_api_url) DAYTONA_API_KEY=$(<"$DATA_DIR/admin-api-key")
    export JAVA_HOME DAYTONA_API_URL DAYTONA_API_KEY DAYTONA_CLI_TRAINING=$cache
    setpriv --reuid "$PLATFORM_USER" --regid "$PLATFORM_USER" --clear-groups --inh-caps=-all \
      "$APP/bin/cli" exec "$sandbox" -- sh -c 'cat; echo trained; echo trained >&2' </dev/null >"$DATA_DIR/log/train-client.log" 2>&1
  ) || {
    warn "the client's start-up cache was not made: $(tail -n 1 "$DATA_DIR/log/train-client.log")"
    return 0
  }
  # Read with that user's rights: in a directory of theirs the name could lead anywhere.
  as_user cat "$cache" >"$APP/lib/cli.aot.new"
  chmod 0644 "$APP/lib/cli.aot.new"
  mv "$APP/lib/cli.aot.new" "$APP/lib/cli.aot"
  as_user rm -f "$cache"
}
