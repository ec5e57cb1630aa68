# shellcheck shell=bash
# What the machine must offer: distribution, kernel, packages, JDK. Sourced by ../daytona.

JVM_DIRECTORY=/usr/lib/jvm
OS_RELEASE=/etc/os-release
JDK_VERSION=25
JDK=
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

# Sets JDK to a JDK 25: JAVA_HOME, the PATH's javac, or one below /usr/lib/jvm.
find_jdk() {
  local candidate javac
  javac=$(command -v javac || true)
  [[ -z $javac ]] || javac=$(realpath "$javac")
  for candidate in "${JAVA_HOME-}" "${javac%/bin/javac}" "$JVM_DIRECTORY"/*; do
    if is_jdk "$candidate"; then
      # shellcheck disable=SC2034 # read by the other parts
      JDK=$(realpath "$candidate")
      return 0
    fi
  done
  return 1
}

is_jdk() {
  [[ -n $1 && -x $1/bin/javac && -x $1/bin/java ]] && grep -q "^JAVA_VERSION=\"${JDK_VERSION}[.\"]" "$1/release" 2>/dev/null
}

# Stops with the complete list of what this machine lacks, unless `up` itself can provide it.
require_host() {
  local problems=() missing
  is_root || problems+=("root: run  sudo ./daytona up")
  is_supported_distribution ||
    problems+=("Debian 12: this is \"$(distribution)\"; the platform is prepared for Debian 12 only")
  is_supported_kernel || problems+=("Linux 6.1 or newer: this is $KERNEL_RELEASE")
  find_jdk || problems+=("a JDK $JDK_VERSION (javac too): unpack one below $JVM_DIRECTORY or set JAVA_HOME")
  ((${#problems[@]} > 0)) || return 0
  {
    echo "This machine lacks:"
    printf '  - %s\n' "${problems[@]}"
    mapfile -t missing < <(missing_packages)
    if ((${#missing[@]} > 0)); then
      echo "These packages are missing; on Debian 12, as root, ./daytona up installs them:"
      list_packages "${missing[@]}"
      echo "  apt-get install --no-install-recommends ${missing[*]%%|*}"
    fi
  } >&2
  exit 1
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
