"""A small dataset in the GenImage layout, of noise."""

from pathlib import Path


def write_images(
    folder: Path, generators: dict[str, int], *, train: int = 24, test: int = 12, size: int = 16
) -> Path:
    """Write images of each generator, by its seed.

    Fakes carry a checkerboard, so that a detector learns something in a second.
    """
    import numpy as np
    from PIL import Image

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
