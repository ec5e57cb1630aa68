# shellcheck shell=bash
# What the user sees. Sourced by ../daytona.

say() { printf '%s\n' "$*"; }

warn() { printf 'warning: %s\n' "$*" >&2; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

usage_error() {
  printf 'error: %s\n' "$*" >&2
  exit 2
}

# What a printed command needs to mean this platform.
data_dir_option() { [[ $DATA_DIR == /var/lib/daytona ]] || printf ' --data-dir %s' "$DATA_DIR"; }

# Reads lines "progress <percent> <text>" and draws one bar on a terminal, a line per step of 10 % or new text elsewhere.
# Other lines are passed on.
show_progress() {
  local title=$1 line percent text shown=-10 last=
  while IFS= read -r line; do
    if [[ ! $line =~ ^progress\ ([0-9]{1,3})\ (.*)$ ]]; then
      printf '%s\n' "$line"
      continue
    fi
    percent=${BASH_REMATCH[1]}
    text=${BASH_REMATCH[2]}
    if [[ -t 1 ]]; then
      draw_bar "$title" "$percent" "$text"
    elif ((percent >= shown + 10)) || [[ $text != "$last" ]]; then
      printf '%s: %3d %% %s\n' "$title" "$percent" "$text"
      shown=$percent
    fi
    last=$text
  done
  [[ ! -t 1 || -z $last ]] || printf '\n'
}

draw_bar() {
  local title=$1 percent=$2 text=$3 width=30 filled
  filled=$((percent * width / 100))
  printf '\r%s [%s%s] %3d %% %-45.45s' "$title" "$(repeat '#' "$filled")" "$(repeat ' ' $((width - filled)))" \
    "$percent" "$text"
}

repeat() {
  local text
  printf -v text '%*s' "$2" ''
  printf '%s' "${text// /$1}"
}
