#!/usr/bin/env bash
# A Ray cluster of several hosts on one Linux machine. Every host is a set of namespaces (network,
# PID, mount, UTS): an IP address, a host name, a process table, /tmp and /dev/shm of its own. All
# else of the file system is shared, as a cluster's project folders are.
#
#   ray_hosts.sh up [N]      N hosts (3), nr1 with the head; waits until Ray counts them all
#   ray_hosts.sh exec I CMD  CMD on host I; this process becomes the one that waits for it
#   ray_hosts.sh pids I      the processes of host I, as this machine numbers them
#   ray_hosts.sh cut I       unplug host I's cable: its processes live on
#   ray_hosts.sh heal I      plug it in again
#   ray_hosts.sh kill I      power loss: all processes of host I die at once
#   ray_hosts.sh boot I      start host I again, with an empty /tmp, and its Ray
#   ray_hosts.sh wait N      wait until Ray counts exactly N living hosts
#   ray_hosts.sh address     HOST:PORT of the head
#   ray_hosts.sh down        end every process of every host and remove the network
#
# Settings (environment, remembered from `up` on): CPUS=1 and GPUS=0 that Ray counts on a host;
# SHARE=/tmp/a:/tmp/b, folders below /tmp that all hosts see; STATE, the bed's own folder.
# Needs root, iproute2, util-linux, and `ray` on the PATH.
set -euo pipefail

STATE=${STATE:-/var/tmp/crossgen-ray-hosts}
HERE=$(cd "$(dirname "$0")" && pwd)
NET=10.78.0 BRIDGE=nrbr0 PORT=6399
if [ "${1:-}" != up ] && [ -f "$STATE/settings" ]; then
  # shellcheck source=/dev/null
  . "$STATE/settings"
fi
HOSTS=${HOSTS:-3} CPUS=${CPUS:-1} GPUS=${GPUS:-0} SHARE=${SHARE:-}

say() { printf '%s\n' "$*" >&2; }

ray_environment() {
  export RAY_USAGE_STATS_ENABLED=0 RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$STATE/token"
}

# The host's PID 1 as this machine numbers it: the one child of the `unshare` that made it.
first_process() {
  local file="$STATE/run/nr$1.pid"
  if [ -s "$file" ]; then pgrep -P "$(cat "$file")" | head -n 1 || true; fi
}

boot() {
  local i=$1 host=nr$1 options
  if [ -n "$(first_process "$i")" ]; then return 0; fi
  ip link set "nrv$i" up
  rm -rf "$STATE/tmp/$host"
  mkdir -p "$STATE/tmp/$host"
  chmod 1777 "$STATE/tmp/$host"
  options=(--block --disable-usage-stats "--node-ip-address=$NET.$((10 + i))"
    "--num-cpus=$CPUS" "--num-gpus=$GPUS" --object-store-memory=80000000
    # Chosen here, since Ray ends a host that takes 15 s to choose them (patient_ray.py).
    --dashboard-agent-grpc-port=7101 --dashboard-agent-listen-port=7102
    --runtime-env-agent-port=7103 --metrics-export-port=7104)
  if [ "$i" = 1 ]; then
    options+=(--head "--port=$PORT" --include-dashboard=false --temp-dir=/tmp/ray)
  else
    options+=("--address=$NET.11:$PORT")
  fi
  (
    ray_environment
    unset RAY_ADDRESS
    # Ray's head asks the cloud's metadata address unless this file is found in HOME.
    export HOME="$STATE/home" CROSSGEN_CACHE=/tmp/cache
    # A host without a cable is given up after some 20 s; Ray's own numbers make it 65.
    export RAY_health_check_period_ms=1000 RAY_health_check_timeout_ms=3000
    # A loaded machine takes its time.
    export RAY_agent_register_timeout_ms=300000 RAY_worker_register_timeout_seconds=300
    exec setsid nsenter --net="/run/netns/$host" \
      unshare --pid --fork --mount-proc --uts --mount --kill-child \
      bash "$STATE/run/first_process.sh" "$STATE" "$host" "$SHARE" \
      python "$HERE/patient_ray.py" start "${options[@]}"
  ) >>"$STATE/log/$host.log" 2>&1 </dev/null &
  echo $! >"$STATE/run/$host.pid"
}

write_first_process() {
  cat >"$STATE/run/first_process.sh" <<'SCRIPT'
# PID 1 of a host: STATE HOST SHARE COMMAND...
state=$1 host=$2 share=$3
shift 3
hostname "$host"
mount --make-rprivate /
mount --bind "$state/hosts" /etc/hosts
mount -t tmpfs -o size=1g,mode=1777 shm /dev/shm
IFS=: read -ra shared <<<"$share"
for folder in "${shared[@]}"; do
  inside="$state/tmp/$host/${folder#/tmp/}"
  mkdir -p "$inside"
  mount --bind "$folder" "$inside"
done
mount --rbind "$state/tmp/$host" /tmp
while :; do
  "$@" >/tmp/ray_start.log 2>&1 &
  wait $!
  grep -q 'Ray runtime started' /tmp/ray_start.log && break # it ran, and has ended since
  cat /tmp/ray_start.log
  kill -9 -1 # no head yet: what was left of the try goes
  sleep 1
done
while :; do wait; sleep 1; done # the host stays up when its Ray ends, and orphans are reaped
SCRIPT
}

