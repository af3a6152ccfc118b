"""`crossgen check store`: what is damaged, what that makes unusable; with --repair, set aside."""

from __future__ import annotations

from pathlib import Path

from data.counts import counted
from grid.console import Console
from grid.experiment_file.loading import load_experiment
from grid.integrity.damage import Damage
from grid.integrity.set_aside import set_aside
from grid.integrity.store_check import StoreCheck, check_store
from grid.refusal import Problem, Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED, EXIT_STORE
from grid.store.base import Store
from launch.command_lines import command_line, print_hint
from launch.desk import store_of
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

SHOWN = 50
_NAMED = ("commits", "weights", "pieces", "manifests", "experiments")


def check_store_command(file: Path | None, store: str | None, *, deep: bool, repair: bool) -> int:
    """Check a store, say what was found, repair it if asked to; return the exit code."""
    opened = _store(file, store)
    with waiting(f"looking into the store {opened.url}") as say:
        found = check_store(opened, deep=deep, progress=say)
    console = Console()
    console.print(f"store {opened.url}", style="dim", highlight=False, markup=False)
    _print_checked(console, found, deep=deep)
    _print_found(console, found)
    if found.damage:
        if repair:
            _repair(console, opened, found.damage)
        else:
            again = command_line(
                "check",
                "store",
                *((file,) if file is not None else ()),
                *(("--store", store) if store is not None else ()),
                *(("--deep",) if deep else ()),
                "--repair",
            )
            print_hint(console, "to set it aside, so that the next run makes it again", again)
            _print_made_again(console, found.damage)
    if found.unreadable:
        return EXIT_STORE
    if found.damage:
        return EXIT_FAILED
    console.print("all is well" if deep else "nothing is damaged", style="green")
    return EXIT_DONE


def _store(file: Path | None, store: str | None) -> Store:
    in_file = load_experiment(file).store if file is not None else None
    opened = store_of(store, in_file, base=file.resolve().parent if file is not None else None)
    if not opened.list():
        raise Refused(
            [
                Problem(
                    what=f"store {opened.url}",
                    why="there is nothing in it",
                    mend="Name another with --store",
                )
            ]
        )
    return opened


def _print_checked(console: Console, found: StoreCheck, *, deep: bool) -> None:
    counts = {name: found.checked[name] for name in _NAMED}
    others = sum(found.checked.values()) - sum(counts.values())
    said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    print_paragraph(console, f"checked: {said}, other files {others:,}")
    how = (
        "every byte was read"
        if deep
        else "records and footers were read, of weights the sizes; --deep reads every byte"
    )
    print_paragraph(console, how, style="dim")
    unproven = {kind: count for kind, count in found.unproven.items() if count}
    if unproven:
        said = ", ".join(f"{kind} {count:,}" for kind, count in unproven.items())
        print_paragraph(
            console,
            f"of an earlier version, without a checksum to be held against: {said}",
            style="dim",
        )


def _print_found(console: Console, found: StoreCheck) -> None:
    for sentence in found.unreadable[:SHOWN]:
        print_paragraph(console, f"! cannot be read: {sentence}", style="bold red")
    if found.damage:
        console.print(f"damaged or missing: {counted(len(found.damage), 'file')}", style="bold red")
    for each in found.damage[:SHOWN]:
        print_paragraph(console, each.key, 2, "bold")
        print_paragraph(console, f"{each.why}; {each.so}", 4)
    for kind, total in (("damaged", found.damage), ("unreadable", found.unreadable)):
        if len(total) > SHOWN:
            console.print(f"  ... and {len(total) - SHOWN:,} more {kind}", highlight=False)
    if found.stray:
        said = f"no file of crossgen's, and read by nothing: {counted(len(found.stray), 'file')}"
        console.print(said, style="yellow", highlight=False)
        for key in found.stray[:SHOWN]:
            print_paragraph(console, key, 2, "dim")
        if len(found.stray) > SHOWN:
            console.print(f"  ... and {len(found.stray) - SHOWN:,} more", highlight=False)


def _repair(console: Console, store: Store, damage: list[Damage]) -> None:
    why: dict[str, str] = {}
    for each in damage:
        for key in each.aside:
            why.setdefault(key, "it belongs to what is damaged")
    why.update({each.key: each.why for each in damage if each.key in why})
    if why:
        folder = set_aside(store, why)
        moved = counted(len(why), "file was", "files were")
        print_paragraph(console, f"{moved} set aside, below {folder} of the store", 0, "green")
    _print_made_again(console, damage)


def _print_made_again(console: Console, damage: list[Damage]) -> None:
    fits = len({each.fit_id for each in damage if each.again == "trained"})
    pieces = sum(each.again == "scored" for each in damage)
    written = sum(each.again == "written" for each in damage)
    todo = [
        f"trains {counted(fits, 'fit')}" if fits else "",
        f"scores {counted(pieces, 'piece')}" if pieces else "",
        f"writes {counted(written, 'record')}" if written else "",
    ]
    said = ", ".join(each for each in todo if each)
    if said:
        print_paragraph(console, f"the next `crossgen run FILE` then {said}, again")
