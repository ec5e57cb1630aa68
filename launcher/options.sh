# shellcheck shell=bash
# Command line of every command. Sourced by ../daytona; fills the variables below, empty meaning "not given".

# shellcheck disable=SC2034 # read by the other parts
{
  DATA_DIR=
  API_PORT=
  PROXY_PORT=
  BIND=
  PUBLIC_URL=
  PROXY_DOMAIN=
  POOL_SIZE=
  SERVER_OPTIONS=()
  PURGE=0
  FOLLOW=0
  QUIET=0
  JSON=0
  LOG_NAME=server
  IMAGE_CPU=1
  IMAGE_MEMORY=1
  IMAGE_DISK=3
  REST=()
}

# The longest data directory with which the Unix sockets below it still fit in sun_path; the jailer has the same bound.
DATA_DIR_MAX=60

# shellcheck disable=SC2034 # read by the other parts
parse_options() {
  local command=$1 argument
  shift
  DATA_DIR=${DAYTONA_DATA_DIR:-/var/lib/daytona}
  while (($# > 0)); do
    argument=$1
    shift
    case $command:$argument in
      *:-h | *:--help)
        show_help "$command"
        exit 0
        ;;
      *:--*=*)
        set -- "${argument%%=*}" "${argument#*=}" "$@"
        ;;
      *:--data-dir) take_value DATA_DIR "$argument" "$@" && shift ;;
      up:--api-port | restart:--api-port | restore:--api-port) take_value API_PORT "$argument" "$@" && shift ;;
      up:--proxy-port | restart:--proxy-port | restore:--proxy-port) take_value PROXY_PORT "$argument" "$@" && shift ;;
      up:--bind | restart:--bind | restore:--bind) take_value BIND "$argument" "$@" && shift ;;
      up:--public-url | restart:--public-url | restore:--public-url) take_value PUBLIC_URL "$argument" "$@" && shift ;;
      up:--proxy-domain | restart:--proxy-domain | restore:--proxy-domain) take_value PROXY_DOMAIN "$argument" "$@" && shift ;;
      up:--pool-size | restore:--pool-size) take_value POOL_SIZE "$argument" "$@" && shift ;;
      up:--server-option | restart:--server-option | restore:--server-option)
        local option
        take_value option "$argument" "$@" && shift
        SERVER_OPTIONS+=("$option")
        ;;
      up:--quiet) QUIET=1 ;;
      down:--purge) PURGE=1 ;;
      doctor:--json) JSON=1 ;;
      logs:-f | logs:--follow) FOLLOW=1 ;;
      logs:server | logs:jailer | logs:supervisor | logs:postgres) LOG_NAME=$argument ;;
      image:--cpu) take_value IMAGE_CPU "$argument" "$@" && shift ;;
      image:--memory) take_value IMAGE_MEMORY "$argument" "$@" && shift ;;
      image:--disk) take_value IMAGE_DISK "$argument" "$@" && shift ;;
      explain:[!-]*)
        ((${#REST[@]} == 0)) || usage_error "explain takes one sandbox"
        REST+=("$argument")
        ;;
      service:install | service:remove | service:show) REST+=("$argument") ;;
      backup:[!-]* | restore:[!-]*)
        ((${#REST[@]} == 0)) || usage_error "$command takes one file"
        REST+=("$argument")
        ;;
      bench:* | image:- | image:[!-]*) REST+=("$argument") ;;
      *) usage_error "$command does not take $argument; see ./daytona help $command" ;;
    esac
  done
  check_options
}

take_value() {
  (($# >= 3)) || usage_error "$2 needs a value"
  printf -v "$1" '%s' "$3"
}

check_options() {
  DATA_DIR=$(realpath -m -- "$DATA_DIR")
  [[ $DATA_DIR =~ ^(/[A-Za-z0-9._+-]+)+$ ]] ||
    usage_error "--data-dir: $DATA_DIR may only consist of letters, digits and . _ + - /, and is not the root directory"
  ((${#DATA_DIR} <= DATA_DIR_MAX)) ||
    usage_error "--data-dir: $DATA_DIR has more than $DATA_DIR_MAX characters, too many for the Unix sockets below it"
  check_port --api-port "$API_PORT"
  check_port --proxy-port "$PROXY_PORT"
  [[ -z $API_PORT || $API_PORT == 0 || $API_PORT != "$PROXY_PORT" ]] ||
    usage_error "--api-port and --proxy-port must differ"
  [[ $BIND =~ ^([0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)?$ ]] || usage_error "--bind: $BIND is not an IP address"
  [[ $PUBLIC_URL =~ ^(https?://[^[:space:]/?#]+(/[^[:space:]?#]*)?)?$ ]] ||
    usage_error "--public-url: $PUBLIC_URL is not an http:// or https:// URL"
  [[ $PROXY_DOMAIN =~ ^([A-Za-z0-9.-]+(:[0-9]+)?)?$ ]] ||
    usage_error "--proxy-domain: $PROXY_DOMAIN is not a domain name with an optional port"
  [[ $POOL_SIZE =~ ^(none|[1-9][0-9]{0,5})?$ ]] ||
    usage_error "--pool-size: $POOL_SIZE is neither a whole number of GiB nor \"none\""
  check_amount --cpu "$IMAGE_CPU" CPUs 1024
  check_amount --memory "$IMAGE_MEMORY" GiB 16384
  check_amount --disk "$IMAGE_DISK" GiB 100
  local option
  for option in "${SERVER_OPTIONS[@]}"; do
    [[ $option =~ ^DAYTONA_SERVER_[A-Z0-9_]+=[^$'\n']*$ ]] ||
      usage_error "--server-option: expected DAYTONA_SERVER_KEY=VALUE, got ${option%%=*}"
  done
}

check_port() {
  [[ -z $2 || ($2 =~ ^[0-9]{1,5}$ && $((10#$2)) -le 65535) ]] || usage_error "$1: $2 is not a port (0 picks a free one)"
}

# check_amount OPTION VALUE UNIT MOST
check_amount() {
  [[ $2 =~ ^[1-9][0-9]{0,5}$ && $2 -le $4 ]] || usage_error "$1: $2 is not a number of $3 from 1 to $4"
}

show_help() {
  case ${1-} in
    up | restart | down | status | logs | env | explain | image | service | backup | restore | bench | doctor) "help_$1" ;;
    '') help_all ;;
    *) usage_error "unknown command $1; ./daytona help lists them" ;;
  esac
}

help_all() {
  cat <<'TEXT'
Usage: ./daytona COMMAND [OPTION]…

  up        installs what is missing, builds, starts the platform and shows a first sandbox
  down      stops the platform and its sandboxes; --purge removes all of it
  restart   restarts the platform; its sandboxes keep running
  status    says what runs
  logs      shows a log
  env       prints DAYTONA_API_URL, DAYTONA_API_KEY and DAYTONA_TARGET for a shell
  explain   tells everything about one sandbox
  image     imports root file systems, from which sandboxes can be created
  backup    writes all of the platform to one file, while it runs
  restore   makes a platform of such a file
  service   has systemd start the platform at boot
  bench     measures the running platform
  doctor    checks this machine and the configuration, and says what to do

  exec      runs a program in a sandbox

./daytona help COMMAND describes one. Every command takes --data-dir DIR (default: $DAYTONA_DATA_DIR or /var/lib/daytona).
TEXT
}

help_server_options() {
  cat <<'TEXT'
  --api-port PORT        port of the API (3000; 0 picks a free one)
  --proxy-port PORT      port of the toolbox and previews (4000; 0 picks a free one)
  --bind ADDRESS         IP address to listen on (127.0.0.1)
  --public-url URL       URL at which clients reach the API (derived from each request)
  --proxy-domain DOMAIN  domain of preview hosts (proxy.localhost with the proxy's port)
  --server-option DAYTONA_SERVER_KEY=VALUE
                         any setting of the server; may be repeated; an empty value removes it
TEXT
}

help_up() {
  cat <<'TEXT'
Usage: ./daytona up [OPTION]…

Installs missing packages, builds what is not built, starts the platform in the background, prepares the default
snapshots and runs Python in a first sandbox. Repeated, it adopts what runs and changes only what differs.

  --data-dir DIR         directory of all state (/var/lib/daytona)
TEXT
  help_server_options
  cat <<'TEXT'
  --pool-size GIB|none   space for sandboxes' disks, reserved at the first start (half the free space, at most 64);
                         none: nothing is reserved, disks are plain files in the data directory
  --quiet                ends without showing the API key and examples

What is given is remembered in DIR/server.conf. DAYTONA_SERVER_* in the environment is taken over as well.
TEXT
}

help_restart() {
  cat <<'TEXT'
Usage: ./daytona restart [--data-dir DIR] [OPTION]…

Restarts supervisor, jailer, server and PostgreSQL; sandboxes and their processes keep running.

TEXT
  help_server_options
}

help_down() {
  cat <<'TEXT'
Usage: ./daytona down [--data-dir DIR] [--purge]

Takes no new work, lets requests that run come to their end (20 s unless DAYTONA_SERVER_HTTP_STOP_SECONDS says otherwise;
Ctrl-C waits no longer), then stops every sandbox and the platform. Disks and the database stay; ./daytona up continues
with them.

  --purge   removes everything of the data directory too: sandboxes, images, mounts, loop devices, network and
            cgroups; with the last data directory of this machine also the system user daytona
TEXT
}

help_status() {
  cat <<'TEXT'
Usage: ./daytona status [--data-dir DIR]

Says what runs. Ends with 0 when the platform is healthy, else with 3.
TEXT
}

help_logs() {
  cat <<'TEXT'
Usage: ./daytona logs [--data-dir DIR] [-f | --follow] [server | jailer | supervisor | postgres]

Shows the last 100 lines of a log (server), with -f also what follows.
TEXT
}

help_env() {
  cat <<'TEXT'
Usage: eval "$(./daytona env [--data-dir DIR])"

Prints shell commands that set DAYTONA_API_URL, DAYTONA_API_KEY and DAYTONA_TARGET for any client.
TEXT
}

help_image() {
  cat <<'TEXT'
Usage: ./daytona image import [--data-dir DIR] [OPTION]… NAME ARCHIVE
       ./daytona image list [--data-dir DIR]
       ./daytona image remove [--data-dir DIR] NAME

import makes a snapshot NAME of a root file system, of which every client can create sandboxes. ARCHIVE is a tar, or one
compressed by gzip or zstd, as `docker export`, `podman export` and mmdebstrap write it; - reads standard input.
Sandboxes run as the image's user daytona, if it has one, otherwise as their own root.

  --cpu N        CPUs of a sandbox (1)
  --memory GIB   its memory (1)
  --disk GIB     what it can write (3)

remove takes NAME back; sandboxes that were made from it stay usable, and what is left of it goes with the last of them.

  docker export "$(docker create alpine:3.22)" | ./daytona image import alpine -
TEXT
}

help_explain() {
  cat <<'TEXT'
Usage: ./daytona explain [--data-dir DIR] SANDBOX

Tells on one screen what is known of a sandbox, named by its id or name, of any organization and in any state: state and
limits, where it is on this host and what it uses, its last end by the memory limit, the rules of its network, and its
journal. Of one that was deleted, what is left: its row for a day, its journal for 30 days.
TEXT
}

help_backup() {
  cat <<'TEXT'
Usage: ./daytona backup [--data-dir DIR] FILE

Writes database, sandboxes' disks, images and settings to FILE, of a platform that runs or not. A sandbox that runs stands
still for milliseconds while its disk is copied within the pool; all disks are those of the moment of the database. FILE
appears when it is whole; a backup that is interrupted leaves nothing. It holds every secret of the platform: mode 0600.
TEXT
}

help_restore() {
  cat <<'TEXT'
Usage: ./daytona restore [OPTION]… FILE

Makes a platform in an empty data directory, on this or another machine, of what ./daytona backup wrote. FILE is checked
before anything is made; a restore that fails or is interrupted is removed again. ./daytona up then starts the platform:
sandboxes that ran are stopped, and API keys are the same.

  --data-dir DIR         directory of all state (/var/lib/daytona)
TEXT
  help_server_options
  echo '  --pool-size GIB        space for disks (as for up, at least what they need)'
}

help_service() {
  cat <<'TEXT'
Usage: ./daytona service install | remove | show [--data-dir DIR]

install has systemd start the platform: now, at boot, and again when it ends. Its sandboxes keep running, here and
whenever the service is restarted. up, restart and down go on working; down lasts until the next boot.
remove takes that back, and leaves the platform running. show prints the unit.
TEXT
}

help_bench() {
  cat <<'TEXT'
Usage: ./daytona bench [--data-dir DIR] [OPTION]…

Measures the running platform through its public API: the quick rows in minutes, --complete all rows beside a private
Docker engine in 25, --only ROW some (--list names them). --count N samples of each row. Raw samples and a summary go to
bench/results. Other options are the benchmark's own; see bench/README.md.
TEXT
}

help_doctor() {
  cat <<'TEXT'
Usage: ./daytona doctor [--data-dir DIR] [--json]

Checks this machine, and the configuration of a platform that exists, and says what to do. Changes nothing; ends with 1
when something is missing. A warning costs something, such as the sandboxes' network, but the platform runs.

  --json    {"state": ok|warning|missing, "checks": [{"id", "state", "title", "remedy": [line…]}]}
TEXT
}
