"""Labels that a file header gives away, where the experiment's file accepts them.

Read from the manifests, so that it is known of every store, whoever made it and when.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.page.image_headers import compared_in, pools_with_headers
from analysis.page.section import Caution, Placed, Section
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord, equalises_of
from grid.records.pools.header_facts import accepted, one_sided_among

Found = tuple[tuple[str, tuple[str, ...]], ...]


def accepted_bias(selection: StoreSelection, experiment: ExperimentRecord) -> Found:
    """Say which labels a header gives away: a sentence and a line per comparison, by equalise.

    What is compared are the classes of each test set and of what is trained on: of each dataset,
    or of all of them together where one brings only reals or only fakes. A pool whose manifest is
    not in the store (nothing of it has run), or is damaged, is left out.
    """
    every = equalises_of(experiment)
    asked = [each for each in every if not each.startswith("match")]  # which leaves nothing
    if not asked:
        return ()
    facts = pools_with_headers(selection, experiment)
    some = len(every) > 1
    said = []
    for each in asked:
        found = one_sided_among(
            (name, [facts[pool_id] for pool_id in pools if pool_id in facts])
            for name, pools in compared_in(experiment, each if some else None)
        )
        said.append(accepted(found, each, of_some_fits=some))
    return tuple(each for each in said if each is not None)


def _find(evidence: Evidence) -> Found:
    return accepted_bias(evidence.selection, evidence.experiment)


def _cautions(evidence: Evidence, found: Found) -> Iterator[Caution]:
    for sentence, comparisons in found:
        yield Caution("one_sided", sentence, comparisons)


SECTION = Section(find=_find, cautions=Placed(10, _cautions))
