"""Planning over millions of images: seconds and memory, of a made-up index in GenImage's shape.

    python tests/benchmarks/plan_scale.py [--images 3000000] [--small 100000]

Two sizes are planned with `--trust-index`, each in a process of its own, so that the figure per
image stands beside the fixed cost. With `--looked-at N` that many empty files are made on disk and
the default plan, which looks at every file, is timed beside the trusting one: what listing and
looking cost here. (On a shared disk they take round trips; thirty-two are under way at a time.)
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

GENERATORS = ("ADM", "BigGAN", "Midjourney", "VQDM", "glide", "sd14", "sd15", "wukong")
TRAIN_SHARE = 0.96
EXPERIMENT = """\
schema: 1
name: scale
data: {genimage: {root: "%s"}}
equalise: none
test: {sets: [genimage]}
seeds: [0, 1]
arms:
  - {name: single, detector: npr, train: {each: genimage}, recipe: small}
  - {name: all, detector: npr, train: {all: true}, recipe: small}
"""


def paths_of(images: int) -> list[str]:
    """Return as many paths as GenImage would have, evenly over generators, splits and labels."""
    made = []
    per_place = {"train": TRAIN_SHARE, "val": 1 - TRAIN_SHARE}
    for generator in GENERATORS:
        for split, share in per_place.items():
            for label in ("ai", "nature"):
                number = round(images * share / len(GENERATORS) / 2)
                name = f"{{:03d}}_{generator.lower()}_{{:05d}}.PNG" if label == "ai" else ""
                for i in range(number):
                    file = name.format(i % 1000, i) if name else f"n{i % 1000:08d}_{i}.JPEG"
                    made.append(f"{generator}/{split}/{label}/{file}")
    return sorted(made)


def write_index(root: Path, cache: Path, images: int) -> None:
    """Write the index of images that are not there: uniform digests, plausible header facts."""
    import numpy as np
    import pyarrow as pa

    from data.image_ids import texts
    from data.index_cache import INDEX, IndexFacts, cache_path
    from data.index_cache import write_index as write
    from data.jpeg_tables import tables_of_quality

    paths = paths_of(images)
    count = len(paths)
    draw = np.random.default_rng(0)
    parts = [path.split("/") for path in paths]
    fake = np.array([label == "ai" for _, _, label, _ in parts])
    tables = [tables_of_quality(quality) for quality in range(60, 100)]
    word = pa.dictionary(pa.int32(), pa.string())

    def same(value: str):
        return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([value]))

    def either(reals: str, fakes: str):
        return pa.DictionaryArray.from_arrays(fake.astype(np.int32), pa.array([reals, fakes]))

    generators = [generator.lower() for generator, *_ in parts]
    columns = {
        "path": pa.array(paths),
        "size": draw.integers(20_000, 200_000, count),
        "mtime_ns": draw.integers(10**18, 2 * 10**18, count),
        "image_id": pa.array(texts(draw.integers(0, 2**64, (count, 2), np.uint64))),
        "format": either("JPEG", "PNG"),
        "width": draw.choice([256, 500, 512, 1024], count).astype(np.int32),
        "height": draw.choice([256, 375, 512, 1024], count).astype(np.int32),
        "jpeg_tables": pa.DictionaryArray.from_arrays(
            np.where(fake, 0, draw.integers(1, 41, count)).astype(np.int32), pa.array(["", *tables])
        ),
        "subsampling": either("4:2:0", ""),
        "metadata_bytes": draw.integers(0, 2000, count),
        "problem": same(""),
        "problem_kind": same(""),
        "decoded": np.zeros(count, bool),
        "label": fake.astype(np.int8),
        "generator": pa.array(generators).cast(word),
        "split": pa.array(["train" if s == "train" else "test" for _, s, _, _ in parts]).cast(word),
        "class": pa.DictionaryArray.from_arrays(
            draw.integers(0, 1000, count).astype(np.int32),
            pa.array([f"n{number:08d}" for number in range(1000)]),
        ),
        "pair": pa.array([""] * count),
        "real_set": pa.array(
            [
                "" if label == "ai" else f"{generator}/nature"
                for generator, (_, _, label, _) in zip(generators, parts, strict=True)
            ]
        ).cast(word),
    }
    table = pa.table({name: columns[name] for name in INDEX.names}).cast(INDEX)
    facts = IndexFacts(str(root.resolve()), "genimage", "made up")
    write(cache_path(cache, root), table, facts)


def plan(folder: Path, *, trust: bool) -> dict[str, float]:
    """Plan in this process; return seconds of each step, and the peak of memory in MB."""
    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import make_plan, prepare
    from grid.store.opening import open_store

    experiment = load_experiment(folder / "experiment.yaml", {})
    began = time.perf_counter()
    expansion = prepare(experiment, cache_dir=folder / "cache", trust_index=trust)
    prepared = time.perf_counter()
    made = make_plan(expansion, open_store(folder / "store"))
    ended = time.perf_counter()
    return {
        "images": sum(len(p) for d in expansion.catalog.datasets.values() for p in d.pools),
        "fits": len(made.fits),
        "prepare_s": prepared - began,
        "plan_s": ended - prepared,
        "cpu_s": time.process_time(),
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    """Return this program's own peak: what getrusage tells includes the parent it was forked of."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(folder: Path, *, trust: bool) -> dict[str, float]:
    """Plan in a process of its own."""
    command = [sys.executable, __file__, "--plan", str(folder), *(["--trust"] if trust else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def made_up(folder: Path, images: int) -> Path:
    """Make an experiment over a made-up index of so many images."""
    root = folder / "genimage"
    root.mkdir(parents=True)
    write_index(root, folder / "cache", images)
    (folder / "experiment.yaml").write_text(EXPERIMENT % root)
    (folder / "store").mkdir()
    return folder


def on_disk(folder: Path, images: int) -> Path:
    """Make the same with empty files of which the index knows size and time."""
    import numpy as np

    from data.index_cache import cache_path, read_index
    from data.index_cache import write_index as write
    from data.indexing.looking import statuses

    made_up(folder, images)
    root = folder / "genimage"
    kept = read_index(cache_path(folder / "cache", root))
    paths = kept.table["path"].to_pylist()
    for parent in {path.rpartition("/")[0] for path in paths}:
        (root / parent).mkdir(parents=True)
    for path in paths:
        os.close(os.open(f"{root}/{path}", os.O_CREAT | os.O_WRONLY))
    table = kept.table
    for name, values in zip(("size", "mtime_ns"), statuses(str(root), paths), strict=True):
        table = table.set_column(table.schema.get_field_index(name), name, [np.asarray(values)])
    write(cache_path(folder / "cache", root), table, kept.facts)
    return folder


def shown(what: str, found: dict[str, float]) -> None:
    seconds = found["prepare_s"] + found["plan_s"]
    print(
        f"{what}: {found['images']:,} images, {found['fits']} fits: {seconds:.1f} s "
        f"({1e6 * seconds / found['images']:.1f} us per image), "
        f"{found['cpu_s']:.1f} s of CPU with all imports, peak {found['peak_mb']:,.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=3_000_000)
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--looked-at", type=int, default=0)
    parser.add_argument("--plan", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--trust", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.plan is not None:
        print(json.dumps(plan(given.plan, trust=given.trust)))
        return
    with tempfile.TemporaryDirectory() as place:
        for images in (given.small, given.images):
            folder = made_up(Path(place, str(images)), images)
            shown("trusting the index", measured(folder, trust=True))
        if given.looked_at:
            folder = on_disk(Path(place, "on-disk"), given.looked_at)
            shown("trusting the index", measured(folder, trust=True))
            shown("looking at every file", measured(folder, trust=False))


if __name__ == "__main__":
    main()
