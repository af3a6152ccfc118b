"""Findings of questions that cannot be answered as they are put: why, and what to do."""

from __future__ import annotations

from analysis.comparing.drafts import Draft
from analysis.comparing.finding import Finding
from analysis.comparing.question import DEFAULT_CLAIM, Question, Unanswerable


def refused_draft(
    question: Question, asked: str, error: Unanswerable, a: str = "", b: str = ""
) -> Draft:
    """Return a finding without a number."""
    first, *rest = question.levels
    return Draft(
        _refused(
            f"{question.name}/{question.metric}/{a}/{b}",
            asked,
            (a or first, b or " / ".join(rest)),
            question.metric,
            question.claim,
            error,
        ),
        question.correction,
        lambda whole: f"{question.name}: {whole.refusal}",
    )


def unread_draft(name: str, asked: str, error: Unanswerable) -> Draft:
    """Return the finding of a contrast whose words are not understood."""
    return Draft(
        _refused(name, asked, (name, ""), "", DEFAULT_CLAIM, error),
        "holm",
        lambda whole: f"{name}: {whole.refusal}",
    )


def _refused(
    key: str, asked: str, names: tuple[str, str], metric: str, claim: str, error: Unanswerable
) -> Finding:
    return Finding(
        key=key,
        question=asked,
        a=names[0],
        b=names[1],
        metric=metric,
        scope="",
        claim=claim,  # type: ignore[arg-type]  # checked when the question was read
        headline=None,
        refusal=str(error),
    )
