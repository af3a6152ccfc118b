"""`crossgen weights fetch | import | list | check`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.byte_counts import in_bytes
from data.counts import counted
from data.generators import generator
from detectors.weights_folder.entries import (
    TrainedOn,
    WeightsEntry,
    names_in,
    read_entry,
    tensors_file,
    write_weights,
)
from detectors.weights_folder.names import fault_of, library_of
from detectors.weights_folder.proving import proved
from grid.cache_folder import default_weights_folder
from grid.console import Console
from grid.experiment_file.yaml_reading import read_value
from grid.refusal import Problem, Refused
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

if TYPE_CHECKING:
    from torch import Tensor

NO_GENERATOR = "none"


@dataclass(frozen=True)
class Stated:
    """What the user says that weights were trained on, and their licence."""

    generators: tuple[str, ...]
    classes: tuple[str, ...]
    datasets: tuple[str, ...]
    licence: str | None

    def trained_on(
        self, generators: Sequence[str] | None = None, datasets: Sequence[str] = ()
    ) -> TrainedOn:
        """Return it all; the arguments are what is known where nothing is said."""
        said = self.generators
        if NO_GENERATOR in said and len(said) > 1:
            raise Refused.because(
                "--generator none", "others are given beside it", "Leave out one or the other"
            )
        if said:
            generators = [generator(name).name for name in said if name != NO_GENERATOR]
        return TrainedOn(
            generators=None if generators is None else tuple(generators),
            classes=self.classes or None,
            datasets=self.datasets or tuple(datasets),
        )


def fetch_weights(names: Sequence[str], folder: Path | None, stated: Stated) -> None:
    """Fetch published weights into the folder.

    Raises:
        Refused: no such name, or no network.
    """
    from detectors.weights_folder.fetching import fetched, published

    place = folder or default_weights_folder()
    known = {name: published(name) for name in names}  # a typing mistake before any download
    for name, facts in known.items():
        with waiting(f"fetching {name}"):
            state = fetched(name)
        trained_on = stated.trained_on(facts.generators, facts.datasets)
        licence = stated.licence or facts.licence
        _put(place, name, _packed(state), facts.source, trained_on, licence)


def import_weights(
    file: Path,
    name: str,
    folder: Path | None,
    stated: Stated,
    *,
    detector: str | None,
    options: Sequence[tuple[str, str]],
    own_keys: bool,
) -> None:
    """Bring a checkpoint from elsewhere into the folder.

    Raises:
        Refused: the name, the file, or what is in it.
    """
    from detectors.lasting_errors import WeightsMismatch
    from detectors.weights_folder.importing import for_detector, tensors_of

    if fault := fault_of(name):
        raise Refused.because(f"--as {name}", fault, "Give another name")
    _require_sensible(name, detector, options, own_keys)
    values = {key: read_value(value, f"--option {key}={value}") for key, value in options}
    place = folder or default_weights_folder()
    trained_on, licence = stated.trained_on(), stated.licence
    with waiting(f"reading {file}"):
        state = tensors_of(file)
        try:
            if detector is not None:
                content = for_detector(state, detector, values, own_keys=own_keys)
            elif library_of(name) is not None:
                from detectors.weights_folder.fetching import adopted, published

                facts = published(name)
                content = _packed(adopted(name, state))
                trained_on = stated.trained_on(facts.generators, facts.datasets)
                licence = licence or facts.licence
            else:
                content = _packed(state)
        except WeightsMismatch as error:
            raise Refused.because(str(file), str(error), "Nothing was written") from None
        except ValueError as error:
            if isinstance(error, Refused):
                raise
            raise Refused.because(f"--detector {detector}", str(error), "Correct it") from None
    _put(place, name, content, file.name, trained_on, licence, detector, values)


def list_weights(folder: Path | None) -> None:
    """Print what the folder holds."""
    console, place = Console(), folder or default_weights_folder()
    names = names_in(place)
    if not names:
        print_paragraph(console, f"{place} holds no weights yet; `crossgen weights fetch NAME` or")
        print_paragraph(console, "`crossgen weights import FILE --as NAME` brings some")
        return
    print_paragraph(console, str(place), style="dim")
    damaged: list[Problem] = []
    for name in names:
        try:
            entry = read_entry(place, name)
        except Refused as refused:
            damaged.extend(refused.problems)
            continue
        print_paragraph(console, name, style="bold")  # whole: it is what `weights:` takes
        licence = entry.licence or "not stated"
        facts = f"{_owner(entry)}, {in_bytes(entry.bytes)}, licence {licence}; trained on: "
        print_paragraph(console, facts + trained_on_words(entry), 2)
    for problem in damaged:
        print_paragraph(console, str(problem), style="bold red")


def check_weights(folder: Path | None) -> int:
    """Hold every file of the folder against its checksum; return 0 where all are whole, else 1."""
    console, place = Console(), folder or default_weights_folder()
    found = list(proved(place))
    for each in found:
        style = "bold red" if each.is_damage else "yellow" if each.fault else ""
        if each.fault:
            print_paragraph(console, f"{each.name}: {each.fault}", style=style)
    damaged = sum(each.is_damage for each in found)
    whole = sum(not each.fault for each in found)
    said = f"{counted(whole, 'file')} of weights as in {'its' if whole == 1 else 'their'} entry"
    print_paragraph(console, f"{said}, {damaged:,} damaged, in {place}")
    return int(bool(damaged))


def trained_on_words(entry: WeightsEntry) -> str:
    """Say what was stated of an entry's training images."""
    stated = entry.trained_on
    parts = [", ".join(stated.datasets)]
    if stated.generators is not None:
        parts.append(", ".join(stated.generators) or "no generated image")
    if stated.classes is not None:
        parts.append(f"classes {', '.join(stated.classes)}")
    said = "; ".join(part for part in parts if part)
    return said if stated.generators is not None else f"{said}; generators not stated".lstrip("; ")


