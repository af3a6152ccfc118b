"""What detectors say of images, for people: a table on a terminal, a line each elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.console import Console
from launch.paragraphs import print_paragraph
from launch.predicting.scorers import Scorer
from launch.predicting.verdicts import ENSEMBLE, FAKE_WORD, ImageVerdict, Joining

Rows = Sequence[Sequence[ImageVerdict]]


def print_scorers(console: Console, scorers: Sequence[Scorer], verdicts: Rows) -> None:
    """Print each detector, how its probabilities are scaled, and what limits what they mean."""
    for number, scorer in enumerate(scorers, start=1):
        mark = f"[{number}] " if len(scorers) > 1 else ""
        print_paragraph(console, f"{mark}{scorer.name}", style="bold")
        print_paragraph(console, f"sees {_pixels_seen(scorer)}", 2, "dim")
        temperature = scorer.temperature
        if temperature.value is None:
            said = f"P is not scaled: {temperature.why_not}"
        else:
            said = f"P scaled by the temperature {temperature.value:.3g} of its validation scores: "
            said += "for images like those of its validation only"
        print_paragraph(console, said, 2, "dim")
        for remark in (*scorer.remarks, *_seen_remark(scorer, verdicts)):
            print_paragraph(console, f"! {remark}", 2, "yellow")


def print_verdicts(
    console: Console, scorers: Sequence[Scorer], verdicts: Rows, joining: Joining
) -> None:
    """Print the verdicts in the order of the images as they were given."""
    marks = {scorer.name: str(n) for n, scorer in enumerate(scorers, start=1)}
    marks[ENSEMBLE] = "mean" if joining == "mean_logit" else "vote"
    if not console.is_terminal:
        for verdict in (each for row in verdicts for each in row):
            name = joining if verdict.fit == ENSEMBLE else verdict.fit
            print_paragraph(console, "  ".join((verdict.image, name, _in_words(verdict))))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("image", overflow="fold", ratio=1)
    if len(scorers) > 1:
        table.add_column("fit", justify="right", no_wrap=True)
    for name in ("logit", "P(fake)", "scaled", ""):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    for row in verdicts:
        for place, verdict in enumerate(row):
            first = Text(verdict.image if not place else "")
            if verdict.reason and not any(each.reason == verdict.reason for each in row[:place]):
                first.append(("\n" if first else "") + verdict.reason, "red")
            mark = [marks[verdict.fit]] if len(scorers) > 1 else []
            table.add_row(first, *mark, *_numbers(verdict), _word(verdict))
    console.print(table)
    words = [row[-1].prediction for row in verdicts]
    unscored = sum(not word for word in words)
    said = f"{words.count(FAKE_WORD):,} of {counted(len(words) - unscored, 'image')} called fake"
    print_paragraph(console, said + (f", {unscored:,} not scored" if unscored else ""), style="dim")


def _seen_remark(scorer: Scorer, verdicts: Rows) -> list[str]:
    flat = [each for row in verdicts for each in row]
    own = [each.image for each in flat if each.was_seen and each.fit == scorer.name]
    if not own:
        return []
    are = "is" if len(own) == 1 else "are"
    return [
        f"{counted(len(own), 'image')} of these, such as {own[0]}, {are} among those that it was "
        "trained or validated on: what it says there proves nothing"
    ]


def _numbers(verdict: ImageVerdict) -> list[str]:
    values = (verdict.logit, verdict.p_raw, verdict.p_scaled)
    forms = ("{:+.3f}", "{:.4f}", "{:.4f}")
    return ["-" if v is None else form.format(v) for v, form in zip(values, forms, strict=True)]


def _word(verdict: ImageVerdict) -> Text:
    word = verdict.prediction or "no score"
    if verdict.was_seen:
        word += ", seen"
    return Text(word, style="bold" if verdict.prediction == FAKE_WORD else "")


def _in_words(verdict: ImageVerdict) -> str:
    if verdict.reason:
        return f"no score: {verdict.reason}"
    logit, raw, scaled = _numbers(verdict)
    said = (
        verdict.prediction
        if verdict.logit is None
        else (f"{verdict.prediction}  logit {logit}  P(fake) {raw}  scaled {scaled}")
    )
    return said + ("  seen in training" if verdict.was_seen else "")


def _pixels_seen(scorer: Scorer) -> str:
    parts = (scorer.view.equalise, scorer.view.geometry)
    steps = " | ".join(part.canonical for part in parts if part.operations)
    return steps or "images as they are"
