"""Three seeds of two NPR factors on 512 px files, against a loop that decodes each time.

    python tests/benchmarks/against_decoding_loop.py [--images N] [--epochs N] [--rounds N]

Photograph-like images of 512 px, half JPEG and half PNG in either class; N per class to train on,
half as many to test on. Both sides train the same networks on random crops of 64 px in two
processes of one thread and test on center crops. The loop opens, decodes and crops every image in
every epoch, as the field's loaders do, and writes nothing; `crossgen run --slots 2` begins with no
kept image, and reads, proves, checkpoints, commits and scores. Start-up, Ray's included, counts.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
FACTORS, SEEDS, BATCH, CROP = (0.25, 0.5), (0, 1, 2), 32, 64
EXPERIMENT = """
schema: 1
name: kept
data: {{photos: {{root: "{folder}/images", layout: genimage}}}}
equalise: none
test: {{sets: [photos]}}
seeds: [0, 1, 2]
arms:
  - name: npr
    detector: npr
    npr.factor: [0.25, 0.5]
    train: {{sets: [photos]}}
    input: {{train: "random_crop(64, step=2) | hflip", test: "center_crop(64, step=2)"}}
    recipe: {{base: small, epochs: {epochs}, batch_size: 32}}
"""


def write_images(folder: Path, count: int) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    from decoded_images import photograph

    number = 0
    for split, some in (("train", count), ("val", count // 2)):
        for name in ("nature", "ai"):
            place = folder / "images" / "g" / split / name
            place.mkdir(parents=True)
            for index in range(some):
                number += 1
                kind = "png" if index % 2 else "jpg"
                photograph(number, 512, 512).save(place / f"{index}.{kind}", quality=95)


def crossgen_seconds(folder: Path, epochs: int) -> float:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "kept.yaml"
        file.write_text(EXPERIMENT.format(folder=folder, epochs=epochs))
        home = Path(name) / "home"
        home.mkdir()
        (home / "ray_bootstrap_config.yaml").write_text("{}\n")
        own = {"HOME": str(home), "CROSSGEN_CACHE": f"{name}/cache", "OMP_NUM_THREADS": "1"}
        began = time.perf_counter()
        command = ["-m", "launch", "run", file, "--store", f"{name}/store", "--slots", "2"]
        subprocess.run(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **own, "RAY_USAGE_STATS_ENABLED": "0"},
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return time.perf_counter() - began


def loop_seconds(folder: Path, epochs: int) -> float:
    began = time.perf_counter()
    processes = [
        subprocess.Popen(
            [sys.executable, __file__, "--loop", str(factor), folder, "--epochs", str(epochs)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for factor in FACTORS
    ]
    for process in processes:
        assert process.wait() == 0
    return time.perf_counter() - began


def decoding_loop(folder: Path, factor: float, epochs: int) -> None:
    """Train and test three seeds; nothing that was decoded is kept."""
    import torch
    from PIL import Image
    from torch.nn import functional

    sys.path.insert(0, str(ROOT))
    from detectors.contract import build

    torch.set_num_threads(1)
    rng = np.random.default_rng(0)

    def files(split: str) -> list[tuple[Path, float]]:
        return [
            (path, float(label))
            for label, name in enumerate(("nature", "ai"))
            for path in sorted((folder / "images" / "g" / split / name).iterdir())
        ]

    def batch(some: list[tuple[Path, float]], is_random: bool) -> tuple[torch.Tensor, torch.Tensor]:
        crops = []
        for path, _ in some:
            pixels = np.asarray(Image.open(path).convert("RGB"))
            top, left = 2 * rng.integers(0, 225, 2) if is_random else (224, 224)
            crop = pixels[top : top + CROP, left : left + CROP]
            crops.append(crop[:, ::-1] if is_random and rng.random() < 0.5 else crop)
        images = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float() / 255
        return images, torch.tensor([label for _, label in some])

    for seed in SEEDS:
        train = files("train")
        rng.shuffle(train)  # type: ignore[arg-type]
        held, kept = train[: len(train) // 10], train[len(train) // 10 :]
        network = build("npr", {"factor": factor}, seed=seed).to(memory_format=torch.channels_last)
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
        for _ in range(epochs):
            network.train()
            rng.shuffle(kept)  # type: ignore[arg-type]
            for start in range(0, len(kept), BATCH):
                images, labels = batch(kept[start : start + BATCH], is_random=True)
                loss = functional.binary_cross_entropy_with_logits(network(images), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            _score(network, held, batch)
        _score(network, files("val"), batch)


def _score(network, rows, batch) -> None:
    import torch

    network.eval()
    with torch.inference_mode():
        for start in range(0, len(rows), 64):
            network(batch(rows[start : start + 64], is_random=False)[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--loop", nargs=2)
    given = parser.parse_args()
    if given.loop:
        decoding_loop(Path(given.loop[1]), float(given.loop[0]), given.epochs)
        return
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        write_images(Path(name), given.images)
        for _ in range(given.rounds):
            for side, measure in (
                ("decoding loop", loop_seconds),
                ("crossgen run", crossgen_seconds),
            ):
                seconds = measure(Path(name), given.epochs)
                print(f"{side:14s} {seconds:6.1f} s", flush=True)
                best[side] = min(best.get(side, 1e9), seconds)
    print(f"crossgen takes {best['crossgen run'] / best['decoding loop']:.2f} of the loop's time")


if __name__ == "__main__":
    main()
