"""Requests that a run makes of an S3 store: of a plan, of each trial, of each piece.

    python tests/benchmarks/s3_requests.py

Services bill requests, PUTs and LISTs about ten times as much as GETs and HEADs. Counted by moto's
server on loopback, for runs of two fits and with more fits, pieces or epochs, so that what each
further one costs can be told.
"""

import os
import sys
import tempfile
import threading
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

EXPERIMENT = """
schema: 1
name: requests
data: {{g: {{root: images}}}}
test: {{sets: [g], degradations: [{degradations}]}}
seeds: [{seeds}]
arms:
  - {{name: a, detector: simple_cnn, simple_cnn.size: tiny, train: {{each: g}},
     input: {{train: "random_crop(16, step=2) | hflip", test: none}},
     recipe: {{base: small, epochs: {epochs}, batch_size: 8}}}}
"""


class Counting:
    """In front of the server: what was asked for, as the price lists tell it apart."""

    def __init__(self, application):
        self.application = application
        self.asked = Counter()

    def __call__(self, environ, start_response):
        method = environ["REQUEST_METHOD"]
        listing = method == "GET" and "list-type" in environ["QUERY_STRING"]
        self.asked["LIST" if listing else method] += 1
        return self.application(environ, start_response)


def made(folder: Path) -> None:
    """Make images of two generators."""
    rng = np.random.default_rng(1)
    for generator in ("g1", "g2"):
        for split, count in (("train", 16), ("val", 6)):
            for name in ("nature", "ai"):
                place = folder / "images" / generator / split / name
                place.mkdir(parents=True)
                for i in range(count):
                    pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")


def requests_of_a_run(folder: Path, counting: Counting, number: int, **given) -> Counter:
    """Requests from the plan to the last score."""
    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import make_plan, make_trials, prepare
    from grid.run.run_options import RunOptions
    from grid.store.opening import open_store
    from launch.running import run_trials_here

    file = folder / f"{number}.yaml"
    file.write_text(EXPERIMENT.format(**given))
    expansion = prepare(load_experiment(file), cache_dir=folder / "cache")
    store = open_store(f"s3://bucket/{number}")
    counting.asked.clear()
    trials = make_trials(make_plan(expansion, store), store)
    planned = Counter(counting.asked)
    result = run_trials_here(store, trials, RunOptions(heartbeat_s=1e9))
    assert len(result.done) == len(trials), result
    return Counter({**{f"plan {k}": v for k, v in planned.items()}, **counting.asked})


def main() -> None:
    """Count, and print a table."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    counting = Counting(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, counting, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    from grid.store.opening import open_store

    open_store("s3://bucket").filesystem.mkdir("bucket")
    base = {"degradations": "none", "seeds": "0", "epochs": 1}
    runs = {
        "2 fits, 4 pieces each, 1 epoch": base,
        "4 fits, 4 pieces each, 1 epoch": {**base, "seeds": "0, 1"},
        "2 fits, 8 pieces each, 1 epoch": {**base, "degradations": 'none, "jpeg(75)"'},
        "2 fits, 4 pieces each, 3 epochs": {**base, "epochs": 3},
    }
    kinds = ("PUT", "LIST", "GET", "HEAD", "DELETE", "POST")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made(folder)
        count = partial(requests_of_a_run, folder, counting)
        print(f"{'whole run':36}", *(f"{kind:>7}" for kind in kinds), f"{'of plan':>9}")
        for number, (name, given) in enumerate(runs.items()):
            asked = count(number, **given)
            plan = sum(v for k, v in asked.items() if k.startswith("plan "))
            print(f"{name:36}", *(f"{asked[kind]:7}" for kind in kinds), f"{plan:9}")
    server.shutdown()


if __name__ == "__main__":
    main()
