"""Questions about a stored experiment: single images, other seen images, page and terminal."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from rich.console import Console
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.comparing import image_scores
from analysis.comparing.comparison import answers
from analysis.comparing.contrasts import findings_of, material_of
from analysis.comparing.drafts import corrected
from analysis.comparing.entry_values import EntryValues
from analysis.comparing.image_scores import ImageScores
from analysis.comparing.question import Question
from analysis.comparing.validation_choice import validation_auc_of
from analysis.matrices.matrix_making import matrices
from analysis.measuring.metric_registry import find_metric
from analysis.measuring.row_masks import ClassFilter
from analysis.page.overview import overview
from analysis.page.terminal import print_overview
from analysis.sections.findings import SECTION
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from analysis.statistics import bootstrap
from analysis.statistics.delong import paired
from analysis.statistics.mcnemar import mcnemar
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="small",
    generators=3,
    trained=1,
    seeds=2,
    images=40,
    degradations=("none",),
    seen=4,
    shared_reals=True,
)
ON_IMAGES = "these files on these generators"
NAMES = ("npr", "simple_cnn")
LOGITS = (
    "SELECT detector, images.image_id, logit, images.label, seen "
    "FROM scores JOIN fits USING (fit_id) JOIN images USING (pool_id, image) "
    "WHERE seed = 0 AND (images.generator = 'adm' OR images.label = 0) "
    "ORDER BY images.image_id"
)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("compared") / "store")
    experiment = write_synthetic_store(store, GRID)
    selection = StoreSelection.of(store, [experiment])
    found = tuple(matrices(selection, experiment))
    return store, experiment, selection, found, material_of(selection, experiment, found)


def sides(store):
    """Logits of reals and of fakes of seed 0 on adm, by detector, of images not seen."""
    rows = query(store, LOGITS).to_pylist()
    return {
        (name, label): np.array(
            [
                row["logit"]
                for row in rows
                if row["detector"] == name and row["label"] == label and not row["seen"]
            ]
        )
        for name in ("npr", "simple_cnn")
        for label in (0, 1)
    }


ONE_SET = Question(
    key="detector",
    levels=("npr", "simple_cnn"),
    claim=ON_IMAGES,
    where={"seed": ("0",), "generator": ("adm",)},
)


def asked(small, question):
    return corrected(answers(question, small[4]))


def test_one_fit_each_on_one_test_set_is_compared_image_by_image(small, monkeypatch):
    logits = sides(small[0])
    arrays = [logits[name, label] for name in ("npr", "simple_cnn") for label in (0, 1)]
    [found] = asked(small, ONE_SET)
    expected = paired(*arrays)
    assert found.headline.value == pytest.approx(expected.value)
    assert found.headline.p == pytest.approx(expected.p)
    [accurate] = asked(small, replace(ONE_SET, metric="accuracy"))
    right = [
        np.concatenate([logits[name, 0] <= 0, logits[name, 1] > 0])
        for name in ("npr", "simple_cnn")
    ]
    only = [int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0]))]
    assert accurate.headline.p == pytest.approx(mcnemar(*only, len(right[0])).p)
    assert accurate.headline.method == "McNemar mid-p"
    assert accurate.others[0].method == "McNemar exact"
    assert accurate.headline.value == pytest.approx(accurate.others[1].value)
    monkeypatch.setattr(bootstrap, "paired_bootstrap", partial(bootstrap.paired_bootstrap, draws=9))
    [precise] = asked(small, replace(ONE_SET, metric="average_precision"))
    assert "bootstrap, 9 draws" in precise.headline.method


def test_photographs_that_test_sets_share_count_once(small):
    [found] = asked(small, replace(ONE_SET, where={"seed": ("0",)}))
    assert found.headline.method == "DeLong, images as clusters"
    assert found.headline.units == f"{3 * 40 - 4} images"  # adm, stylegan, and reals not seen


def test_one_seed_gives_an_interval_of_these_files_and_no_p(small):
    [found] = asked(small, replace(ONE_SET, claim="this procedure on new generators"))
    assert found.headline is None
    assert found.others[0].p is None
    assert found.others[0].low < found.others[0].value < found.others[0].high
    assert "Of these trained files only" in found.sentence


def test_fits_that_saw_other_images_are_measured_anew_on_what_neither_saw(small):
    """Another description of training: the reals that one fit saw are not known of the other."""
    _, _, _, _, material = small
    [found] = asked(small, ONE_SET)
    assert "measured anew" in found.notes[0]
    [difference] = found.differences
    logits = sides(small[0])
    auc = find_metric("auc").compute
    assert difference.a == pytest.approx(auc(logits["npr", 0], logits["npr", 1]))
    same = {"training": "t", "validation": "v"}
    for cell in material.cells:  # fits of the same images: nothing is read again
        cell.fit["description"].update(same)
    [kept] = asked(small, ONE_SET)
    for cell in material.cells:
        for key in same:
            cell.fit["description"].pop(key, None)
    assert not kept.notes
    assert kept.differences[0].a == pytest.approx(difference.a)


def test_page_and_terminal_show_the_declared_contrast(small):
    store, experiment, selection, found, _ = small
    whole, family = findings_of(selection, experiment, found)
    assert "npr minus simple_cnn in AUC" in whole.sentence
    assert family.refusal is not None
    shown = overview(store, experiment)
    assert [each.sentence for each in shown.findings] == [whole.sentence, family.sentence]
    assert shown.evidence.findings == shown.findings
    console = Console(width=80, force_terminal=False)
    with console.capture() as capture:
        print_overview(console, shown, "auc")
    printed = " ".join(capture.get().split())
    assert whole.sentence in printed
    html = str(SECTION.page.make(shown, None))
    assert "<h2>Contrasts</h2>" in html
    assert whole.sentence in html
    assert f"<th>{whole.headline.method}</th>" in html


def test_classes_that_other_fits_learned_are_other_images(small):
    """Of `not_trained_classes` as many images may count for both fits, and none be the same."""
    _, _, _, _, material = small
    cells = [
        replace(
            cell,
            fit={
                **cell.fit,
                "train": {
                    **cell.fit["train"],
                    "classes": ["class000" if cell.fit["detector"] == "npr" else "class001"],
                },
                "description": {"training": "t", "validation": "v"},
            },
            test_set={**cell.test_set, "classes": "not_trained_classes"},
        )
        for cell in material.cells
        if cell.seed == 0 and cell.test_set["generator"] == "adm"
    ]
    stored = {c.fit["fit_id"]: c for c in material.cells if c.test_set["generator"] == "adm"}
    read = []

    class Recorded:
        def common(self, measured):
            read.append([cell.fit["detector"] for cell in measured])
            return material.scores.common([stored[cell.fit["fit_id"]] for cell in measured])

    values = EntryValues(find_metric("auc"), Recorded())
    npr, simple_cnn = ([c for c in cells if c.fit["detector"] == d] for d in NAMES)
    values(npr, simple_cnn)
    assert read == [list(NAMES)]
    values(npr, npr)
    assert len(read) == 1


def test_an_image_counts_where_every_fit_may_be_judged_by_it(small, monkeypatch):
    """Rows that one fit has seen, has no logit of, or that are of no class for it, are in none."""
    material = small[4]
    pair = [c for c in material.cells if c.seed == 0 and c.test_set["generator"] == "adm"]
    whole = material.scores.common(pair)
    read = ImageScores._of_pool

    def altered(self, cell, label, place):
        logit, seen = (each.copy() for each in read(self, cell, label, place))
        if label == 1 and cell.fit_id == pair[1].fit["fit_id"]:
            seen[30], logit[31] = True, np.nan
        return logit, seen

    monkeypatch.setattr(ImageScores, "_of_pool", altered)
    fewer = material.scores.common(pair)
    assert fewer.fake_FN.shape == (2, whole.fake_FN.shape[1] - 2)
    assert set(fewer.fake_ids_N) < set(whole.fake_ids_N)
    names = {pair[0].fit["fit_id"]: "class000", pair[1].fit["fit_id"]: "class001"}
    monkeypatch.setattr(
        image_scores, "class_filter", lambda cell, _: ClassFilter((names[cell.fit_id],))
    )
    none = material.scores.common(pair)
    assert none.fake_FN.shape == (2, 0)
    assert material.scores.common(pair[1:]).fake_FN.shape[1] > 0


def test_validation_says_nothing_where_a_fit_has_none(small):
    _, _, selection, _, material = small
    auc = validation_auc_of(selection)
    cells = [c for c in material.cells if c.fit["detector"] == "npr"]
    assert 0 < auc(cells) < 1
    gone = replace(cells[0], fit={**cells[0].fit, "fit_id": "gone"})
    assert auc([*cells, gone]) is None


def test_a_metric_that_is_undefined_in_a_draw_is_no_number_there(small, monkeypatch):
    drawn = []
    of_metric = bootstrap.paired_bootstrap

    def listening(metric, *arrays, **more):
        drawn.append(metric(np.array([-1.0]), np.array([-1.0])))
        return of_metric(metric, *arrays, draws=9, **more)

    monkeypatch.setattr(bootstrap, "paired_bootstrap", listening)
    [found] = asked(small, replace(ONE_SET, metric="precision_fake"))
    assert found.headline is not None
    assert drawn == [None], "nothing is called fake: no precision, and not one of 0"
