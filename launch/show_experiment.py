"""`crossgen matrix` and `crossgen report`: an experiment of a store on the terminal or as a page.

A FILE means what it expands to now, whether all of that has run or nothing; a name means what the
store holds, for which neither the file nor the images need be there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.page.findings_json import findings_json
from analysis.page.overview import Overview, overview
from analysis.page.report import report_page
from analysis.page.terminal import print_overview
from analysis.selecting.expansion_choice import ExpansionChoice, choose_one
from grid.console import Console
from grid.refusal import Problem, Refused
from grid.store.base import Store
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of
from launch.show_damage import print_left_out
from launch.whole_file import whole_file


def overview_of(
    file: Path | None,
    *,
    store: str | None,
    experiment: str | None = None,
    digest: str | None = None,
    **narrowed: Any,
) -> Overview:
    """Look at what a file expands to, or at a named experiment of a store.

    Args:
        file: the experiment file, or None.
        store: --store.
        experiment: the experiment's name, where there is no file; needed where a store holds
            several.
        digest: of several expansions this one; a beginning is enough.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: both or neither of file and name lead to one expansion.
    """
    check_file_or_name(file, {"experiment": experiment, "digest": digest}, narrowed)
    if file is not None:
        return _overview(*expansion_of_file(file, store, narrowed))
    opened = store_of(store)
    choice = choose_one(opened, experiment, digest)
    return _overview(opened, choice)


def _overview(store: Store, choice: ExpansionChoice) -> Overview:
    return overview(store, choice.experiments[0], choice.remarks, choice.damaged)


def print_matrix(shown: Overview, metric: str, store: str | None = None) -> None:
    """Print warnings, matrices and their sentence; `store` is --store, for commands that follow."""
    print_overview(Console(), shown, metric)
    print_left_out(Console(stderr=True), shown.damaged, store)


def write_report(shown: Overview, output: Path | None) -> Path:
    """Write the page and, beside it, its numbers; each whole or not at all, over an older one.

    Returns:
        where the page lies; the numbers are in `numbers_beside` it.

    Raises:
        Refused: the page cannot be written there.
    """
    path = output or Path(f"{shown.experiment['name']}.html")
    try:
        for place, text in (
            (numbers_beside(path), findings_json(shown)),
            (path, report_page(shown)),
        ):
            with whole_file(place) as temporary:
                temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(
            [
                Problem(
                    what=str(path),
                    why=f"the page cannot be written there ({error.strerror})",
                    mend="Name another place with -o",
                )
            ]
        ) from error
    return path


def numbers_beside(page: Path) -> Path:
    """Return where the numbers of a page lie: NAME.findings.json beside NAME.html."""
    return page.with_suffix(".findings.json")


def report_command(shown: Overview, output: Path | None, store: str | None) -> None:
    """Write the page and say where; `store` is --store, for commands that follow."""
    path = write_report(shown, output)
    console = Console()
    size = f"{path.stat().st_size / 1000:,.0f} kB"
    console.print(f"wrote {path} ({size})", highlight=False, markup=False)
    console.print(f"its numbers: {numbers_beside(path)}", highlight=False, markup=False)
    for caution in shown.cautions:
        console.print(f"! {caution.text}", style="yellow", highlight=False, markup=False)
    print_left_out(Console(stderr=True), shown.damaged, store)
