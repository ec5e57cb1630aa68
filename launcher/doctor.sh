# shellcheck shell=bash
# ./daytona doctor: checks host and configuration, and says what to do. Changes nothing. Sourced by ../daytona.

SUBNETS=10.213.0.0/16
UFW_DIRECTORY=/etc/ufw
UFW_DEFAULTS=/etc/default/ufw
PROC_SYS=/proc/sys
SYS_BLOCK=/dev
CGROUPS=/proc/self/cgroup
CGROUP_CONTROLLERS=/sys/fs/cgroup/cgroup.controllers
V1_CONTROLLERS=/proc/cgroups
MINIMUM_MEMORY_MIB=2048
MINIMUM_SPACE_MIB=8192
MINIMUM_INOTIFY_INSTANCES=128
MINIMUM_INOTIFY_WATCHES=65536
MINIMUM_PID_MAX=131072
MINIMUM_DATABASE_MIB=64

# One entry per finding: STATE, ID, TITLE and lines of remedy, separated by the unit separator.
FINDINGS=()
WORST=ok

# finding STATE ID TITLE [REMEDY…]: ok, warning (it runs, but worse) or missing (it does not run).
finding() {
  local IFS=$'\x1f'
  FINDINGS+=("$*")
  [[ $1 == ok ]] || [[ $WORST == missing ]] || WORST=$1
}

# expect STATE ID TITLE CONDITION [REMEDY…]: ok when the command line CONDITION succeeds, else STATE.
expect() {
  local state=$1 id=$2 title=$3 condition=$4
  shift 4
  if $condition; then finding ok "$id" "$title"; else finding "$state" "$id" "$title" "$@"; fi
}

command_doctor() {
  local sudo=''
  is_root || sudo='sudo '
  check_software
  check_kernel
  check_network
  check_size
  check_platform
  if [[ $JSON == 1 ]]; then print_json; else print_findings; fi
  [[ $WORST != missing ]] || exit 1
}

check_software() {
  local missing commands
  expect missing root "root" is_root "run ./daytona with sudo or as root"
  expect missing distribution "$(distribution_name)" is_supported_distribution \
    "it is prepared for Debian 12 and 13, Ubuntu 22.04 and 24.04, Fedora $FEDORA_FIRST and newer; a virtual machine will do"
  find_jdk || true
  mapfile -t commands < <(jdk_commands "$sudo" | unindent)
  expect missing jdk "JDK $JDK_VERSION${JDK:+ ($JDK)}" has_jdk "${commands[@]}"
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    finding ok packages "packages"
  else
    mapfile -t commands < <(package_commands "$sudo" "${missing[@]%%|*}" | unindent)
    finding missing packages "packages: ${missing[*]%%|*}" "./daytona up installs them, or:" "${commands[@]}"
  fi
}

has_jdk() { [[ -n $JDK ]]; }

unindent() { sed 's/^  //'; }

check_kernel() {
  local commands
  mapfile -t commands < <(package_commands "$sudo" "$(kernel_package)" | unindent)
  expect missing kernel "Linux 6.1 or newer ($KERNEL_RELEASE)" is_supported_kernel "${commands[@]}" "${sudo}reboot"
  mapfile -t commands < <(userns_commands "$sudo" | unindent)
  expect missing user-namespaces "user namespaces for programs without privileges" has_user_namespaces "${commands[@]}"
  expect missing cgroups "control groups: $(cgroup_generation), with cpu, memory and pids" has_controllers \
    "boot without cgroup_disable= in the kernel's command line"
  expect missing overlay "file systems overlay and ext4" has_file_systems "${sudo}modprobe -a overlay ext4"
  expect warning xfs "file system xfs" has_pool_file_system "${sudo}modprobe xfs" \
    "without it disks are plain files in the data directory: copies take longer, and no space is reserved"
  expect missing loop-devices "loop devices" has_loop_devices "${sudo}modprobe loop" \
    "in a container: give it /dev of the host and all devices"
  expect warning pid-max "kernel.pid_max of $MINIMUM_PID_MAX or more (the jailer raises it)" has_pids \
    "echo kernel.pid_max=4194304 | ${sudo}tee /etc/sysctl.d/61-daytona.conf" "${sudo}sysctl -p /etc/sysctl.d/61-daytona.conf"
  expect warning inotify "inotify: $MINIMUM_INOTIFY_INSTANCES instances and $MINIMUM_INOTIFY_WATCHES watches for a user" has_inotify \
    "echo fs.inotify.max_user_instances=1024 | ${sudo}tee /etc/sysctl.d/62-daytona.conf" \
    "echo fs.inotify.max_user_watches=1048576 | ${sudo}tee -a /etc/sysctl.d/62-daytona.conf" \
    "${sudo}sysctl -p /etc/sysctl.d/62-daytona.conf"
}

