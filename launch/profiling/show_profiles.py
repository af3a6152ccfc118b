"""What was measured, as a table: memory and time of training and testing, and the share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from data.byte_counts import in_bytes
from data.counts import counted
from grid.console import Console
from grid.plan.gpu_needs import needed_bytes
from grid.records.memory_profiles import MemoryProfile
from grid.run.shares import CLASSES
from grid.trial.device import CPU
from launch.paragraphs import print_paragraph
from launch.profiling.kinds_of_work import KindOfWork


@dataclass(frozen=True)
class MeasuredNeed:
    """A kind of work and its profile, or why there is none."""

    work: KindOfWork
    profile: MemoryProfile | None
    why: str = ""
    card_bytes: int | None = None


def print_profiles(results: Sequence[MeasuredNeed], store_url: str) -> None:
    """Print a row per kind of work, what could not be measured, and where it is kept."""
    console = Console()
    done = [each for each in results if each.profile is not None]
    for device in dict.fromkeys(each.profile["device"] for each in done if each.profile):
        _print_device(
            console, device, [e for e in done if e.profile and e.profile["device"] == device]
        )
    for each in results:
        if each.profile is None:
            print_paragraph(
                console, f"{each.work.label} was not measured: {each.why}", 0, "bold red"
            )
    if done:
        said = f"{counted(len(done), 'profile')} kept in {store_url}"
        print_paragraph(console, said, 0, "dim")


def _print_device(console: Console, device: str, results: Sequence[MeasuredNeed]) -> None:
    on_gpu = device != CPU
    card = next((each.card_bytes for each in results if each.card_bytes), None)
    where = f"on {device} of {in_bytes(card)}" if card else f"on {device}"
    what = "of the GPU" if on_gpu else "of the whole process"
    print_paragraph(console, f"{where}: peak memory {what}, time of an image", 0, "bold")
    heads = ["fits", "batch", "training", "", "testing", "", *(["share"] if on_gpu else [])]
    table = Table("work", *heads, box=None, header_style="dim", pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for each in results:
        profile = each.profile
        assert profile is not None
        row = [
            f"{each.work.fits:,}",
            "-" if each.work.batch is None else f"{each.work.batch}",
            *_pair(profile["training_bytes"], profile["training_s_per_image"]),
            *_pair(profile["testing_bytes"], profile["testing_s_per_image"]),
        ]
        table.add_row(Text(each.work.label), *row, *([_share(each)] if on_gpu else []))
    console.print(table)
    if not on_gpu:
        print_paragraph(console, "Shares of GPUs follow from what is measured on a GPU.", 0, "dim")


def _pair(size: int | None, seconds: float | None) -> tuple[str, str]:
    return (
        "-" if size is None else in_bytes(size),
        "-" if seconds is None else _time(seconds),
    )


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.9995 else f"{1000 * seconds:.3g} ms"


def _share(measured: MeasuredNeed) -> str:
    """The class that trials of this work get on such a card, by its memory."""
    needed = None if measured.profile is None else needed_bytes([measured.profile])
    if needed is None or measured.card_bytes is None:
        return "-"
    share = next((each for each in CLASSES if each * measured.card_bytes >= needed), 1.0)
    return "1" if share == 1.0 else f"1/{round(1 / share)}"