network() {
  local i
  ip link show "$BRIDGE" >/dev/null 2>&1 || ip link add "$BRIDGE" type bridge
  ip link set "$BRIDGE" up # without an address: this machine cannot reach the hosts, nor they it
  for i in $(seq "$HOSTS"); do
    ip netns add "nr$i"
    ip link add "nrv$i" type veth peer name eth0 netns "nr$i"
    ip link set "nrv$i" master "$BRIDGE" up
    ip -n "nr$i" link set lo up
    ip -n "nr$i" addr add "$NET.$((10 + i))/24" dev eth0
    ip -n "nr$i" link set eth0 up
    ip -n "nr$i" route add default via "$NET.1" # Ray finds its own address by asking for a route
  done
}

# The head's own list of living hosts, asked on a host that is up: a command, so no driver joins.
living() {
  local i
  for i in $(seq "$HOSTS"); do
    if [ -n "$(first_process "$i")" ]; then
      host_command "$i" python -c "
from ray._raylet import GcsClient
print(sum(n.state == 0 for n in GcsClient('$NET.11:$PORT').get_all_node_info(timeout=5).values()))
" 2>/dev/null || echo 0
      return
    fi
  done
  echo 0
}

wait_for() {
  local until=$((SECONDS + 300))
  while [ "$(living)" != "$1" ]; do
    if [ "$SECONDS" -ge "$until" ]; then
      say "Ray counts $(living) living hosts instead of $1; see $STATE/log"
      return 1
    fi
    sleep 0.5
  done
}

# Leaves $BASH_ENV and the like alone: what is exported here is seen there.
host_command() {
  local i=$1
  shift
  ray_environment
  nsenter -t "$(first_process "$i")" -n -p -m -u --wd="$PWD" -- "$@"
}

down() {
  local name pid
  while read -r name _; do
    [[ $name =~ ^nr[0-9]+$ ]] || continue
    while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done < <(ip netns pids "$name")
  done < <(ip netns list)
  for name in "$STATE"/run/nr*.pid; do
    [ -e "$name" ] || continue
    pid=$(cat "$name")
    if grep -qs first_process.sh "/proc/$pid/cmdline"; then kill -9 "$pid" 2>/dev/null || true; fi
    rm -f "$name"
  done
  while read -r name _; do
    [[ $name =~ ^nr[0-9]+$ ]] || continue
    ip link del "nrv${name#nr}" 2>/dev/null || true # with its namespace it would go some time later
    ip netns del "$name"
  done < <(ip netns list)
  ip link del "$BRIDGE" 2>/dev/null || true
  rm -rf "$STATE/settings" "$STATE/token" "$STATE/tmp"
}

[ "$(id -u)" = 0 ] || { say "ray_hosts.sh needs root"; exit 1; }
case ${1:-} in
  up)
    HOSTS=${2:-3}
    command -v ray >/dev/null || { say "there is no ray on the PATH"; exit 1; }
    down # whatever an earlier bed left
    mkdir -p "$STATE"/{run,log,tmp,home}
    rm -f "$STATE"/log/*
    echo '{}' >"$STATE/home/ray_bootstrap_config.yaml"
    (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$STATE/token")
    {
      echo 127.0.0.1 localhost
      for i in $(seq "$HOSTS"); do echo "$NET.$((10 + i)) nr$i"; done
    } >"$STATE/hosts"
    printf 'HOSTS=%q CPUS=%q GPUS=%q SHARE=%q\n' "$HOSTS" "$CPUS" "$GPUS" "$SHARE" \
      >"$STATE/settings"
    write_first_process
    network
    for i in $(seq "$HOSTS"); do # one after the other: a loaded machine would start none in time
      boot "$i"
      wait_for "$i"
    done
    ;;
  exec)
    i=$2
    shift 2
    ray_environment
    exec nsenter -t "$(first_process "$i")" -n -p -m -u --wd="$PWD" -- "$@"
    ;;
  pids) ip netns pids "nr$2" ;;
  cut) ip link set "nrv$2" down ;;
  heal) ip link set "nrv$2" up ;;
  kill)
    pid=$(first_process "$2")
    if [ -n "$pid" ]; then kill -9 "$pid"; fi
    while [ -n "$(ip netns pids "nr$2")" ]; do sleep 0.05; done
    rm -f "$STATE/run/nr$2.pid"
    ;;
  boot) boot "$2" ;;
  wait) wait_for "$2" ;;
  address) echo "$NET.11:$PORT" ;;
  down) down ;;
  *)
    sed -n 2,21p "$0"
    exit 2
    ;;
esac
