# One task of many, each alone on its node and without Ray: its share of the plan, then what is left.
eval "$remove_leftovers"
(umask 077 && mkdir -p "$folder")
exec 9>"$folder/lock"
flock -n 9
images=(CROSSGEN_SCRATCH="$scratch")
if [ "${#stage[@]}" -gt 0 ] && [ -z "$asked" ]; then
  "${here[@]}" python3 -m launch stage "${stage[@]}" --to "$folder/staged" || exit 1
  images+=(CROSSGEN_STAGED="$folder/staged")
fi
drive env "${images[@]}" python3 -m launch run "${arguments[@]}" --no-ray \
  --task "$((first_task + SLURM_ARRAY_TASK_ID))/$tasks"
exec 9>&-
rm -rf "$folder"
