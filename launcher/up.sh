# shellcheck shell=bash
# ./daytona up. Sourced by ../daytona.

command_up() {
  require_host
  require_no_restore
  require_room
  warn_of_memory
  install_packages
  ensure_user
  check_jdk_runs
  ensure_built
  [[ ! -d $DATA_DIR ]] || is_data_directory || [[ -z $(ls -A "$DATA_DIR") ]] ||
    fail "$DATA_DIR is not empty and no data directory of this platform; choose another with --data-dir"
  claim_data_directory
  lock_data_directory
  note_cgroup_option
  ensure_api_key
  ensure_installed
  write_server_conf
  write_jailer_conf "$APP" "$INSTANCE"
  ensure_images
  if is_running_as_wanted; then
    wait_until_snapshot >/dev/null
  else
    stop_platform_for_change
    start_platform
    remove_old_apps
    wait_until_snapshot
    show_first_sandbox
  fi
  [[ $QUIET == 1 ]] || print_summary
}

is_running_as_wanted() {
  [[ $(cat "$DATA_DIR/run/started" 2>/dev/null) == "$(wanted_start)" ]] &&
    running_pid supervisor >/dev/null && running_pid jailer >/dev/null && running_pid server >/dev/null && is_healthy
}

# Unchanged, a new supervisor adopts what still runs; changed, everything but the sandboxes starts anew.
stop_platform_for_change() {
  if [[ $(cat "$DATA_DIR/run/started" 2>/dev/null) != "$(wanted_start)" ]]; then
    ! running_pid supervisor >/dev/null || say "Restarting the platform with what changed; sandboxes keep running"
    stop_platform
  fi
}

start_platform() {
  remember_log_size
  running_pid supervisor >/dev/null || start_supervisor
  wait_until_healthy
}

print_summary() {
  local api key
  api=$(client_api_url)
  key=$(<"$DATA_DIR/admin-api-key")
  cat <<TEXT

The platform runs.

  API URL   $api
  API key   $key

Set them for any client:   eval "\$($CHECKOUT/daytona env$(data_dir_option))"

TypeScript (npm install @daytona/sdk)
  import { Daytona } from '@daytona/sdk'
  const daytona = new Daytona({ apiUrl: '$api', apiKey: '$key', target: 'us' })
  const sandbox = await daytona.create({ language: 'typescript' })
  console.log((await sandbox.process.codeRun('console.log(6 * 7)')).result)
  await sandbox.delete()

Python (pip install daytona)
  from daytona import Daytona, DaytonaConfig
  daytona = Daytona(DaytonaConfig(api_url="$api", api_key="$key", target="us"))
  sandbox = daytona.create()
  print(sandbox.process.code_run("print(6 * 7)").result)
  sandbox.delete()

Java (Maven: io.daytona:sdk)
  import io.daytona.sdk.Daytona;
  import io.daytona.sdk.DaytonaConfig;
  import io.daytona.sdk.Sandbox;

  public class Main {
      public static void main(String[] args) {
          DaytonaConfig config = new DaytonaConfig.Builder()
                  .apiUrl("$api").apiKey("$key").target("us").build();
          try (Daytona daytona = new Daytona(config)) {
              Sandbox sandbox = daytona.create();
              System.out.println(sandbox.getProcess().executeCommand("python3 -c 'print(6 * 7)'").getResult());
              sandbox.delete();
          }
      }
  }
TEXT
}
