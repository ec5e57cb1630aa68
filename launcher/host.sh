# shellcheck shell=bash
# What the machine must offer: rights, distribution, kernel, packages, JDK, user namespaces. Sourced by ../daytona.

JVM_DIRECTORY=/usr/lib/jvm
JDK_VERSION=25
JDK=
CLOSED_JDK=
# Ubuntu's AppArmor takes the powers inside a new user namespace from programs without privileges.
USERNS_RESTRICTION=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
MAX_USER_NAMESPACES=/proc/sys/user/max_user_namespaces

FILE_SYSTEMS=/proc/filesystems

is_root() { ((EUID == 0)); }

# has_file_system NAME: the kernel has it, or a module for it.
has_file_system() { grep -qwF "$1" "$FILE_SYSTEMS" || modprobe --dry-run --quiet "$1" 2>/dev/null; }

# The image build and every slot make a user namespace as a user without privileges.
has_user_namespaces() { [[ $(cat "$MAX_USER_NAMESPACES" 2>/dev/null) != 0 ]] && ! is_userns_restricted; }

is_userns_restricted() { [[ $(cat "$USERNS_RESTRICTION" 2>/dev/null) == 1 ]]; }

# userns_commands PREFIX: allow them, from now on.
userns_commands() {
  local key=user.max_user_namespaces value=65536
  ! is_userns_restricted || { key=kernel.apparmor_restrict_unprivileged_userns value=0; }
  printf '  echo %s=%s | %stee /etc/sysctl.d/60-daytona.conf\n' "$key" "$value" "$1"
  printf '  %ssysctl -p /etc/sysctl.d/60-daytona.conf\n' "$1"
}

# Sets JDK to a JDK 25: JAVA_HOME, the PATH's javac, or one below /usr/lib/jvm. One that the platform's user could not
# run is passed over, and named in CLOSED_JDK.
find_jdk() {
  local candidate javac
  javac=$(command -v javac || true)
  [[ -z $javac ]] || javac=$(realpath "$javac")
  for candidate in "${JAVA_HOME-}" "${javac%/bin/javac}" "$JVM_DIRECTORY"/*; do
    is_jdk "$candidate" || continue
    candidate=$(realpath "$candidate")
    if ! is_open_to_all "$candidate/bin/java"; then
      CLOSED_JDK=$candidate
      continue
    fi
    # shellcheck disable=SC2034 # read by the other parts
    JDK=$candidate
    return 0
  done
  return 1
}

# Nothing is compiled without sources: then a runtime does.
is_jdk() {
  [[ -n $1 && -x $1/bin/java ]] && { [[ -x $1/bin/javac ]] || ! has_sources; } && grep -q "^JAVA_VERSION=\"${JDK_VERSION}[.\"]" "$1/release" 2>/dev/null
}

# Whether a user without any right of his own can run a program. Only root can try.
is_open_to_all() { ! is_root || setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all test -x "$1"; }

# Stops with the complete list of what this machine lacks, and the commands that install it, unless `up` itself can
# provide it. Nothing has been changed by then.
require_host() {
  local problems=()
  is_root || problems+=("root")
  is_supported_distribution || problems+=("Debian 12 or 13, Ubuntu 22.04 or 24.04, or Fedora $FEDORA_FIRST and newer: this is $(distribution_name)")
  is_supported_kernel || problems+=("Linux 6.1 or newer: this is $KERNEL_RELEASE")
  find_jdk || problems+=("a JDK $JDK_VERSION with javac that every user can run: $(why_no_jdk)")
  has_user_namespaces || problems+=("user namespaces for programs without privileges: this machine's $(why_no_userns)")
  ((${#problems[@]} > 0)) || return 0
  {
    echo "error: ./daytona up needs what this machine lacks:"
    printf '  - %s\n' "${problems[@]}"
    echo
    if ! has_sources; then
      echo "A container has the kernel of the machine that runs it, or of its engine's; change it there."
      has_user_namespaces || userns_commands ''
    elif is_supported_distribution; then
      installation_here
    elif is_supported_kernel && has_user_namespaces && container_engine >/dev/null; then
      echo "It is prepared for those alone, but its container runs here:"
      container_commands
    else
      installation_elsewhere
    fi
  } >&2
  exit 1
}

why_no_userns() {
  if is_userns_restricted; then echo "AppArmor restricts them"; else echo "limit (user.max_user_namespaces) is 0"; fi
}

why_no_jdk() {
  if [[ -n $CLOSED_JDK ]]; then
    echo "$CLOSED_JDK is closed to others"
  else
    echo "none in JAVA_HOME, on the PATH or below $JVM_DIRECTORY"
  fi
}

# The commands for this machine, with what they need to become root.
installation_here() {
  local sudo='' missing
  if is_root; then
    echo "These commands install it:"
  elif command -v sudo >/dev/null; then
    sudo='sudo '
    echo "These commands install it:"
  else
    echo "These commands install it, as root (su -):"
  fi
  mapfile -t missing < <(missing_packages)
  is_supported_kernel || missing+=("$(kernel_package)|")
  ((${#missing[@]} == 0)) || package_commands "$sudo" "${missing[@]%%|*}"
  [[ -n $JDK ]] || jdk_commands "$sudo"
  has_user_namespaces || userns_commands "$sudo"
  is_supported_kernel || printf '  %sreboot\n' "$sudo"
  printf '  %s./daytona up\n' "$sudo"
}

# Another distribution cannot be made to fit: what a Debian 12 needs in its place.
installation_elsewhere() {
  local names
  # shellcheck disable=SC2034 # read by packages and package_commands
  OS_RELEASE=/dev/null # what follows is for Debian
  mapfile -t names < <(packages)
  echo "It is prepared for those alone; a virtual machine will do. Install Debian from"
  echo "  https://www.debian.org/releases/stable/debian-installer/"
  echo "and there, as root in a copy of this directory:"
  package_commands '' "${names[@]%%|*}" maven
  CLOSED_JDK='' jdk_commands ''
  echo "  ./daytona up"
}

# Not every distribution has a JDK of that version: Eclipse Temurin's newest, by its stable URL.
jdk_commands() {
  local prefix=$1 machine
  printf '  %smkdir -p %s\n' "$prefix" "$JVM_DIRECTORY"
  if [[ -n $CLOSED_JDK ]]; then
    printf '  %scp -rT %q %s/jdk-%s\n' "$prefix" "$CLOSED_JDK" "$JVM_DIRECTORY" "$JDK_VERSION"
    printf '  %schmod -R go+rX %s/jdk-%s\n' "$prefix" "$JVM_DIRECTORY" "$JDK_VERSION"
    return 0
  fi
  machine=$(uname -m)
  [[ $machine != x86_64 ]] || machine=x64
  printf '  curl -fsSL https://api.adoptium.net/v3/binary/latest/%s/ga/linux/%s/jdk/hotspot/normal/eclipse |\n' "$JDK_VERSION" "$machine"
  printf '    %star -xz --no-same-owner -C %s\n' "$prefix" "$JVM_DIRECTORY"
}

install_packages() {
  local missing log
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  say "Installing packages:"
  list_packages "${missing[@]}"
  log=$(mktemp)
  if ! install_with_manager "${missing[@]%%|*}" >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    fail "$(package_manager) could not install them; its last lines are above"
  fi
  rm -f "$log"
}
