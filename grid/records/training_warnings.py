"""The kinds of warnings in a fit's commit: how a sentence of each begins.

Trainings write the sentences and readers put those of one kind together; both have the words from
here, so that no reader takes a sentence apart.
"""

CONSTANT = "Constant logits"
UNCHANGED = "Training changed nothing"
RESUMED_OTHERWISE = "Resumed under other conditions"
RESUMED_UNKNOWN = "Resumed from conditions that are not known"

_KINDS = (CONSTANT, UNCHANGED, RESUMED_OTHERWISE, RESUMED_UNKNOWN)


def warning(kind: str, text: str) -> str:
    """Return the sentence of a kind, as commits hold it."""
    if kind not in _KINDS:
        raise ValueError(f"{kind!r} is no kind of warning; give one of {', '.join(_KINDS)}.")
    return f"{kind}: {text}"


def kind_of(sentence: str) -> str:
    """Return the kind of a commit's warning; one of another version is a kind of its own."""
    return next((kind for kind in _KINDS if sentence.startswith(f"{kind}: ")), sentence)
