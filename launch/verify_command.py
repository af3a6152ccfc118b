"""`crossgen verify`: repeat a fit or a piece aside and say equal, or by how much not."""

from __future__ import annotations

from data.counts import counted
from grid.console import Console
from grid.records.proven.json_records import CorruptRecord
from grid.refusal import Problem, Refused
from grid.store.base import Store
from grid.upkeep.repeatability import TOLERANCE
from grid.upkeep.seed_spread import Deviation
from grid.upkeep.verification import Verification, verify_fit, verify_piece
from launch.command_lines import store_command
from launch.paragraphs import print_paragraph

LISTING = "SELECT fit_id, piece_id FROM pieces WHERE committed"


def print_verification(
    fit: str,
    store: Store,
    piece: str | None,
    *,
    given: str | None = None,
    retrain: bool = False,
    trust_plugins: bool = False,
) -> int:
    """Repeat and compare; return 0 when equal (bit for bit or within the contract), 1 when not.

    Also 0 for a training that need not repeat itself, with how far it came; also 1 when what is
    stored is damaged, which is said without repeating anything.

    Args:
        fit: its id.
        store: has it.
        piece: of the fit, to be repeated instead of its training.
        given: --store, for commands that follow.
        retrain: for the piece, train again first.
        trust_plugins: run the code of a plug-in that the store holds.
    """
    try:
        if piece:
            result = verify_piece(store, fit, piece, retrain=retrain, trust_plugins=trust_plugins)
        else:
            result = verify_fit(store, fit, trust_plugins=trust_plugins)
    except Refused:
        raise
    except CorruptRecord as error:
        print_paragraph(Console(), f"{fit}: the store does not hold what was committed: {error}")
        return 1
    except ValueError as error:
        raise Refused(
            [
                Problem(
                    what=fit,
                    why=str(error),
                    mend=f"What is there: {store_command(given, 'query', LISTING)}",
                )
            ]
        ) from error
    return _print_result(Console(), result)


def _print_result(console: Console, result: Verification) -> int:
    if result.damage:
        console.print(
            f"{result.what}: the store does not hold what was committed",
            style="bold red",
            highlight=False,
        )
        for line in result.damage:
            print_paragraph(console, line, 2)
        return 1
    if result.identical:
        compared = (
            counted(result.compared, "logit") if result.compared else "given weights, no training"
        )
        console.print(
            f"{result.what}: equal, bit for bit ({compared})",
            style="green",
            highlight=False,
        )
        _print_changes(console, result)
        return 0
    if result.told is not None:
        _print_deviation(console, result, result.told)
    else:
        _print_largest(console, result)
    if result.other_weights:
        epochs = ", ".join(map(str, result.other_weights))
        console.print(f"  other weights than the stored ones, of epoch {epochs}", highlight=False)
    for name, (then, now) in result.changed_conditions.items():
        console.print(f"  {name} then: {then}\n  {name} now:  {now}", highlight=False, markup=False)
    _print_changes(console, result)
    return 0 if result.kept else 1


def _print_largest(console: Console, result: Verification) -> None:
    close = result.within_tolerance
    console.print(
        f"{result.what}: not bit for bit; the largest of {result.compared} differences is "
        f"{result.largest:.3g}, {'within' if close else 'beyond'} the contract of {TOLERANCE:g}",
        style="yellow" if close else "bold red",
        highlight=False,
    )


def _print_deviation(console: Console, result: Verification, told: Deviation) -> None:
    """Print how far a training came that need not repeat itself, beside how far seeds lie apart."""
    console.print(
        f"{result.what}: trained again, and not held to equal numbers: a GPU gives them only with "
        "`deterministic: true` in the recipe, on the same kind of GPU",
        style="yellow",
        highlight=False,
        markup=False,
    )
    print_paragraph(
        console,
        f"validation AUC {_auc(told.auc[0])} then, {_auc(told.auc[1])} now; a logit of "
        f"{result.compared:,} moved by {told.mean:.3g} on average, by {told.largest:.3g} at most",
        2,
    )
    others = result.between_seeds
    if not others:
        print_paragraph(console, "no other seed of it is in the store to hold that against", 2)
        return
    areas = sorted(each.auc[1] for each in others if each.auc[1] is not None)
    between = f"AUC {_auc(areas[0])} to {_auc(areas[-1])}, " if areas else ""
    means = [each.mean for each in others]
    print_paragraph(
        console,
        f"{counted(len(others), 'fit')} of other seeds in the store: {between}a logit "
        f"differs from the stored one by {min(means):.3g} to {max(means):.3g} on average",
        2,
    )


def _auc(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _print_changes(console: Console, result: Verification) -> None:
    """Print what changed while the stored fit was trained: a reason why it may not be repeated."""
    for change in result.changed_in_training:
        print_paragraph(console, f"it was resumed under other conditions: {change}", 2)
