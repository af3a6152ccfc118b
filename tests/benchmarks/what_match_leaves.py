"""What can still be read of the label from compression and size, before and after an equalise.

    python tests/benchmarks/what_match_leaves.py [IMAGES_PER_CLASS]

Both classes show the same simulated photographs, so nothing but the history of their files tells
them apart: reals are JPEGs of many tables, subsamplings and sizes, fakes are lossless and of one
size. Read are the AUCs, cross-validated, of logistic regressions on simple statistics of pixels,
and of the size alone. 0.5 is what nothing gives; its standard error is that of chance.
"""

import io
import sys
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from PIL import Image
from scipy.fft import dctn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data import equalisations
from data.decode import decoded
from data.image_files import facts_of
from data.image_ids import image_id_of
from data.matching import sizes
from data.matching.forming import formed
from data.matching.table_list import remember
from data.toy.images import toy_images
from data.view import view_of

FAKE_PX = 160
REAL_SIZES = ((160, 208), (208, 160), (192, 256), (176, 176), (256, 192), (120, 160))
SIZE_SHARES = (0.3, 0.2, 0.2, 0.2, 0.08, 0.02)
QUALITIES = (60, 75, 80, 85, 90, 92, 95, 98)
SUBSAMPLINGS = ("4:2:0", "4:2:0", "4:4:4", "4:2:2")
FREQUENCIES = [(u, v) for u in range(4) for v in range(4) if u + v][:12]
STEPS = np.arange(2, 25)

Picture = np.ndarray
Rows = list[tuple[str, int, Picture]]
"""image_id, label, decoded pixels."""


def files(
    count: int, qualities: tuple[int, ...], fake_quality: int | None
) -> list[tuple[int, bytes]]:
    """Label and bytes of each image: photographs of a bank of tiles, moved off the tiles' grid."""
    rng = np.random.default_rng([count, *qualities])
    bank = toy_images("gan_tconv", 512, seed=11).reals_BHWC
    made = []
    for label in (0, 1):
        for _ in range(count):
            size = (FAKE_PX, FAKE_PX) if label else REAL_SIZES[rng.choice(6, p=SIZE_SHARES)]
            file = io.BytesIO()
            picture = Image.fromarray(photograph(rng, bank, *size))
            quality = fake_quality if label else int(rng.choice(qualities))
            if quality is None:
                picture.save(file, "PNG")
            else:
                chroma = str(rng.choice(SUBSAMPLINGS))
                picture.save(file, "JPEG", quality=quality, subsampling=chroma)
            made.append((label, file.getvalue()))
    return made


def photograph(rng: np.random.Generator, bank: np.ndarray, height: int, width: int) -> Picture:
    """Tiles side by side, cut at a random place, so that their seams lie on no grid of blocks."""
    down, across = height // 64 + 2, width // 64 + 2
    tiles = bank[rng.integers(0, len(bank), (down, across))]
    whole = tiles.transpose(0, 2, 1, 3, 4).reshape(down * 64, across * 64, 3)
    top, left = rng.integers(0, 64, 2)
    return np.ascontiguousarray(whole[top : top + height, left : left + width])


def equalised(made: list[tuple[int, bytes]], equalise: str) -> Rows:
    """The images as a detector is given them, those left out left out."""
    facts = [facts_of(content, "") for _, content in made]
    tables = [
        pa.table(
            {
                name: [
                    getattr(f, name)
                    for f, (own, _) in zip(facts, made, strict=True)
                    if own == label
                ]
                for name in ("image_id", "width", "height", "format", "jpeg_tables", "subsampling")
            }
        )
        for label in (0, 1)
    ]
    smallest = 0
    if equalise == "match":
        found = formed([tables[0]], [tables[1]])
        smallest = found.table_list.size_px or 0
        equalise = f'match(tables="{remember(found.table_list)}")'
    view = view_of.__wrapped__(equalise)
    rows = []
    for label, content in made:
        image = decoded(content, "")
        if sizes.inner_px(min(image.shape[:2])) >= smallest:
            image_id = image_id_of(content)
            rows.append((image_id, label, view(image, image_id, label)))
    return rows


