#!/usr/bin/env bash
# A real Slurm of several nodes on one Linux machine, without systemd and without cgroups.
#
#   slurm_testbed.sh missing          print what keeps the bed from running here; nothing: it can
#   slurm_testbed.sh start            bring all up and print the nodes
#   slurm_testbed.sh env              print what sbatch, squeue and the rest need: eval "$(... env)"
#   slurm_testbed.sh status           nodes, jobs and daemons
#   slurm_testbed.sh exec N CMD...    run CMD on node N
#   slurm_testbed.sh kill-node N      node N loses power: all of its processes die at once
#   slurm_testbed.sh boot N           switch node N on again
#   slurm_testbed.sh cut N | heal N   unplug node N's network cable, plug it in again
#   slurm_testbed.sh stop             end all of it and remove its namespaces
#
# Each node is a slurmd in a network, PID, mount and UTS namespace of its own: own IP, host name,
# process table, /tmp and /dev/shm. The rest of the file system is shared, as a cluster's home is.
# The controller and the commands run in the machine's own namespace. Partition `urgent` preempts
# partition `main` by requeueing. Nothing outside STATE is written but the namespaces sn1, sn2, ...,
# the links slv1, ... and the bridge slbr0, so a Slurm or munge of the machine's own is left alone.
#
# Settings (environment of `start`):
#   NODES=2 CPUS=4 MEM=8000 GPUS=2   what each node claims to have; MEM in MB
#   SHARE=                           folders below /tmp that the nodes share, colon separated
#   MAX_ARRAY=1001                   MaxArraySize: one more than the highest index of a job array
#   STATE=/var/tmp/crossgen-slurm    configuration, logs, spools, keys
set -euo pipefail
STATE=${STATE:-/var/tmp/crossgen-slurm}
NET=10.77.0 BRIDGE=slbr0
NODES=${NODES:-2} CPUS=${CPUS:-4} MEM=${MEM:-8000} GPUS=${GPUS:-2}
SHARE=${SHARE:-} MAX_ARRAY=${MAX_ARRAY:-1001}
export SLURM_CONF=$STATE/slurm.conf
say() { printf '%s\n' "$*" >&2; }

# Later calls go by the settings of the bed that runs.
if [ "${1:-}" != start ] && [ -f "$STATE/settings" ]; then
  # shellcheck source=/dev/null
  . "$STATE/settings"
fi

missing() {
  [ "$(id -u)" = 0 ] || echo "needs root"
  local program
  for program in slurmctld slurmd sbatch munged ip nsenter unshare pgrep setpriv; do
    command -v "$program" >/dev/null || echo "needs $program (Debian: slurm-wlm munge iproute2)"
  done
  getent passwd munge >/dev/null || echo "needs the user munge (Debian: munge)"
  unshare --net --pid --mount --uts --fork true 2>/dev/null || echo "needs to make namespaces"
  if ip link show "$BRIDGE" >/dev/null 2>&1; then echo "one runs here already ($BRIDGE)"; fi
}

is_alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

stop_pid() { # stop_pid FILE: TERM to the process whose id is in FILE, KILL after 5 s
  local pid tenth
  if is_alive "$1"; then
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || true
    for tenth in $(seq 50); do
      kill -0 "$pid" 2>/dev/null || break
      [ "$tenth" != 50 ] || kill -9 "$pid" 2>/dev/null || true
      sleep .1
    done
  fi
  rm -f "$1"
}

wait_for() { # wait_for SECONDS CMD...
  local tenths=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || return 1
    sleep .1
  done
}

node_names() { seq -s, -f 'sn%.0f' 1 "$NODES"; }

write_hosts() {
  echo "127.0.0.1 localhost"
  echo "$NET.1 slctl"
  local i
  for i in $(seq "$NODES"); do echo "$NET.$((10 + i)) sn$i"; done
}

