"""The matrix over synthetic stores: held against SQL, complete or not, with every kind of row."""

import json
import re
import shutil
from statistics import fmean, stdev

import pytest
from rich.console import Console
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.figures.colours import STEPS, ink, shades, step
from analysis.matrices.heads import MIXED, row_place, shared_prefix
from analysis.matrices.matrix import MatrixEntry, SeedCell
from analysis.matrices.matrix_making import matrices
from analysis.matrices.relations import UNSEEN
from analysis.measuring.cell_measures import Counts, Measured
from analysis.measuring.metric_registry import known_metrics
from analysis.page.matrix_table import table_rows
from analysis.page.matrix_text import CELL, matrix_lines
from analysis.page.overview import overview
from analysis.page.sentences import headline, matrix_sentence, meaning, number, with_sd
from analysis.page.terminal import print_overview
from analysis.selecting.selection import StoreSelection, one_expansion
from analysis.sql.query import query
from grid.records.stored_experiments import experiment_digest
from grid.store.opening import open_store

# progan, adm, stylegan, sd14, biggan, sd15: two families, and sd14 and sd15 are near copies
GRID = SyntheticGrid(name="six", generators=6, seeds=2, images=30, degradations=("none",))


COPIES = (("sd14", "sd15"), ("sd15", "sd14"))


def found_in(store, experiment):
    return matrices(StoreSelection.of(store, [experiment]), experiment)


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("six") / "store")
    experiment = write_synthetic_store(store, GRID)
    return store, experiment, found_in(store, experiment)


def entry(matrix, row, column):
    [r] = [n for n, each in enumerate(matrix.rows) if each.label == row]
    [c] = [n for n, each in enumerate(matrix.columns) if each.label == column]
    return matrix.entries[r][c]


def renewed(experiment, **changes):
    changed = {**experiment, **changes}
    return {**changed, "digest": experiment_digest(changed)}


def test_entries_are_the_means_that_sql_finds(six):
    store, _, (npr, cnn) = six
    rows = query(
        store,
        "SELECT detector, train, generator, avg(auc) auc, stddev_samp(auc) sd, avg(accuracy) acc "
        "FROM cells GROUP BY ALL",
    ).to_pylist()
    assert len(rows) == 2 * 36
    by_detector = {"npr": npr, "simple_cnn": cnn}
    for row in rows:
        found = entry(by_detector[row["detector"]], row["train"], row["generator"])
        assert found.spread("auc").mean == pytest.approx(row["auc"], abs=1e-12)
        assert found.spread("auc").sd == pytest.approx(row["sd"], abs=1e-12)
        assert found.spread("accuracy").mean == pytest.approx(row["acc"], abs=1e-12)
        assert [cell.seed for cell in found.cells] == [0, 1]


def test_families_are_blocks_and_the_diagonal_is_one(six):
    _, _, (npr, _) = six
    assert npr.title == "npr"
    assert [c.label for c in npr.columns] == ["progan", "stylegan", "biggan", "adm", "sd14", "sd15"]
    assert [c.family for c in npr.columns] == ["gan"] * 3 + ["diffusion"] * 3
    assert [r.label for r in npr.rows] == [c.label for c in npr.columns]
    diagonal = [npr.entries[n][n].relation for n in range(6)]
    assert diagonal == ["trained"] * 6
    assert entry(npr, "sd14", "sd15").relation == "related"
    assert entry(npr, "sd14", "adm").relation == "family"
    assert entry(npr, "sd14", "progan").relation == "other"
    assert entry(npr, "progan", "biggan").count("n_fake") == "30"


def test_means_count_entries_once_and_spread_over_seeds(six):
    _, _, (npr, _) = six
    off = [
        e.spread("auc").values
        for r, row in enumerate(npr.entries)
        for c, e in enumerate(row)
        if r != c
    ]
    by_seed = [fmean(values) for values in zip(*off, strict=True)]
    found = npr.mean("auc", ["related", *UNSEEN])
    assert found.values == pytest.approx(by_seed)
    assert found.sd == pytest.approx(stdev(by_seed))
    assert npr.mean("auc", ["unknown"]) is None
    column = [row[0].spread("auc").mean for row in npr.entries[1:]]
    assert npr.column_mean(0, "auc") == pytest.approx(fmean(column))


