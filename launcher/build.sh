# shellcheck shell=bash
# Builds the distribution below the checkout, as the caller. Sourced by ../daytona.
#
# build/dist = bin/{agent,jailer,supervisor,server,…} lib/*.jar seccomp/*.bpf images/ tools/; what is built is remembered by a
# fingerprint of the sources.

MODULES=server,cli,bench

# SHA-256 over the names and contents of all sources that end up in the distribution, and the JDK that compiles them.
source_fingerprint() {
  (
    cd "$CHECKOUT" || exit
    find . -type d \( -name .git -o -name target -o -name build -o -name node_modules -o -path ./docs -o -path ./tests \
      -o -path ./conformance -o -path ./bench/results -o -path '*/src/test' -o -path '*/test' \) -prune -o \
      -type f \( -path './*/src/*' -o -path './agent/*' -o -path './jailer/*' -o -path './images/*' \
      -o -path './launcher/bin/*' -o -path './.mvn/*' -o -name pom.xml \) -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
    cat "$JDK/release"
  ) | sha256sum | cut -d' ' -f1
}

# Whether build/dist is of these sources and this JDK, so that nothing needs Maven. Sets FINGERPRINT.
is_built() {
  [[ -n $JDK ]] || return 1
  FINGERPRINT=$(source_fingerprint)
  [[ $(cat "$CHECKOUT/build/dist.fingerprint" 2>/dev/null) == "$FINGERPRINT" ]]
}

# Sets FINGERPRINT and builds when build/dist is of other sources.
ensure_built() {
  has_sources || return 0
  ! is_built || return 0
  say "Building (a few minutes the first time)"
  local log=$CHECKOUT/build/build.log
  as_caller mkdir -p "$CHECKOUT/build"
  as_caller rm -f "$CHECKOUT/build/dist.fingerprint"
  if ! as_caller bash -c "$(declare -f build_all build_c build_java maven_package assemble); set -euo pipefail; build_all" build \
    >"$log" 2>&1 </dev/null; then
    tail -n 40 "$log" >&2
    fail "the build failed; its last lines are above, all of them in $log"
  fi
  hash_distribution | as_caller tee "$CHECKOUT/build/dist.hash" >/dev/null
  as_caller tee "$CHECKOUT/build/dist.fingerprint" <<<"$FINGERPRINT" >/dev/null
}

# With sudo the build runs as the user who called it, so that the checkout stays theirs.
as_caller() {
  local environment=("JAVA_HOME=$JDK" "CHECKOUT=$CHECKOUT" "MODULES=$MODULES")
  if is_root && [[ -n ${SUDO_UID-} && $SUDO_UID != 0 ]]; then
    local home group
    IFS=: read -r _ _ _ group _ home _ < <(getent passwd "$SUDO_UID")
    setpriv --reuid "$SUDO_UID" --regid "$group" --init-groups --inh-caps=-all env "HOME=$home" "${environment[@]}" "$@"
  else
    env "${environment[@]}" "$@"
  fi
}

build_all() {
  cd "$CHECKOUT" || return
  rm -rf build/dist build/java
  build_c
  build_java
  assemble
}

build_c() {
  make -C agent BUILD="$CHECKOUT/build/agent"
  make -C jailer BUILD="$CHECKOUT/build/jailer"
  make -C jailer/seccomp BUILD="$CHECKOUT/build/jailer"
  make -C images/tools/src BUILD="$CHECKOUT/build/tools"
}

build_java() { maven_package "$MODULES" build/java; }

# maven_package MODULES DIRECTORY: their jars, and those of what they use.
maven_package() {
  local maven=mvn module
  [[ ! -x mvnw ]] || maven=./mvnw
  "$maven" -q -B -ntp -Dquick -Dmaven.test.skip=true -pl "$1" -am package dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$CHECKOUT/$2"
  for module in ${1//,/ }; do
    find "$module/target/quick" -maxdepth 1 -name 'daytona-*.jar' ! -name '*-sources.jar' ! -name '*-tests.jar' -exec cp {} "$2/" \;
  done
}

assemble() {
  local dist=build/dist
  mkdir -p "$dist/bin" "$dist/lib" "$dist/seccomp" "$dist/tools"
  cp build/agent/agent build/jailer/jailer build/jailer/supervisor "$dist/bin/"
  cp server/src/main/dist/bin/* launcher/bin/* "$dist/bin/"
  cp build/jailer/seccomp/*.bpf "$dist/seccomp/"
  local name part
  while read -r name part _; do cp "build/$part/$name" "$dist/tools/"; done < <(grep -v '^#' images/tools/programs)
  cp build/java/*.jar "$dist/lib/"
  cp -r images "$dist/images"
  rm -rf "$dist/images/test" "$dist/images/tools/src"
  chmod -R u=rwX,go=rX "$dist"
}

# SHA-256 over names and contents of the distribution and the JDK, whose AOT cache lies beside it.
hash_distribution() {
  (
    cd "$CHECKOUT/build/dist" || exit
    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
    cat "$JDK/release"
    echo "$JDK"
  ) | sha256sum | cut -c1-16
}
