# shellcheck shell=bash
# The network settings shared by image builds and sandboxes (docs/network.md). Sourced, not executed.

readonly NETWORK_KEYS=(APT_MIRROR PIP_INDEX_URL NPM_REGISTRY HTTP_PROXY HTTPS_PROXY NO_PROXY CA_FILE)
declare -A NETWORK=()

# Reads DAYTONA_SERVER_NETWORK_* from the given file (may be empty for none); the environment wins, as in the server.
# Fills NETWORK with the keys without their prefix. Other keys belong to the server, which refuses unknown ones.
read_network_settings() {
  local file=$1 line key name
  for key in "${NETWORK_KEYS[@]}"; do NETWORK[$key]=; done
  if [[ -n $file ]]; then
    [[ -r $file ]] || fail "the settings file $file cannot be read by $(id -un)"
    while IFS= read -r line || [[ -n $line ]]; do
      [[ $line =~ ^[[:space:]]*DAYTONA_SERVER_NETWORK_([A-Z_]+)[[:space:]]*=[[:space:]]*(.*)$ ]] || continue
      key=${BASH_REMATCH[1]}
      [[ -v NETWORK[$key] ]] || continue
      NETWORK[$key]=$(trim_end "${BASH_REMATCH[2]}")
    done <"$file"
  fi
  for key in "${NETWORK_KEYS[@]}"; do
    name=DAYTONA_SERVER_NETWORK_$key
    [[ -v $name ]] && NETWORK[$key]=${!name}
  done
  check_network_settings
}

# The values end up in configuration files of several formats; what would need quoting in one of them is refused.
check_network_settings() {
  local key value
  for key in "${NETWORK_KEYS[@]}"; do
    value=${NETWORK[$key]}
    [[ $value != *[[:space:]\"\'\\\;\$\`]* ]] ||
      fail "DAYTONA_SERVER_NETWORK_$key must not contain blanks, quotes, semicolons, backslashes, \$ or \`"
  done
  for key in APT_MIRROR PIP_INDEX_URL NPM_REGISTRY HTTP_PROXY HTTPS_PROXY; do
    [[ ${NETWORK[$key]} =~ ^(https?://[^/].*)?$ ]] ||
      fail "DAYTONA_SERVER_NETWORK_$key must be an http:// or https:// URL"
  done
}

trim_end() {
  local text=$1
  printf '%s' "${text%"${text##*[![:space:]]}"}"
}