def test_what_is_missing_is_in_the_matrix_as_missing(tmp_path):
    store = open_store(tmp_path / "store")
    half = SyntheticGrid(**{**GRID.__dict__, "generators": 3, "seeds": 3, "committed": 0.75})
    experiment = write_synthetic_store(store, half)
    npr, cnn = found_in(store, experiment)
    assert not any(e.missing for e in npr.all_entries())
    # 18 fits, of which 14 are committed: the last four of simple_cnn are not
    assert [e.missing for e in (cnn.entries[n][0] for n in range(3))] == [0, 3, 1]
    never = entry(cnn, "stylegan", "adm")
    assert never.spread("auc") is None
    assert never.count("n_real") == ""
    assert len(entry(cnn, "adm", "adm").spread("auc").values) == 2
    # Seeds with different entries missing do not compare: a mean, and no spread.
    assert cnn.mean("auc").sd is None
    assert npr.mean("auc").sd is not None


def test_counts_of_fits_that_differ_are_a_range():
    cells = [
        SeedCell(
            f"f{seed}",
            seed,
            Measured(
                Counts(
                    n_real=9,
                    n_fake=9 - n,
                    n_seen=n,
                    n_seen_fake=n,
                    n_null=0,
                    n_real_right=9,
                    n_fake_right=0,
                    constant=False,
                ),
                {},
            ),
        )
        for seed, n in enumerate((3, 1, 2))
    ]
    entry = MatrixEntry("other", (*cells, SeedCell("f3", 3, None)))
    counts = [entry.count(name) for name in ("n_real", "n_fake", "n_seen", "n_null")]
    assert counts == ["9", "6-8", "1-3", "0"]


def test_extremes_are_named_only_where_nothing_is_missing(six, tmp_path):
    store = open_store(tmp_path / "store")
    shutil.copytree(six[0].root, store.root)
    _, experiment, (npr, _) = six
    assert "transfers best" in matrix_sentence(npr)
    store.delete(next(key for key in store.list("scores/") if key.startswith("scores/npr")))
    npr, cnn = found_in(store, experiment)
    assert "transfers best" not in matrix_sentence(npr)
    assert "Hardest" not in matrix_sentence(npr)
    assert "transfers best" in matrix_sentence(cnn)


def test_what_seeds_say_is_said_of_measured_ones(tmp_path):
    store = open_store(tmp_path / "store")
    few = SyntheticGrid(
        detectors=(SyntheticDetector(name="npr"),),
        generators=1,
        seeds=5,
        images=10,
        degradations=("none",),
    )
    experiment = write_synthetic_store(store, few)
    commits = store.list("commits/")

    def said(measured):
        for key in store.list("commits/")[measured:]:
            store.delete(key)
        return meaning(found_in(store, experiment))

    assert len(commits) == 5
    assert said(5) == (
        "Means over 5 seeds; ± is the standard deviation between seeds. "
        "No difference is tested here."
    )
    assert said(4).startswith(
        "Means over 4 seeds of 5 wanted; ± is the standard deviation between seeds; "
        "fewer than five are no statement about the training procedure."
    )
    assert "Means over 2 seeds of 5 wanted" in (two := said(2))
    assert "two seeds say little of the spread" in two
    assert said(1).startswith(
        "One seed of 5 wanted, so the variation between training runs is not known."
    )
    assert said(0).startswith("Nothing is measured yet.")


def test_the_fewest_seeds_of_several_matrices_are_held_against_those_wanted(tmp_path):
    store = open_store(tmp_path / "store")
    grid = SyntheticGrid(generators=1, seeds=3, images=10, degradations=("none",))
    experiment = write_synthetic_store(store, grid)
    [*_, last] = [key for key in store.list("commits/") if "simple_cnn" in key]
    store.delete(last)
    said = meaning(found_in(store, experiment))
    assert said.startswith("Means over 2 to 3 seeds of 3 wanted; ")


