# shellcheck shell=bash
# apt's configuration, made from the network settings. Sourced, not executed.

# Writes DIR/apt.conf for the build alone and sets MIRROR_ARGUMENT for mmdebstrap.
# shellcheck disable=SC2034 # MIRROR_ARGUMENT is read by build
write_apt() {
  local directory=$1
  apt_proxy >"$directory/apt.conf"
  cat >>"$directory/apt.conf" <<TEXT
Acquire::Retries "3";
Acquire::Languages "none";
TEXT
  if [[ -n ${NETWORK[CA_FILE]} ]]; then
    # The host's apt need not trust this CA yet.
    cat "${NETWORK[CA_FILE]}" >"$directory/bundle.crt"
    [[ ! -r $HOST_CA_BUNDLE ]] || cat "$HOST_CA_BUNDLE" >>"$directory/bundle.crt"
    echo "Acquire::https::CaInfo \"$directory/bundle.crt\";" >>"$directory/apt.conf"
  fi
  MIRROR_ARGUMENT=
  local mirror=${NETWORK[APT_MIRROR]%/}
  [[ -n $mirror ]] || return 0
  # By the archive's convention the security suite lies beside the mirror, with -security appended.
  cat >"$directory/sources.list" <<TEXT
deb $mirror $SUITE main
deb $mirror $SUITE-updates main
deb $mirror-security $SUITE-security main
TEXT
  MIRROR_ARGUMENT=$directory/sources.list
}

apt_proxy() {
  [[ -z ${NETWORK[HTTP_PROXY]} ]] || echo "Acquire::http::Proxy \"${NETWORK[HTTP_PROXY]}\";"
  [[ -z ${NETWORK[HTTPS_PROXY]} ]] || echo "Acquire::https::Proxy \"${NETWORK[HTTPS_PROXY]}\";"
  local host
  for host in ${NETWORK[NO_PROXY]//,/ }; do
    echo "Acquire::http::Proxy::${host#.} \"DIRECT\";"
    echo "Acquire::https::Proxy::${host#.} \"DIRECT\";"
  done
}
