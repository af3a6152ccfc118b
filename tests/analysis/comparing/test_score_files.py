"""Two score files without a store: pairs by image, and every mistake in them named."""

import numpy as np
import pytest
from stat_cases import expected, rows_of

from analysis.comparing import score_files
from analysis.comparing.score_files import compared_files
from analysis.comparing.score_table import read_score_table
from analysis.statistics.delong import paired, unpaired
from analysis.statistics.mcnemar import mcnemar
from grid.refusal import Refused

RANDOM = np.random.default_rng(0)
LABELS = ["fake" if n % 3 else "real" for n in range(60)]
# Rounded to one digit, so that scores tie within and between the classes.
SCORES = {
    name: np.round([skill * (label == "fake") - 1 + RANDOM.normal() for label in LABELS], 1)
    for name, skill in (("a", 1.5), ("b", 0.7))
}


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    monkeypatch.setattr(score_files, "DRAWS", 20)
    monkeypatch.setattr(score_files, "FEWEST_DRAWS", 20)


def written(tmp_path, name, rows, head="image,label,score"):
    path = tmp_path / f"{name}.csv"
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def rows(name, images=range(60), labels=None):
    labels = labels or LABELS
    return [(f"i{n:02d}", labels[n], SCORES[name][n]) for n in images]


def tables(tmp_path, a, b):
    return [read_score_table(written(tmp_path, *each)) for each in (("A", a), ("B", b))]


def split(name, images=range(60)):
    """Scores of the reals and of the fakes, in the order of the images."""
    found = [(LABELS[n], SCORES[name][n]) for n in images]
    return [np.array([s for label, s in found if label == kind]) for kind in ("real", "fake")]


def test_images_of_both_files_are_pairs_whatever_their_order(tmp_path):
    a, b = tables(tmp_path, rows("a"), rows("b", reversed(range(60))))
    found = compared_files(a, b)
    expected = paired(*split("a"), *split("b"))
    assert (found.headline.value, found.headline.p) == pytest.approx((expected.value, expected.p))
    right_a, right_b = (np.concatenate([split(name)[0] <= 0, split(name)[1] > 0]) for name in "ab")
    only = int(np.sum(right_a & ~right_b)), int(np.sum(right_b & ~right_a))
    mid_p, exact, precision = found.others
    assert mid_p.value == exact.value == pytest.approx(right_a.mean() - right_b.mean())
    assert mid_p.p == pytest.approx(mcnemar(*only, 60).p)
    assert exact.p == pytest.approx(mcnemar(*only, 60, exact=True).p)
    assert precision.method.startswith("average precision: paired stratified bootstrap")
    assert "On 60 images, 40 of them fake, that both files score" in found.sentence
    assert "not about training procedures" in found.sentence


def test_an_image_at_the_threshold_is_called_real(tmp_path):
    at_it = [("x", "real", 0), ("y", "fake", 0), ("z", "real", -1), ("w", "fake", 1)]
    above = [("x", "real", 1), ("y", "fake", 1), ("z", "real", -1), ("w", "fake", 1)]
    found = compared_files(*tables(tmp_path, at_it, above))
    assert found.others[0].value == 0  # A alone gets x right, B alone y
    assert found.others[0].units.startswith("4 images, 2 of them")


def test_images_of_one_file_are_left_out_and_counted(tmp_path):
    a, b = tables(tmp_path, rows("a"), rows("b", range(12, 60)))
    found = compared_files(a, b)
    shared = range(12, 60)
    assert found.headline.p == pytest.approx(paired(*split("a", shared), *split("b", shared)).p)
    assert found.notes[0] == "12 images of A.csv are not in B.csv and are left out."


def test_files_without_a_shared_image_are_unpaired(tmp_path):
    first, second = range(30), range(30, 60)
    a, b = tables(tmp_path, rows("a", first), rows("b", second))
    found = compared_files(a, b)
    assert found.headline.p == pytest.approx(unpaired(*split("a", first), *split("b", second)).p)
    assert found.headline.df is not None
    assert "share no image" in found.notes[0]
    [accuracy] = found.others
    right = [
        np.concatenate([split(*e)[0] <= 0, split(*e)[1] > 0]) for e in (("a", first), ("b", second))
    ]
    assert accuracy.value == pytest.approx(right[0].mean() - right[1].mean())
    same = compared_files(*tables(tmp_path, rows("a"), rows("b")), as_unpaired=True)
    assert same.headline.p == pytest.approx(unpaired(*split("a"), *split("b")).p)
    assert "a paired test is the right one" in " ".join(same.warnings[0].split())


@pytest.mark.parametrize(
    ("real", "fake", "positive"),
    [("0", "1", None), ("Real", "FAKE", None), ("Good", "Poor", "Poor")],
)
def test_labels_may_be_words(tmp_path, real, fake, positive):
    labels = [fake if label == "fake" else real for label in LABELS]
    a, b = tables(tmp_path, rows("a", labels=labels), rows("b", labels=labels))
    found = compared_files(a, b, positive=positive)
    assert found.headline.value == pytest.approx(paired(*split("a"), *split("b")).value)
    if positive:
        turned = compared_files(a, b, positive=real)
        assert turned.headline.value == pytest.approx(-found.headline.value)
        with pytest.raises(Refused, match="--positive"):
            compared_files(a, b)
        with pytest.raises(Refused, match="no image has this label"):
            compared_files(a, b, positive="Pour")


