"""`--smoke`: an experiment's smoke variant takes its place, and is said to be no result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from grid.console import Console
from grid.experiment_file.yaml_reading import read_value
from grid.smoke.written import write_smoke_variant
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

SENTENCE = (
    "SMOKE: simulated images, tiny networks, two epochs. This tries out whether the experiment "
    "works; nothing printed of it is a result."
)


def smoke_file(file: Path, given: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """Write the smoke variant of a file, say what it is, and return its file and what goes with it.

    Args:
        file: the user's.
        given: the words of the command; `--set` acts on the user's file, `--limit` on nothing.

    Raises:
        Refused: the file has mistakes, or the variant cannot be written.
    """
    changes = {key: read_value(value, f"--set {key}={value}") for key, value in given["changes"]}
    with waiting(f"reading {file}") as say:
        written = write_smoke_variant(file, changes, say=say)
    console = Console()
    print_paragraph(console, SENTENCE, 0, "bold yellow")
    for sentence in written.variant.left_out:
        print_paragraph(console, sentence, 2, "dim")
    console.print(
        f"file {written.file}", style="dim", highlight=False, markup=False, soft_wrap=True
    )
    return written.file, {**given, "changes": (), "limit": None}
