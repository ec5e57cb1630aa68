# shellcheck shell=bash
# The system user that server, PostgreSQL and image builds run as. Sourced by ../daytona.

PLATFORM_USER=daytona
SUBUID_COUNT=65536
SUBUID_FIRST=100000
# From here on, uids belong to the slots of sandboxes (docs/protocols/jailer.md).
SLOT_UID_FIRST=268435456
SUBUID_FILES=(/etc/subuid /etc/subgid)

ensure_user() {
  if ! id "$PLATFORM_USER" >/dev/null 2>&1; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$PLATFORM_USER"
  fi
  ensure_subordinate_ids
}

# System users get no subordinate ids by default; the image build's user namespace needs 65,536.
ensure_subordinate_ids() {
  local first
  if grep -q "^$PLATFORM_USER:" "${SUBUID_FILES[0]}" 2>/dev/null && grep -q "^$PLATFORM_USER:" "${SUBUID_FILES[1]}" 2>/dev/null; then
    return 0
  fi
  first=$(free_subordinate_range)
  usermod --add-subuids "$first-$((first + SUBUID_COUNT - 1))" --add-subgids "$first-$((first + SUBUID_COUNT - 1))" "$PLATFORM_USER"
}

# Prints the first id of a range above all that is handed out.
free_subordinate_range() {
  local first
  first=$(awk -F: -v first="$SUBUID_FIRST" '$2 + $3 > first { first = $2 + $3 } END { printf "%d\n", first }' \
    "${SUBUID_FILES[@]}" 2>/dev/null) || first=$SUBUID_FIRST
  ((first + SUBUID_COUNT <= SLOT_UID_FIRST)) ||
    fail "no $SUBUID_COUNT subordinate ids are free below $SLOT_UID_FIRST; see ${SUBUID_FILES[*]}"
  echo "$first"
}

remove_user() {
  id "$PLATFORM_USER" >/dev/null 2>&1 || return 0
  userdel "$PLATFORM_USER" 2>/dev/null || warn "the user $PLATFORM_USER still has processes and stays"
  if ! id "$PLATFORM_USER" >/dev/null 2>&1; then
    sed -i "/^$PLATFORM_USER:/d" "${SUBUID_FILES[@]}"
  fi
}

# The beginning of a command that runs as the platform's user, without any capability and with a clean environment.
AS_USER=(setpriv --reuid "$PLATFORM_USER" --regid "$PLATFORM_USER" --clear-groups --inh-caps=-all
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8)

as_user() { "${AS_USER[@]}" "$@"; }
