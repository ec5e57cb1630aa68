# shellcheck shell=bash
# The platform's container, for machines that cannot run the platform itself. Sourced by ../daytona, before the other parts where they
# cannot be read: macOS has bash 3.2.

CONTAINER_RUN='run -d --name daytona --privileged --restart unless-stopped \
    --stop-timeout 120 -v daytona:/var/lib/daytona \
    -p 127.0.0.1:3000:3000 -p 127.0.0.1:4000:4000 daytona'

# Whether this is no Linux, or its imitation in Windows.
is_other_system() {
  case $(uname -s) in
    Linux) [[ $(uname -r) == *-Microsoft ]] ;; # WSL 1; WSL 2 is a Linux
    *) return 0 ;;
  esac
}

other_system() {
  case $(uname -s) in
    Darwin) echo macOS ;;
    MINGW* | MSYS* | CYGWIN*) echo Windows ;;
    Linux) echo "Windows (WSL 1)" ;;
    *) uname -s ;;
  esac
}

# Prints docker or podman; status 1 when there is neither.
container_engine() {
  local name path
  for name in docker podman; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if [[ -x $path ]]; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

# On another system only a command that talks to an API can do its work, and that in a bash which reads the other parts.
require_linux() {
  is_other_system || return 0
  [[ ${1-} != exec || ${BASH_VERSINFO[0]} -lt 5 ]] || return 0
  {
    echo "error: ./daytona ${1-up} needs Linux: this is $(other_system)."
    if container_engine >/dev/null; then
      echo "Its container runs here. One command starts it:"
    else
      echo "Its container runs here, with Docker (https://docs.docker.com/get-docker/) or"
      echo "podman (https://podman.io/docs/installation). One command starts it:"
    fi
    container_commands
  } >&2
  exit 1
}

# Where the image comes from, how it is started, and how to reach it.
container_commands() {
  local engine prefix=''
  engine=$(container_engine) || engine=docker
  if [[ $engine == podman ]]; then
    # The platform needs the real root: of podman's machine where there is one.
    if is_other_system; then prefix='podman machine stop; podman machine set --rootful; podman machine start'; fi
    if ! is_other_system && ((EUID != 0)); then engine='sudo podman'; fi
  fi
  echo
  echo "  $engine $CONTAINER_RUN"
  echo
  [[ -z $prefix ]] || printf 'The machine of podman has to be rootful:\n  %s\n' "$prefix"
  echo "The image is in the archive daytona.tar, which deploy/build --archive daytona.tar"
  echo "makes on a Linux like those of docs/installation.md:"
  echo "  $engine load -i daytona.tar"
  echo "Then, when \`$engine exec daytona daytona status\` says that it is healthy:"
  echo "  eval \"\$($engine exec daytona daytona env)\""
}
