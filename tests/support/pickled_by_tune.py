"""Prints what Tune gets of a run of a hundred long trials: the sizes of what it pickles of the
driver, and the keys of what it keeps of a trial.

A program of its own, since other tests ask whether Ray was loaded into their process.
"""

import io
import pickle
from types import SimpleNamespace

from grid.run.books import Run
from grid.run.live_progress import LiveProgress
from grid.run.on_ray.blind_nodes import BlindNodes
from grid.run.on_ray.tune_hooks import callback_of, searcher_of
from grid.run.run_options import RunOptions
from grid.run.stopping import StopSignals
from grid.trial.contract import Trial

if __name__ == "__main__":
    progress = LiveProgress(io.StringIO())
    run = Run(
        [Trial(fit_id=f"f{n}", label="x" * 1000, spec={"s": "y" * 1000}) for n in range(100)],
        is_done=None,
        is_committed=None,
        options=RunOptions(),
        progress=progress,
        stop=StopSignals(),
        nodes=[{"cpu": 2.0, "gpu": 0.0}],
    )
    progress.close()
    table = SimpleNamespace(put_spec=lambda fit_id, spec: None)
    blind = BlindNodes(dict, progress.note)
    searcher = searcher_of(run, None, table, blind)
    made = (searcher, callback_of(run, None, None, table, blind))
    print(max(len(pickle.dumps(each)) for each in made), *sorted(searcher.suggest("t")))