def test_rows_stand_where_their_first_column_is_and_mixtures_come_last():
    def place(families, generators):
        fit = {"train": {"families": families, "generators": generators}}
        return row_place(fit, ["gan", "diffusion"], {"a": 0, "b": 1, "c": 2})

    ordered = [
        place(["gan"], ["c", "a"]),
        place(["gan"], ["b"]),
        place(["gan"], ["z"]),
        place(["diffusion"], ["a"]),
        place(["flow"], ["a"]),
        place(["gan", "diffusion"], ["a"]),
    ]
    assert ordered == sorted(ordered)
    assert len(set(ordered)) == len(ordered)


def test_a_prefix_is_left_out_where_all_names_have_it():
    assert shared_prefix(["g/a", "g/b"]) == "g/"
    assert shared_prefix(["g/a", "h/a"]) == shared_prefix(["g/a", "b"]) == ""
    assert shared_prefix(["a", "b"]) == ""


def test_near_copies_and_unknown_families_are_neither_of_the_families(six):
    store, experiment, (npr, _) = six
    assert {entry(npr, *pair).relation for pair in COPIES} == {"related"}
    strangers = [
        e.spread("auc").mean
        for r, row in enumerate(npr.entries)
        for c, e in enumerate(row)
        if r != c and (npr.rows[r].label, npr.columns[c].label) not in COPIES
    ]
    assert npr.mean("auc", UNSEEN).mean == pytest.approx(fmean(strangers))
    sd15 = npr.columns[-1]
    column = [row[-1].spread("auc").mean for row in npr.entries[:-2]]
    assert sd15.label == "sd15"
    assert npr.column_mean(5, "auc") == pytest.approx(fmean(column))
    sets = [
        {**each, "family": "unknown"} if each["generator"] == "biggan" else each
        for each in experiment["test_sets"]
    ]
    npr, _ = found_in(store, renewed(experiment, test_sets=sets))
    assert entry(npr, "progan", "biggan").relation == "family_unknown"
    assert entry(npr, "biggan", "biggan").relation == "trained"
    fits = json.loads(json.dumps(experiment["fits"]).replace('["gan"]', '["unknown"]'))
    npr, _ = found_in(store, renewed(experiment, fits=fits))
    assert entry(npr, "progan", "adm").relation == "family_unknown"
    assert entry(npr, "progan", "stylegan").relation == "family_unknown"
    assert entry(npr, "sd14", "progan").relation == "other"


@pytest.mark.parametrize(
    ("classes", "relation"),
    [
        (None, "trained"),
        (["class001", "class007"], "trained"),
        (["class007"], "classes"),
        ("not_trained_classes", "classes"),
    ],
)
def test_other_classes_of_the_trained_generator_are_not_what_was_trained(
    tmp_path, classes, relation
):
    store = open_store(tmp_path / "store")
    grid = SyntheticGrid(**{**GRID.__dict__, "generators": 2, "trained_classes": 5})
    experiment = write_synthetic_store(store, grid)
    sets = [{**each, "classes": classes} for each in experiment["test_sets"]]
    npr, _ = found_in(store, renewed(experiment, test_sets=sets))
    assert entry(npr, "progan", "progan").relation == relation
    assert entry(npr, "progan", "adm").relation == "other"
    boxed = [line.plain for line in matrix_lines(npr, "auc", 80)][:-1]
    assert any("[" in line for line in boxed) == (relation == "trained")


def test_nothing_run_is_a_matrix_too(tmp_path, six):
    _, experiment, _ = six
    store = open_store(tmp_path / "empty")
    npr, _ = found_in(store, experiment)
    assert all(e.missing == 2 for e in npr.all_entries())
    assert matrix_sentence(npr) == "npr: nothing is measured yet."


