"""Shared by the tests: real data beside the checkout, small experiments, a cache of their own."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and reference cases that lies beside the checkout."""
    folder = Path(os.environ.get("CROSSGEN_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; name its folder in CROSSGEN_SHARED")
    return folder


@pytest.fixture(scope="session")
def cifar_generators(shared: Path) -> Path:
    """Real photographs and five generators' images, 32 px, GenImage layout."""
    return shared / "data" / "cifar-generators"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own for indexes."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CROSSGEN_CACHE", str(folder))
    return folder


@pytest.fixture
def make_genimage():
    """Return a function that writes a small dataset in the GenImage layout, noise images.

    Fakes carry a checkerboard, so that a detector learns something in a second.
    """
    import numpy as np
    from PIL import Image

    def write(folder: Path, generators: dict[str, int], *, train=24, test=12, size=16) -> Path:
        for generator, seed in generators.items():
            rng = np.random.default_rng(seed)
            for split, count in (("train", train), ("val", test)):
                for name, label in (("nature", 0), ("ai", 1)):
                    place = folder / generator / split / name
                    place.mkdir(parents=True, exist_ok=True)
                    for i in range(count):
                        image = rng.integers(60, 200, (size, size, 3))
                        if label:
                            image[::2, ::2] += 20 + 5 * seed
                        Image.fromarray(image.astype(np.uint8)).save(place / f"{i:03d}.png")
        return folder

    return write
