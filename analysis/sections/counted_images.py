"""Which images count: those seen in training, left out, without a logit, or not trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import Matrix, SeedCell
from analysis.measuring.cell_measures import Measured
from analysis.page.cell_lines import entries_in_words, lines_of_cells, of_seed
from analysis.page.section import Caution, Placed, Section, nothing
from grid.records.pools.manifests import read_pool
from grid.records.proven.checksums import CorruptRecord
from grid.store.base import Store
from grid.store.errors import StoreMissing

FEWEST_IMAGES = 20
NAMES_SHOWN = 3


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    if evidence.experiment["leakage"] == "allow":
        yield from _seen(evidence.matrices)
    else:
        yield from _left_out(evidence.matrices)
    yield from _unreadable(evidence.matrices)
    yield from _untrained(evidence)


def _seen(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    lines = lines_of_cells(
        matrices, lambda cell: cell.measured is not None and cell.measured.counts.n_seen > 0
    )
    if lines:
        yield Caution(
            "seen",
            "Test images that a fit was trained or validated on are counted (leakage: allow), "
            "which flatters it.",
            tuple(lines),
        )


def _left_out(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    lines = []
    for matrix, on, entry in entries_in_words(matrices):
        cells = [_counts_left_out(cell) for cell in entry.cells if _leaves_too_few(cell)]
        if cells:
            lines.append(f"{matrix.title}, {on}: {'; '.join(cells)}")
    if lines:
        yield Caution(
            "left_out",
            "Few images remain: more than half of a side was left out because the fit was trained "
            f"or validated on these images, or fewer than {FEWEST_IMAGES} are left on a side.",
            tuple(lines),
        )


def _leaves_too_few(cell: SeedCell) -> bool:
    return cell.measured is not None and any(
        out and (out > left or left < FEWEST_IMAGES) for out, left in _sides(cell.measured)
    )


def _counts_left_out(cell: SeedCell) -> str:
    if cell.measured is None:
        return "missing"
    (real_out, real), (fake_out, fake) = _sides(cell.measured)
    return f"{real_out} real and {fake_out} fake left out, {real} and {fake} remain{of_seed(cell)}"


def _sides(measured: Measured) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the images left out as seen, and those that remain, of the reals and of the fakes."""
    counts = measured.counts
    fake_out = counts.n_seen_fake
    return (counts.n_seen - fake_out, counts.n_real), (fake_out, counts.n_fake)


def _unreadable(matrices: Sequence[Matrix]) -> Iterator[Caution]:
    lines = []
    for matrix in matrices:
        for n, column in enumerate(matrix.columns):
            counts = [e.count("n_null") for row in matrix.entries if (e := row[n]) is not None]
            told = [count for count in counts if count not in ("", "0")]
            if told:
                lines.append(f"{matrix.title} on {column.label}: {told[0]}")
    if lines:
        yield Caution(
            "unreadable",
            "Images without a logit are left out: they could not be read, or have no score.",
            tuple(lines),
        )


def _untrained(evidence: Evidence) -> Iterator[Caution]:
    """Warn of images that trainings left out, by pool, the first ones by name."""
    by_pool: dict[str, list[str]] = {}
    for image in evidence.experiment.get("undecodable", ()):
        by_pool.setdefault(image["pool_id"], []).append(image["image_id"])
    lines = []
    for pool_id, image_ids in by_pool.items():
        pool = evidence.selection.pools[pool_id]
        names = ", ".join(_names(evidence.selection.store, pool_id, image_ids[:NAMES_SHOWN]))
        more = f" and {len(image_ids) - NAMES_SHOWN:,} more" if len(image_ids) > NAMES_SHOWN else ""
        where = f"{pool['dataset']}/{pool['source']} ({pool['split']})"
        lines.append(f"{where}: {len(image_ids):,} of {pool['n']:,}: {names}{more}")
    if lines:
        yield Caution(
            "untrained",
            "Images that do not decode are left out of training and validation (unreadable: "
            "leave_out).",
            tuple(lines),
        )


def _names(store: Store, pool_id: str, image_ids: Sequence[str]) -> list[str]:
    """Return the paths of some images; ids where the manifest is not there or damaged."""
    try:
        table = read_pool(store, pool_id, ["image_id", "path"])
    except (StoreMissing, CorruptRecord):
        return list(image_ids)
    paths = dict(zip(table["image_id"].to_pylist(), table["path"].to_pylist(), strict=True))
    return [paths.get(image_id, image_id) for image_id in image_ids]


SECTION = Section(find=nothing, cautions=Placed(70, _cautions))