def _require_sensible(
    name: str, detector: str | None, options: Sequence[tuple[str, str]], own_keys: bool
) -> None:
    if detector is None and (options or own_keys):
        given = "--own-keys" if own_keys else "--option"
        raise Refused.because(given, "it says something of a detector", "Add --detector NAME")
    if detector is not None and library_of(name) is not None:
        raise Refused.because(
            f"--as {name}",
            f"that is the name of a published backbone, not of a whole {detector}",
            "Give a name of your own",
        )


def _packed(state: Mapping[str, Tensor]) -> bytes:
    from detectors import weights

    return weights.pack(state)


def _put(
    folder: Path,
    name: str,
    content: bytes,
    source: str,
    trained_on: TrainedOn,
    licence: str | None,
    detector: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> None:
    from detectors import weights

    entry = WeightsEntry(
        name=name,
        sha256=weights.sha256(content),
        bytes=len(content),
        source=source,
        detector=detector,
        options=dict(options or {}),
        licence=licence,
        trained_on=trained_on,
        added=datetime.now(UTC).date().isoformat(),
    )
    try:
        write_weights(folder, entry, content)
    except OSError as error:
        raise Refused.because(
            str(folder), f"it cannot be written ({error.strerror})", "Give another --weights-folder"
        ) from error
    console = Console()
    print_paragraph(
        console, f"{name}: {_owner(entry)}, {in_bytes(entry.bytes)}, {entry.sha256[:8]}"
    )
    print_paragraph(console, f"in {tensors_file(folder, name)}", 2)
    print_paragraph(console, f"trained on: {trained_on_words(entry)}", 2)


def _owner(entry: WeightsEntry) -> str:
    if entry.detector is None:
        return "backbone"
    said = ",".join(f"{key}={value}" for key, value in entry.options.items())
    return f"{entry.detector}({said})" if said else entry.detector
