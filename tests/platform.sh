# shellcheck shell=bash
# The part of ./test that needs a running platform: sourced by it, uses its `step`, $work, $cache, $root and $ring.
: "${work:?}" "${cache:?}" "${root:?}" "${ring:?}"

platform_data="$work/d"
up_options=(--data-dir "$platform_data" --api-port 0 --proxy-port 0 --pool-size 12)

# The image is built once and kept by the hash of its recipe; the platform finds it as if it had built it.
seed_image() {
  mkdir -p "$cache/images" "$platform_data"
  if id daytona >/dev/null 2>&1; then chown daytona: "$cache/images"; fi
}

first_light() {
  DAYTONA_IMAGE_CACHE="$cache/images" timeout 1500 ./daytona up "${up_options[@]}" || return 1
}

again_in_time() {
  local from
  from=$(date +%s%N)
  timeout 60 ./daytona up "${up_options[@]}" || return 1
  echo "second up: $((($(date +%s%N) - from) / 1000000)) ms"
}

load_environment() {
  eval "$(./daytona env --data-dir "$platform_data")" || return 1
  export DAYTONA_API_URL DAYTONA_API_KEY DAYTONA_TARGET
  export DAYTONA_TEST_DATA_DIR="$platform_data"
  export DAYTONA_TEST_UP="$root/daytona up ${up_options[*]}"
}

e2e() {
  (cd tests && timeout "$2" python3 -m unittest -v "$1")
}

# The tools layer below roots that are not Debian's, run as the ordinary user that builds images.
tools_elsewhere() {
  local record
  record="$(grep -l '"image": *"tools"' "$cache"/images/*.json | xargs ls -t | head -n 1)" || return 1
  install -o daytona -m 0400 "${record%.json}.tar" "$work/tools.tar" || return 1
  setpriv --reuid daytona --regid daytona --clear-groups --inh-caps=-all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp \
    timeout 200 images/test/check-tools "$work/tools.tar"
  local status=$?
  rm -f "$work/tools.tar"
  return $status
}

# The table is printed whether it passes or not; the whole matrix also says how far it is.
kill_matrix() {
  local -x DAYTONA_TEST_MATRIX="$1" DAYTONA_TEST_MATRIX_TABLE="$work/kill-matrix" DAYTONA_IMAGE_CACHE="$cache/images"
  local follower=''
  if [[ $1 == all ]]; then
    : >"$work/step.log"
    tail -F "$work/step.log" 2>/dev/null &
    follower=$!
  fi
  step "kill matrix${1:+, $1}" e2e test_kill_matrix 3000
  [[ -z $follower ]] || kill "$follower"
  sed 's/^/    /' "$work/kill-matrix"
}

step "cache for the default image" seed_image
step "first light: ./daytona up on an empty data directory" first_light
step "./daytona up again" again_in_time
load_environment
if [[ $ring == newest ]]; then
  step "the newest published clients" conformance/run --newest "$cache/newest-clients"
elif [[ $ring == matrix ]]; then
  kill_matrix all
else
  step "processes and their powers" e2e test_processes 120
  # Passes beside other steps, none of which restarts this platform.
  begin silence e2e test_silence 480
  step "sandboxes: limits, contents, isolation" e2e test_sandbox 600
  step "what root inside tries" e2e test_hostile 120
  step "what a sandbox answers" e2e test_hostile_answers 120
  step "tools in every sandbox" e2e test_tools 200
  step "tools in images that have nothing" tools_elsewhere
  step "whole sandboxes of other images" e2e test_images 200
  step "files" e2e test_files 200
  step "refusals" e2e test_refusals 300
  step "each row of the feature inventory, by plain requests" e2e test_inventory 400
  step "toolbox: many clients, signed URLs, older routes" e2e test_toolbox 300
  step "published clients" conformance/run "$cache/clients"
  DAYTONA_IMAGE_CACHE="$cache/images" DAYTONA_TEST_CLIENTS="$cache/clients" step "requests that meet each other, and foreign ones" e2e test_contention 300
  DAYTONA_IMAGE_CACHE="$cache/images" step "metrics, log lines, explain, repeated creates" e2e test_operations 300
  DAYTONA_IMAGE_CACHE="$cache/images" step "telemetry" e2e test_telemetry 600
  step "hosts that lack something: what ./daytona up says" e2e test_hosts 120
  step "benchmark runs (figures are for ./daytona bench)" timeout 600 ./daytona bench --data-dir "$platform_data" --count 10
  step "streams that say nothing for six minutes" joined silence
  step "detached output survives the server" e2e test_detached 120
  step "streams and state survive a restart" e2e test_streams 400
  step "crashes" e2e test_crash 900
  kill_matrix ""
fi
step "./daytona down" timeout 120 ./daytona down --data-dir "$platform_data"
step "./daytona down --purge" timeout 120 ./daytona down --purge --data-dir "$platform_data"
platform_data=""
if [[ $ring == all ]]; then
  export DAYTONA_TEST_WORK="$work"
  step "a company's mirrors, proxy and certificates" e2e test_network_settings 600
fi
