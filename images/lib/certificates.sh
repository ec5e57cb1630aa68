# shellcheck shell=bash
# Certificates that the network needs beyond Debian's set, e.g. a company's interception CA. Sourced, not executed.

readonly HOST_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt
readonly DEBIAN_CA_DIRECTORY=/usr/share/ca-certificates

# Prints every certificate of the PEM files as one line of base64, in the order found.
certificate_bodies() {
  awk '
    /-----BEGIN CERTIFICATE-----/ { body = ""; inside = 1; next }
    /-----END CERTIFICATE-----/ { if (inside && body != "") print body; inside = 0; next }
    inside { gsub(/[[:space:]]/, ""); body = body $0 }' "$@"
}

# Prints the certificates of the CA file that Debian does not ship, each as one line of base64.
# Without a setting the host's own bundle is taken: what the host trusts, its sandboxes' package registries may need.
extra_certificates() {
  local ca_file=$1 body
  if [[ -z $ca_file ]]; then
    [[ -r $HOST_CA_BUNDLE ]] || return 0
    ca_file=$HOST_CA_BUNDLE
  fi
  [[ -r $ca_file ]] || fail "DAYTONA_SERVER_NETWORK_CA_FILE: $ca_file cannot be read by $(id -un)"
  [[ -n $(certificate_bodies "$ca_file") ]] ||
    fail "DAYTONA_SERVER_NETWORK_CA_FILE: $ca_file holds no PEM certificate"
  local -A known=()
  while IFS= read -r body; do known[$body]=1; done < <(debian_certificates)
  while IFS= read -r body; do
    [[ ! -v known[$body] ]] || continue
    known[$body]=1
    printf '%s\n' "$body"
  done < <(certificate_bodies "$ca_file")
}

# Writes what extra_certificates printed, on stdin, as DIR/daytona-<n>.crt: update-ca-certificates wants one a file.
write_certificates() {
  local directory=$1 body count=0
  while IFS= read -r body; do
    [[ -n $body ]] || continue
    count=$((count + 1))
    printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(fold -w 64 <<<"$body")" \
      >"$directory/daytona-$count.crt"
  done
}

debian_certificates() {
  local files
  mapfile -d '' -t files < <(find "$DEBIAN_CA_DIRECTORY" -name '*.crt' -print0 2>/dev/null)
  ((${#files[@]} == 0)) || certificate_bodies "${files[@]}"
}
