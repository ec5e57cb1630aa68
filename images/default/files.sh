# shellcheck shell=bash
# The configuration files of the image, made from the network settings. Sourced by build.

SYSTEM_BUNDLE=/etc/ssl/certs/ca-certificates.crt

# Fills DIR/root with files for the image and sets MIRROR_ARGUMENT; DIR/apt.conf serves the build alone.
write_image_files() {
  local directory=$1 root=$1/root
  mkdir -p "$root/etc/daytona" "$root/etc/apt/apt.conf.d" "$root/usr/local/share/ca-certificates"
  write_certificates "$root/usr/local/share/ca-certificates" <<<"$CERTIFICATES"
  write_apt "$directory"
  apt_proxy >"$root/etc/apt/apt.conf.d/80daytona-network"
  pip_conf >"$root/etc/pip.conf"
  npmrc >"$root/etc/npmrc"
  process_environment >"$root/etc/daytona/environment"
  process_environment >"$root/etc/environment"
  sudoers >"$directory/sudoers"
  : >"$directory/packages.count"
  chmod 0666 "$directory/packages.count" # the hook that counts runs as the user namespace's root
}

pip_conf() {
  echo '[global]'
  echo 'disable-pip-version-check = true'
  [[ -z $CERTIFICATES ]] || echo "cert = $SYSTEM_BUNDLE"
  [[ -z ${NETWORK[PIP_INDEX_URL]} ]] || echo "index-url = ${NETWORK[PIP_INDEX_URL]}"
}

npmrc() {
  echo 'update-notifier=false'
  [[ -z $CERTIFICATES ]] || echo "cafile=$SYSTEM_BUNDLE"
  [[ -z ${NETWORK[NPM_REGISTRY]} ]] || echo "registry=${NETWORK[NPM_REGISTRY]}"
}

# K=V lines that the platform adds to every process's environment. Programs that bring their own certificates
# (Python's certifi, Node) are pointed at the system's store only when it holds more than Debian's.
process_environment() {
  echo 'LANG=C.UTF-8'
  if [[ -n $CERTIFICATES ]]; then
    echo "SSL_CERT_FILE=$SYSTEM_BUNDLE"
    echo "REQUESTS_CA_BUNDLE=$SYSTEM_BUNDLE"
    echo "NODE_EXTRA_CA_CERTS=$SYSTEM_BUNDLE"
  fi
  local key
  for key in HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -n ${NETWORK[$key]} ]] || continue
    echo "$key=${NETWORK[$key]}"
    echo "${key,,}=${NETWORK[$key]}"
  done
}

# sudo must not lose the network settings, or sudo pip and sudo npm would fail where pip and npm work.
sudoers() {
  cat <<'TEXT'
daytona ALL=(ALL:ALL) NOPASSWD: ALL
Defaults env_keep += "LANG SSL_CERT_FILE REQUESTS_CA_BUNDLE NODE_EXTRA_CA_CERTS"
Defaults env_keep += "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy"
TEXT
}
