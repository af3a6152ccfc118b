# What came of it: done, a refusal, or something to go on with.
memory=$logs/crossgen-$CROSSGEN_CHAIN.restarts
case $code in
  0) say "done" && rm -f "$memory" && exit 0 ;;
  1) say "something failed for good; what the log tells may be mended" && exit 1 ;;
  2) say "refused; the log tells what to do" && exit 2 ;;
  3) say "the store failed; submit the same again once it is back" && exit 3 ;;
  4) say "the budget is spent" && exit 4 ;;
  75) ;;
  *) say "the driver died with status $code" ;;
esac
if [ "$asked" = stop ]; then
  say "stopped; submit the same again to go on"
  exit 75
fi
told() { scontrol show job "$id" | sed -n "s/^ *\(.* \)\?$1=\([^ ]*\).*/\2/p" | head -1; }
if [ "$asked" = ended ]; then
  if [ "$(told PreemptTime)" = None ]; then
    say "Slurm ended the job for good: it is not requeued"
    exit 75
  fi
  mode=$(scontrol show partition "$SLURM_JOB_PARTITION" | sed -n 's/.*PreemptMode=\([^ ]*\).*/\1/p')
  if [ "$(told Requeue)" = 1 ] && [ "$mode" = REQUEUE ]; then
    say "Slurm requeues the job"
    exit 75
  fi
fi
if ! "${here[@]}" python3 -m launch.slurm.restarts "$memory" "${arguments[@]}"; then
  exit 75
fi

submit_successor() { # where requeueing is forbidden: the same script again, once this job has ended
  local options=(--parsable --dependency="afterany:$SLURM_JOB_ID" --job-name="$SLURM_JOB_NAME"
    --partition="$SLURM_JOB_PARTITION" --nodes="$SLURM_JOB_NUM_NODES"
    --time="$(squeue -h -j "$id" -o %l | head -1)")
  # What may have been given to sbatch beside the script; the rest stands in its first lines.
  [ "${SLURM_JOB_ACCOUNT:-(null)}" = '(null)' ] || options+=(--account="$SLURM_JOB_ACCOUNT")
  [ "${SLURM_JOB_QOS:-(null)}" = '(null)' ] || options+=(--qos="$SLURM_JOB_QOS")
  [ -z "${SLURM_CPUS_PER_TASK:-}" ] || options+=(--cpus-per-task="$SLURM_CPUS_PER_TASK")
  [ -z "${SLURM_GPUS_PER_NODE:-}" ] || options+=(--gpus-per-node="$SLURM_GPUS_PER_NODE")
  [ -z "${SLURM_MEM_PER_NODE:-}" ] || options+=(--mem="$SLURM_MEM_PER_NODE")
  [ -z "${SLURM_ARRAY_TASK_ID:-}" ] || options+=(--array="$SLURM_ARRAY_TASK_ID")
  local output
  output=$(scontrol show job "$id" | sed -n 's/^ *StdOut=//p' | head -1)
  [ -z "$output" ] || options+=(--output="$output") # one log for all of them
  ( # the new job must not take this one's variables for its own
    for name in "${!SLURM_@}"; do [ "$name" = SLURM_CONF ] || unset "$name"; done
    unset CUDA_VISIBLE_DEVICES
    sbatch "${options[@]}" "$0" "$@"
  )
}
trap '' TERM USR1 USR2 # what is left takes a moment, and Slurm ends what it requeues
if refusal=$(scontrol requeue "$id" 2>&1); then
  say "requeued"
elif successor=$(submit_successor "$@"); then
  say "it may not be requeued ($refusal): job $successor goes on after this one"
else
  say "neither requeued nor submitted again; submit the same to go on"
fi
exit 75
