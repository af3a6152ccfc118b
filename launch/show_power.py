"""What a design can find, on the terminal; differences in points, which are hundredths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from analysis.statistics.design import (
    ALPHA,
    DISCORDANCE,
    FamilyReach,
    SeedsNeeded,
    claims_of,
    family_reach,
    needed_for,
)
from analysis.statistics.power import POWER
from data.counts import counted
from grid.console import Console
from launch.paragraphs import print_paragraph
from launch.power_command import PlannedDesign


def print_design(planned: PlannedDesign, gains: Sequence[float]) -> None:
    """Print the design, what it finds of each claim, and what finds the gains."""
    console, design = Console(), planned.design
    print_paragraph(console, f"{planned.name}, by {planned.metric}", style="bold")
    for line in _design_lines(planned):
        print_paragraph(console, line, indent=2)
    console.print()
    print_paragraph(
        console,
        f"Smallest difference, in points, that is found {POWER:.0%} of the time at p < {ALPHA}:",
    )
    console.print(_claims(planned))
    for each in claims_of(design):
        if each.refusal:
            print_paragraph(console, f"{each.claim}: {each.refusal}", indent=2, style="yellow")
    console.print()
    for gain in gains:
        print_paragraph(console, _needed(planned, needed_for(design, gain)))
    for line, is_refused in _family_lines(family_reach(design.families)):
        print_paragraph(console, line, style="yellow" if is_refused else "")


def _family_lines(reaches: Sequence[FamilyReach]) -> Iterator[tuple[str, bool]]:
    """Give what comparisons of families can reach; those that ask for the same stand together."""
    pairs: dict[str, list[str]] = {}
    for reach in reaches:
        pairs.setdefault(reach.mend, []).append(
            f"{reach.first} against {reach.second} ({reach.n_first} and {reach.n_second} test "
            f"generators): the smallest p is {_p(reach.smallest)}"
        )
    for mend, said in pairs.items():
        if mend:
            it = "it" if len(said) == 1 else "none of these"
            end = f", so {it} cannot be significant" if it == "it" else f"; {it} can be significant"
            yield f"{'; '.join(said)}{end}, however many images and seeds; {mend}.", True
        else:
            yield from ((f"{each}.", False) for each in said)


def _design_lines(planned: PlannedDesign) -> list[str]:
    design, spreads = planned.design, planned.design.spreads
    families = ", ".join(f"{n} {family}" for family, n in design.families.items())
    tests = counted(design.test_generators, "new test generator")
    lines = [
        f"{counted(design.seeds, 'seed')}, {counted(design.training_generators, 'training set')}, "
        f"{tests} for each{f' ({families} in all)' if families else ''}"
    ]
    if design.images:
        lines.append(f"{counted(design.images, 'image')} in a test set")
    methods = f"{counted(planned.methods, 'method')}, " if planned.methods else ""
    corrected = ", corrected by Holm" if design.comparisons > 1 else ""
    lines.append(f"{methods}{counted(design.comparisons, 'comparison')}{corrected}")
    lines.append(f"SD between seeds: {_with_origin(spreads.seed, planned.origins['seed'])}")
    lines.append(
        "SD of the difference of two methods: between test generators "
        f"{_with_origin(spreads.generator, planned.origins['generator'])}"
    )
    origins = {planned.origins["seed"], planned.origins["generator"]}
    if design.training_generators > 1:
        origins.add(planned.origins["training"])
        said = _with_origin(spreads.training, planned.origins["training"])
        lines[-1] += f", between training sets {said}"
    if "assumed" in origins:
        lines.append("What is assumed is a guess: say --seed-sd and --generator-sd, or run some.")
    return lines


def _claims(planned: PlannedDesign) -> Table:
    is_corrected = planned.design.comparisons > 1
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("claim")
    table.add_column("test, units")
    table.add_column("alone", justify="right", no_wrap=True)
    if is_corrected:
        table.add_column("Holm", justify="right", no_wrap=True)
    for each in claims_of(planned.design):
        cells = [Text(each.claim), Text(f"{each.test}: {each.units}"), Text(_points(each.found))]
        table.add_row(*cells, *([Text(_points(each.found_corrected))] if is_corrected else []))
    if planned.design.images:
        table.caption = (
            f"Images: where {DISCORDANCE:.0%} of them are right by one of the two alone."
        )
        table.caption_justify = "left"
    return table


def _needed(planned: PlannedDesign, needed: SeedsNeeded) -> str:
    points = _points(needed.gain)
    unit = "point" if points == "1.0" else "points"
    said = f"A gain of {points} {unit} needs {_seeds(needed.on_these)} on these generators"
    if needed.on_new is not None:
        return f"{said}, {_seeds(needed.on_new)} on new ones."
    tests = counted(planned.design.test_generators, "test generator")
    said += f"; on new ones no number of seeds is enough with {tests}"
    seeds = counted(planned.design.seeds, "seed")
    if needed.generators is None:
        return f"{said}, nor is any number of generators with {seeds}."
    return f"{said}; with {seeds} it takes {needed.generators}."


def _seeds(number: int | None) -> str:
    return "more than 1,000 seeds" if number is None else counted(number, "seed")


def _with_origin(share: float, origin: str) -> str:
    return f"{_points(share)} points ({origin})"


def _points(share: float | None) -> str:
    if share is None:
        return "-"
    points = 100 * share
    return f"{points:.2f}" if points < 0.995 else f"{points:.1f}"


def _p(value: float) -> str:
    return f"{value:.3g}".replace("0.", ".", 1)
