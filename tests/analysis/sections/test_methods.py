"""The methods paragraph says what was done and cites what was used, and nothing else."""

import re
from dataclasses import replace

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.page.overview import overview
from analysis.page.statistical_references import WORKS, cited, short
from analysis.sections.methods import SECTION
from analysis.statistics.effect import Effect
from grid.store.opening import open_store

PAPER = {
    "title": "Neighbours & 100 % of_pixels",
    "authors": "Tan, Chuangchuang and Zhao, Yao and Wei, Shikui",
    "venue": "CVPR 2024",
    "year": 2024,
    "arxiv": "2312.10461",
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("methods") / "store")
    detectors = (SyntheticDetector(name="npr"), SyntheticDetector(name="simple_cnn"))
    grid = SyntheticGrid(name="m", detectors=detectors, generators=2, seeds=2, images=30)
    return store, write_synthetic_store(store, grid)


def text_of(found):
    return " ".join(found.sentences)


def test_the_paragraph_says_what_was_done(stored):
    store, experiment = stored
    found = overview(store, {**experiment, "papers": {"npr": PAPER}}).found["methods"]
    text = text_of(found)
    assert (
        "We trained npr (Tan et al., 2024) and simple_cnn on 2 training sets with 2 seeds" in text
    )
    assert "tested on 2 test sets (gan and diffusion), undegraded and under jpeg(75)." in text
    assert "were left out of its numbers" in text
    allowed = overview(store, {**experiment, "leakage": "allow"}).found["methods"]
    assert "were counted" in text_of(allowed)


def test_a_paper_becomes_an_entry_that_bibtex_can_read(stored):
    store, experiment = stored
    papers = {"npr": PAPER, "simple_cnn": {**PAPER, "arxiv": None}}  # of one paper
    shown = overview(store, {**experiment, "papers": papers})
    entries = shown.found["methods"].bibtex
    [entry] = [each for each in entries if each.startswith("@misc{tan2024neighbours")]
    assert r"title = {{Neighbours \& 100 \% of\_pixels}}" in entry
    keys = re.findall(r"^@\w+\{(\w+),$", "\n".join(entries), re.M)
    assert len(keys) == len(set(keys)) == len(entries)
    for each in entries:
        assert each.count("{") == each.count("}")
    html = SECTION.page.make(shown, shown.found["methods"])
    assert "No paper is on record" not in html
    without = overview(*stored)
    html = SECTION.page.make(without, without.found["methods"])
    assert "No paper is on record for npr, simple_cnn" in html


@pytest.mark.parametrize(
    ("method", "keys"),
    [
        ("paired DeLong", {"delong1988"}),
        ("DeLong, images as clusters", {"delong1988", "obuchowski1997"}),
        ("McNemar mid-p", {"mcnemar1947"}),
        ("two-component t", {"satterthwaite1946"}),
        ("crossed two-way t", {"satterthwaite1946"}),
        ("Welch t over seeds", {"welch1947", "satterthwaite1946"}),
        ("exact sign-flip", {"pitman1937"}),
        ("exact permutation of families over generators", {"pitman1937"}),
        ("exact signed-rank (pseudomedian)", {"wilcoxon1945", "demsar2006"}),
        ("TOST, margin 0.01", {"schuirmann1987"}),
        ("Holm", {"holm1979"}),
        ("Benjamini-Hochberg", {"benjamini1995"}),
        ("paired t", set()),
        ("none", set()),
    ],
)
def test_a_method_cites_its_own_works(method, keys):
    assert {work.key for work in cited([method])} == keys


def test_only_what_was_used_is_cited(stored, monkeypatch):
    store, experiment = stored
    shown = overview(store, experiment)
    entries = "\n".join(shown.found["methods"].bibtex)
    assert "schuirmann1987" not in entries
    tost = Effect(
        method="TOST, margin 0.01", value=0.0, low=None, high=None, p=0.01, units="8 generators"
    )
    finding = replace(shown.findings[0], others=(tost,))
    again = SECTION.find(replace(shown.evidence, findings=(finding,)))
    assert "schuirmann1987" in "\n".join(again.bibtex)
    assert "equivalence within a margin (Schuirmann, 1987)" in text_of(again)


def test_an_empty_store_has_a_paragraph_all_the_same(stored, tmp_path):
    _, experiment = stored
    found = overview(open_store(tmp_path / "empty"), experiment).found["methods"]
    assert "8 fits, of which 8 are missing yet" in text_of(found)
    assert not any("wilson" in entry for entry in found.bibtex)


def test_authors_are_cited_as_in_a_text():
    assert short("Holm, Sture", 1979) == "Holm, 1979"
    assert short("Benjamini, Yoav and Hochberg, Yosef", 1995) == "Benjamini and Hochberg, 1995"
    assert short("Dem{\\v{s}}ar, Janez", 2006) == "Demšar, 2006"
    assert len({work.key for work in WORKS}) == len(WORKS)
