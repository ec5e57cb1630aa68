# shellcheck shell=bash
# Stops sandboxes. Sourced by ../daytona.

PROGRESS_SECONDS=2
HURRIED=0

# A second signal, or the first to this launcher: what runs is waited for no longer.
hurry() {
  local pid
  say "Not waiting any longer"
  HURRIED=1
  if [[ $STOPPING == 1 ]] && pid=$(running_pid supervisor); then kill -TERM "$pid" 2>/dev/null || true; fi
}

# No new work from here on; requests that run come to their end before their sandboxes do.
drain_platform() {
  local answer url limit running next
  is_healthy || return 0
  url=$(api_base):$(server_setting API_PORT)/drain
  # A server of an earlier release has no such route.
  answer=$(api POST "$url" 2>/dev/null) || return 0
  # shellcheck disable=SC2034 # read by api and is_healthy
  DRAIN_PASS=$(json_string pass <<<"$answer")
  limit=$((SECONDS + $(default_to "$(server_setting HTTP_STOP_SECONDS)" 20)))
  next=$((SECONDS + PROGRESS_SECONDS))
  while ((HURRIED == 0 && SECONDS < limit)); do
    answer=$(API_SECONDS=5 api GET "$url" 2>/dev/null) || return 0
    running=$(json_integer running <<<"$answer")
    ((running > 0)) || return 0
    if ((SECONDS >= next)); then
      say "Waiting for requests that run: $running"
      next=$((SECONDS + PROGRESS_SECONDS))
    fi
    sleep 0.1
  done
}

# In order through the API, so that their rows say `stopped`; what then still runs (the server is down, a foreign
# organization's sandbox) is killed, and the next start finds it stopped.
stop_sandboxes() {
  local ids=()
  if is_healthy; then
    mapfile -t ids < <(running_sandboxes)
    if ((${#ids[@]} > 0)); then
      say "Stopping sandboxes that run: ${#ids[@]}"
      stop_by_api "${ids[@]}"
    fi
  fi
}

stop_by_api() {
  local id parallel=0
  for id in "$@"; do
    { api POST "/sandbox/$id/stop?force=true" >/dev/null || warn "the sandbox $id did not stop"; } &
    parallel=$((parallel + 1))
    ((parallel % 8 != 0)) || wait
  done
  wait
  local limit=$((SECONDS + 30))
  while ((SECONDS < limit)) && [[ -n $(sandbox_processes) && -n $(running_sandboxes) ]]; do sleep 0.1; done
}

# Prints the pids of all processes in the cgroup of this data directory.
sandbox_processes() {
  local cgroup
  cgroup=$(setting "$DATA_DIR/jailer.conf" cgroup)
  [[ -n $cgroup ]] || return 0
  find /sys/fs/cgroup -maxdepth 2 -type d -name "$cgroup" -exec find {} -name cgroup.procs -exec cat {} + \; 2>/dev/null |
    sort -un
}

kill_sandbox_processes() {
  local pids limit=$((SECONDS + 20))
  while true; do
    mapfile -t pids < <(sandbox_processes)
    ((${#pids[@]} > 0)) || return 0
    ((SECONDS < limit)) || fail "processes of sandboxes cannot be killed: ${pids[*]}"
    kill -KILL "${pids[@]}" 2>/dev/null || true
    sleep 0.05
  done
}
