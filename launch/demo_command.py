"""`crossgen demo`: a whole grid in a few minutes, from making the images to the page.

It does what a user would do by hand, with the same functions, and leaves a folder to go on with:
images, experiment file, store and page. Called again it finds nothing left to do.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from data.counts import counted
from data.regular_files import read_regular
from data.toy.generators import TOY_GENERATORS
from data.toy.writing import ToyFolderRefused, write_toy_images
from grid.console import Console
from grid.packages import packages_root
from grid.refusal import Refused
from launch.command_lines import command_line, store_command
from launch.desk import Desk, open_desk
from launch.invocation import Invocation
from launch.run_choices import RunChoices
from launch.run_command import run_missing
from launch.show_experiment import overview_of, print_matrix, write_report
from launch.waiting import waiting

# Few enough for minutes on two cores, many enough for a matrix with blocks.
TRAIN_IMAGES, TEST_IMAGES = 256, 64
SHIPPED = Path("grid", "experiments", "demo.yaml")


def run_demo(
    folder: Path,
    *,
    slots: int | None = None,
    invocation: Invocation = Invocation("crossgen demo"),  # noqa: B008 - frozen
    train: int = TRAIN_IMAGES,
    test: int = TEST_IMAGES,
    generators: Sequence[str] = tuple(TOY_GENERATORS),
) -> int:
    """Make the images, run the grid on Ray, print the matrix, write the page.

    Args:
        folder: made if it is missing; an experiment file in it is kept as it is.
        slots: trials at a time; None: one per core.
        invocation: how the command was called.
        train: images per class and generator to train and validate on.
        test: images per class and generator to test on.
        generators: toy generators.

    Returns:
        The exit code of the run; with any but 0 there is no matrix and no page.

    Raises:
        Refused: the folder holds something else, or its experiment file has mistakes.
    """
    console = Console()
    began = time.monotonic()
    _write_images(console, folder / "images", train, test, generators)
    file = _experiment_file(console, folder)
    # The folder's own store, whatever CROSSGEN_STORE says: the demo is to be tried out and removed.
    desk = open_desk(file, store=str((folder / "store").absolute()))
    left = len(desk.plan.missing)
    if left:
        console.print(f"running {left} of {counted(len(desk.plan.fits), 'trial')} with Ray Tune")
        code = run_missing(desk, RunChoices(slots=slots), invocation)
        if code != 0:
            return code
    else:
        _say_done(console, desk)
    shown = overview_of(file, store=desk.store.url)
    console.print()
    print_matrix(shown, "auc")
    page = write_report(shown, folder / "report.html")
    console.print()
    console.print(f"page   {page}\nstore  {folder / 'store'}", highlight=False, markup=False)
    console.print(f"took   {time.monotonic() - began:.0f} s", highlight=False)
    _say_next(console, folder, file)
    return 0


def _write_images(
    console: Console, root: Path, train: int, test: int, generators: Sequence[str]
) -> None:
    images = 2 * (train + test) * len(generators)
    console.print(
        f"toy images: {images:,} of {counted(len(generators), 'generator')} in {root}", markup=False
    )
    try:
        with waiting("making images") as say:
            write_toy_images(
                root,
                train=train,
                test=test,
                generators=generators,
                progress=lambda done, total: say(f"making images {done:,}/{total:,}"),
            )
    except ToyFolderRefused as error:
        named = [replace(each, mend=f"{each.mend}, with --folder") for each in error.problems]
        raise Refused(named) from error


def _experiment_file(console: Console, folder: Path) -> Path:
    """Copy the shipped experiment, once; a copy that was changed is the user's."""
    file, shipped = folder / "demo.yaml", packages_root() / SHIPPED
    if not file.exists():
        shutil.copyfile(shipped, file)
    elif read_regular(file) != shipped.read_bytes():
        console.print(
            f"{file} differs from the demo that is shipped, and is what runs", markup=False
        )
    return file


def _say_done(console: Console, desk: Desk) -> None:
    pieces = sum(fit.pieces for fit in desk.plan.fits)
    console.print(
        f"nothing left to do: {counted(len(desk.plan.fits), 'fit')} and "
        f"{counted(pieces, 'file')} of scores are in the "
        "store",
        style="green",
        highlight=False,
    )


def _say_next(console: Console, folder: Path, file: Path) -> None:
    sql = "SELECT fit_id, test_set, auc FROM cells ORDER BY auc"
    lines = (
        (shlex.join(["open", str(folder / "report.html")]), "every number, seed by seed"),
        (
            command_line("matrix", file, "--metric", "accuracy"),
            "ranking is one question, threshold another",
        ),
        (
            command_line("run", file),
            f"after an edit of {file}: a factor, a seed, a degradation; only that runs",
        ),
        (
            store_command(str(folder / "store"), "query", sql),
            "any SELECT; without one, the views are listed",
        ),
        ("crossgen init FOLDER", "an experiment for images of your own"),
    )
    console.print("\nnext", style="bold")
    for command, why in lines:
        said = Text.assemble(f"  {command}\n      ", (why, "dim"))
        console.print(said, highlight=False, soft_wrap=True)
