# shellcheck shell=bash
# jailer.conf, server.conf and the administrator's API key. Sourced by ../daytona.

RUNTIME=/usr/bin/crun

# Prints the value of a key of a key=value file; nothing when it is absent.
setting() {
  local file=$1 key=$2 line
  [[ -r $file ]] || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line == "$key="* ]]; then
      printf '%s\n' "${line#*=}"
      return 0
    fi
  done <"$file"
}

server_setting() { setting "$DATA_DIR/server.conf" "DAYTONA_SERVER_$1"; }

# What the environment says, else what is remembered.
wished_setting() {
  local name=DAYTONA_SERVER_$1
  printf '%s\n' "${!name-$(server_setting "$1")}"
}

# Changes keys of a key=value file and keeps its other lines: update_settings FILE KEY=VALUE…; an empty value removes.
update_settings() {
  local file=$1 line key pair
  shift
  local -A wanted=()
  for pair in "$@"; do wanted[${pair%%=*}]=${pair#*=}; done
  {
    while IFS= read -r line || [[ -n $line ]]; do
      key=${line%%=*}
      if [[ $line == *=* && -v wanted[$key] ]]; then
        [[ -z ${wanted[$key]} ]] || printf '%s=%s\n' "$key" "${wanted[$key]}"
        unset "wanted[$key]"
      else
        printf '%s\n' "$line"
      fi
    done < <(cat "$file" 2>/dev/null)
    for pair in "$@"; do
      key=${pair%%=*}
      if [[ -v wanted[$key] && -n ${wanted[$key]} ]]; then printf '%s=%s\n' "$key" "${wanted[$key]}"; fi
      unset "wanted[$key]"
    done
  } >"$file.new"
}

# Puts FILE.new in FILE's place with the owner and mode given.
install_settings() {
  local file=$1 owner=$2 mode=$3
  chown "$owner" "$file.new"
  chmod "$mode" "$file.new"
  if cmp -s "$file.new" "$file" && [[ $(stat -c %U:%G "$file") == "$owner" ]]; then
    rm -f "$file.new"
  else
    mv -f "$file.new" "$file"
  fi
}

# The order is precedence: what is remembered, the environment, the command line.
write_server_conf() {
  local api proxy settings=() name domain
  api=$(choose_port "$API_PORT" "$(wished_setting API_PORT)" 3000)
  proxy=$(choose_port "$PROXY_PORT" "$(wished_setting PROXY_PORT)" 4000 "$api")
  [[ $api != "$proxy" ]] || fail "API and proxy would both listen on port $api; give another with --api-port or --proxy-port"
  for name in $(compgen -e DAYTONA_SERVER_ | LC_ALL=C sort); do
    # Set for one process by tests; remembered it would strike for ever.
    [[ $name == DAYTONA_SERVER_FAILPOINTS ]] || settings+=("$name=${!name}")
  done
  domain=${PROXY_DOMAIN:-$(wished_setting PROXY_DOMAIN)}
  [[ -n $domain && $domain != proxy.localhost:* ]] || domain=proxy.localhost:$proxy
  settings+=(
    "DAYTONA_SERVER_BIND=${BIND:-$(default_to "$(wished_setting BIND)" 127.0.0.1)}"
    "DAYTONA_SERVER_API_PORT=$api"
    "DAYTONA_SERVER_PROXY_PORT=$proxy"
    "DAYTONA_SERVER_PROXY_DOMAIN=$domain"
    "DAYTONA_SERVER_DATA_DIR=$DATA_DIR"
    "DAYTONA_SERVER_RUNNER_DATA_DIRECTORY=$DATA_DIR"
    "DAYTONA_SERVER_ADMIN_API_KEY=$(<"$DATA_DIR/admin-api-key")"
  )
  [[ -z $PUBLIC_URL ]] || settings+=("DAYTONA_SERVER_PUBLIC_URL=${PUBLIC_URL%/}")
  umask 0077
  update_settings "$DATA_DIR/server.conf" "${settings[@]}" "${SERVER_OPTIONS[@]}"
  umask 0022
  check_server_conf "$DATA_DIR/server.conf"
  install_settings "$DATA_DIR/server.conf" "root:$PLATFORM_USER" 0640
}

# The server itself says whether it takes a changed configuration, before what runs with the old one is stopped.
check_server_conf() {
  local file=$1 problem
  ! cmp -s "$file.new" "$file" || return 0
  chown "root:$PLATFORM_USER" "$file.new"
  chmod 0640 "$file.new"
  problem=$(as_user JAVA_HOME="$JDK" "$APP/bin/server" --config "$file.new" --print-config 2>&1 >/dev/null </dev/null) || {
    # a JVM that cannot start says so on standard output
    [[ -n $problem ]] ||
      problem=$(as_user JAVA_HOME="$JDK" "$APP/bin/server" --config "$file.new" --print-config 2>&1 </dev/null | tail -n 3) || :
    rm -f "$file.new"
    fail "the server refuses this configuration: ${problem//"$file.new"/"$file"}"
  }
}

default_to() { printf '%s' "${1:-$2}"; }

# choose_port WISH REMEMBERED DEFAULT [TAKEN]: 0 keeps what is remembered and else picks a free one.
choose_port() {
  local wish=$1 remembered=$2 default=$3
  if [[ -n $wish && $wish != 0 ]]; then
    echo $((10#$wish))
  elif [[ -n $remembered ]]; then
    echo "$remembered"
  elif [[ -z $wish ]]; then
    echo "$default"
  else
    free_port "${4-}"
  fi
}

# Below the range from which the kernel gives ports to clients.
free_port() {
  local port
  while true; do
    port=$((20000 + RANDOM % 12000))
    if [[ $port != "${1-}" ]] && ! port_in_use "$port"; then
      echo "$port"
      return 0
    fi
  done
}

port_in_use() { [[ -n $(ss -Hltn "sport = :$1") ]]; }

# jailer.conf for a distribution below the data directory: write_jailer_conf APP INSTANCE.
write_jailer_conf() {
  local app=$1 instance=$2 pool
  pool=$(wanted_pool_bytes)
  cat >"$DATA_DIR/jailer.conf.new" <<TEXT
data=$DATA_DIR
app=$app
uid=$(id -u "$PLATFORM_USER")
gid=$(id -g "$PLATFORM_USER")
instance=$instance
uid_base=$((SLOT_UID_FIRST + instance * 67108864))
subnet=10.213.$((4 * instance)).0
cgroup=daytona-$instance
nft_table=daytona_$instance
veth_prefix=dt${instance}s
pool_bytes=$pool
runtime=$RUNTIME
TEXT
  install_settings "$DATA_DIR/jailer.conf" root:root 0644
}

# The key of the first administrator, made once; the environment may set it.
ensure_api_key() {
  local file=$DATA_DIR/admin-api-key key=${DAYTONA_SERVER_ADMIN_API_KEY-}
  if [[ -z $key && -s $file ]]; then return 0; fi
  [[ -n $key ]] || key=dtn_$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')
  [[ $key =~ ^[A-Za-z0-9_.~+/=-]{16,256}$ ]] ||
    fail "DAYTONA_SERVER_ADMIN_API_KEY must have 16 to 256 letters, digits or _ . ~ + / = -"
  (
    umask 0077
    printf '%s\n' "$key" >"$file.new"
  )
  mv -f "$file.new" "$file"
}

api_base() {
  local host
  host=$(default_to "$(server_setting BIND)" 127.0.0.1)
  case $host in
    0.0.0.0) host=127.0.0.1 ;;
    ::) host='[::1]' ;;
    *:*) host="[$host]" ;;
  esac
  printf 'http://%s' "$host"
}

local_api_url() { printf '%s:%s/api' "$(api_base)" "$(server_setting API_PORT)"; }

local_toolbox_url() { printf '%s:%s/toolbox' "$(api_base)" "$(server_setting PROXY_PORT)"; }

# What clients are told: the public URL when there is one.
client_api_url() {
  local public
  public=$(server_setting PUBLIC_URL)
  if [[ -n $public ]]; then printf '%s/api' "$public"; else local_api_url; fi
}
