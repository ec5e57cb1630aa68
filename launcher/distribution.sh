# shellcheck shell=bash
# Linux distributions: their names for packages and kernels, and the commands that install them. Sourced by ../daytona.

OS_RELEASE=/etc/os-release
KERNEL_RELEASE=$(uname -r)
FEDORA_FIRST=41

# Package where apt installs, package where dnf does, and why it is needed; - where there is none. These run the platform.
PACKAGES=(
  "ca-certificates|ca-certificates|trust in the package registries"
  "crun|crun|runs the sandboxes (OCI runtime)"
  "curl|curl|talks to the API"
  "debian-archive-keyring|debian-keyring|verifies the packages of the default image"
  "e2fsprogs|e2fsprogs|formats and checks the sandboxes' disks"
  "iproute2|iproute|shows and configures the network"
  "mmdebstrap|mmdebstrap|builds the default image without root"
  "mount|-|file systems of the image build and of the platform"
  "nftables|nftables|firewall rules of the sandboxes"
  "passwd|shadow-utils|creates the platform's user"
  "procps|procps-ng|finds the image build's processes"
  "uidmap|-|user namespace of the image build"
  "util-linux|util-linux|setpriv, flock, mount"
  "xfsprogs|xfsprogs|formats the pool of disks"
  "zstd|zstd|compresses backups"
)

# These build it.
BUILD_PACKAGES=(
  "gcc|gcc|compiles the jailer and the supervisor"
  "libc6-dev|glibc-devel|compiles the jailer and the supervisor"
  "libseccomp-dev|libseccomp-devel|writes the sandboxes' system call filter"
  "linux-libc-dev|kernel-headers|kernel headers for the C programs"
  "make|make|builds the C programs"
  "musl-tools|musl-gcc|compiles the agent, which is static"
  "-|musl-libc-static|compiles the agent, which is static"
)

# Whether this is a checkout with sources to build: the platform's container has what was built alone.
has_sources() { [[ ! -e $CHECKOUT/.built ]]; }

# Id and version: "debian 12".
distribution() {
  # shellcheck source=/dev/null # a fixed format of the system's
  (source "$OS_RELEASE" 2>/dev/null && printf '%s %s' "${ID-}" "${VERSION_ID-}")
}

distribution_name() {
  # shellcheck source=/dev/null # a fixed format of the system's
  (source "$OS_RELEASE" 2>/dev/null && printf '%s' "${PRETTY_NAME-${ID-} ${VERSION_ID-}}") || printf 'of no known name'
}

is_supported_distribution() {
  local id version
  read -r id version < <(distribution && echo) || true
  case "$id $version" in
    'debian 12' | 'debian 13' | 'ubuntu 22.04' | 'ubuntu 24.04') return 0 ;;
    fedora\ [0-9]*) [[ ! $version =~ [^0-9] ]] && ((version >= FEDORA_FIRST)) ;;
    *) return 1 ;;
  esac
}

# Prints apt or dnf.
package_manager() { if [[ $(distribution) == fedora\ * ]]; then echo dnf; else echo apt; fi; }

# Kernel 6.1 has all that is used: overlay on idmapped layers (5.19) and favordynmods (6.0).
is_supported_kernel() {
  local major minor
  major=${KERNEL_RELEASE%%.*}
  minor=${KERNEL_RELEASE#*.}
  minor=${minor%%[!0-9]*}
  ((major > 6 || (major == 6 && minor >= 1)))
}

# The package whose kernel is new enough.
kernel_package() {
  case $(distribution) in
    'ubuntu 22.04') echo linux-generic-hwe-22.04 ;; # its stock kernel is 5.15
    ubuntu*) echo linux-generic ;;
    fedora*) echo kernel ;;
    *) echo "linux-image-$(dpkg --print-architecture)" ;;
  esac
}

# Prints "package|why" for every package of this distribution that is needed here.
packages() {
  runtime_packages
  ! has_sources || package_entries "${BUILD_PACKAGES[@]}"
}

runtime_packages() { package_entries "${PACKAGES[@]}"; }

package_entries() {
  local entry apt dnf why manager
  manager=$(package_manager)
  for entry in "$@"; do
    # shellcheck disable=SC2034 # read by name
    IFS='|' read -r apt dnf why <<<"$entry"
    [[ ${!manager} == - ]] || printf '%s|%s\n' "${!manager}" "$why"
  done
}

is_installed() {
  if [[ $(package_manager) == dnf ]]; then
    rpm --query --quiet "$1" 2>/dev/null
  else
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
  fi
}

# Prints the entries of `packages` that are not installed.
missing_packages() {
  local entry
  while read -r entry; do
    is_installed "${entry%%|*}" || printf '%s\n' "$entry"
  done < <(packages)
  if has_sources && [[ ! -x $CHECKOUT/mvnw ]] && ! command -v mvn >/dev/null && ! is_built; then
    echo "maven|builds the server"
  fi
}

list_packages() {
  local entry
  for entry in "$@"; do printf '  %-24s %s\n' "${entry%%|*}" "${entry#*|}"; done
}

# package_commands PREFIX PACKAGE…: the commands that install packages here, in lines of a terminal's width.
package_commands() {
  local prefix=$1 line package
  shift
  if [[ $(package_manager) == dnf ]]; then
    line="  ${prefix}dnf install -y"
  else
    printf '  %sapt-get update\n' "$prefix"
    line="  ${prefix}apt-get install -y --no-install-recommends"
  fi
  for package in "$@"; do
    if ((${#line} + ${#package} > 76)); then
      printf '%s \\\n' "$line"
      line="   "
    fi
    line+=" $package"
  done
  printf '%s\n' "$line"
}

# Installs them; what the package manager says comes on stdout and stderr.
install_with_manager() {
  if [[ $(package_manager) == dnf ]]; then
    dnf --quiet --assumeyes install "$@"
  else
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
      apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "$@"
  fi
}