def test_a_matrix_per_option_and_degradation(tmp_path):
    store = open_store(tmp_path / "store")
    detectors = (
        SyntheticDetector(name="npr", options={"factor": 0.25, "mode": "nearest"}),
        SyntheticDetector(name="npr", options={"factor": 0.5, "mode": "nearest"}),
        SyntheticDetector(name="cnn"),
    )
    grid = SyntheticGrid(
        detectors=detectors, generators=2, seeds=1, images=10, degradations=("none", "jpeg(75)")
    )
    found = found_in(store, write_synthetic_store(store, grid))
    assert [m.title for m in found] == [
        "npr, factor=0.25, undegraded",
        "npr, factor=0.25, jpeg(75)",
        "npr, factor=0.5, undegraded",
        "npr, factor=0.5, jpeg(75)",
        "cnn, undegraded",
        "cnn, jpeg(75)",
    ]
    assert all(m.seeds == (0,) for m in found)
    assert all(e.spread("auc").sd is None for m in found for e in m.all_entries())
    assert meaning(found).startswith("One seed")


def test_recipes_of_one_name_are_told_apart_by_their_values(six):
    store, experiment, _ = six
    fits = [
        {**fit, "recipe": {**fit["recipe"], "epochs": 4 if fit["seed"] else 8}}
        for fit in experiment["fits"]
    ]
    found = found_in(store, renewed(experiment, fits=fits))
    assert [m.title for m in found][:2] == ["npr, recipe.epochs=8", "npr, recipe.epochs=4"]


@pytest.fixture(scope="module")
def lineages(tmp_path_factory):
    """Two factors of npr as parents, and cnn, whose fits become children."""
    store = open_store(tmp_path_factory.mktemp("lineages") / "store")
    detectors = (
        SyntheticDetector(name="npr", options={"factor": 0.25}),
        SyntheticDetector(name="npr", options={"factor": 0.5}),
        SyntheticDetector(name="cnn"),
    )
    grid = SyntheticGrid(
        detectors=detectors, generators=2, seeds=2, images=10, degradations=("none",)
    )
    return store, write_synthetic_store(store, grid)


def with_parents(experiment, parent_of, **changes):
    """Give each cnn fit the npr fit of its training set that has `parent_of(fit)`'s values."""
    fits = experiment["fits"]
    changed = []
    for fit in fits:
        if fit["detector"] == "cnn":
            factor, seed = parent_of(fit)
            [parent] = [
                other["fit_id"]
                for other in fits
                if other["options"].get("factor") == factor
                and other["seed"] == seed
                and other["train"]["label"] == fit["train"]["label"]
            ]
            fit = {**fit, "parent": parent, "weights": {"from": parent, "epoch": "selected"}}
            fit = {**fit, **{key: value(fit) for key, value in changes.items()}}
        changed.append(fit)
    return renewed(experiment, fits=changed)


def titles(found):
    return {matrix.title: matrix.seeds for matrix in found if matrix.title.startswith("cnn")}


def test_children_of_different_parents_are_not_seeds_of_one(lineages):
    store, experiment = lineages
    same = with_parents(experiment, lambda fit: (0.25, fit["seed"]))
    assert titles(found_in(store, same)) == {"cnn": (0, 1)}
    factors = with_parents(experiment, lambda fit: ((0.25, 0.5)[fit["seed"]], fit["seed"]))
    assert titles(found_in(store, factors)) == {
        "cnn, weights.npr.factor=0.25": (0,),
        "cnn, weights.npr.factor=0.5": (1,),
    }
    epochs = with_parents(
        experiment,
        lambda fit: (0.25, fit["seed"]),
        weights=lambda fit: {**fit["weights"], "epoch": ("selected", "last")[fit["seed"]]},
    )
    assert titles(found_in(store, epochs)) == {
        "cnn, weights.epoch=selected": (0,),
        "cnn, weights.epoch=last": (1,),
    }


