# shellcheck shell=bash
# Calls to the platform's own API. The key reaches curl through a file descriptor, never its arguments.
# Sourced by ../daytona.

# api METHOD PATH-OR-URL [JSON]: prints the body; status 22 for an HTTP error (the body is printed then, too).
api() {
  local method=$1 url=$2 body=${3-} arguments=()
  [[ $url == http* ]] || url=$(local_api_url)$url
  [[ -z $body ]] || arguments=(--header 'Content-Type: application/json' --data-binary "$body")
  curl --silent --show-error --fail-with-body --noproxy '*' --max-time "${API_SECONDS:-60}" --request "$method" \
    --header @<(printf 'Authorization: Bearer %s\n' "$(<"$DATA_DIR/admin-api-key")" && pass_header) "${arguments[@]}" "$url" </dev/null
}

# What lets a request in while the platform takes no new work; stop.sh asks for it.
DRAIN_PASS=

pass_header() { [[ -z $DRAIN_PASS ]] || printf 'X-Daytona-Drain-Pass: %s\n' "$DRAIN_PASS"; }

is_healthy() {
  curl --silent --fail --noproxy '*' --max-time 5 --output /dev/null --header @<(pass_header) "$(local_api_url)/health" </dev/null
}

# The value of the first string key NAME in the JSON text on stdin, still escaped.
json_string() {
  local text
  text=$(cat)
  if [[ $text =~ \"$1\"[[:space:]]*:[[:space:]]*\"(([^\"\\]|\\.)*)\" ]]; then printf '%s\n' "${BASH_REMATCH[1]}"; fi
}

# The value of the first integer key NAME in the JSON text on stdin.
json_integer() {
  local text
  text=$(cat)
  if [[ $text =~ \"$1\"[[:space:]]*:[[:space:]]*([0-9]+) ]]; then printf '%s\n' "${BASH_REMATCH[1]}"; fi
}

# A text as one segment of a URL's path.
url_encoded() {
  local LC_ALL=C text=$1 i character
  for ((i = 0; i < ${#text}; i++)); do
    character=${text:i:1}
    case $character in
      [A-Za-z0-9_~-]) printf '%s' "$character" ;;
      *) printf '%%%02X' "'$character" ;;
    esac
  done
}

# Undoes JSON's escapes of a string, for showing it.
json_unescape() {
  local text
  text=$(cat)
  text=${text//\\\"/\"}
  printf '%b' "${text//\\\//\/}"
}

# A JSON string of a text.
json_quote() {
  local text=$1
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  text=${text//$'\t'/\\t}
  printf '"%s"' "${text//[[:cntrl:]]/?}"
}

wait_until_healthy() {
  local limit=$((SECONDS + ${START_SECONDS:-180})) reason
  say "Starting the platform"
  until is_healthy; do
    if ! reason=$(why_not_starting) || ((SECONDS > limit)); then
      show_start_failure
      fail "${reason:-the server does not answer at $(local_api_url)/health; see ./daytona logs server$(data_dir_option)}"
    fi
    sleep 0.1
  done
}

wait_until_snapshot() {
  local limit=$((SECONDS + 600)) state='' answer
  say "Importing the default snapshots"
  while true; do
    answer=$(API_SECONDS=10 api GET /snapshots/daytona-small 2>/dev/null) || answer=
    state=$(json_string state <<<"$answer")
    case $state in
      active) return 0 ;;
      error | build_failed) fail "the snapshot daytona-small failed: $(json_string errorReason <<<"$answer" | json_unescape)" ;;
    esac
    ((SECONDS <= limit)) || fail "the snapshot daytona-small is still \"${state:-unknown}\"; see ./daytona logs server"
    sleep 0.2
  done
}

FIRST_PROGRAM='import platform, sys\nprint(f\"Hello from Python {sys.version.split()[0]} in a sandbox of its own ({platform.node()})\")'

# Creates a sandbox, runs Python in it, prints the output and deletes it.
show_first_sandbox() {
  local answer id began=${EPOCHREALTIME/[.,]/} created ran
  answer=$(api POST /sandbox '{"snapshot":"daytona-small","labels":{"daytona.io/purpose":"first-light"},"autoDeleteInterval":0}') ||
    fail "the first sandbox could not be created: $(json_string message <<<"$answer" | json_unescape)"
  id=$(json_string id <<<"$answer")
  created=${EPOCHREALTIME/[.,]/}
  answer=$(api POST "$(local_toolbox_url)/$id/process/code-run" "{\"language\":\"python\",\"code\":\"$FIRST_PROGRAM\"}") || {
    api DELETE "/sandbox/$id" >/dev/null || warn "the sandbox $id could not be deleted"
    fail "Python could not be run in the first sandbox: $(json_string message <<<"$answer" | json_unescape)"
  }
  ran=${EPOCHREALTIME/[.,]/}
  train_client "$id"
  api DELETE "/sandbox/$id" >/dev/null || warn "the sandbox $id could not be deleted"
  say "First sandbox: created in $(((created - began) / 1000)) ms, Python answered after $(((ran - created) / 1000)) ms:"
  printf '  %s\n' "$(json_string result <<<"$answer" | json_unescape)"
}

# Prints the ids of the sandboxes that run.
running_sandboxes() {
  local cursor='' answer
  while true; do
    answer=$(api GET "/sandbox?limit=100&states=started${cursor:+&cursor=$cursor}") || return 1
    grep -oE '"id":"[0-9a-f]{8}-[0-9a-f-]{27}"' <<<"$answer" | cut -d'"' -f4
    cursor=$(json_string nextCursor <<<"$answer")
    [[ -n $cursor ]] || return 0
  done
}
