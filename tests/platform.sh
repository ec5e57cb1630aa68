# shellcheck shell=bash
# The part of ./test that needs a running platform: sourced by it, uses its `step`, $work, $cache, $root, $ring and $soak_minutes.
: "${work:?}" "${cache:?}" "${root:?}" "${ring:?}" "${soak_minutes?}"

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

# What `./daytona up` built and imported here, on a host with cgroup v2.
virtual_machine() { DAYTONA_TEST_DOCKER="$cache/docker" timeout 4200 tests/vm/run "$cache/vm" "$cache/images" "$platform_data"; }

# Storage of images with mounts that end with the step.
container_image() {
  DAYTONA_IMAGE_CACHE="$cache/images" timeout 900 unshare --mount --propagation private deploy/build --cache "$cache/deploy" --storage "$work/containers"
}

container() {
  (cd tests && DAYTONA_TEST_CONTAINERS="$work/containers" timeout 600 ./apart python3 -m unittest -v test_container)
}

# A long step, whose output is shown while it runs.
watched() {
  local follower
  : >"$work/step.log"
  tail -F "$work/step.log" 2>/dev/null &
  follower=$!
  step "$@"
  kill "$follower"
}

# The table is printed whether it passes or not; the whole matrix also says how far it is.
kill_matrix() {
  local -x DAYTONA_TEST_MATRIX="$1" DAYTONA_TEST_MATRIX_TABLE="$work/kill-matrix" DAYTONA_IMAGE_CACHE="$cache/images"
  local show=step
  [[ $1 != all ]] || show=watched
  "$show" "kill matrix${1:+, $1}" e2e test_kill_matrix 3000
  sed 's/^/    /' "$work/kill-matrix"
}

soak() {
  local -x DAYTONA_IMAGE_CACHE="$cache/images"
  watched "soak, $soak_minutes minutes" timeout $((soak_minutes * 60 + 900)) python3 tests/soak.py "$soak_minutes"
}

step "cache for the default image" seed_image
step "first light: ./daytona up on an empty data directory" first_light
step "./daytona up again" again_in_time
load_environment
if [[ $ring == newest ]]; then
  step "the newest published clients" conformance/run --newest "$cache/newest-clients"
elif [[ $ring == matrix ]]; then
  kill_matrix all
elif [[ $ring == vm ]]; then
  step "cgroup v2, systemd and kernel 6.1, in a virtual machine" virtual_machine
elif [[ $ring == soak ]]; then
  soak
else
  step "processes and their powers" e2e test_processes 120
  # Passes beside other steps, none of which restarts this platform.
  begin silence e2e test_silence 480
  # On platforms of their own.
  DAYTONA_IMAGE_CACHE="$cache/images" begin backup e2e test_backup 600
  step "sandboxes: limits, contents, isolation" e2e test_sandbox 600
  step "what a sandbox sees of its limits" e2e test_own_limits 200
  step "what root inside tries" e2e test_hostile 120
  step "what a sandbox answers" e2e test_hostile_answers 120
  DAYTONA_TEST_DOCKER="$cache/docker" begin docker e2e test_docker 500
  step "tools in every sandbox" e2e test_tools 200
  step "tools in images that have nothing" tools_elsewhere
  step "whole sandboxes of other images" e2e test_images 200
  step "a Docker engine in a sandbox" joined docker
  step "files" e2e test_files 200
  step "refusals" e2e test_refusals 300
  step "mutated requests" timeout 400 tests/api_fuzz/run "$cache/fuzz"
  step "each row of the feature inventory, by plain requests" e2e test_inventory 400
  step "toolbox: many clients, signed URLs, older routes" e2e test_toolbox 300
  step "backup and restore" joined backup
  step "hogs beside twenty bystanders" e2e test_limits 900
  step "published clients" conformance/run "$cache/clients"
  DAYTONA_IMAGE_CACHE="$cache/images" DAYTONA_TEST_CLIENTS="$cache/clients" step "requests that meet each other, and foreign ones" e2e test_contention 300
  DAYTONA_IMAGE_CACHE="$cache/images" step "metrics, log lines, explain, repeated creates" e2e test_operations 300
  DAYTONA_IMAGE_CACHE="$cache/images" step "what a host runs out of" e2e test_exhaustion 600
  DAYTONA_IMAGE_CACHE="$cache/images" step "overload, one organization beside another, the end of the platform" e2e test_admission 400
  DAYTONA_IMAGE_CACHE="$cache/images" step "telemetry" e2e test_telemetry 600
  step "hosts that lack something: what ./daytona up says" e2e test_hosts 120
  step "benchmark runs (figures are for ./daytona bench)" timeout 600 ./daytona bench --data-dir "$platform_data" --count 10 --results "$work/bench"
  step "streams that say nothing for six minutes" joined silence
  step "detached output survives the server" e2e test_detached 120
  step "streams and state survive a restart" e2e test_streams 400
  step "sandboxes keep their older agent over an upgrade" e2e test_older_agent 300
  step "crashes" e2e test_crash 900
  kill_matrix ""
fi
step "./daytona down" timeout 120 ./daytona down --data-dir "$platform_data"
if [[ $ring == all ]]; then
  export DAYTONA_TEST_WORK="$work"
  # Takes its time in emulation, beside what takes its time elsewhere.
  begin vm virtual_machine
  step "container: image" container_image
  step "container: the one command, by podman" container
  step "a company's mirrors, proxy and certificates" e2e test_network_settings 600
  step "cgroup v2, systemd and kernel 6.1, in a virtual machine" joined vm
fi
step "./daytona down --purge" timeout 120 ./daytona down --purge --data-dir "$platform_data"
platform_data=""
