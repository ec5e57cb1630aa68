# shellcheck shell=bash
# ./daytona service: the platform as a service of systemd, which starts it at boot. Sourced by ../daytona.

UNIT_DIRECTORY=/etc/systemd/system
BOOTED_BY_SYSTEMD=/run/systemd/system

command_service() {
  ((${#REST[@]} == 1)) || usage_error "service needs install, remove or show; see ./daytona help service"
  require_data_directory
  find_jdk || fail "no JDK $JDK_VERSION was found"
  # shellcheck disable=SC2034 # read by supervisor_command
  APP=$(setting "$DATA_DIR/jailer.conf" app)
  "service_${REST[0]}"
}

service_show() { print_unit; }

# From now on systemd's: sandboxes keep running while the platform changes hands.
service_install() {
  [[ -d $BOOTED_BY_SYSTEMD ]] ||
    fail "this machine was not booted by systemd; ./daytona service show$(data_dir_option) prints the unit for one that is"
  lock_data_directory
  [[ ! -e $(unit_file) ]] || ! unit_is_current || {
    say "$(unit_name) is installed already"
    return 0
  }
  say "Installing $(unit_file); sandboxes keep running"
  stop_platform
  write_unit
  systemctl --quiet enable "$(unit_name)"
  start_platform
  say "systemctl status $(unit_name) · journalctl -u $(unit_name) · ./daytona service remove$(data_dir_option)"
}

service_remove() {
  lock_data_directory
  is_service || {
    say "No service is installed for $DATA_DIR"
    return 0
  }
  local ran=0
  ! running_pid supervisor >/dev/null || ran=1
  say "Removing $(unit_file); sandboxes keep running"
  stop_platform
  remove_unit
  ((ran == 0)) || start_platform
}

# The default data directory's is daytona.service; others are told apart by their number on this host.
unit_name() {
  if [[ $DATA_DIR == /var/lib/daytona ]]; then
    echo daytona.service
  else
    echo "daytona-$(setting "$DATA_DIR/jailer.conf" instance).service"
  fi
}

unit_file() { printf '%s/%s\n' "$UNIT_DIRECTORY" "$(unit_name)"; }

# Whether systemd starts this platform. A unit of another data directory that had the number before is not ours.
is_service() { [[ -d $BOOTED_BY_SYSTEMD ]] && grep -qxF "RequiresMountsFor=$DATA_DIR" "$(unit_file)" 2>/dev/null; }

unit_is_current() { print_unit | cmp -s - "$(unit_file)"; }

# KillMode=process: only the supervisor is told to end, and it ends the server and then the jailer. When it is killed,
# both go on and the next supervisor adopts them. Sandboxes live in cgroups of their own beside the service's, which
# systemd leaves alone; Delegate keeps it from changing those of the platform's processes. No limit of the service's
# may become one of the sandboxes, which the jailer starts.
print_unit() {
  local variable command
  supervisor_command command
  cat <<TEXT
# Written by ./daytona service install; ./daytona up keeps it up to date.
[Unit]
Description=Daytona sandboxes in $DATA_DIR
Wants=network-online.target
After=network-online.target nftables.service firewalld.service ufw.service docker.service
RequiresMountsFor=$DATA_DIR
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=$(printf '%s ' "${command[@]}" | sed 's/ $//')
$(for variable in "${SUPERVISOR_ENVIRONMENT[@]}"; do printf 'Environment="%s"\n' "$variable"; done)
WorkingDirectory=/
Restart=always
RestartSec=1
TimeoutStopSec=90
KillMode=process
Delegate=yes
TasksMax=infinity
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=0

[Install]
WantedBy=multi-user.target
TEXT
}

write_unit() {
  print_unit >"$(unit_file).new"
  mv -f "$(unit_file).new" "$(unit_file)"
  systemctl daemon-reload
}

remove_unit() {
  systemctl --quiet disable "$(unit_name)"
  rm -f "$(unit_file)"
  systemctl daemon-reload
  systemctl reset-failed "$(unit_name)" 2>/dev/null || true
}

# With what has changed: another distribution, another JDK.
start_service() {
  unit_is_current || write_unit
  systemctl reset-failed "$(unit_name)" 2>/dev/null || true
  systemctl start "$(unit_name)" || fail "systemd cannot start $(unit_name); see journalctl -u $(unit_name)"
  # shellcheck disable=SC2034 # read by why_not_starting
  SUPERVISOR_JOB=$(systemctl show --property=MainPID --value "$(unit_name)")
}

stop_service() { systemctl stop "$(unit_name)" || warn "systemd could not stop $(unit_name)"; }
