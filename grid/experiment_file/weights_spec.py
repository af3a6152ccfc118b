"""`weights:` of an arm: where its fits begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from detectors.weights_folder.names import FOREIGN_ENDINGS, looks_like_path

PAPER = "paper"
"""The weights that the detector's published training begins with, as its card names them."""


class WeightsFile(BaseModel):
    """One file: its path, or its name in the weights folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    name: str | None = None

    @field_validator("path")
    @classmethod
    def _no_pickle(cls, path: Path | None) -> Path | None:
        if path is not None and path.suffix in FOREIGN_ENDINGS:
            raise ValueError(
                f"{path.name} may hold code, and is not read by trials: run `crossgen weights "
                f"import {path} --as {path.stem}` once and write `weights: {path.stem}`"
            )
        return path

    def with_paths(self, absolute: Callable[[Path], Path]) -> WeightsFile:
        """Return it with an absolute path."""
        return self if self.path is None else self.model_copy(update={"path": absolute(self.path)})


class WeightsSpec(WeightsFile):
    """Where the initial weights come from: another arm's fit, a file, or a file for each part.

    The parent is the one fit of the arm `from` that agrees on the seed and on every axis that
    both arms have; `where` names values of the parent's axes where that leaves several. `parts`
    are backbones of a detector that has several, each a name in the weights folder or a path; a
    part that is not named begins at random.
    """

    from_: str | None = Field(default=None, alias="from")
    where: dict[str, Any] = {}
    epoch: Literal["selected", "last"] = "selected"
    parts: dict[str, WeightsFile] = {}

    @field_validator("parts", mode="before")
    @classmethod
    def _words(cls, parts: Any) -> Any:
        if not isinstance(parts, Mapping):
            return parts
        return {part: weights_word(value) for part, value in parts.items()}

    @model_validator(mode="after")
    def _one_source(self) -> WeightsSpec:
        sources = (self.from_, self.path, self.name, self.parts or None)
        if sum(source is not None for source in sources) != 1:
            raise ValueError(
                "weights come from exactly one place: write `from: ARM`, `path: FILE`, "
                "`name: NAME` or `parts: {PART: NAME}`"
            )
        if any(file.path is None and file.name is None for file in self.parts.values()):
            raise ValueError("every part needs a name in the weights folder, or a path")
        return self

    def with_paths(self, absolute: Callable[[Path], Path]) -> WeightsSpec:
        """Return it with absolute paths."""
        parts = {part: file.with_paths(absolute) for part, file in self.parts.items()}
        path = None if self.path is None else absolute(self.path)
        return self.model_copy(update={"path": path, "parts": parts})


def weights_word(value: Any) -> Any:
    """Return what a plain word stands for: a path by its look, else a name."""
    if not isinstance(value, str):
        return value
    return {"path": value} if looks_like_path(value) else {"name": value}
