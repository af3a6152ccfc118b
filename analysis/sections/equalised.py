"""What `equalise:` left out of both classes, and what of the files can be read all the same.

Counts are those of the plan, in the experiment's record.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.comparing.evidence import Evidence
from analysis.page.section import Caution, Placed, Section, nothing
from data.counts import counted
from grid.records.equalised import EqualisedRecord
from grid.records.experiments import equalises_of


def _cautions(evidence: Evidence, found: None) -> Iterator[Caution]:
    experiment = evidence.experiment
    for asked in equalises_of(experiment):
        matched = [
            each
            for each in experiment.get("equalised", [])
            if each.get("asked", experiment["equalise"]) == asked
        ]
        yield from _of_one(asked, matched)


def _of_one(asked: str, matched: list[EqualisedRecord]) -> Iterator[Caution]:
    if asked.startswith("recompress"):
        yield Caution(
            "coded_twice",
            f"Both classes were coded as JPEG once more (`equalise: {asked}`): where reals were "
            "JPEG they are coded twice, which a detector can read.",
        )
    if twice := [each for each in matched if each["coded_twice"]]:
        yield Caution(
            "coded_twice",
            f"Fakes were JPEG before `equalise: {asked}` coded them once more, which a detector "
            "can read.",
            tuple(
                f"{each['comparison']}: {each['coded_twice']:,} of {counted(each['fakes'], 'fake')}"
                for each in twice
            ),
        )
    if some := [each for each in matched if _left_out(each)]:
        yield Caution(
            "equalised",
            f"`equalise: {asked}` left out images below the common square and reals that no fake "
            "can be coded like: of training, of validation and of every cell.",
            tuple(f"{each['comparison']}: {_left_out(each)}" for each in some),
        )


def _left_out(matched: EqualisedRecord) -> str:
    """Say how many of each class are left out; "" where none is."""
    reals = matched["reals_too_small"] + matched["reals_coded_otherwise"]
    said = [
        f"{n:,} of {counted(of, word)}"
        for n, of, word in (
            (reals, matched["reals"], "real"),
            (matched["fakes_too_small"], matched["fakes"], "fake"),
        )
        if n
    ]
    return " and ".join(said)


SECTION = Section(find=nothing, cautions=Placed(16, _cautions))
