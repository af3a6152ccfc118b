"""Where a detector comes from: its paper and its authors' code."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Paper(BaseModel):
    """Where a detector was published: what a methods section cites."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    authors: str
    """As BibTeX writes them: "Tan, Chuangchuang and Zhao, Yao"."""
    venue: str
    """Such as "CVPR 2024"."""
    year: int
    arxiv: str | None = None
    """The number alone: "2312.10461"."""


class OfficialCode(BaseModel):
    """The authors' code: nothing here is copied from it, its checkpoints can be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str
    """On GitHub, "owner/name"."""
    commit: str
    licence: str
    """SPDX name, or "none": then the code and its weights may be used by nobody unasked."""
    positive: Literal["fake", "real"] = "fake"
    """What its larger logit means. Where that is real, the key map turns the sign."""
