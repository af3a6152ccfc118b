"""`crossgen check pins`: whether detectors give the logits that are pinned for their versions."""

from __future__ import annotations

from detectors.contract import UnknownName, names
from detectors.pins import PinCheck, PinMoved, check_pin, write_pin
from grid.console import Console
from grid.refusal import Problem, Refused
from launch.paragraphs import print_paragraph


def check_pins(write: str | None) -> int:
    """Hold every detector against its pins, or pin one; return 0 when none has moved, else 1.

    Raises:
        Refused: the one to be pinned is not there, or other logits are pinned for its version.
    """
    console = Console()
    if write is not None:
        try:
            file = write_pin(write)
        except UnknownName as error:
            raise Refused([Problem(what=write, why=str(error), mend="Correct the name")]) from error
        except PinMoved as error:
            raise Refused(
                [Problem(what=write, why=str(error), mend="See detectors/README.md")]
            ) from error
        print_paragraph(console, f"{write}: pinned in {file}")
        return 0
    found = [check_pin(name) for name in names()]
    for check in found:
        style = {"equal": "green", "unpinned": "yellow"}.get(check.state, "bold red")
        print_paragraph(console, f"{check.name} v{check.version}: {_in_words(check)}", style=style)
    return int(any(check.state in ("moved", "version unpinned") for check in found))


def _in_words(check: PinCheck) -> str:
    if check.state == "equal":
        return "as pinned"
    if check.state == "moved":
        return (
            f"its logits are {list(check.now)}, pinned are {list(check.pinned)}: raise the card's "
            "version, or undo the change"
        )
    which = "this version is not pinned" if check.state == "version unpinned" else "not pinned"
    return f"{which}; `crossgen check pins --write {check.name}` pins it"
