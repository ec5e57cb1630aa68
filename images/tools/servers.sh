# shellcheck shell=bash
# The language servers; the image's own python3 and node run them. Sourced by build.

# A program of $DEBIAN with the proxies and certificates of the network settings.
with_network() {
  local key variables=("NODE_EXTRA_CA_CERTS=$SYSTEM_BUNDLE")
  for key in HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [[ -z ${NETWORK[$key]} ]] || variables+=("$key=${NETWORK[$key]}" "${key,,}=${NETWORK[$key]}")
  done
  (export "${variables[@]}" && debian "$@")
}

add_python_server() {
  progress 70 "installing jedi-language-server"
  local target=$TREE/lsp/python
  cp "$HERE/python.lock" "$DEBIAN/tmp/python.lock"
  with_network python3 -m pip --quiet --no-cache-dir --disable-pip-version-check --isolated \
    --cert "$SYSTEM_BUNDLE" install --break-system-packages --root-user-action ignore \
    ${NETWORK[PIP_INDEX_URL]:+--index-url "${NETWORK[PIP_INDEX_URL]}"} --target /layer/tools/lsp/python \
    --no-compile --no-deps --only-binary :all: --require-hashes --requirement /tmp/python.lock >&2
  rm -rf "$target/bin"
  [[ -z $(find "$target" -name '*.so' -o -name '*.pyd') ]] || fail "a package of python.lock is compiled for one Python"
  echo 'from jedi_language_server.cli import cli; cli()' >"$target/jedi_language_server/__main__.py"
  # Nothing can be compiled in the read-only place: Debian's Python would do so anew at each start.
  debian python3 -m compileall -q --invalidation-mode unchecked-hash -s /layer/tools -p /.daytona -x third_party \
    /layer/tools/lsp/python >&2
}

add_node_server() {
  progress 80 "installing typescript-language-server"
  local target=$TREE/lsp/node
  mkdir -p "$target"
  cp "$HERE"/node/*.json "$target/"
  with_network node /usr/share/nodejs/npm/bin/npm-cli.js ci --prefix /layer/tools/lsp/node --ignore-scripts --no-audit --no-fund \
    --no-update-notifier --loglevel=error ${NETWORK[NPM_REGISTRY]:+--registry "${NETWORK[NPM_REGISTRY]}"} >&2
  # messages in other languages than English
  find "$target/node_modules/typescript/lib" -mindepth 1 -maxdepth 1 -type d -exec rm -rf {} +
  ln -s node_modules/typescript-language-server/lib/cli.mjs "$target/typescript-language-server"
}
