"""Findings before and after the correction for their number, which all of them decide together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.comparing.finding import Finding
from analysis.comparing.question import Correction
from analysis.statistics.corrections import benjamini_hochberg, holm

CORRECTIONS: Mapping[Correction, tuple[str, Callable[..., tuple[float, ...]]]] = {
    "holm": ("Holm", holm),
    "bh": ("Benjamini-Hochberg", benjamini_hochberg),
}


@dataclass(frozen=True)
class Draft:
    """A finding that lacks its correction, and how its sentence is made of it then."""

    finding: Finding
    correction: Correction
    sentence: Callable[[Finding], str]


def corrected(drafts: Sequence[Draft], notes: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Correct the headlines' p-values over all comparisons that are declared, and write sentences.

    The family holds those whose test is refused, too: nobody knew that before. Contrasts that ask
    for Benjamini-Hochberg, to screen, are a family of their own. `notes` are added to each.
    """
    made: dict[int, Finding] = {}
    for name, (title, correct) in CORRECTIONS.items():
        members = [n for n, draft in enumerate(drafts) if draft.correction == name]
        tested = [n for n in members if _p(drafts[n]) is not None]
        family = correct([_p(drafts[n]) for n in tested], len(members))
        p_of = dict(zip(tested, family, strict=True))
        for n in members:
            finding = replace(
                drafts[n].finding,
                p_corrected=p_of.get(n),
                correction=title if len(members) > 1 else "none",
                family_size=len(members),
                notes=(*drafts[n].finding.notes, *notes),
            )
            made[n] = replace(finding, sentence=drafts[n].sentence(finding))
    return tuple(made[n] for n in range(len(drafts)))


def _p(draft: Draft) -> float | None:
    headline = draft.finding.headline
    return headline.p if headline is not None else None
