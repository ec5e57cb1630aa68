# shellcheck shell=bash
# The platform's processes, known by pid and start time. Sourced by ../daytona.

# Prints the pid of supervisor, jailer or server when it runs; else status 1.
running_pid() {
  local pid start
  { read -r pid start <"$DATA_DIR/run/$1.pid"; } 2>/dev/null || return 1
  [[ $pid =~ ^[1-9][0-9]*$ && -n $start && $(start_time "$pid") == "$start" ]] || return 1
  echo "$pid"
}

# Field 22 of /proc/PID/stat, in clock ticks since boot; the name before it may hold blanks and parentheses. Status 1
# for a process that has ended, reaped or not.
start_time() {
  local stat fields
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
  read -ra fields <<<"${stat##*) }"
  [[ ${fields[0]} != [ZX] ]] || return 1
  printf '%s\n' "${fields[19]}"
}

# Prints the pid of the PostgreSQL that serves this data directory; it may have outlived the server.
postgres_pid() {
  local file pid
  while IFS= read -r file; do
    read -r pid <"$file" || continue
    if [[ $pid =~ ^[1-9][0-9]*$ && $(cat "/proc/$pid/comm" 2>/dev/null) == postgres &&
      $(readlink "/proc/$pid/cwd") == "${file%/*}" ]]; then
      echo "$pid"
      return 0
    fi
  done < <(find "$DATA_DIR/postgres" -maxdepth 3 -name postmaster.pid 2>/dev/null)
  return 1
}

wait_for_end() {
  local pid=$1 start=$2 seconds=$3 limit next
  limit=$((SECONDS + seconds))
  next=$((SECONDS + 2))
  while [[ $(start_time "$pid") == "$start" ]]; do
    ((SECONDS <= limit)) || return 1
    if [[ $STOPPING == 1 ]] && ((SECONDS >= next)); then
      say "Waiting for the platform to stop, at most $((limit - SECONDS)) s"
      next=$((SECONDS + 2))
    fi
    sleep 0.05
  done
}

# end_process NAME PID SECONDS: SIGTERM, SIGKILL when it takes longer.
end_process() {
  local name=$1 pid=$2 seconds=$3 start
  start=$(start_time "$pid") || return 0
  kill -TERM "$pid" 2>/dev/null || return 0
  wait_for_end "$pid" "$start" "$seconds" && return 0
  warn "$name (pid $pid) did not end within $seconds s and is killed"
  kill -KILL "$pid" 2>/dev/null || true
  wait_for_end "$pid" "$start" 10 || fail "$name (pid $pid) cannot be killed"
}

# The supervisor ends the server, which ends PostgreSQL, and then the jailer; what it does not know any more follows.
# 1 while the platform stops: waiting for it is shown.
STOPPING=0

stop_platform() {
  local name pid STOPPING=1
  # It would start again what ended without it.
  ! is_service || stop_service
  for name in supervisor server jailer; do
    if pid=$(running_pid "$name"); then end_process "$name" "$pid" 130; fi
    rm -f "$DATA_DIR/run/$name.pid"
  done
  if pid=$(postgres_pid); then
    # SIGINT: disconnects clients and ends in order.
    kill -INT "$pid" 2>/dev/null || true
    wait_for_end "$pid" "$(start_time "$pid")" 30 || end_process PostgreSQL "$pid" 10
  fi
  rm -f "$DATA_DIR/run/started"
}

# What the running processes were started with: another text means a restart.
wanted_start() {
  sha256sum "$DATA_DIR/jailer.conf" "$DATA_DIR/server.conf" | cut -d' ' -f1
  printf '%s\n' "$JDK" "$TOOLS_LAYER"
}

SUPERVISOR_JOB=

# Sets the array NAME to the command that runs the platform, and SUPERVISOR_ENVIRONMENT to its variables.
SUPERVISOR_ENVIRONMENT=()

supervisor_command() {
  local -n words=$1
  # shellcheck disable=SC2034 # it is the caller's array
  words=("$APP/bin/supervisor" --conf "$DATA_DIR/jailer.conf" -- "$APP/bin/server" --config "$DATA_DIR/server.conf")
  SUPERVISOR_ENVIRONMENT=(PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "JAVA_HOME=$JDK")
}

start_supervisor() {
  local command environment
  rm -f "$DATA_DIR/run/supervisor.pid"
  if is_service; then
    start_service
  else
    supervisor_command command
    environment=("${SUPERVISOR_ENVIRONMENT[@]}")
    [[ -z ${DAYTONA_SERVER_FAILPOINTS-} ]] || environment+=("DAYTONA_SERVER_FAILPOINTS=$DAYTONA_SERVER_FAILPOINTS")
    (
      cd /
      exec {LAUNCHER_LOCK}>&-
      exec setsid env -i "${environment[@]}" "${command[@]}" </dev/null >"$DATA_DIR/run/supervisor.out" 2>&1
    ) &
    SUPERVISOR_JOB=$!
  fi
  wanted_start >"$DATA_DIR/run/started"
}

# Status 1 and a sentence when the start has failed for good.
why_not_starting() {
  local name
  if ! running_pid supervisor >/dev/null && { [[ -z $SUPERVISOR_JOB ]] || ! kill -0 "$SUPERVISOR_JOB" 2>/dev/null; }; then
    echo "the supervisor ended; see ./daytona logs supervisor$(data_dir_option)"
    return 1
  fi
  # The supervisor restarts with growing pauses; the third end in a row is no accident. Without the jailer the server
  # ends, too.
  for name in jailer server; do
    if (($(restarts_logged "$name") >= 3)); then
      echo "the $name ends again and again$(last_words "$name"); see ./daytona logs $name$(data_dir_option)"
      return 1
    fi
  done
}

# The jailer's last line is its reason; the server's log shows it in context.
last_words() {
  [[ $1 == jailer && -s $DATA_DIR/log/jailer.log ]] || return 0
  printf ': '
  tail -n 1 "$DATA_DIR/log/jailer.log" | sed -E 's/^[^ ]+ jailer\[[0-9]+\] //'
}

SUPERVISOR_LOG_SIZE=0

restarts_logged() {
  tail -c "+$((SUPERVISOR_LOG_SIZE + 1))" "$DATA_DIR/log/supervisor.log" 2>/dev/null | grep -c "$1, pid [0-9]*, ended" || true
}

remember_log_size() { SUPERVISOR_LOG_SIZE=$(stat -c %s "$DATA_DIR/log/supervisor.log" 2>/dev/null || echo 0); }

show_start_failure() {
  local name
  cat "$DATA_DIR/run/supervisor.out" >&2 || true
  for name in supervisor jailer server; do
    [[ -s $DATA_DIR/log/$name.log ]] || continue
    echo "--- $name.log" >&2
    tail -n 15 "$DATA_DIR/log/$name.log" >&2
  done
}