write_configuration() {
  local gres='' i
  [ "$GPUS" = 0 ] || gres="Gres=gpu:fake:$GPUS"
  cat <<C
ClusterName=testbed
SlurmctldHost=slctl($NET.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits until its former credential has expired: 120 s by default.
AuthInfo=socket=$STATE/munge/socket,cred_expire=8
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=5,sched_interval=5,sched_min_interval=200000,batch_sched_delay=0
PriorityType=priority/basic
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
JobRequeue=1
KillWait=20
MinJobAge=900
MaxArraySize=$MAX_ARRAY
SlurmctldTimeout=30
SlurmdTimeout=20
SlurmctldPort=26817
SlurmdPort=26818
SlurmctldPidFile=$STATE/run/slurmctld.pid
SlurmdPidFile=$STATE/run/slurmd-%n.pid
StateSaveLocation=$STATE/ctl
SlurmdSpoolDir=$STATE/spool/%n
SlurmctldLogFile=$STATE/log/slurmctld.log
SlurmdLogFile=$STATE/log/slurmd-%n.log
SlurmctldDebug=info
SlurmdDebug=info
PlugStackConfig=/dev/null
SlurmdParameters=config_overrides
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$STATE/log/jobcomp.txt
C
  for i in $(seq "$NODES"); do
    echo "NodeName=sn$i NodeAddr=$NET.$((10 + i)) NodeHostname=sn$i CPUs=$CPUS" \
      "RealMemory=$MEM $gres State=UNKNOWN"
  done
  local shared="Nodes=$(node_names) MaxTime=24:00:00 State=UP OverSubscribe=NO"
  echo "PartitionName=main $shared Default=YES DefaultTime=01:00:00 PriorityTier=10"
  echo "PartitionName=urgent $shared PriorityTier=100 PreemptMode=OFF"
}

write_gres() { # GPUs are claims: files that stand for devices
  [ "$GPUS" != 0 ] || return 0
  mkdir -p "$STATE/dev"
  local i files=''
  for i in $(seq 0 $((GPUS - 1))); do
    : >"$STATE/dev/gpu$i"
    files+="${files:+,}$STATE/dev/gpu$i"
  done
  echo "NodeName=$(node_names) Name=gpu Type=fake File=$files"
}

start_munge() { # an authentication service of the bed's own: key, socket and log lie in STATE
  local folder=$STATE/munge
  install -d -o munge -g munge -m 755 "$folder"
  is_alive "$folder/pid" && return
  rm -f "$folder"/socket*
  (umask 077 && head -c 128 /dev/urandom >"$folder/key")
  chown munge: "$folder/key"
  setpriv --reuid=munge --regid=munge --clear-groups munged --force --socket="$folder/socket" \
    --key-file="$folder/key" --pid-file="$folder/pid" --log-file="$folder/log" \
    --seed-file="$folder/seed" 2>"$STATE/log/munged.err"
  wait_for 10 munge --socket="$folder/socket" --no-input ||
    { say "munged does not answer:"; cat "$STATE/log/munged.err" >&2; exit 1; }
}

start_network() {
  ip link add "$BRIDGE" type bridge
  ip addr add "$NET.1/24" dev "$BRIDGE"
  ip link set "$BRIDGE" up
  local i
  for i in $(seq "$NODES"); do
    ip netns add "sn$i"
    ip link add "slv$i" type veth peer name eth0 netns "sn$i"
    ip link set "slv$i" master "$BRIDGE" up
    ip -n "sn$i" link set lo up
    ip -n "sn$i" addr add "$NET.$((10 + i))/24" dev eth0
    ip -n "sn$i" link set eth0 up
    ip -n "sn$i" route add default via "$NET.1" # Ray finds its own address by its route
  done
}

start_controller() { # it must believe that this host is called slctl
  # shellcheck disable=SC2016
  unshare --uts --mount sh -c \
    'hostname slctl; mount --bind "$0/hosts" /etc/hosts; exec slurmctld -i -f "$0/slurm.conf"' \
    "$STATE"
  wait_for 20 scontrol ping ||
    { say "slurmctld does not answer:"; tail -20 "$STATE/log/slurmctld.log" >&2; exit 1; }
}

boot() { # boot N
  local node=sn$1 outer
  is_alive "$STATE/run/init-$node.pid" && return
  rm -rf "${STATE:?}/tmp/$node" # a machine's /tmp after a power loss may be empty, so it is
  mkdir -p "$STATE/tmp/$node" "$STATE/spool/$node"
  chmod 1777 "$STATE/tmp/$node"
  setsid nsenter --net="/run/netns/$node" \
    unshare --pid --fork --mount-proc --uts --mount --kill-child \
    bash "${BASH_SOURCE[0]}" node "$node" >"$STATE/log/init-$node.log" 2>&1 </dev/null &
  outer=$!
  wait_for 5 pgrep -P "$outer" ||
    { say "node $node did not boot:"; cat "$STATE/log/init-$node.log" >&2; return 1; }
  pgrep -P "$outer" | head -1 >"$STATE/run/init-$node.pid" # the node's PID 1, seen from outside
}

be_node() { # PID 1 of a node, in its namespaces: be_node NAME
  hostname "$1"
  mount --make-rprivate /
  mount --bind "$STATE/hosts" /etc/hosts
  mount -t tmpfs -o size=4g,mode=1777 shm /dev/shm
  local local_tmp=$STATE/tmp/$1 folder folders
  IFS=: read -ra folders <<<"$SHARE"
  for folder in "${folders[@]}"; do
    mkdir -p "$local_tmp/${folder#/tmp/}"
    mount --bind "$folder" "$local_tmp/${folder#/tmp/}"
  done
  mount --rbind "$local_tmp" /tmp
  slurmd -D -f "$SLURM_CONF" -N "$1" &
  local slurmd=$!
  while kill -0 "$slurmd" 2>/dev/null; do wait || true; done # reaps orphans, as PID 1 must
}

kill_node() { # PID 1 gone: all processes of its namespace are gone
  local file=$STATE/run/init-sn$1.pid
  if is_alive "$file"; then kill -9 "$(cat "$file")"; fi
  rm -f "$file"
}

on_node() { # on_node N CMD...
  local pid
  pid=$(cat "$STATE/run/init-sn$1.pid")
  shift
  nsenter -t "$pid" --net --pid --mount --uts --wd="$PWD" -- "$@"
}

all_nodes_up() {
  [ "$(sinfo -h -N -p main -t idle,mix,alloc -o %N | wc -l)" = "$NODES" ]
}

start() {
  local lacks i
  lacks=$(missing)
  [ -z "$lacks" ] || { say "$lacks"; exit 1; }
  rm -rf "${STATE:?}"
  mkdir -p "$STATE"/{ctl,spool,log,run,tmp}
  printf 'NODES=%q CPUS=%q MEM=%q GPUS=%q SHARE=%q MAX_ARRAY=%q\n' \
    "$NODES" "$CPUS" "$MEM" "$GPUS" "$SHARE" "$MAX_ARRAY" >"$STATE/settings"
  write_hosts >"$STATE/hosts"
  write_configuration >"$STATE/slurm.conf"
  write_gres >"$STATE/gres.conf"
  start_munge
  start_network
  start_controller
  for i in $(seq "$NODES"); do boot "$i"; done
  wait_for 30 all_nodes_up || {
    say "not all nodes came up:"
    tail -5 "$STATE"/log/slurmd-*.log "$STATE"/log/init-*.log >&2
    exit 1
  }
  sinfo -N -p main -o '%N %T %c %m %G'
}

stop() {
  local file name
  for file in "$STATE"/run/init-sn*.pid; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .pid)
    kill_node "${name#init-sn}"
  done
  stop_pid "$STATE/run/slurmctld.pid"
  stop_pid "$STATE/munge/pid"
  for name in $(ip netns list | awk '/^sn[0-9]+/ {print $1}'); do ip netns del "$name"; done
  for name in $(ip -br link | awk -F'[@ ]' '/^slv[0-9]/ {print $1}'); do
    ip link del "$name" 2>/dev/null || true # the other end went with its namespace
  done
  ip link del "$BRIDGE" 2>/dev/null || true
  rm -f "$STATE/settings"
  say stopped
}

status() {
  sinfo -N -p main -o '%N %T %c %m %G'
  squeue
  local file
  for file in "$STATE"/run/*.pid; do
    is_alive "$file" && echo "up   $(basename "$file" .pid)" || echo "down $(basename "$file" .pid)"
  done
}

case ${1:-} in
  missing) missing ;;
  start) start ;;
  env) echo "export SLURM_CONF=$SLURM_CONF" ;;
  status) status ;;
  exec) shift && on_node "$@" ;;
  kill-node) kill_node "$2" ;;
  boot) boot "$2" ;;
  cut) ip link set "slv$2" down ;;
  heal) ip link set "slv$2" up ;;
  stop) stop ;;
  node) be_node "$2" ;; # called by `boot`
  *) sed -n '2,/^set /{/^#/p}' "$0"; exit 2 ;;
esac