def test_one_seed_of_several_parents_is_one_matrix_each_or_refused(lineages):
    store, experiment = lineages
    several = with_parents(experiment, lambda fit: (0.25, fit["seed"]), seed=lambda fit: 7)
    assert titles(found_in(store, several)) == {
        "cnn, weights.seed=0": (7,),
        "cnn, weights.seed=1": (7,),
    }
    one = with_parents(experiment, lambda fit: (0.25, 0), seed=lambda fit: 7)
    with pytest.raises(ValueError, match="one seed and equal settings"):
        found_in(store, one)


def test_fits_that_differ_in_what_they_are_validated_on_are_not_seeds_of_one(lineages):
    store, experiment = lineages
    fits = [
        {**fit, "description": {**fit["description"], "validation_geometry": "center_crop(8)"}}
        if fit["detector"] == "cnn" and fit["seed"]
        else fit
        for fit in experiment["fits"]
    ]
    assert titles(found_in(store, renewed(experiment, fits=fits))) == {
        "cnn, validated on=default": (0,),
        "cnn, validated on=center_crop(8)": (1,),
    }


def test_only_the_test_sets_that_are_asked_for_are_columns(six):
    """One fit is asked about some classes, the others about all: two columns of one generator."""
    store, experiment, _ = six
    columns = experiment["test_sets"][:2]
    some = {**columns[0], "classes": ["class001"]}
    scoring = [{**each, "test_sets": [0, 1]} for each in experiment["scoring"]]
    scoring[0]["test_sets"] = [1, 2]
    asked = renewed(experiment, test_sets=[*columns, some], scoring=scoring)
    npr, cnn = found_in(store, asked)
    assert [c.label for c in npr.columns] == ["progan (all classes)", "progan (class001)", "adm"]
    assert [c.label for c in cnn.columns] == ["progan", "adm"]
    first = npr.entries[0]
    assert [len(entry.cells) for entry in first] == [1, 1, 2]
    assert npr.entries[1][1] is None
    assert (npr.is_complete, cnn.is_complete) == (False, True), "no row of one has every column"
    assert not any(entry.missing for entry in npr.all_entries())


def test_unions_and_given_weights_are_rows(six):
    store, experiment, _ = six
    fits = []
    for fit in experiment["fits"]:
        if fit["detector"] != "npr" or fit["seed"]:
            continue
        if fit["train"]["label"] == "progan":
            union = {**fit["train"], "label": "progan+adm", "generators": ["progan", "adm"]}
            union["families"] = ["diffusion", "gan"]
            fit = {**fit, "train": union}
        elif fit["train"]["label"] == "adm":
            given = {"weights": {"sha256": "abcdef0123456789"}, "seed": None, "recipe": None}
            fit = {**fit, "train": None, **given}
        fits.append(fit)
    kept = {fit["fit_id"] for fit in fits}
    scoring = [each for each in experiment["scoring"] if each["fit_id"] in kept]
    trained, given = found_in(store, renewed(experiment, fits=fits, scoring=scoring))
    assert trained.rows[-1].label == "progan+adm"
    assert trained.rows[-1].family == MIXED
    relations = [entry(trained, "progan+adm", g).relation for g in ("progan", "adm", "stylegan")]
    assert relations == ["trained", "trained", "family"]
    assert [row.label for row in given.rows] == ["given weights abcdef01"]
    assert {e.relation for e in given.all_entries()} == {"unknown"}
    assert "is not known" in matrix_sentence(given)


def test_the_widest_expansion_is_shown_and_the_others_are_named(tmp_path):
    store = open_store(tmp_path / "store")
    narrow = write_synthetic_store(store, SyntheticGrid(generators=2, seeds=1, images=10))
    wide = write_synthetic_store(store, SyntheticGrid(generators=2, seeds=2, images=10))
    shown, remarks = one_expansion(store)
    assert shown["digest"] == wide["digest"]
    assert narrow["digest"] in remarks[0]
    named, remarks = one_expansion(store, digest=narrow["digest"][:8])
    assert (named["digest"], remarks) == (narrow["digest"], ())
    write_synthetic_store(store, SyntheticGrid(name="other", generators=2, seeds=1, images=10))
    with pytest.raises(ValueError, match=r"2 experiments\. Name one of other, synthetic"):
        one_expansion(store)
    with pytest.raises(ValueError, match="Did you mean other"):
        one_expansion(store, "othr")


