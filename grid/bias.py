"""Labels that can be read from a file's header: the field's classic mistake, refused unstated."""

from __future__ import annotations

from collections import Counter

from grid.catalog import FAKE, REAL, Source
from grid.refusal import Problem

# Half of all images can be sorted by this one fact alone: far above what chance does to pools of
# a few dozen images, far below the 1.0 of "reals are JPEG, fakes are PNG".
ONE_SIDED = 0.5


def one_sided(source: Source) -> list[Problem]:
    """Return a problem for each header fact (format, size) that tells fakes from reals.

    The measure is the total variation distance between the two classes' shares: 0 when both
    classes look alike, 1 when the fact alone decides the label.
    """
    problems = []
    for fact, columns in (("format", ("format",)), ("size", ("width", "height"))):
        shares = [_shares(source, label, columns) for label in (REAL, FAKE)]
        if not all(shares):
            continue
        reals, fakes = shares
        distance = sum(abs(reals[k] - fakes[k]) for k in {*reals, *fakes}) / 2
        if distance > ONE_SIDED:
            problems.append(
                Problem(
                    what=f"{source.name}: {fact} x label is one-sided",
                    why=f"reals are {_words(reals)}, fakes are {_words(fakes)}, so a detector can "
                    f"read the label from the {fact} alone and the numbers would mean nothing",
                    mend="Prepare both classes alike, or accept it in writing with "
                    "`equalise: none` in the file",
                )
            )
    return problems


def _shares(source: Source, label: int, columns: tuple[str, ...]) -> Counter[tuple[object, ...]]:
    """Share of each value among the images of one label."""
    counts: Counter[tuple[object, ...]] = Counter()
    for pool in source.of_label(label):
        counts.update(zip(*(pool.table[c].to_pylist() for c in columns), strict=True))
    total = counts.total()
    return Counter({k: n / total for k, n in counts.items()})


def _words(shares: Counter[tuple[object, ...]]) -> str:
    top = shares.most_common(3)
    listed = ", ".join(f"{'x'.join(map(str, value))} {share:.0%}" for value, share in top)
    return listed + (f" and {len(shares) - 3} others" if len(shares) > 3 else "")
