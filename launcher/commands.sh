# shellcheck shell=bash
# status, logs, env, explain and bench. Sourced by ../daytona.

require_data_directory() {
  is_root || fail "run as root: the key and the state of the platform are root's"
  [[ -s $DATA_DIR/server.conf && -s $DATA_DIR/admin-api-key ]] ||
    fail "there is no platform in $DATA_DIR; start one with ./daytona up$(data_dir_option)"
}

command_status() {
  require_data_directory
  local name pid healthy=1
  say "data directory  $DATA_DIR (instance $(setting "$DATA_DIR/jailer.conf" instance))"
  say "version         $(readlink "$DATA_DIR/app/current")"
  for name in supervisor jailer server; do
    if pid=$(running_pid "$name"); then
      print_process "$name" "$pid"
    else
      printf '%-15s does not run\n' "$name"
      healthy=0
    fi
  done
  if pid=$(postgres_pid); then print_process postgres "$pid"; fi
  if is_healthy; then
    say "API             $(client_api_url), healthy"
    say "sandboxes       $(running_sandboxes | grep -c .) running"
  else
    say "API             $(client_api_url), does not answer"
    healthy=0
  fi
  ((healthy == 1)) || exit 3
}

print_process() { printf '%-15s pid %s, up for %s\n' "$1" "$2" "$(ps -o etime= -p "$2" | tr -d ' ')"; }

command_logs() {
  require_data_directory
  local file=$DATA_DIR/log/$LOG_NAME.log
  [[ -e $file ]] || fail "there is no $file yet"
  if [[ $FOLLOW == 1 ]]; then
    exec tail -n 100 -F "$file"
  fi
  tail -n 100 "$file"
}

command_env() {
  require_data_directory
  printf 'export DAYTONA_API_URL=%q\n' "$(client_api_url)"
  printf 'export DAYTONA_API_KEY=%q\n' "$(<"$DATA_DIR/admin-api-key")"
  printf 'export DAYTONA_TARGET=%q\n' "$(default_to "$(server_setting REGION)" us)"
}

command_explain() {
  ((${#REST[@]} == 1)) || usage_error "explain needs the id or name of a sandbox; see ./daytona help explain"
  require_data_directory
  is_healthy || fail "the platform does not answer at $(local_api_url); start it with ./daytona up$(data_dir_option)"
  local answer
  answer=$(api GET "$(api_base):$(server_setting API_PORT)/explain/$(url_encoded "${REST[0]}")") ||
    fail "$(json_string message <<<"$answer" | json_unescape)"
  say "$answer"
}

command_bench() {
  require_data_directory
  find_jdk || fail "no JDK $JDK_VERSION was found"
  is_healthy || fail "the platform does not answer at $(local_api_url); start it with ./daytona up$(data_dir_option)"
  export JAVA_HOME=$JDK DAYTONA_API_URL DAYTONA_API_KEY DAYTONA_TARGET
  DAYTONA_API_URL=$(local_api_url)
  DAYTONA_API_KEY=$(<"$DATA_DIR/admin-api-key")
  DAYTONA_TARGET=$(default_to "$(server_setting REGION)" us)
  # Results are kept where the benchmark's own are, unless the options say where.
  [[ " ${REST[*]-} " == *" --results"* || ! -d $CHECKOUT/bench/results ]] || REST+=(--results "$CHECKOUT/bench/results")
  exec "$(setting "$DATA_DIR/jailer.conf" app)/bin/bench" --data-dir "$DATA_DIR" --launcher "$CHECKOUT/daytona" "${REST[@]}"
}
