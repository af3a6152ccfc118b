"""A methods paragraph of what was done, and BibTeX entries of what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.comparing.finding import Finding
from analysis.matrices.main_matrices import main_matrices
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section
from analysis.page.statistical_references import Cited, cited, short
from data.counts import counted
from grid.records.experiments import ExperimentRecord, PaperRecord, equalises_of

SETTINGS_TOLD = 4
_LEAKAGE = {
    "exclude": "Test images that a fit was trained or validated on were left out of its numbers.",
    "allow": "Test images that a fit was trained or validated on were counted.",
    "refuse": "No test image was among those that a fit was trained or validated on.",
}


@dataclass(frozen=True)
class MethodsText:
    """Sentences in the order of a methods section, and the entries that they cite."""

    sentences: tuple[str, ...]
    bibtex: tuple[str, ...]


def _find(evidence: Evidence) -> MethodsText:
    papers = evidence.experiment.get("papers", {})
    works = cited(_methods_used(evidence))
    sentences = (
        *_of_the_training(evidence, papers),
        *_of_the_tests(evidence.experiment),
        *_of_the_statistics(evidence.findings, works),
    )
    entries = {_key(name, paper): _bibtex(name, paper) for name, paper in papers.items()}
    return MethodsText(sentences, (*entries.values(), *(work.bibtex for work in works)))


def _methods_used(evidence: Evidence) -> list[str]:
    """Name all that the page's numbers were made with."""
    found = [
        effect.method
        for finding in evidence.findings
        for effect in (finding.headline, *finding.others)
        if effect is not None
    ]
    found += [finding.correction for finding in evidence.findings]
    found += [note for finding in evidence.findings for note in finding.notes]
    measured = [
        cell.measured
        for matrix in evidence.matrices
        for entry in matrix.all_entries()
        for cell in entry.cells
        if cell.measured is not None
    ]
    with_intervals = {n for each in measured for n, bounds in each.intervals.items() if bounds}
    if measured:
        found += ["Wilson", "Bonferroni"]  # of the strata, which every page has
    if "auc" in with_intervals:
        found.append("DeLong")
    if "balanced_accuracy" in with_intervals:
        found.append("MOVER")
    return found


def _of_the_training(evidence: Evidence, papers: dict[str, PaperRecord]) -> Iterator[str]:
    fits = evidence.experiment["fits"]
    names = list(dict.fromkeys(fit["detector"] for fit in fits))
    said = [
        f"{name} ({short(papers[name]['authors'], papers[name]['year'])})"
        if name in papers
        else name
        for name in names
    ]
    trained = [fit for fit in fits if fit["train"] is not None]
    sets = len({fit["train"]["label"] for fit in trained if fit["train"] is not None})
    seeds = len({fit["seed"] for fit in trained})
    missing = sum(fit["fit_id"] not in evidence.selection.commits for fit in trained)
    if trained:
        yield (
            f"We trained {_listed(said)} on {counted(sets, 'training set')} with "
            f"{counted(seeds, 'seed')}: {counted(len(trained), 'fit')}"
            f"{f', of which {missing:,} are missing yet' if missing else ''}."
        )
    given = len(fits) - len(trained)
    if given:
        one, several = "detector with given weights was", "detectors with given weights were"
        yield f"{counted(given, one, several)} tested as given."
    facts = {m.facts.short: m.title.partition(",")[0] for m in main_matrices(evidence.matrices)}
    if len(facts) > SETTINGS_TOLD:
        yield "Recipes, epochs, images and inputs are stated above each matrix."
        return
    for short_facts, title in facts.items():
        yield f"{title if len(facts) > 1 else 'All'}: {short_facts}."


def _of_the_tests(experiment: ExperimentRecord) -> Iterator[str]:
    sets = experiment["test_sets"]
    families = list(dict.fromkeys(each["family"] for each in sets))
    yield (
        f"All were tested on {counted(len(sets), 'test set')} ({_listed(families)})"
        f"{_degraded(experiment)}."
    )
    yield _LEAKAGE[experiment["leakage"]]
    equalises = [each for each in equalises_of(experiment) if each != "none"]
    if equalises:
        yield f"File formats of both classes were made alike by `equalise: {_listed(equalises)}`."
    yield (
        "An image is called fake at a logit above 0, a threshold that no test image was used for; "
        "AUC needs none, and its direction was fixed beforehand."
    )


def _degraded(experiment: ExperimentRecord) -> str:
    names = [each for each in experiment.get("degradations", ()) if each != "none"]
    return f", undegraded and under {_listed(names)}" if names else ""


def _of_the_statistics(findings: Sequence[Finding], works: Sequence[Cited]) -> Iterator[str]:
    headlines = [each for each in findings if each.headline is not None]
    for claim in dict.fromkeys(each.claim for each in headlines):
        methods = dict.fromkeys(
            each.headline.method
            for each in headlines
            if each.claim == claim and each.headline is not None
        )
        yield f"For claims about {claim} the test was the {_listed(list(methods))}."
    corrections = [each for each in dict.fromkeys(f.correction for f in findings) if each != "none"]
    if corrections:
        yield f"p-values of several comparisons were corrected by {_listed(corrections)}."
    refused = sum(each.headline is None for each in findings)
    if refused:
        yield f"{counted(refused, 'comparison')} could not be tested with this design."
    if works:
        said = "; ".join(f"{work.cited_for} ({short(work.authors, work.year)})" for work in works)
        yield f"Sources: {said}."


def _listed(words: Sequence[str]) -> str:
    *first, last = words or ("nothing",)
    return f"{', '.join(first)} and {last}" if first else last


def _key(detector: str, paper: PaperRecord) -> str:
    """Key an entry by author, year and the first word of its title: detectors may share a paper."""
    surname = re.sub(r"[^a-z]", "", paper["authors"].partition(",")[0].lower())
    first = re.sub(r"[^a-z]", "", paper["title"].lower().split()[0])
    return f"{surname or detector}{paper['year']}{first}"


def _bibtex(detector: str, paper: PaperRecord) -> str:
    title = re.sub(r"([&%#_])", r"\\\1", paper["title"])
    fields = {
        "author": f"{{{paper['authors']}}}",
        "title": f"{{{{{title}}}}}",
        "howpublished": f"{{{paper['venue']}}}",
        "year": f"{{{paper['year']}}}",
    }
    if paper["arxiv"] is not None:
        fields |= {"eprint": f"{{{paper['arxiv']}}}", "archivePrefix": "{arXiv}"}
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@misc{{{_key(detector, paper)},\n{lines}\n}}"


def _html(shown: Overview, found: MethodsText) -> Markup:
    without = sorted(
        {fit["detector"] for fit in shown.experiment["fits"]}
        - set(shown.experiment.get("papers", {}))
    )
    return fragment("methods.html.j2", found=found, without_paper=without)


SECTION = Section(find=_find, page=Placed(85, _html), numbers=lambda shown, found: found)
