"""`crossgen experiments`: what each of the shipped files asks, and a copy of one."""

from __future__ import annotations

from pathlib import Path

import click

from grid.console import Console
from grid.experiment_file.shipped import shipped_names, shipped_path
from grid.experiment_file.yaml_reading import read_yaml
from grid.refusal import Refused
from launch.command_lines import command_line, print_hint
from launch.paragraphs import print_paragraph


def list_experiments() -> None:
    """Print the name and the question of each, and the published table that it is held against."""
    console = Console()
    for name in shipped_names():
        raw = read_yaml(shipped_path(name))
        console.print(name, style="bold", highlight=False)
        beside = f" (beside the published table {raw['published']})" if "published" in raw else ""
        print_paragraph(console, f"{raw['question']}{beside}", 2)
    print_hint(console, "to copy one", command_line("experiments", "NAME", "-o", "FILE"))


def print_experiment(name: str) -> None:
    """Print the text of one, as it stands.

    Raises:
        Refused: there is none of this name.
    """
    click.echo(shipped_path(name).read_text(encoding="utf-8"), nl=False)


def copy_experiment(name: str, output: Path) -> None:
    """Write a copy of one, and say what can be done with it.

    Raises:
        Refused: there is none of this name, or the file is there already, or cannot be written.
    """
    text = shipped_path(name).read_text(encoding="utf-8")
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused.because(
            str(output), "it is there already, and may be yours", "Name another file"
        ) from None
    except OSError as error:
        why = f"it cannot be written ({error.strerror or error})"
        raise Refused.because(str(output), why, "Name another file") from error
    console = Console()
    console.print(f"{name} copied to {output}", markup=False, highlight=False)
    print_hint(console, "to try it out", command_line("run", output, "--smoke"))