def test_the_sentence_says_what_the_matrix_holds(six):
    _, _, (npr, cnn) = six
    said = matrix_sentence(npr)
    own, others = npr.mean("auc", ["trained"]), npr.mean("auc", UNSEEN)
    assert said.startswith(f"npr: AUC {with_sd(own)} on the generators that it was trained on")
    assert f"{with_sd(others)} on those that it was not" in said
    hardest = min(range(6), key=lambda n: npr.column_mean(n, "auc"))
    assert f"Hardest to detect without training on it: {npr.columns[hardest].label} (" in said
    best = max(range(6), key=lambda n: npr.row_mean(n, "auc"))
    assert f"transfers best: trained on {npr.rows[best].label} (" in said
    copies = fmean(entry(npr, *pair).spread("auc").mean for pair in COPIES)
    assert f"near copies of trained ones are counted apart ({number(copies)})" in said
    assert len(headline([npr, cnn])) == 2
    assert headline([npr] * 9)[-1] == "3 more matrices have no sentence here."


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, ".00"), (0.925, ".93"), (0.999, "1.00"), (1.0, "1.00"), (None, "–")]
)
def test_numbers_are_written_without_a_zero_that_says_nothing(value, said):
    assert number(value) == said


def contrast(shade):
    """Of a shade with its ink, 1 to 21 (WCAG 2.1, 1.4.3)."""
    parts = [c / 255 for c in shade]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    dark, light = sorted((luminance, 0.0 if ink(shade) == "#000" else 1.0))
    return (light + 0.05) / (dark + 0.05)


def test_colours_are_one_scale_and_can_be_read():
    assert [step(v) for v in (0, 0.5, 1)] == [0, STEPS // 2, STEPS]
    for dark in (False, True):
        made = shades(dark=dark)
        assert len(made) == STEPS + 1 == len(set(made))
        assert min(contrast(shade) for shade in made) >= 4.5  # WCAG AA


@pytest.mark.parametrize("width", [40, 60, 80, 100, 160])
def test_a_matrix_fits_its_terminal(six, width):
    store, experiment, (npr, _) = six
    lines = [line.plain for line in matrix_lines(npr, "auc", width)][1:]  # the title is prose
    assert max(map(len, lines)) <= width
    assert any(line.startswith("columns: 1 progan") for line in lines) == (width < 80)
    values = [n for line in lines for n in re.findall(r"[\d.]*\.\d\d", line)]
    assert values == [number(e.spread("auc").mean) for e in in_order(npr, lines)]
    console = Console(width=width, file=None, force_terminal=False)
    with console.capture() as capture:
        print_overview(console, overview(store, experiment))
    printed = capture.get().splitlines()
    assert max(map(len, printed)) <= width
    assert set(filter(None, lines)) <= set(printed), "rich has wrapped none"


def in_order(matrix, lines):
    """The entries as the lines give them: group by group of columns, row by row."""
    heads = [[int(n) for n in line.split()] for line in lines if re.fullmatch(r"[ \d]+", line)]
    for group in heads or [range(1, len(matrix.columns) + 1)]:
        for row in matrix.entries:
            for n in group:
                yield row[n - 1]


def test_thirteen_columns_on_eighty_characters_are_groups_of_columns(tmp_path):
    store = open_store(tmp_path / "store")
    grid = SyntheticGrid(generators=13, trained=2, seeds=1, images=10, degradations=("none",))
    [npr, _] = found_in(store, write_synthetic_store(store, grid))
    lines = [line.plain for line in matrix_lines(npr, "auc", 80)][1:]
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if line.startswith(("progan", "adm"))]
    assert len(rows) == 2 * 2
    assert sum(len(re.findall(r"\d\d", row)) for row in rows) == 2 * 13
    assert list(in_order(npr, lines))[:9] == list(npr.entries[0][:9])


