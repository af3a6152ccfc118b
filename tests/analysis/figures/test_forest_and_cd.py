"""Forest plots show findings as they are; CD diagrams join what Nemenyi's test does not part."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_matrices import made_matrix

from analysis.comparing.evidence import Evidence
from analysis.comparing.finding import Difference, Finding
from analysis.figures.drawn import cd, forest
from analysis.statistics.effect import Effect
from analysis.statistics.friedman import critical_difference, friedman

EFFECT = Effect(method="sign-flip", value=0.03, low=0.01, high=0.05, p=0.03, units="3 generators")
DIFFERENCES = (
    Difference(name="adm", family="diffusion", a=0.9, b=0.84, low=0.02, high=0.1),
    Difference(name="progan", family="gan", a=0.9, b=0.91),
    Difference(name="biggan", family="gan", a=0.95, b=0.91),
)


def finding(**changed):
    given = {
        "key": "k",
        "question": "Is it better?",
        "a": "npr",
        "b": "simple_cnn",
        "metric": "auc",
        "scope": "macro",
        "claim": "these files on new generators",
        "headline": EFFECT,
        "refusal": None,
        "differences": DIFFERENCES,
    }
    return Finding(**{**given, **changed})


def drawn(*findings):
    return forest.FIGURE.pictures(Evidence(None, None, (), findings))


def test_a_forest_plot_has_the_differences_in_points():
    [picture] = drawn(finding())
    axes = picture.canvas.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["adm", "biggan", "progan", "all"]  # a family together, the largest first
    squares = {
        names[int(line.get_ydata()[0])]: float(line.get_xdata()[0])
        for line in axes.get_lines()
        if line.get_marker() == "s"
    }
    assert squares == pytest.approx({"adm": 6, "biggan": 4, "progan": -1})
    [bar] = [ln for ln in axes.get_lines() if list(ln.get_xdata()) == pytest.approx([2, 10])]
    assert bar.get_color() != "#000000"
    [diamond] = axes.patches
    assert diamond.get_xy()[:, 0].min() == pytest.approx(1)
    assert diamond.get_xy()[:, 0].max() == pytest.approx(5)
    assert axes.get_xlim() == (-20, 20)
    assert "+3.0 points, 95 % CI [+1.0, +5.0] (sign-flip; 3 generators)" in picture.caption
    assert "-1.0 points on progan to +6.0 on adm" in picture.alternative


def test_a_refused_test_is_no_diamond():
    [picture] = drawn(finding(headline=None, refusal="One seed. Train five."))
    axes = picture.canvas.axes[0]
    assert not axes.patches
    assert "no test" in [text.get_text() for text in axes.texts]
    assert "One seed. Train five." in picture.caption


def test_families_held_against_each_other_are_named():
    [picture] = drawn(finding(a="npr minus simple_cnn on gan", b="on diffusion"))
    axes = picture.canvas.axes[0]
    assert axes.get_yticklabels()[-1].get_text() == "gan less diffusion"
    assert "Diamond, gan less diffusion: +3.0" in picture.caption
    assert axes.get_title(loc="left") == "npr\nminus simple_cnn"


def test_findings_without_differences_are_not_drawn():
    assert drawn(finding(differences=())) == ()
    names = [each.name for each in drawn(finding(), finding(key="other"))]
    assert names == ["forest-npr-minus-simple-cnn", "forest-npr-minus-simple-cnn-2"]


ARMS = {"a": 0.9, "b": 0.8, "c": 0.7}
TESTED = ("adm", "stylegan", "biggan", "sd14")


def arms(**changed):
    made = []
    for n, (title, level) in enumerate(ARMS.items()):
        values = {
            "progan": {"progan": [1 - level], **{t: [level - k / 50] for k, t in enumerate(TESTED)}}
        }
        values["progan"].update(changed.get(title, {}))
        made.append(made_matrix(values, title, number=str(n)))
    return made


def test_ranks_are_of_generators_that_are_new():
    """By the trained generator the order would be the reverse."""
    ranked = cd.ranked_arms(arms(), "auc")
    assert ranked.ranks == [("a", 1), ("b", 2), ("c", 3)]
    assert ranked.result.n == 4
    assert ranked.critical == pytest.approx(critical_difference(3, 4))
    [picture] = cd.FIGURE.pictures(Evidence(None, None, tuple(arms())))
    assert "a 1.00, b 2.00, c 3.00" in picture.alternative


def test_blocks_are_complete():
    ranked = cd.ranked_arms(arms(b={"sd14": [0.8, None]}), "auc")  # of two seeds one is missing
    assert ranked.result.n == 3
    assert cd.ranked_arms(arms()[:2], "auc") is None
    assert cd.ranked_arms(arms(b={name: [None] for name in TESTED}), "auc") is None


@settings(max_examples=30)
@given(st.lists(st.integers(0, 6), min_size=3, max_size=8), st.integers(1, 5))
def test_cliques_join_all_pairs_that_are_near_and_no_others(steps, critical):
    count = len(steps)
    result = friedman(np.eye(count) + np.arange(count), [str(n) for n in range(count)])
    positions = np.cumsum([0.5, *steps[1:]])
    result.mean_ranks.update({str(n): float(x) for n, x in enumerate(positions)})
    cliques = cd.RankedArms(result, critical).cliques()
    for x, y in combinations(positions, 2):
        joined = any(low <= x and y <= high for low, high in cliques)
        assert joined == (y - x < critical) or (x == y and not cliques)
    for one, other in combinations(cliques, 2):
        assert not (one[0] <= other[0] and other[1] <= one[1])
