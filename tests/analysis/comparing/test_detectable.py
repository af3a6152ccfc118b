"""What a design finds, equality to within a margin, pairs of the same networks, images at 0."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.comparing.blocks import Block
from analysis.comparing.claim_tests import answered
from analysis.comparing.detectable import detectable_of, equivalence_of
from analysis.comparing.image_tests import accuracy_placements
from analysis.comparing.question import Question
from analysis.statistics.equivalence import tost
from analysis.statistics.generator_tests import paired_t as over_generators
from analysis.statistics.generator_tests import sign_flip
from analysis.statistics.power import detectable
from analysis.statistics.seed_tests import paired_t, welch_t
from analysis.statistics.student_t import VariancePart
from analysis.statistics.two_component import two_component_t

RANDOM = np.random.default_rng(3)
SEEDS = 0.05 * RANDOM.standard_normal((5, 1, 1))  # what a seed does to A and B alike
A = 0.8 + SEEDS + 0.01 * RANDOM.standard_normal((5, 1, 7))
B = 0.79 + SEEDS + 0.01 * RANDOM.standard_normal((5, 1, 7))
BLOCK = Block(
    a_STG=A,
    b_STG=B,
    seeds_a=(0, 1, 2, 3, 4),
    seeds_b=(0, 1, 2, 3, 4),
    trained=("photos",),
    generators=tuple("abcdefg"),
    families=("gan",) * 7,
    groups=tuple("abcdefg"),
    entries=(),
    diagonal="out",
)


def part(values):
    return VariancePart(np.var(values, ddof=1) / len(values), len(values) - 1)


def test_the_smallest_difference_is_that_of_the_planner():
    headline = two_component_t(A[:, 0], B[:, 0])
    parts = [part((A - B).mean((0, 1))), part(A.mean((1, 2))), part(B.mean((1, 2)))]
    assert detectable_of(headline, BLOCK) == pytest.approx(detectable(parts), rel=1e-6)
    over_units = detectable_of(sign_flip(BLOCK.differences), BLOCK)
    assert over_units == pytest.approx(detectable(parts[:1]), rel=1e-6)


@pytest.mark.parametrize("turned", [1, -1])
def test_equality_is_the_two_one_sided_tests_of_the_headlines_own_error(turned):
    differences = [turned * each for each in BLOCK.differences]
    expected = tost(differences, 0.012)
    found = equivalence_of(over_generators(differences), 0.012)
    assert (found.p, found.low, found.high) == pytest.approx(
        (expected.p, expected.low, expected.high)
    )
    assert found.p < equivalence_of(over_generators(differences), 0.008).p
    assert equivalence_of(sign_flip(differences), 0.01) is None  # it has no standard error


@pytest.mark.parametrize(
    ("claim", "paired", "unpaired"),
    [
        (
            "this procedure on these generators",
            paired_t(list(A.mean((1, 2))), list(B.mean((1, 2)))),
            welch_t(list(A.mean((1, 2))), list(B.mean((1, 2)))),
        ),
        (
            "this procedure on new generators",
            two_component_t((A - B)[:, 0], np.zeros((5, 7))),
            two_component_t(A[:, 0], B[:, 0]),
        ),
    ],
)
def test_seeds_are_pairs_only_where_they_are_the_same_networks(claim, paired, unpaired):
    question = Question(key="degradation", levels=("a", "b"), claim=claim)
    of_two = answered(question, BLOCK, list).headline
    of_same = answered(question, replace(BLOCK, is_same_fits=True), list).headline
    assert of_two.p == pytest.approx(unpaired.p)
    assert of_same.p == pytest.approx(paired.p)
    assert of_same.p < of_two.p


def test_an_image_at_0_is_called_real_and_classes_weigh_as_they_are_asked_to():
    real, fake = np.array([-1.0, 0, 1, -2]), np.array([0.0, 1])
    whole = accuracy_placements(real, fake, balanced=False)
    assert whole.auc == pytest.approx((3 + 1) / 6)
    halves = accuracy_placements(real, fake, balanced=True)
    assert halves.auc == pytest.approx((3 / 4 + 1 / 2) / 2)
    for placed in (whole, halves):
        assert placed.of_real.mean() + placed.of_fake.mean() == pytest.approx(placed.auc)