def luma(image_HWC: Picture) -> np.ndarray:
    return image_HWC @ np.array([0.299, 0.587, 0.114])


def blockiness(image_HWC: Picture) -> np.ndarray:
    """Mean step between neighbours at each place modulo 8 (chroma: 16), beside their mean."""
    features = []
    blue = image_HWC[:, :, 2] - luma(image_HWC)
    for plane, period in ((luma(image_HWC), 8), (blue, 16)):
        for steps in (
            np.abs(np.diff(plane, axis=1)).mean(axis=0),
            np.abs(np.diff(plane, axis=0)).mean(axis=1),
        ):
            by_place = [steps[place::period].mean() for place in range(period)]
            features += list(np.array(by_place) / (np.mean(by_place) + 1e-6))
    return np.array(features)


def dct_lattice(image_HWC: Picture) -> np.ndarray:
    """How near coefficients lie to multiples of each step, and how many are zero, by frequency."""
    plane = luma(image_HWC) - 128
    height, width = (length // 8 * 8 for length in plane.shape)
    blocks = plane[:height, :width].reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3)
    coefficients = dctn(blocks, axes=(2, 3), norm="ortho")
    features = []
    for u, v in FREQUENCIES:
        values = coefficients[:, :, u, v].ravel()
        features += list(np.cos(2 * np.pi * values[:, None] / STEPS).mean(axis=0))
        features.append((np.abs(values) < 0.5).mean())
    return np.array(features)


def edges(image_HWC: Picture) -> np.ndarray:
    """Mean step of blue chroma at the outermost columns and rows, and at one place inside."""
    blue = image_HWC[:, :, 2] - luma(image_HWC)
    return np.array(
        [
            np.abs(plane[:, place + 1] - plane[:, place]).mean()
            for plane in (blue, blue.T)
            for place in (0, 32, plane.shape[1] - 2)
        ]
    )


def size(image_HWC: Picture) -> np.ndarray:
    return np.array(image_HWC.shape[:2])


def auc(rows: Rows, statistic, classifier) -> float:
    """Cross-validated over images; a coin gives 0.5."""
    labels = np.array([label for _, label, _ in rows])
    features = np.array([statistic(image) for *_, image in rows])
    order = np.random.default_rng(0).permutation(len(rows))
    scores = cross_val_predict(
        classifier, features[order], labels[order], cv=5, method="predict_proba"
    )[:, 1]
    return roc_auc_score(labels[order], scores)


def measured(name: str, rows: Rows) -> None:
    linear = make_pipeline(StandardScaler(), LogisticRegression(C=0.05, max_iter=3000))
    columns = [auc(rows, statistic, linear) for statistic in (blockiness, dct_lattice, edges)]
    columns.append(auc(rows, size, HistGradientBoostingClassifier()))
    values = "".join(f"{value:>11.3f}" for value in columns)
    print(f"{name:44}{values}{len(rows):>8,}", flush=True)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    heads = ("blockiness", "DCT", "edges", "size")
    print(f"{'':44}{''.join(f'{head:>11}' for head in heads)}{'images':>8}")
    mixed = files(count, QUALITIES, None)
    for equalise in ("none", "recompress(96)", "match"):
        measured(f"reals of mixed tables, {equalise}", equalised(mixed, equalise))
    with patch.object(equalisations, "MCU_PX", 3):
        measured("  match with crops off the grid of blocks", equalised(mixed, "match"))
    with patch.object(sizes, "BORDER_PX", 0), patch.object(equalisations, "BORDER_PX", 0):
        measured("  match without a border", equalised(mixed, "match"))
    for quality in (75, 85, 90):
        made = files(count, (quality,), None)
        for equalise in ("recompress(96)", "match"):
            measured(f"reals of quality {quality}, {equalise}", equalised(made, equalise))
    twice = files(count, QUALITIES, 90)
    measured("fakes JPEG of quality 90 already, match", equalised(twice, "match"))
    print(f"standard error of 0.5: {1 / np.sqrt(6 * count):.3f}")


if __name__ == "__main__":
    main()