def test_long_names_of_training_sets_are_never_cut(six):
    _, experiment, _ = six
    name = "a long list of generators, the ending of which tells it from others: "
    fits = [
        {**fit, "train": {**fit["train"], "label": name + fit["train"]["label"]}}
        for fit in experiment["fits"]
    ]
    npr, _ = found_in(six[0], renewed(experiment, fits=fits))
    lines = [line.plain for line in matrix_lines(npr, "auc", 40)][1:]
    assert max(map(len, lines)) <= 40
    folded = "".join(line[: 40 - CELL - 2].rstrip(" ") for line in lines).replace(" ", "")
    for row in npr.rows:
        assert row.label.replace(" ", "") in folded


def test_a_star_stands_where_some_seeds_are_missing(tmp_path):
    store = open_store(tmp_path / "store")
    half = SyntheticGrid(**{**GRID.__dict__, "generators": 3, "seeds": 3, "committed": 0.75})
    npr, cnn = found_in(store, write_synthetic_store(store, half))
    lines = [line.plain for line in matrix_lines(cnn, "auc", 120)]
    [adm] = [line for line in lines if line.startswith("adm")]
    assert len(re.findall(r"\d\]?\*", adm)) == 3
    [progan] = [line for line in lines if line.startswith("progan")]
    assert "*" not in progan
    assert len(adm.rstrip()) - adm.rstrip().endswith("*") >= len(progan.rstrip()) - 2
    assert lines[-1].endswith("* some seeds missing")
    assert not any("*" in line.plain for line in matrix_lines(npr, "auc", 120))


@pytest.mark.parametrize("width", [40, 80, 200])
def test_names_of_families_are_never_cut(six, width):
    store, experiment, _ = six
    sets = [{**each} for each in experiment["test_sets"]]
    sets[0]["family"], sets[1]["family"] = "autoregressive", "unknown"
    npr, _ = found_in(store, renewed(experiment, test_sets=sets))
    _, *lines = (line.plain for line in matrix_lines(npr, "auc", width))
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for family in ("autoregressive", "unknown", "gan", "diffusion"):
        assert re.search(rf"[ ─]{family}[ ─\n]", text), text


def test_a_terminal_shows_boxes_blocks_and_gaps(six):
    _, _, (npr, _) = six
    lines = [line.plain for line in matrix_lines(npr, "auc", 120)]
    [families] = [line for line in lines if "diffusion" in line]
    assert re.search(r"─ gan ─.* {2}─.* diffusion ─", families)
    rows = [line for line in lines if line.startswith(("progan", "sd15"))]
    assert [len(re.findall(r"\[[.\d]+\]", row)) for row in rows] == [1, 1]
    assert lines.count("") == 1  # between the two families' rows
    coloured = next(line for line in matrix_lines(npr, "auc", 120) if "progan" in line.plain[:8])
    assert any(span.style.bgcolor for span in coloured.spans if not isinstance(span.style, str))


def test_where_less_is_better_the_least_has_the_colour_of_the_best(six):
    _, _, (npr, _) = six
    for metric in ("auc", "eer"):
        for row, entries in zip(table_rows(npr, metric), npr.entries, strict=True):
            for cell, entry in zip(row["cells"], entries, strict=True):
                value = entry.spread(metric).mean
                goodness = 1 - value if metric == "eer" else value
                assert f"c{round(goodness * STEPS)}" in cell["classes"].split()
    assert [each.name for each in known_metrics() if each.better == "lower"] == [
        *("eer", "brier", "ece", "brier_calibrated", "ece_calibrated")
    ]


def test_an_interval_of_images_is_of_one_fit(six):
    _, _, (npr, _) = six
    both = npr.entries[0][1]
    assert both.interval("auc") is None, "their spread says more"
    one = MatrixEntry(both.relation, both.cells[:1])
    low, high = one.interval("auc")
    assert low < one.spread("auc").mean < high
    assert one.interval("oracle_accuracy") is None
    assert MatrixEntry(both.relation, (SeedCell("fit", 0, None),)).interval("auc") is None
