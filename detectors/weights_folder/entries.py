"""Entries of a weights folder: what is known of each file, and where both lie.

`<folder>/<name>.safetensors` holds the tensors, `<folder>/<name>.json` what is known of them. The
entry is written last, so that what it names is whole. Loads no torch: `plan` reads entries.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.refusals import Refused
from data.suggestions import did_you_mean
from detectors.weights_folder.names import fault_of, library_of

TENSORS, ENTRY, UNFINISHED = ".safetensors", ".json", ".unfinished"


class TrainedOn(BaseModel):
    """What weights were trained on, as somebody stated it; None = nobody has.

    An empty list of generators says that no generated image was among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    generators: tuple[str, ...] | None = None
    classes: tuple[str, ...] | None = None
    datasets: tuple[str, ...] = ()


class WeightsEntry(BaseModel):
    """What is known of one file of the folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal[1] = Field(default=1, alias="schema")
    name: str
    sha256: str = Field(pattern=r"[0-9a-f]{64}")
    bytes: int = Field(ge=1)
    source: str
    """A file's name or an address, for people."""
    detector: str | None = None
    """Whose whole state dict it is, under our keys; None: a backbone's, under its library's."""
    options: dict[str, Any] = {}
    """Of that detector, where they are not its defaults."""
    licence: str | None = None
    trained_on: TrainedOn = TrainedOn()
    added: str
    """Date, ISO 8601."""

    @property
    def is_backbone(self) -> bool:
        """Whether it is a part of a detector only."""
        return self.detector is None


def tensors_file(folder: Path, name: str) -> Path:
    """Where the tensors of a name lie."""
    return folder / f"{name}{TENSORS}"


def entry_file(folder: Path, name: str) -> Path:
    """Where the entry of a name lies."""
    return folder / f"{name}{ENTRY}"


def names_in(folder: Path) -> list[str]:
    """Every name that has an entry, sorted."""
    found = folder.rglob(f"*{ENTRY}") if folder.is_dir() else ()
    return sorted(str(path.relative_to(folder).as_posix()).removesuffix(ENTRY) for path in found)


def read_entry(folder: Path, name: str) -> WeightsEntry:
    """Return the entry of a name whose tensors are there.

    Raises:
        Refused: there is none, or it is damaged; it says which command brings it.
    """
    if fault := fault_of(name):
        raise Refused.because(name, fault, "Correct the name")
    try:
        text = entry_file(folder, name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Refused.because(
            name, f"{folder} has no such weights", how_to_bring(folder, name)
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(folder, name, str(error)) from None
    try:
        entry = WeightsEntry.model_validate_json(text)
    except ValidationError as error:
        raise _unreadable(folder, name, error.errors()[0]["msg"]) from None
    if entry.name != name:
        raise _unreadable(folder, name, f"it is the entry of {entry.name}")
    try:
        size = tensors_file(folder, name).stat().st_size
    except OSError as error:
        raise _unreadable(folder, name, f"{error.strerror}: {error.filename}") from None
    if size != entry.bytes:
        raise _unreadable(folder, name, f"its file has {size:,} bytes instead of {entry.bytes:,}")
    return entry


def how_to_bring(folder: Path, name: str) -> str:
    """Say which command brings weights into the folder."""
    if library_of(name) is not None:
        return (
            f"Run `crossgen weights fetch {name}` where there is a network; where there is none, "
            f"copy the two files {name}{TENSORS} and {name}{ENTRY} from another weights folder"
        )
    return (
        f"{did_you_mean(name, names_in(folder))} Bring it with `crossgen weights import FILE --as "
        f"{name}`; where a file is meant, write ./{name}"
    )


def write_weights(folder: Path, entry: WeightsEntry, content: bytes) -> None:
    """Put tensors and their entry into the folder; a name never changes what it means.

    Raises:
        Refused: the name is taken by other bytes, or the folder cannot be written.
    """
    present = None
    with suppress(Refused):  # not there, or damaged: then it is written anew
        present = read_entry(folder, entry.name)
    if present is not None and present.sha256 != entry.sha256:
        raise Refused.because(
            entry.name,
            f"{folder} has other weights of that name ({present.sha256[:8]}, of {present.source})",
            "Choose another name with --as, or delete the two files of that name",
        )
    _write_whole(tensors_file(folder, entry.name), content)
    text = entry.model_dump_json(by_alias=True, indent=1)
    _write_whole(entry_file(folder, entry.name), text.encode())


def _write_whole(target: Path, content: bytes) -> None:
    """Write a file aside and give it its name when it is whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    number, aside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}", suffix=UNFINISHED)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(aside).chmod(0o644)
        Path(aside).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(aside).unlink()
        raise


def left_over(folder: Path) -> Iterator[Path]:
    """Yield files that no entry names: an import that was broken off, or a stranger's."""
    known = set(names_in(folder))
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        is_named = name.endswith(TENSORS) and name.removesuffix(TENSORS) in known
        if path.is_file() and not name.endswith(ENTRY) and not is_named:
            yield path


def _unreadable(folder: Path, name: str, why: str) -> Refused:
    mend = "Delete both files of that name and bring them again"
    return Refused.because(f"{entry_file(folder, name)}", f"the entry is damaged ({why})", mend)
