"""Tests whose unit is the image: is one trained file better than another on these test sets?

Test sets are never pooled: the difference is the mean of each set's own (macro), and an image that
stands in several of them, as shared photographs do, counts as one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import numpy.typing as npt

from analysis.comparing.blocks import Block
from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.image_scores import CommonScores, ImageScores
from analysis.measuring.metric_registry import Metric
from analysis.statistics.delong import PairedSet, Placements, clustered, placements
from analysis.statistics.effect import Effect, NotTestable
from analysis.statistics.mcnemar import mcnemar

Logits = npt.NDArray[np.float32]
_BALANCED = ("balanced_accuracy",)
_RIGHT_AT_0 = ("accuracy", *_BALANCED)


_PlacedBy = Callable[[Logits, Logits], Placements]


def image_test(block: Block, metric: Metric, scores: ImageScores) -> list[Effect]:
    """Return the tests over images of A minus B, the one to be told first.

    Of several seeds those that both sides have are taken, seed by seed; the result is a mean over
    these files.

    Raises:
        NotTestable: this metric has no test over images of several test sets, or images are few.
        Unanswerable: score files cannot be used.
    """
    pairs = [scores.common(both) for entry in block.entries for both in _files(entry.a, entry.b)]
    if not pairs:
        raise NotTestable(
            "no file of A has the seed of a file of B", "train both with the same seeds"
        )
    if metric.name == "auc":
        return [clustered([_set_of(pair, placements) for pair in pairs])]
    if metric.name in _RIGHT_AT_0:
        made = []
        if len(pairs) == 1 and metric.name not in _BALANCED:
            made = [_mcnemar(pairs[0], exact=exact) for exact in (False, True)]
        weigh = partial(accuracy_placements, balanced=metric.name in _BALANCED)
        over_sets = clustered([_set_of(pair, weigh) for pair in pairs])
        name = over_sets.method.replace("DeLong, images as clusters", "z, images as clusters")
        return [*made, replace(over_sets, method=name.replace("paired DeLong", "paired z"))]
    if len(pairs) == 1:
        from analysis.statistics.bootstrap import paired_bootstrap

        [pair] = pairs
        return [
            paired_bootstrap(
                metric.compute,
                *(pair.real_FN[0], pair.fake_FN[0], pair.real_FN[1], pair.fake_FN[1]),
            )
        ]
    raise NotTestable(
        f"{metric.title} over several test sets or seeds has no test over images here",
        "ask for one test set and seed with `where`, or for AUC or accuracy",
    )


def _files(
    a: Sequence[ComparedCell], b: Sequence[ComparedCell]
) -> list[tuple[ComparedCell, ComparedCell]]:
    """Pair the files of both sides: by seed; one file each need no common one."""
    if len(a) == len(b) == 1:
        return [(a[0], b[0])]
    of_b = {cell.seed: cell for cell in b}
    return [(cell, of_b[cell.seed]) for cell in a if cell.seed in of_b]


def _set_of(pair: CommonScores, placed_by: _PlacedBy) -> PairedSet:
    a, b = (placed_by(pair.real_FN[side], pair.fake_FN[side]) for side in (0, 1))
    return PairedSet(pair.real_ids_N, pair.fake_ids_N, a, b)


def accuracy_placements(real: Logits, fake: Logits, *, balanced: bool) -> Placements:
    """Return accuracy at a logit of 0 as a sum of two means, one per class, for `clustered`.

    Args:
        real: logits of reals; at 0 an image is called real.
        fake: logits of fakes.
        balanced: both classes weigh alike; else each as it has images.

    Raises:
        NotTestable: a class has fewer than 2 images.
    """
    share_of_real = 0.5 if balanced else len(real) / (len(real) + len(fake))
    if min(len(real), len(fake)) < 2:
        raise NotTestable("a class has fewer than 2 images", "test on more")
    right_real = (real <= 0).astype(np.float64) * share_of_real
    right_fake = (fake > 0).astype(np.float64) * (1 - share_of_real)
    share = float(right_real.mean() + right_fake.mean())
    return Placements(share, right_fake, right_real)


def _mcnemar(pair: CommonScores, *, exact: bool) -> Effect:
    right_F = [np.concatenate([pair.real_FN[side] <= 0, pair.fake_FN[side] > 0]) for side in (0, 1)]
    a, b = right_F
    return mcnemar(int(np.sum(a & ~b)), int(np.sum(b & ~a)), len(a), exact=exact)