def squashed(name):
    """Rows with P(fake) of the scores instead of these."""
    return [(i, label, 1 / (1 + np.exp(-score))) for i, label, score in rows(name)]


@pytest.mark.parametrize("also_a", [True, False])
def test_probabilities_are_called_fake_above_one_half_beside_logits_too(tmp_path, also_a):
    a, b = tables(tmp_path, squashed("a") if also_a else rows("a"), squashed("b"))
    found = compared_files(a, b)
    of_logits = compared_files(*tables(tmp_path, rows("a"), rows("b")))
    assert found.others[0].value == of_logits.others[0].value
    assert found.others[0].p == pytest.approx(of_logits.others[0].p)
    named = "accuracy at 0.5: McNemar" if also_a else "accuracy at 0 and 0.5: McNemar"
    assert found.others[0].method.startswith(named)
    assert [note.split(" lie")[0] for note in found.notes] == [
        f"All scores of {name}.csv" for name in (["A", "B"] if also_a else ["B"])
    ]
    assert not of_logits.notes
    assert not compared_files(a, b, threshold=0.5).notes


def test_scores_that_are_all_above_the_threshold_are_said_to_be(tmp_path):
    percent = [(i, label, 100 * score) for i, label, score in squashed("b")]
    found = compared_files(*tables(tmp_path, rows("a"), percent))
    assert found.notes[0].startswith("All scores of B.csv are above 0")


@pytest.mark.parametrize(("between", "point"), [(";", "."), (";", ","), ("\t", "."), ("\t", ",")])
def test_semicolons_tabs_and_their_decimal_commas_are_read(tmp_path, between, point):
    path = tmp_path / "B.csv"
    lines = [(i, label, str(score).replace(".", point)) for i, label, score in rows("b")]
    path.write_text("\n".join(map(between.join, [("Image", "label", "score"), *lines])))
    plain = read_score_table(written(tmp_path, "A", rows("b")))
    assert read_score_table(path).scores == plain.scores


def test_files_that_name_the_classes_otherwise_are_told_which(tmp_path):
    digits = [(i, int(label == "fake"), score) for i, label, score in rows("b")]
    with pytest.raises(Refused, match=r"fake and real in A\.csv, 0 and 1 in B\.csv"):
        compared_files(*tables(tmp_path, rows("a"), digits))


def test_only_an_auc_below_one_half_is_said_to_be_a_result(tmp_path):
    upright = compared_files(*tables(tmp_path, rows("a"), rows("b"))).sentence
    turned = [(i, label, -score) for i, label, score in rows("b")]
    below = compared_files(*tables(tmp_path, rows("a"), turned)).sentence
    assert "not turned round" in below
    assert "not turned round" not in upright


def test_an_auc_of_one_is_a_bound_without_a_p(tmp_path):
    perfect = [(f"i{n}", label, float(label == "fake")) for n, label in enumerate(LABELS[:12])]
    found = compared_files(*tables(tmp_path, perfect, perfect), threshold=0.5)
    assert found.headline.p is None
    assert found.headline.low < 0 < found.headline.high
    assert "p =" not in found.sentence


@pytest.mark.parametrize(
    ("content", "head", "why"),
    [
        ([("x", "real", 1), ("x", "fake", 2)], None, "line 3: 'x', as in line 2"),
        ([("x", "real", "nan"), ("y", "fake", 2)], None, "line 2: 'x' has 'nan'"),
        ([("x", "real", ""), ("y", "fake", 2)], None, "line 2: 'x' has ''"),
        ([("x", "", 1), ("y", "fake", 2)], None, "line 2: 'x'"),
        ([("x", "real", 1)], "image,kind,logit", "no column label and score"),
        ([], None, "no rows"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_its_line(tmp_path, content, head, why):
    path = written(tmp_path, "A", content, head or "image,label,score")
    with pytest.raises(Refused) as refused:
        read_score_table(path)
    [problem] = refused.value.problems
    assert why in " ".join([problem.why, *problem.details])


def test_labels_that_contradict_each_other_are_refused(tmp_path):
    turned = [(i, "real" if label == "fake" else "fake", s) for i, label, s in rows("b")]
    a, b = tables(tmp_path, rows("a"), turned)
    with pytest.raises(Refused) as refused:
        compared_files(a, b)
    [problem] = refused.value.problems
    assert "'i00': real (line 2) and fake (line 2)" in problem.details
    one_class = tables(tmp_path, [("x", "real", 1)], [("x", "real", 2)])
    with pytest.raises(Refused, match="two classes"):
        compared_files(*one_class)


@pytest.mark.parametrize("pair", expected("delong_ties.expected")["pairs"], ids=lambda p: p["b"])
def test_tied_scores_in_files_give_the_figures_of_proc(tmp_path, pair):
    made = tables(
        tmp_path,
        *(
            [
                (row["image_id"], row["label_fake"], row[pair[side]])
                for row in rows_of("delong_ties")
            ]
            for side in "ab"
        ),
    )
    both = compared_files(*made)
    assert both.headline.p == pytest.approx(pair["p_paired"], rel=1e-9)
    assert [both.headline.low, both.headline.high] == pytest.approx(pair["diff_ci95"], rel=1e-9)
    apart = compared_files(*made, as_unpaired=True)
    assert apart.headline.statistic == pytest.approx(pair["D_unpaired_t"], rel=1e-9)
