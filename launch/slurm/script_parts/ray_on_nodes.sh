# Ray: its head on this node, the first of the job, and a part of it on every other node.
ip=$(getent ahostsv4 "$(hostname)" | awk 'NR == 1 {print $1}')
case ${CROSSGEN_HEAD_IP:-$ip} in
  127.* | '') ip=$(hostname -I | awk '{print $1}') ;; # some systems name themselves 127.0.1.1
  *) ip=${CROSSGEN_HEAD_IP:-$ip} ;;
esac
port=$((20000 + SLURM_JOB_ID % 3000 * 4)) # jobs may share a node: four ports for each

# What each node runs, as one step over all nodes. On its standard input it reads the token, which
# so lies in no environment and on no shared disk; when that ends, Ray there ends too.
read -r -d '' on_each_node <<'NODE'
set -u
head=$1 port=$2 folder=$3 scratch=$4 block_sigterm=$5
shift 5 # the rest: what to stage
trap '' TERM USR1 USR2 # Slurm's signals are the batch script's
(
  umask 077
  mkdir -p "$folder/home"
  read -r token
  printf %s "$token" >"$folder/token"
  echo '{}' >"$folder/home/ray_bootstrap_config.yaml" # else Ray's head asks the cloud who it is
)
exec 3<&0 9>"$folder/lock"
flock -n 9
if [ "$#" -gt 0 ]; then
  python3 -m launch stage "$@" --to "$folder/staged" || exit 1
  export CROSSGEN_STAGED=$folder/staged
fi
gpus=${SLURM_GPUS_ON_NODE:-}
if [ -z "$gpus" ]; then # an old Slurm tells only the devices
  gpus=$(tr ',' '\n' <<<"${CUDA_VISIBLE_DEVICES:-}" | grep -c .)
fi
export RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH=$folder/token RAY_USAGE_STATS_ENABLED=0
export RAY_gcs_rpc_server_reconnect_timeout_s=5 # leave soon after the head
export CROSSGEN_SCRATCH=$scratch CROSSGEN_HOME=$HOME HOME=$folder/home # trials get HOME back
options=(--num-cpus="$SLURM_CPUS_ON_NODE" --num-gpus="$gpus" --temp-dir="$folder/ray"
  --object-store-memory=104857600 --min-worker-port=0 --max-worker-port=0
  --dashboard-agent-listen-port=$((port + 2)) --include-log-monitor=false
  --disable-usage-stats --block)
if [ "$SLURM_PROCID" = 0 ]; then
  options+=(--head --port="$port" --node-ip-address="$head" --include-dashboard=false
    --ray-client-server-port=$((port + 1)))
else
  until (exec 4<>"/dev/tcp/$head/$port") 2>/dev/null; do
    read -t 1 -r _ <&3
    [ $? -gt 128 ] || exit 0 # the job is over before Ray came up
  done
  # The address by which this node reaches the head, of all that it has.
  own=$(python3 -c 'import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as way: print(way.getsockname()[0])' \
    "$head" "$port")
  options+=(--address="$head:$port" --node-ip-address="$own")
fi
end_ray() { # never `ray stop`, which would end other jobs' Ray: only what was started with this token
  local left
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    left=$(
      grep -lsF "RAY_AUTH_TOKEN_PATH=$folder/token" /proc/[0-9]*/environ | cut -d/ -f3
      # Ray's agents write their title over their environment; they are known by their logs.
      find /proc/[0-9]*/fd -lname "$folder/ray/*agent*" 2>/dev/null | cut -d/ -f3 | sort -u
    )
    [ -n "$left" ] || break
    # shellcheck disable=SC2086
    kill -KILL $left 2>/dev/null
    wait "$ray" 2>/dev/null
    sleep .2
  done
}
for try in 1 2 3; do # Ray gives its own processes 30 s to come up, too little for a busy node
  rm -rf "$folder/ray"
  python3 -c "$block_sigterm" ray start "${options[@]}" &
  ray=$!
  while kill -0 "$ray" 2>/dev/null; do
    read -t 1 -r _ <&3
    [ $? -gt 128 ] || break 2 # not the second that was waited: the end
  done
  if [ -e "$folder/ray/ray_current_cluster" ]; then break; fi # it was up: its trials have moved
  echo "Ray did not come up in try $try"
  end_ray
done
end_ray
exec 9>&-
rm -rf "$folder"
NODE

step=(--nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --ntasks-per-node=1
  --kill-on-bad-exit=0 --wait=0 "${asks[@]}")
exec 7> >(exec srun "${step[@]}" "${container[@]}" bash -c "$remove_leftovers$on_each_node" node \
  "$ip" "$port" "$folder" "$scratch" "$block_sigterm" "${stage[@]}" \
  >>"$logs/ray-$id.log" 2>&1)
ray=$!
od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >&7
echo >&7
# Up is the head once Ray has written this file, a moment after its port answers.
until [ -e "$folder/ray/ray_current_cluster" ]; do
  if ! kill -0 "$ray" 2>/dev/null; then
    say "Ray did not come up: $logs/ray-$id.log tells why"
    break
  fi
  [ -z "$asked" ] || break
  sleep .5
done
code=75
if kill -0 "$ray" 2>/dev/null; then
  # The token by another name than Ray's own processes have it: those are ended by that name.
  drive env RAY_ADDRESS="$ip:$port" RAY_AUTH_MODE=token RAY_AUTH_TOKEN_PATH="$folder/./token" \
    CROSSGEN_SCRATCH="$scratch" CROSSGEN_NODES="$SLURM_JOB_NUM_NODES" \
    python3 -m launch run "${arguments[@]}"
fi
exec 7>&- # the nodes' standard input ends, and with it Ray there
for _ in $(seq 60); do
  kill -0 "$ray" 2>/dev/null || break
  sleep .5
done
