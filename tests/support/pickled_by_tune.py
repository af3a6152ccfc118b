"""Prints the sizes of what Tune pickles of a run's driver, for a run of a hundred long trials.

A program of its own, since other tests ask whether Ray was loaded into their process.
"""

import io
import pickle

from grid.driver import _callback, _searcher
from grid.live_progress import LiveProgress
from grid.run import Run, RunOptions
from grid.stopping import StopSignals
from grid.trial import Trial

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
    print(*(len(pickle.dumps(made)) for made in (_searcher(run), _callback(run, None, None, "k"))))