cgroup_generation() { if [[ -e $CGROUP_CONTROLLERS && $(<"$CGROUP_CONTROLLERS") == *memory* ]]; then echo v2; else echo v1; fi; }

has_controllers() {
  local controller
  for controller in cpu memory pids; do
    if [[ $(cgroup_generation) == v2 ]]; then
      [[ " $(<"$CGROUP_CONTROLLERS") " == *" $controller "* ]] || return 1
    else
      awk -v name="$controller" '$1 == name && $4 == 1 { found = 1 } END { exit !found }' "$V1_CONTROLLERS" || return 1
      grep -qE ":([a-z,]*,)?$controller(,[a-z,]*)?:" "$CGROUPS" || return 1
    fi
  done
}

has_file_systems() { has_file_system overlay && has_file_system ext4; }

# A pool without an image needs none.
has_pool_file_system() { [[ $(setting "$DATA_DIR/jailer.conf" pool_bytes) == 0 ]] || has_file_system xfs; }

has_loop_devices() { [[ -c $SYS_BLOCK/loop-control ]] || modprobe --dry-run --quiet loop 2>/dev/null; }

# at_least FILE MINIMUM
at_least() {
  local value
  value=$(cat "$1" 2>/dev/null) && [[ $value =~ ^[0-9]+$ ]] && ((value >= $2))
}

has_pids() { at_least "$PROC_SYS/kernel/pid_max" "$MINIMUM_PID_MAX"; }

has_inotify() {
  at_least "$PROC_SYS/fs/inotify/max_user_instances" "$MINIMUM_INOTIFY_INSTANCES" &&
    at_least "$PROC_SYS/fs/inotify/max_user_watches" "$MINIMUM_INOTIFY_WATCHES"
}

check_network() {
  expect missing subnet "no route overlaps the sandboxes' addresses ($SUBNETS)" has_free_subnet \
    "the host has another network there: $(overlapping_route)"
  expect warning firewalld "firewalld lets sandboxes out" is_firewalld_open \
    "${sudo}firewall-cmd --permanent --zone=trusted --add-source=$SUBNETS" "${sudo}firewall-cmd --reload"
  expect warning ufw "ufw lets sandboxes out" is_ufw_open "${sudo}ufw route allow from $SUBNETS"
  # The jailer opens DOCKER-USER, which Docker leaves to others.
  expect warning forward "the packet filter forwards sandboxes' packets" is_forward_open \
    "${sudo}iptables -I FORWARD -s $SUBNETS -j ACCEPT" "${sudo}iptables -I FORWARD -d $SUBNETS -j ACCEPT"
}

# Routes of the host, other than sandboxes' own, into their addresses.
overlapping_route() { ip -4 route show 2>/dev/null | grep -v ' dev dt[0-9]*s' | grep -m 1 -E '^10\.213\.' || true; }

has_free_subnet() { [[ -z $(overlapping_route) ]]; }

is_firewalld_open() {
  command -v firewall-cmd >/dev/null || return 0
  firewall-cmd --state >/dev/null 2>&1 || return 0
  firewall-cmd --zone=trusted --query-source="$SUBNETS" >/dev/null 2>&1
}

is_ufw_open() {
  grep -qi '^ENABLED=yes' "$UFW_DIRECTORY/ufw.conf" 2>/dev/null || return 0
  if grep -qiE '^DEFAULT_FORWARD_POLICY="?(DROP|REJECT)' "$UFW_DEFAULTS" 2>/dev/null; then
    [[ $(cat "$UFW_DIRECTORY/user.rules" 2>/dev/null) == *"$SUBNETS"* ]]
  fi
}

is_forward_open() {
  local chain
  chain=$(nft list chain ip filter FORWARD 2>/dev/null) || return 0
  [[ $chain != *"policy drop"* || $chain == *DOCKER-USER* || $chain == *"$SUBNETS"* ]]
}

