"""`crossgen detectors`: the zoo as a list, or one detector whole; nothing is built for it."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.contract import Card, load_card, names
from detectors.measured_cost import measured_cost
from detectors.option_words import options_in_words
from detectors.pins import pinned_parameters
from detectors.recipes import SHARED
from grid.console import Console
from launch.detectors_list import in_milliseconds, print_list
from launch.named_detector import known_detector
from launch.paragraphs import print_paragraph

INDENT = 2


def show_detectors(name: str | None) -> None:
    """Print every detector in two lines, or all that is known of one.

    Raises:
        Refused: there is no such detector.
    """
    console = Console()
    if name is not None:
        _print_whole(console, load_card(known_detector(name)))
        return
    print_list(console, [load_card(each) for each in names()])


def _print_heading(console: Console, card: Card) -> None:
    print_paragraph(console, f"{card.name}: {card.title}", style="bold")


def _facts(card: Card) -> Iterator[str]:
    """Paper, input, parameters, what it begins with, what it costs; each in a few words."""
    if card.paper is None:
        yield "a control without a paper" if card.is_control else "no paper"
    else:
        arxiv = f", arXiv {card.paper.arxiv}" if card.paper.arxiv else ""
        yield f"{card.paper.venue}{arxiv}"
    side = card.options().fixed_input_px()
    yield f"input {side} x {side} px" if side else "input of any size"
    counts = pinned_parameters(card.name)
    if counts is None:
        yield "parameters not counted"
    else:
        trained = "" if counts[0] == counts[1] else f", {counts[1]:,} of them trained"
        yield f"{counts[0]:,} parameters{trained}"
    yield f"begins with {card.initial_weights or 'random weights'}"
    yield _cost(card.name)


def _cost(name: str) -> str:
    cost = measured_cost(name)
    if cost is None:
        return "ms per image not measured"
    test, train = (
        "not measured" if ms is None else f"{in_milliseconds(ms)} ms"
        for ms in (cost.ms_per_image_test, cost.ms_per_image_train)
    )
    return (
        f"an image of {cost.input_px} px takes {test} in testing and {train} in training "
        f"({cost.cpu}, {cost.date})"
    )


def _print_whole(console: Console, card: Card) -> None:
    _print_heading(console, card)
    for line in (*_origin(card), *_facts(card), f"card version {card.version}"):
        print_paragraph(console, line, INDENT)
    _print_section(console, "Published", ((sentence, "") for sentence in card.published))
    _print_section(
        console,
        "Options",
        (
            (f"{card.name}.{option.name}: {option.default}   ({option.values})", option.about)
            for option in options_in_words(card.options)
        ),
    )
    _print_section(
        console,
        "Inputs",
        (
            (
                f"{card.name}/{preset}{' (default)' if preset == card.default_preset else ''}",
                f"train: {pipelines.train}; test: {pipelines.test}",
            )
            for preset, pipelines in card.presets.items()
        ),
    )
    recipes = {**{name: card.recipes[name] for name in card.recipes}, **_shared(card)}
    _print_section(
        console,
        "Recipes",
        (
            (name, ", ".join(f"{key}: {value}" for key, value in values.items()))
            for name, values in recipes.items()
        ),
    )


def _shared(card: Card) -> dict[str, dict[str, object]]:
    return {name: values for name, values in SHARED.items() if name not in card.recipes}


def _origin(card: Card) -> Iterator[str]:
    if card.paper is not None:
        yield f"{card.paper.title}. {card.paper.authors.replace(' and ', '; ')}"
    if card.code is not None:
        code = card.code
        yield (
            f"official code: {code.repository} at {code.commit}, licence {code.licence}; "
            f"its larger logit means {code.positive}"
        )


def _print_section(console: Console, title: str, entries: Iterator[tuple[str, str]]) -> None:
    for number, (first, more) in enumerate(entries):
        if number == 0:
            print_paragraph(console, title, style="bold")
        print_paragraph(console, first, INDENT)
        if more:
            print_paragraph(console, more, 2 * INDENT, "dim")
