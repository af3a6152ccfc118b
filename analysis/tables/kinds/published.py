"""Ours beside the published numbers that the experiment's file names, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analysis.comparing.evidence import Evidence
from analysis.measuring.metric_registry import find_metric
from analysis.tables.over_seeds import SEEDS_NOTE
from analysis.tables.published_comparison import BesidePublished, beside_published, summary
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, TableKind
from analysis.tables.written import MISSING


def _make(evidence: Evidence, asked: Asked) -> Iterator[Table]:
    record = evidence.experiment["published"]
    found = beside_published(evidence)
    if not record or not found:
        return
    notes = tuple(dict.fromkeys(each.note for each in found if each.note))
    yield Table(
        name="published",
        title=f"Ours beside {record['source']}",
        heads=(
            *("detector", "trained on", "tested on", "metric"),
            *("published", "ours", "deviation", "interval holds it", "not as the paper's"),
        ),
        rows=tuple(_row(each) for each in found),
        notes=(
            summary(found, record["source"]),
            "Deviation: ours minus published, in points. Published numbers come without an "
            "interval and often from one run, so that being outside ours alone is no proof.",
            *_images(found),
            SEEDS_NOTE,
            *((record["note"],) if record["note"] else ()),
            *notes,
        ),
    )


def _images(found: Sequence[BesidePublished]) -> list[str]:
    """Say how many images ours are of; published tables do not."""
    counts = sorted({n for each in found for n in each.images})
    if not counts:
        return []
    said = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return [
        f"Ours are of {said} images, real and fake, in each test set; of how many the published "
        "ones are, the table does not say."
    ]


def _row(each: BesidePublished) -> tuple[TableCell, ...]:
    views = [view for view in (each.degradation, each.equalise) if view != "none"]
    metric = ", ".join([find_metric(each.metric).title, *views])
    low, high = each.interval or (None, None)
    deviation = each.deviation
    return (
        TableCell(text=each.detector),
        TableCell(text=each.train),
        TableCell(text=f"{each.test_set}, mean" if each.is_mean else each.test_set),
        TableCell(text=metric),
        TableCell(value=each.published),
        TableCell(text=MISSING)
        if each.ours is None
        else TableCell(value=each.ours.mean, sd=each.ours.sd, low=low, high=high),
        TableCell(text=MISSING) if deviation is None else TableCell(value=deviation),
        TableCell(text={None: MISSING, True: "yes", False: "no"}[each.is_covered]),
        TableCell(text="; ".join(each.hindrances)),
    )


TABLE = TableKind(
    title="ours beside the published numbers that the file names",
    needs="`published:` in the experiment's file",
    make=_make,
)
