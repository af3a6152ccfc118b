"""Curves against a number: its levels, in order, of the same cells at each."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_matrices import made_matrix

from analysis.comparing.evidence import Evidence
from analysis.figures.drawn import robustness, sweep
from analysis.figures.levels import degradation_ladders, is_other, is_own, sweeps
from analysis.figures.training_sizes import training_sizes


def degraded(text, value=0.8, **settings):
    title = f"npr, {text}"
    values = {"progan": {"progan": [value + 0.1], "adm": [value]}}
    return made_matrix(values, title, degradation=text, **settings)


def levels_of(*texts):
    ladders = degradation_ladders([degraded(text) for text in texts])
    return {each.axis: [level.text for level in each.levels] for each in ladders}


def test_degradations_go_from_the_mildest_down():
    found = levels_of("none", "jpeg(50)", "blur(2.5)", "jpeg(90)", "blur(1)", "resize(factor=0.5)")
    assert found == {
        "jpeg(#)": ["none", "90", "50"],
        "blur(#)": ["none", "1", "2.5"],
        "resize(factor=#)": ["none", "0.5"],
    }


def test_of_chains_one_number_may_differ():
    chains = [f"crop(0.8) | resize(200) | jpeg({q})" for q in (65, 100, 85)]
    assert levels_of("none", *chains) == {
        "crop(0.8) | resize(200) | jpeg(#)": ["none", "100", "85", "65"]
    }
    assert levels_of("none", "crop(0.8) | jpeg(65)", "crop(0.5) | jpeg(100)") == {}
    assert levels_of("jpeg(50, subsampling='4:4:4')", "jpeg(90, subsampling='4:4:4')") == {
        "jpeg(#, subsampling='4:4:4')": ["90", "50"]
    }


@settings(max_examples=20)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=5, unique=True))
def test_any_qualities_are_one_ladder(qualities):
    texts = [f"webp({quality})" for quality in qualities]
    expected = [str(q) for q in sorted(qualities, reverse=True)]
    assert levels_of("none", *texts) == {"webp(#)": ["none", *expected]}


def test_arms_are_ladders_of_their_own():
    both = [degraded(t, recipe=r) for t in ("none", "blur(1)") for r in ("short", "long")]
    assert len(degradation_ladders(both)) == 2


def test_a_mean_is_over_the_cells_that_all_levels_have():
    def at(factor, adm):
        values = {
            "progan": {"progan": [0.9, 0.9], "adm": adm, "sd14": [0.6, 0.7]},
            "stylegan": {"adm": [0.5, 0.5]},
        }
        return made_matrix(values, f"npr, factor={factor}", **{"npr.factor": factor})

    three = [at("0.5", [0.8, 0.8]), at("0.25", [0.2, None]), at("1", [0.4, 0.6])]
    [ladder] = sweeps(three)
    assert [level.value for level in ladder.levels] == [0.25, 0.5, 1]
    # Without ADM by ProGAN, of which a seed is missing at one level: .6/.7 of SD and .5/.5 of ADM.
    found = ladder.means("auc", is_other)
    assert [spread.values for spread in found] == [pytest.approx((0.55, 0.6))] * 3
    assert [spread.mean for spread in ladder.means("auc", is_own)] == [0.9] * 3


def test_words_and_two_numbers_are_no_sweep():
    made = [
        made_matrix({"progan": {"adm": [0.5]}}, f"m{n}", recipe=word, **{"npr.factor": factor})
        for n, (word, factor) in enumerate([("a", "0.5"), ("b", "0.5"), ("a", "0.25")])
    ]
    assert sweeps(made) == []


def test_the_curves_are_the_means(evidence):
    main = [m for m in evidence.matrices if m.settings["degradation"] == "none"]
    [picture] = sweep.FIGURE.pictures(evidence)
    drawn = {line.get_label(): line for line in picture.canvas.axes[0].get_lines()}
    npr = [m for m in main if m.settings["detector"] == "npr"]
    np.testing.assert_allclose(drawn["trained on it"].get_xdata(), [0.25, 0.5, 0.75])
    own = [m.mean("auc", ["trained"]).mean for m in npr]
    np.testing.assert_allclose(drawn["trained on it"].get_ydata(), own)
    gan = [
        np.mean(
            [
                entry.spread("auc").mean
                for row in m.entries
                for column, entry in zip(m.columns, row, strict=True)
                if column.family == "gan" and entry.relation in ("family", "other")
            ]
        )
        for m in npr
    ]
    np.testing.assert_allclose(drawn["gan"].get_ydata(), gan)


def test_robustness_curves_are_the_means(evidence):
    [picture] = robustness.FIGURE.pictures(evidence)
    assert picture.name == "robustness"
    own, others = picture.canvas.axes
    assert [t.get_text() for t in own.get_xticklabels()] == ["none", "90", "50"]
    by_setting = {(m.settings["detector"], m.settings["degradation"]): m for m in evidence.matrices}
    levels = [by_setting["simple_cnn", text] for text in ("none", "jpeg(90)", "jpeg(50)")]
    for axes, relations in ((own, ["trained"]), (others, ["family", "other"])):
        drawn = {line.get_label(): line for line in axes.get_lines()}["simple_cnn"]
        expected = [matrix.mean("auc", relations).mean for matrix in levels]
        np.testing.assert_allclose(drawn.get_ydata(), expected)


def test_sizes_of_one_training_set_are_a_ladder():
    sizes = {"progan": 100, "progan,total=300": 300, "progan,total=1000": 1000, "adm": 5}
    made = made_matrix({row: {"sd14": [0.5 + n / 1e4]} for row, n in sizes.items()})
    fits = {
        f"{row}-s0": {"train": {"generators": [row.split(",")[0]], "n": n}}
        for row, n in sizes.items()
    }
    [ladder] = training_sizes([made], fits)
    assert [level.text for level in ladder.levels] == ["100", "300", "1,000"]
    assert ladder.title == "npr, on progan"
    means = ladder.means("auc", lambda each: True)
    assert [spread.mean for spread in means] == pytest.approx([0.51, 0.53, 0.6])


def test_nothing_to_sweep_draws_nothing():
    one = Evidence(
        selection=SimpleNamespace(fits_of=lambda _: {"progan-s0": {"train": None}}),
        experiment=None,
        matrices=(made_matrix({"progan": {"adm": [0.5]}}),),
    )
    assert sweep.FIGURE.pictures(one) == ()
    assert robustness.FIGURE.pictures(one) == ()
