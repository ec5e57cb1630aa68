# shellcheck shell=bash
# Runs the functions test_* of the file that sources this: each in a subshell with its own directory $WORK.
# shellcheck disable=SC2034 # variables are for the parts under test
set -euo pipefail

CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

load() {
  local part
  for part in "$@"; do
    # shellcheck source=/dev/null # each part is checked by itself
    source "$CHECKOUT/launcher/$part.sh"
  done
}

# equals WHAT EXPECTED ACTUAL
equals() {
  [[ $2 == "$3" ]] || {
    printf '    %s: expected "%s", got "%s"\n' "$1" "$2" "$3"
    exit 1
  }
}

# contains WHAT PART TEXT
contains() {
  [[ $3 == *"$2"* ]] || {
    printf '    %s: expected a text with "%s", got "%s"\n' "$1" "$2" "$3"
    exit 1
  }
}

# fails STATUS COMMAND…: the command ends with that status; its output is in OUTPUT.
fails() {
  local expected=$1 status=0
  shift
  OUTPUT=$("$@" 2>&1) || status=$?
  equals "status of $*" "$expected" "$status"
}

run_tests() {
  local name failed=0
  WORK=$(mktemp -d)
  chmod 0755 "$WORK" # what is looked at as another user must be reachable
  trap 'rm -rf "$WORK"' EXIT
  for name in $(declare -F | awk '$3 ~ /^test_/ { print $3 }'); do
    mkdir "$WORK/$name"
    if (
      trap - EXIT
      set -euo pipefail
      WORK=$WORK/$name
      "$name"
    ) </dev/null; then
      echo "ok   $name"
    else
      echo "FAIL $name"
      failed=1
    fi
  done
  exit "$failed"
}
