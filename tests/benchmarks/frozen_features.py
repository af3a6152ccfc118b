"""Five heads over one frozen transformer, with kept features and with encoding each time.

    python tests/benchmarks/frozen_features.py [--images N] [--epochs N] [--backbone NAME]

A grid of UnivFD heads (five seeds) through `crossgen run --no-ray` in one process of one thread, on
photograph-like images of 256 px: N per class to train on, half as many to test on, two fixed views
of each training image. The backbone has random weights, in a weights folder as imported ones are.
Both sides decode once and train the same bits, which is checked; `CROSSGEN_FEATURES=0` encodes each
image in each epoch. Start-up counts: importing timm, building and loading the backbone.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENT = """
schema: 1
name: heads
data: {{photos: {{root: "{folder}/images", layout: genimage}}}}
equalise: none
test: {{sets: [photos]}}
seeds: [0, 1, 2, 3, 4]
weights_folder: "{folder}/weights"
arms:
  - name: univfd
    detector: univfd
    univfd.backbone: {backbone}
    train: {{sets: [photos]}}
    input: {{train: "random_crop(224) | hflip", test: "center_crop(224)"}}
    recipe: {{base: small, epochs: {epochs}, batch_size: 32, views: 2}}
    weights: {backbone}
"""


def write_images(folder: Path, count: int) -> None:
    from decoded_images import photograph

    for split, some in (("train", count), ("val", count // 2)):
        for label, name in enumerate(("nature", "ai")):
            place = folder / "images" / "g" / split / name
            place.mkdir(parents=True)
            for index in range(some):
                number = 10_000 * label + 1000 * (split == "val") + index
                photograph(number, 256, 256).save(place / f"{index}.png")


def write_backbone(folder: Path, name: str) -> None:
    import torch

    from detectors import weights
    from detectors.networks.backbones import frozen_backbone
    from detectors.weights_folder.entries import WeightsEntry, write_weights

    torch.manual_seed(1)
    content = weights.pack(frozen_backbone(name).extractor.state_dict())
    entry = WeightsEntry(
        name=name,
        sha256=weights.sha256(content),
        bytes=len(content),
        source="random weights of a benchmark",
        added="2026-01-31",
    )
    write_weights(folder / "weights", entry, content)


def run(folder: Path, name: str, **environment: str) -> tuple[float, str]:
    """CPU seconds of a whole run, and a digest of all heads that it committed."""
    own = {"CROSSGEN_CACHE": str(folder / name / "cache"), "OMP_NUM_THREADS": "1", **environment}
    command = [sys.executable, "-m", "launch", "run", str(folder / "heads.yaml"), "--no-ray"]
    process = subprocess.Popen(
        [*command, "--store", str(folder / name / "store")],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, said
    digest = hashlib.sha256()
    for file in sorted((folder / name / "store").glob("fits/*/*/weights-*.safetensors")):
        digest.update(f"{file.parts[-3]} {file.name} ".encode() + file.read_bytes())
    return usage.ru_utime + usage.ru_stime, digest.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--backbone", default="timm/vit_tiny_patch16_224.augreg_in21k")
    given = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_images(folder, given.images)
        write_backbone(folder, given.backbone)
        values = {"folder": folder, "epochs": given.epochs, "backbone": given.backbone}
        (folder / "heads.yaml").write_text(EXPERIMENT.format(**values))
        began = time.perf_counter()
        encoding, plain = run(folder, "each time", CROSSGEN_FEATURES="0")
        filling, kept = run(folder, "kept")
        assert plain == kept, "a weight depends on whether features were kept"
        heads = f"{given.images} images per class, {given.epochs} epochs, {given.backbone}"
        print(f"five heads, {heads} (CPU s, start included; {time.perf_counter() - began:.0f} s)")
        print(f"  encoding in each epoch  {encoding:8.1f}")
        print(f"  features kept           {filling:8.1f}   {encoding / filling:.1f} times less")


if __name__ == "__main__":
    main()
