# shellcheck shell=bash
# What the machine must offer: distribution, kernel, packages, JDK. Sourced by ../daytona.

JVM_DIRECTORY=/usr/lib/jvm
OS_RELEASE=/etc/os-release
JDK_VERSION=25
JDK=
CLOSED_JDK=
KERNEL_RELEASE=$(uname -r)

# Debian package and why it is needed.
PACKAGES=(
  "ca-certificates|trust in the package registries"
  "crun|runs the sandboxes (OCI runtime)"
  "curl|talks to the API"
  "debian-archive-keyring|verifies the packages of the default image"
  "e2fsprogs|formats and checks the sandboxes' disks"
  "gcc|compiles the jailer and the supervisor"
  "iproute2|shows and configures the network"
  "libc6-dev|compiles the jailer and the supervisor"
  "libseccomp-dev|writes the sandboxes' system call filter"
  "linux-libc-dev|kernel headers for the C programs"
  "make|builds the C programs"
  "mmdebstrap|builds the default image without root"
  "musl-tools|compiles the agent, which is static"
  "nftables|firewall rules of the sandboxes"
  "procps|finds the image build's processes"
  "uidmap|user namespace of the image build"
  "util-linux|setpriv, flock, mount"
  "xfsprogs|formats the pool of disks"
)

is_root() { ((EUID == 0)); }

distribution() {
  # shellcheck source=/dev/null # a fixed format of the system's
  (source "$OS_RELEASE" 2>/dev/null && printf '%s %s' "${ID-}" "${VERSION_ID-}")
}

is_supported_distribution() { [[ $(distribution) == "debian 12" ]]; }

# Kernel 6.1 has all that is used: overlay on idmapped layers (5.19) and favordynmods (6.0).
is_supported_kernel() {
  local major minor
  major=${KERNEL_RELEASE%%.*}
  minor=${KERNEL_RELEASE#*.}
  minor=${minor%%[!0-9]*}
  ((major > 6 || (major == 6 && minor >= 1)))
}

is_installed() { [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Prints the entries of PACKAGES that are not installed.
missing_packages() {
  local entry
  for entry in "${PACKAGES[@]}"; do
    is_installed "${entry%%|*}" || printf '%s\n' "$entry"
  done
  if [[ ! -x $CHECKOUT/mvnw ]] && ! command -v mvn >/dev/null; then
    echo "maven|builds the server"
  fi
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

is_jdk() {
  [[ -n $1 && -x $1/bin/javac && -x $1/bin/java ]] && grep -q "^JAVA_VERSION=\"${JDK_VERSION}[.\"]" "$1/release" 2>/dev/null
}

# Whether a user without any right of his own can run a program. Only root can try.
is_open_to_all() { ! is_root || setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all test -x "$1"; }

# Stops with the complete list of what this machine lacks, and the commands that install it, unless `up` itself can
# provide it. Nothing has been changed by then.
require_host() {
  local problems=()
  is_root || problems+=("root")
  is_supported_distribution || problems+=("Debian 12: this is $(distribution_name)")
  is_supported_kernel || problems+=("Linux 6.1 or newer: this is $KERNEL_RELEASE")
  find_jdk || problems+=("a JDK $JDK_VERSION with javac that every user can run: $(why_no_jdk)")
  ((${#problems[@]} > 0)) || return 0
  {
    echo "error: ./daytona up needs what this machine lacks:"
    printf '  - %s\n' "${problems[@]}"
    echo
    if is_supported_distribution; then
      installation_here
    else
      installation_elsewhere
    fi
  } >&2
  exit 1
}

distribution_name() {
  # shellcheck source=/dev/null # a fixed format of the system's
  (source "$OS_RELEASE" 2>/dev/null && printf '%s' "${PRETTY_NAME-${ID-} ${VERSION_ID-}}") || printf 'of no known name'
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
  is_supported_kernel || missing+=("linux-image-$(dpkg --print-architecture)|")
  ((${#missing[@]} == 0)) || apt_commands "$sudo" "${missing[@]%%|*}"
  [[ -n $JDK ]] || jdk_commands "$sudo"
  is_supported_kernel || printf '  %sreboot\n' "$sudo"
  printf '  %s./daytona up\n' "$sudo"
}

# Another distribution cannot be made to fit: what a Debian 12 needs in its place.
installation_elsewhere() {
  echo "The platform is prepared for Debian 12 alone; a virtual machine will do. Install it from"
  echo "  https://www.debian.org/releases/bookworm/debian-installer/"
  echo "and there, as root in a copy of this directory:"
  apt_commands '' "${PACKAGES[@]%%|*}" maven
  CLOSED_JDK='' jdk_commands ''
  echo "  ./daytona up"
}

# apt_commands PREFIX PACKAGE…, in lines of a terminal's width.
apt_commands() {
  local prefix=$1 line package
  shift
  printf '  %sapt-get update\n' "$prefix"
  line="  ${prefix}apt-get install -y --no-install-recommends"
  for package in "$@"; do
    if ((${#line} + ${#package} > 76)); then
      printf '%s \\\n' "$line"
      line="   "
    fi
    line+=" $package"
  done
  printf '%s\n' "$line"
}

# Debian 12 has no JDK of that version: Eclipse Temurin's newest, by its stable URL.
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

list_packages() {
  local entry
  for entry in "$@"; do printf '  %-24s %s\n' "${entry%%|*}" "${entry#*|}"; done
}

install_packages() {
  local missing log
  mapfile -t missing < <(missing_packages)
  ((${#missing[@]} > 0)) || return 0
  say "Installing packages:"
  list_packages "${missing[@]}"
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get -q -o DPkg::Lock::Timeout=300 update &&
    apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]%%|*}"; } >"$log" 2>&1 </dev/null; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install them; its last lines are above"
  fi
  rm -f "$log"
}