check_size() {
  local memory space
  memory=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  expect warning memory "memory: $memory MiB of at least $MINIMUM_MEMORY_MIB" "test $memory -ge $MINIMUM_MEMORY_MIB" \
    "the platform itself takes about 400 MiB, and each sandbox what its snapshot says"
  expect warning disk "$DATA_DIR is on a disk" is_on_disk \
    "it is in memory: sandboxes take it from programs, and the next boot deletes them" "$(other_place)"
  [[ ! -d $DATA_DIR/pool ]] || return 0 # its space is reserved already
  space=$(($(free_bytes "$DATA_DIR") / 1048576))
  expect missing space "space for $DATA_DIR: $space MiB of at least $MINIMUM_SPACE_MIB" "test $space -ge $MINIMUM_SPACE_MIB" \
    "$(more_room)"
}

is_on_disk() { ! is_in_memory "$DATA_DIR"; }

# Of a platform that exists: its configuration, and whether it runs.
check_platform() {
  local app text name port
  is_root && [[ -s $DATA_DIR/server.conf && -s $DATA_DIR/jailer.conf ]] || return 0
  app=$(setting "$DATA_DIR/jailer.conf" app)
  if [[ -n $JDK && -x $app/bin/server ]]; then
    if text=$(as_user JAVA_HOME="$JDK" "$app/bin/server" --config "$DATA_DIR/server.conf" --data-dir "$DATA_DIR" --print-config 2>&1 >/dev/null); then
      finding ok configuration "configuration ($DATA_DIR/server.conf)"
    else
      finding missing configuration "configuration ($DATA_DIR/server.conf)" "${text##*$'\n'}"
    fi
  fi
  check_room
  if running_pid server >/dev/null; then
    expect missing api "API at $(local_api_url)" is_healthy "./daytona logs server$(data_dir_option)"
    return 0
  fi
  for name in API PROXY; do
    port=$(server_setting "${name}_PORT")
    expect missing "port-${name,,}" "port $port is free" "is_free_port $port" \
      "another program listens on it: $(ss -Hltnp "sport = :$port" | grep -o 'users:.*' | head -n 1)" \
      "choose another with ./daytona up --${name,,}-port PORT"
  done
}

# Of the pool, as the running jailer sees it, and of the database.
check_room() {
  local pid free size block inodes all
  free=$(df --output=avail -BM "$DATA_DIR/postgres" | tail -n 1 | tr -dc 0-9)
  expect warning database-space "database: $free MiB free on its disk" "test $free -ge $MINIMUM_DATABASE_MIB" \
    "without room for its log PostgreSQL stops and the API answers 503: make room on the disk of $DATA_DIR/postgres"
  pid=$(running_pid jailer) || return 0
  # Not df: it takes the path for the host's own.
  read -r free size block inodes all < <(stat -f -c '%a %b %S %d %c' "/proc/$pid/root$DATA_DIR/pool" 2>/dev/null) || return 0
  free=$((free * block / 1048576)) size=$((size * block / 1048576))
  expect warning pool "pool of disks: $free of $size MiB free" "test $((free * 10)) -ge $size" \
    "below 10 % nothing new is made, below 3 % the sandbox that fills it fastest is stopped" \
    "delete sandboxes that are not needed; what they delete inside comes back by itself"
  ((all == 0)) ||
    expect warning pool-inodes "pool of disks: $inodes inodes free" "test $inodes -ge 256" "delete images that are not needed"
}

is_free_port() { ! port_in_use "$1"; }

print_findings() {
  local entry state title lines line
  for entry in "${FINDINGS[@]}"; do
    IFS=$'\x1f' read -r -d '' -a lines < <(printf '%s\0' "$entry") || true
    state=${lines[0]} title=${lines[2]}
    printf '%-8s %s\n' "$state" "$title"
    for line in "${lines[@]:3}"; do printf '           %s\n' "$line"; done
  done
}

print_json() {
  local entry lines separator='' remedy line
  printf '{"state":"%s","checks":[' "$WORST"
  for entry in "${FINDINGS[@]}"; do
    IFS=$'\x1f' read -r -d '' -a lines < <(printf '%s\0' "$entry") || true
    remedy=
    for line in "${lines[@]:3}"; do remedy+="${remedy:+,}$(json_quote "$line")"; done
    printf '%s\n{"id":%s,"state":"%s","title":%s,"remedy":[%s]}' "$separator" "$(json_quote "${lines[1]}")" "${lines[0]}" \
      "$(json_quote "${lines[2]}")" "$remedy"
    separator=,
  done
  printf ']}\n'
}
