"""Labels that a file header gives away, where the experiment's file accepts them.

Read from the manifests, so that it is known of every store, whoever made it and when.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.image_headers import compared_in, pools_with_headers
from analysis.section import Caution, Evidence, Placed, Section
from analysis.selection import StoreSelection
from grid.records.experiments import ExperimentRecord
from grid.records.pools.header_facts import accepted, one_sided_among

Found = tuple[str, tuple[str, ...]] | None


def accepted_bias(selection: StoreSelection, experiment: ExperimentRecord) -> Found:
    """Say which labels a header gives away, in a sentence and a line per comparison; else None.

    What is compared are the classes of each test set and of what is trained on: of each dataset,
    or of all of them together where one brings only reals or only fakes. A pool whose manifest is
    not in the store (nothing of it has run), or is damaged, is left out.
    """
    if experiment["equalise"].startswith("match"):  # it leaves nothing, so nothing is read
        return None
    facts = pools_with_headers(selection, experiment)
    return accepted(
        one_sided_among(
            (name, [facts[pool_id] for pool_id in pools if pool_id in facts])
            for name, pools in compared_in(experiment)
        ),
        experiment["equalise"],
    )


def _find(evidence: Evidence) -> Found:
    return accepted_bias(evidence.selection, evidence.experiment)


def _cautions(evidence: Evidence, found: Found) -> Iterator[Caution]:
    if found is not None:
        yield Caution("one_sided", *found)


SECTION = Section(find=_find, cautions=Placed(10, _cautions))
