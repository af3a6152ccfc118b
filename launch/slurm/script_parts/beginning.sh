say() { echo "[$(date '+%F %T')] $*"; }
if [ "${#arguments[@]}" = 0 ]; then
  say "nothing to run: give an experiment file and options of 'crossgen run' after the script"
  exit 2
fi
activate || { say "the environment cannot be activated"; exit 2; }
set -u # only now: not every environment's own lines bear it

# The name by which Slurm's commands know this job: of a task of an array, this task alone.
id=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || id=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
say "job $id, restart ${SLURM_RESTART_COUNT:-0}, on $SLURM_JOB_NODELIST"
# What many restarts and dependent jobs share: the name of the first of them.
export CROSSGEN_CHAIN=${CROSSGEN_CHAIN:-$id}

# A folder of this job's own on each node. It lies in /tmp and has a short name, because Ray's
# sockets are in it, whose paths end at 107 bytes.
folder=/tmp/crossgen-$SLURM_JOB_ID
scratch=${CROSSGEN_SCRATCH:-${SLURM_TMPDIR:-$folder/scratch}} # for decoded images

# Slurm ends a job by SIGTERM to all of its processes, and SIGKILL some seconds later (KillWait).
# The driver and Ray are started with SIGTERM blocked: the driver hears one signal, which this
# script sends, and Ray is there until trials have written their checkpoints.
block_sigterm='import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.execvp(sys.argv[1], sys.argv[1:])'

# A step of the job has what it asks for; it inherits neither CPUs nor GPUs.
asks=(--export=ALL)
[ -z "${SLURM_CPUS_PER_TASK:-}" ] || asks+=(--cpus-per-task="$SLURM_CPUS_PER_TASK")
[ -z "${SLURM_GPUS_ON_NODE:-}" ] || asks+=(--gpus-per-node="$SLURM_GPUS_ON_NODE")
# How a command runs in the container from here: of pyxis, only a step knows images.
here=("${container[@]}")
if [ "${#step_options[@]}" -gt 0 ]; then
  asks+=(--overlap "${step_options[@]}")
  here=(srun --nodes=1 --ntasks=1 --relative=0 "${asks[@]}")
fi

asked='' signals=0 driver='' # why the driver was asked to stop, how often we were, its process
ask_to_stop() { # ask_to_stop WHY WORDS...: the driver is told once, a second signal would hurry it
  signals=$((signals + 1))
  [ "$asked" = "$1" ] || say "${*:2}"
  [ -n "$asked" ] || [ -z "$driver" ] || kill -USR1 "$driver" 2>/dev/null
  case $1 in
    stop) asked=stop ;; # a person's wish: nothing goes on by itself
    *) asked=${asked:-$1} ;;
  esac
}
trap 'ask_to_stop limit "the time limit is near: writing checkpoints"' USR1
trap 'ask_to_stop stop "asked to stop: writing checkpoints"' USR2
trap 'ask_to_stop ended "Slurm ends this job: writing checkpoints"' TERM

drive() { # drive CMD...: run it in the background and wait; its exit code is then in $code
  local heard status
  code=75
  [ -z "$asked" ] || return
  "${here[@]}" python3 -c "$block_sigterm" "$@" 7>&- &
  driver=$!
  [ -z "$asked" ] || kill -USR1 "$driver" # a signal that came in this very moment
  while :; do # a signal ends `wait`, not what is waited for
    heard=$signals
    wait "$driver"
    status=$?
    [ "$status" = 127 ] || code=$status # 127: it had ended before the latest signal
    [ "$heard" != "$signals" ] || break
  done
  driver=''
}

# What jobs that were killed have left on a node: of this user, and nobody holds the lock.
remove_leftovers='
for left in /tmp/crossgen-*; do
  if [ -O "$left" ] && [ -f "$left/lock" ]; then flock -n "$left/lock" rm -rf "$left"; fi
done
'
