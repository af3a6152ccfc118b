"""The page: self-contained, escaped, the same bytes from the same store, and true to the cells."""

import base64
import hashlib
import json
import re

import pytest
from page_reader import Page
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.matrices.matrix_making import matrices
from analysis.measuring.metric_registry import known_metrics
from analysis.page import page_budget
from analysis.page.findings_json import findings_json
from analysis.page.overview import overview
from analysis.page.report import SCRIPT, report_page
from analysis.sections import figures
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.failures import failure_of, write_failure
from grid.records.stored_experiments import read_experiments
from grid.store.opening import open_store

NASTY = """<script>alert("x")</script>&'<b>"""


def written(folder, **changes):
    grid = {"name": "six", "generators": 6, "seeds": 2, "images": 30, "degradations": ("none",)}
    store = open_store(folder / "store")
    return store, write_synthetic_store(store, SyntheticGrid(**{**grid, **changes}))


@pytest.fixture(scope="module", autouse=True)
def without_figures():
    """Drawing takes most of a page's time; figures have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "all_figures", dict)
        yield


@pytest.fixture(scope="module")
def six(tmp_path_factory):
    store, experiment = written(tmp_path_factory.mktemp("six"))
    return store, experiment, report_page(overview(store, experiment))


def test_nothing_is_fetched_and_nothing_is_run(six):
    page = Page(six[2])
    names = {name for name, _ in page.attributes}
    assert not names & {"srcset", "action", "background", "poster", "data"}
    assert not {name for name in names if name.startswith("on")}
    assert not {"link", "iframe", "object", "embed"} & set(page.tags)
    addresses = [value for name, value in page.attributes if name in ("src", "href")]
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in addresses)
    text = re.sub(r"data:image/png;base64,[\w+/=]+", "", six[2])
    assert not re.search(r"https?:|//|url\(|@import|javascript:", text)
    assert "default-src 'none'" in text


def test_the_only_script_is_the_one_that_the_policy_names(six):
    [(policy, script)] = re.findall(r"script-src '(.*?)'.*<script>(.*?)</script>", six[2], re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"sha256-{digest}"
    assert script == SCRIPT.read_text()
    assert six[2].count("<script") == 1


def test_the_contents_lead_to_every_heading(six):
    page = Page(six[2])
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = [value.removeprefix("#") for name, value in page.attributes if name == "href"]
    assert set(links) <= set(ids)
    assert len(links) == page.tags.count("h2") > 4


def test_the_page_is_in_order(six):
    _, experiment, html = six
    text = Page(html).text
    order = [
        "Simulated images, no evidence about real generators.",
        f" {experiment['question']}",
        "npr: AUC",
        "No difference is tested here.",
        "Summary Scroll",
        "Matrices Rows",
        "Audit of the images Whether",
        "Generator by generator The",
        "Provenance experiment",
    ]
    places = [text.index(part, text.index("crossgen report")) for part in order]
    assert places == sorted(places)
    for part in (
        experiment["digest"],
        "threads per fit",
        "seeds",
        experiment["pools"][0]["pool_id"],
    ):
        assert part in text


def test_a_matrix_on_the_page_is_the_matrix_of_sql(six):
    store, _, html = six
    rows = query(
        store,
        "SELECT detector, train, generator, "
        f"{', '.join(f'avg({each.name}) {each.name}' for each in known_metrics())} "
        "FROM cells GROUP BY ALL",
    ).to_pylist()
    means = {(r["detector"], r["train"], r["generator"]): r for r in rows}
    tables = [t for t in Page(html).tables if t[0].get("class") == "matrix"]
    metrics = [each.name for each in known_metrics() if each.on_page]
    shown = ["auc", "accuracy", *(name for name in metrics if name not in ("auc", "accuracy"))]
    assert [t[0]["data-metric"] for t in tables] == 2 * shown
    detectors = [detector for detector in ("npr", "simple_cnn") for _ in shown]
    for (attributes, lines), detector in zip(tables, detectors, strict=True):
        families, heads, *body = lines
        assert [line[0][1] for line in body if len(line) == 1] == ["gan", "diffusion"]
        body = [line for line in body if len(line) > 1]
        assert [text for _, text in families] == ["", "gan", "diffusion"]
        columns = [text for _, text in heads[1:]]
        assert len(body) == 6
        for line in body:
            train, values = line[0][1], line[1:]
            for column, (classes, text) in zip(columns, values, strict=True):
                metric = attributes["data-metric"]
                expected = means[detector, train, column][metric]
                assert float(text) == pytest.approx(expected, abs=0.005 + 1e-9)
                assert ("own" in classes.split()) == (train == column)
                assert f"c{round(expected * 20)}" in classes.split()


def test_the_details_hold_every_seed(six):
    store, _, html = six
    drill = [t for t in Page(html).tables if t[0].get("class") == "list drill"]
    assert len(drill) == 12
    head, *lines = drill[0][1]
    found = [dict(zip([h[1] for h in head], [c[1] for c in line], strict=True)) for line in lines]
    assert found[0]["relation to training"] == "trained on this generator"
    first = query(
        store,
        "SELECT auc FROM cells WHERE detector = 'npr' AND "
        "train = 'progan' AND generator = 'progan' ORDER BY seed",
    ).to_pylist()
    seeds = [float(value) for value in found[0]["by seed"].split(", ")]
    assert seeds == pytest.approx([row["auc"] for row in first], abs=0.0005 + 1e-9)
    assert (found[0]["real"], found[0]["fake"], found[0]["seen"]) == ("30", "30", "0")


def test_names_are_escaped_wherever_they_come_from(tmp_path):
    store, experiment = written(tmp_path, generators=2, seeds=1)
    text = json.dumps(experiment).replace("progan", "NASTY").replace("npr", "NASTY")
    nasty = json.loads(text.replace("NASTY", json.dumps(NASTY)[1:-1]))
    nasty = {**nasty, "name": NASTY, "question": NASTY}
    # Ids lead to files, so they stay what they are.
    for fit, was in zip(nasty["fits"], experiment["fits"], strict=True):
        fit["fit_id"] = was["fit_id"]
    for block, was in zip(nasty["scoring"], experiment["scoring"], strict=True):
        block["fit_id"] = was["fit_id"]
    failure = failure_of(
        RuntimeError(NASTY), fit_id=nasty["fits"][0]["fit_id"], attempt="a", host=NASTY
    )
    write_failure(store, failure)
    html = report_page(overview(store, nasty, remarks=(NASTY,)))
    page = Page(html)
    assert page.tags.count("script") == 1  # the page's own
    assert "<b>" not in html
    assert page.text.count(NASTY) > 20


def test_the_same_store_gives_the_same_bytes_and_no_path(six, tmp_path):
    store, experiment, html = six
    assert report_page(overview(store, experiment)) == html
    assert str(store.root) not in html


def test_a_half_done_run(tmp_path):
    store, experiment = written(tmp_path, generators=3, seeds=3, committed=0.75)
    html = report_page(overview(store, experiment))
    page = Page(html)
    assert "Partial run: 4 of 18 fits and 12 of 54 cells are missing." in page.text
    tables = [t for t in page.tables if t[0].get("class") == "matrix"]
    simple_cnn = tables[len(tables) // 2][1]
    texts = [[text for _, text in line][-3:] for line in simple_cnn[2:] if len(line) > 1]
    assert texts[1] == ["·"] * 3  # stylegan's fits are missing
    assert all(text.endswith("*") for text in texts[2])  # one of adm's seeds is
    assert not any(text.endswith("*") for text in texts[0])


def test_a_run_of_one_seed(tmp_path):
    store, experiment = written(tmp_path, generators=2, seeds=1)
    html = report_page(overview(store, experiment))
    assert "One seed, so the variation between training runs is not known." in html
    assert "±" not in html


def test_one_gan_against_seven_diffusion_models(tmp_path):
    store, experiment = written(tmp_path, generators=8)
    renamed = json.loads(json.dumps(experiment))
    for each in renamed["test_sets"]:
        each["family"] = "gan" if each["generator"] == "progan" else "diffusion"
    for fit in renamed["fits"]:
        own = fit["train"]["generators"] == ["progan"]
        fit["train"]["families"] = ["gan" if own else "diffusion"]
    html = report_page(overview(store, renamed))
    [families] = {
        tuple(text for _, text in t[1][0])
        for t in Page(html).tables
        if t[0].get("class") == "matrix"
    }
    assert families == ("", "gan", "diffusion")
    assert 'class="family b" colspan="7"><span>diffusion<' in html


def test_nothing_run_yet(tmp_path, six):
    _, experiment, _ = six
    html = report_page(overview(open_store(tmp_path / "empty"), experiment))
    assert "npr: nothing is measured yet." in Page(html).text


def test_a_page_is_never_too_large(six, tmp_path, monkeypatch):
    store, experiment, html = six
    assert len(html.encode()) < 200_000
    monkeypatch.setattr(page_budget, "MATRIX_CELLS_SHOWN", 80)
    monkeypatch.setattr(page_budget, "DETAILS_SHOWN", 40)
    monkeypatch.setattr(page_budget, "POOLS_SHOWN", 3)
    page = Page(report_page(overview(store, experiment)))
    assert len([t for t in page.tables if t[0].get("class") == "matrix"]) == 2
    assert "1 more matrix would make this page too large: simple_cnn." in page.text
    assert "TPR at 5 % FPR of 1 matrix would make this page too large" in page.text
    assert "The details of 1 more matrix would make this page too large" in page.text
    assert f"and {len(experiment['pools']) - 3} more pools" in page.text


def test_the_budgets_keep_a_page_below_5_mb(six):
    _, _, html = six
    per_cell = len("".join(re.findall(r"<td class=.*?</td>", html))) / html.count("<td class=")
    line = max(map(len, re.findall(r'<tr class="(?:own)?"><th>.*?</tr>', html)))
    pool = max(map(len, re.findall(r"<tr>.*?<code>p.*?</tr>", html)))
    size = (
        page_budget.MATRIX_CELLS_SHOWN * per_cell
        + page_budget.DETAILS_SHOWN * line
        + page_budget.POOLS_SHOWN * pool
        + page_budget.STRATA_SHOWN * 600
        + page_budget.SOURCE_RATES_SHOWN * 70
        + page_budget.FIGURE_BYTES
    )
    assert size < 4.8e6


def test_the_command_writes_the_page_and_says_what_to_see(six, crossgen, tmp_path):
    store, _, html = six
    page = tmp_path / "page[" / "x].html"
    page.parent.mkdir()
    code, out, _ = crossgen("report", "--store", store.root, "-o", page)
    assert code == 0
    assert page.read_text() == html
    assert "Simulated images" in out
    assert "page[/x].html" in out
    assert sorted(page.parent.iterdir()) == [page.with_suffix(".findings.json"), page]
    assert page.with_suffix(".findings.json").read_text() == findings_json(overview(*six[:2]))
    code, _, err = crossgen("report", "--store", store.root, "-o", tmp_path / "no" / "page.html")
    assert code == 2
    assert "Name another place with -o" in err


def test_the_matrix_command_takes_a_name_or_a_file(six, finished_run, crossgen, tmp_path, cache):
    store, _, _ = six
    code, out, _ = crossgen("matrix", "--store", store.root, "--experiment", "six")
    assert code == 0
    assert "npr  AUC, trained on (rows) x tested on (columns)" in out
    code, _, err = crossgen("matrix", "--store", store.root, "--experiment", "siz")
    assert code == 2
    assert "Did you mean six?" in err
    file, runs = finished_run.file, finished_run.store
    code, out, _ = crossgen("matrix", file, "--store", runs, "--metric", "accuracy")
    assert code == 0
    assert "simple_cnn  accuracy at logit 0" in out
    code, out, _ = crossgen("matrix", file, "--store", runs, "--set", "seeds=[0, 7]")
    assert code == 0
    assert "2 of 4 fits and 4 of 8 cells are missing" in out
    for wrong in ([file, "--experiment", "two"], ["--limit", "4"]):
        code, _, err = crossgen("matrix", *wrong, "--store", runs)
        assert code == 2
        assert "refused (1 problem)" in err


def test_a_file_shows_what_it_expands_to_and_not_what_the_store_holds(finished_run):
    store = open_store(finished_run.store)
    [experiment] = read_experiments(store)
    [found] = matrices(StoreSelection.of(store, [experiment]), experiment)
    assert [row.label for row in found.rows] == ["g1", "g2"]
    assert not any(entry.missing for entry in found.all_entries())


def summary_of(html):
    [(_, lines)] = [t for t in Page(html).tables if t[0].get("id") == "summary"]
    head, *body = [[text for _, text in line] for line in lines]
    return [dict(zip(head, line, strict=True)) for line in body]


def test_the_summary_has_the_columns_that_there_are_entries_for(six):
    store, experiment, html = six
    npr, _ = summary_of(html)
    assert npr["seeds"] == "2"
    copies = query(
        store,
        "SELECT avg(auc) a FROM cells WHERE detector = 'npr' AND "
        "(train, generator) IN (('sd14', 'sd15'), ('sd15', 'sd14'))",
    ).to_pylist()
    assert float(npr["AUC, near copies"].split(" ")[0]) == pytest.approx(copies[0]["a"], abs=0.0051)
    assert not {"AUC, family unknown", "AUC, training unknown", "AUC, other classes"} & set(npr)
    fewer = [each for each in experiment["fits"] if each["train"]["label"] != "sd15"]
    fewer = [each for each in fewer if each["train"]["label"] != "sd14"]
    scoring = [s for s in experiment["scoring"] if s["fit_id"] in {f["fit_id"] for f in fewer}]
    html = report_page(overview(store, {**experiment, "fits": fewer, "scoring": scoring}))
    assert "AUC, near copies" not in summary_of(html)[0]


def test_given_weights_have_a_mean_in_the_summary(tmp_path):
    store, experiment = written(tmp_path, generators=2, seeds=1)
    given = {"train": None, "recipe": None, "seed": None, "weights": {"sha256": "ab" * 32}}
    fits = [{**fit, **given} for fit in experiment["fits"] if fit["train"]["label"] == "adm"]
    scoring = [s for s in experiment["scoring"] if s["fit_id"] in {f["fit_id"] for f in fits}]
    html = report_page(overview(store, {**experiment, "fits": fits, "scoring": scoring}))
    npr, _ = summary_of(html)
    assert re.fullmatch(r"\.\d\d|1\.00", npr["AUC, training unknown"])
    assert re.fullmatch(r"\.\d\d|1\.00", npr["accuracy, training unknown"])
    assert npr["seeds"] == "none"
    assert "–" not in npr.values()
    text = Page(html).text
    assert "Given weights, not trained here, so there are no seeds and no spread." in text
    assert "One seed" not in text


def test_what_the_metrics_are_is_printed(six):
    page = Page(six[2])
    assert "AUC: area under the ROC curve" in page.text
    assert ".5 is chance where real and fake images are equally many" in page.text
    assert "title" not in {name for name, _ in page.attributes}


def test_labels_are_wrapped_and_never_cut(six):
    store, experiment, html = six
    assert "ellipsis" not in html
    text = json.dumps(experiment).replace('"label": "adm"', '"label": "g/adm,classes=a+b<i>"')
    html = report_page(overview(store, json.loads(text)))
    assert "g/<wbr>adm,<wbr>classes=<wbr>a+<wbr>b&lt;i&gt;</th>" in html
    assert "g/adm,classes=a+b<i>" in Page(html).text


def test_a_family_that_is_wider_than_its_columns_stands_upright(six):
    store, experiment, _ = six
    sets = [{**each} for each in experiment["test_sets"]]
    sets[0]["family"] = "autoregressive"
    html = report_page(overview(store, {**experiment, "test_sets": sets}))
    assert 'class="family upright" colspan="1"><span>autoregressive<' in html
    assert 'class="family b" colspan="3"><span>diffusion<' in html


def test_a_table_that_is_wider_than_a_phone_says_that_it_scrolls(six, tmp_path):
    _, _, html = six
    hint = '<p class="hint beyond-phone">Scroll the table sideways'
    drills = html.count('class="list drill"') + html.count('class="list contrast"')
    # Six columns fit a phone; the summary, the details, tests, the list of pools, rankings and the
    # rates by real source of two detectors do not.
    boxes = html.count('<div class="scroll beyond-phone">')
    rankings = html.count('id="table-best-') + html.count('id="table-hardest-')
    assert html.count(hint) == boxes == drills + 4 + rankings
    wide = report_page(overview(*written(tmp_path, generators=8, seeds=1, images=10)))
    matrices_shown = 2 * sum(each.on_page for each in known_metrics())
    assert wide.count('<div class="scroll beyond-phone"><table class="matrix"') == matrices_shown
    rules = html.partition("@media (max-width:600px){")[2].partition("@media print{")
    assert ".hint.beyond-phone{display:block}" in rules[0]
    assert ".hint.beyond-phone,.hint.beyond-any{display:none}" in rules[2]


def test_one_of_a_thing_is_not_called_several(tmp_path):
    store, experiment = written(tmp_path, generators=1, seeds=1, images=10)
    fit = experiment["fits"][0]
    scoring = [s for s in experiment["scoring"] if s["fit_id"] == fit["fit_id"]]
    one = {**experiment, "fits": [fit], "scoring": scoring, "pools": experiment["pools"][:1]}
    text = Page(report_page(overview(store, one))).text
    for words in ("1 fit, 1 test set, ", "over 1 committed fit", "(1 fit)", "Images: 1 pool,"):
        assert words in text, words


def test_the_advice_of_the_page_can_be_followed(six, finished_run, crossgen, monkeypatch):
    store, experiment, _ = six
    monkeypatch.setattr(page_budget, "MATRIX_CELLS_SHOWN", 80)
    monkeypatch.setattr(page_budget, "DETAILS_SHOWN", 40)
    text = Page(report_page(overview(store, experiment))).text
    every = sorted(set(re.findall(r'crossgen query "([^"]+)"', text)))
    assert len(every) == 2
    for sql in every:
        for option in ([], ["--csv"]):
            code, _, err = crossgen("query", sql, "--store", store.root, *option)
            assert code == 0, err
    assert "crossgen report FILE --only detector=NAME" in text
    narrowed = finished_run.file, "--only", "detector=simple_cnn"
    page = finished_run.folder / "narrowed.html"
    code, _, err = crossgen("report", *narrowed, "--store", finished_run.store, "-o", page)
    assert code == 0, err
    page.unlink()
    code, _, err = crossgen("report", "--only", "detector=npr", "--store", store.root)
    assert code == 2
    assert "Name the experiment's file" in err
