"""Whether restarts get anywhere: a batch script asks, before it has its job requeued.

    python -m launch.slurm.restarts MEMORY FILE [options of `crossgen run`]

Exit code 0: go on. 1: the latest restarts have added nothing to the store, and it says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from grid.records.attempts import checkpoint_keys
from grid.records.identity import digest
from grid.records.places import COMMITS, SCORES, commit_key, fit_folder
from grid.records.stored_experiments import read_experiments
from grid.refusal import Refused
from grid.store.base import Store
from grid.store.errors import StoreError

MOST_IDLE = 3
"""So many runs in a row may add nothing: one may have had no time, three have the same cause."""


def stored_work(store: Store, fits: Collection[str]) -> str:
    """Return a digest of what is there of these fits: it differs after any work on them.

    Commits, score files, and the checkpoints of what is not committed.
    """
    commits = set(store.list(COMMITS))
    missing = sorted(fit_id for fit_id in fits if commit_key(fit_id) not in commits)
    scores = sum(key.removeprefix(SCORES).split("/")[0] in fits for key in store.list(SCORES))
    checkpoints = []
    for fit_id in missing:
        keys = set(checkpoint_keys(store, fit_id))
        checkpoints += [
            [entry.key, entry.bytes, entry.modified_s]
            for entry in store.entries(fit_folder(fit_id))
            if entry.key in keys
        ]
    return digest({"missing": missing, "scores": scores, "checkpoints": sorted(checkpoints)})


def count_idle(memory: Path, work: str) -> int:
    """Note what is there now, and return how many runs in a row have left it as it was.

    Args:
        memory: where it is noted from one restart to the next; written here.
        work: of `stored_work`; "" where the store could not be read.
    """
    try:
        noted = json.loads(memory.read_text(encoding="utf-8"))
        before, idle = str(noted["work"]), int(noted["idle"])
    except (OSError, ValueError, KeyError, TypeError):  # the first run, or a file that was cut off
        before, idle = "", 0
    idle = idle + 1 if work in ("", before) else 0
    memory.write_text(json.dumps({"work": work or before, "idle": idle}), encoding="utf-8")
    return idle


def main(words: Sequence[str]) -> int:
    """Say whether to go on; `words` are the memory's path and the arguments of `crossgen run`."""
    from launch.commands.run import command
    from launch.desk import store_of

    memory, *arguments = words
    given = command.make_context("run", list(arguments)).params
    try:
        from grid.experiment_file.loading import load_experiment
        from grid.experiment_file.yaml_reading import read_value

        wanted = {key: read_value(text, f"--set {key}={text}") for key, text in given["changes"]}
        experiment = load_experiment(given["file"], wanted)
        store = store_of(given["store"], experiment.store, base=given["file"].resolve().parent)
        records = read_experiments(store, experiment.name)
        work = stored_work(store, {fit["fit_id"] for each in records for fit in each["fits"]})
    except (StoreError, Refused) as error:
        print(f"what the last run has added cannot be told: {error}")
        work = ""
    idle = count_idle(Path(memory), work)
    if idle < MOST_IDLE:
        return 0
    print(
        f"{idle} runs in a row have added nothing to the store: no commit, no score, no "
        "checkpoint. It is not requeued. Look into the logs above; if each had too little time, "
        f"ask for a longer limit. {memory} counts them: delete it before you submit again"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
