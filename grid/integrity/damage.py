"""What is damaged in a store, and what that makes unusable, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from data.counts import counted
from grid.records.commits import Commit
from grid.records.places import commit_key, weights_key

Again = Literal["trained", "scored", "written", ""]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One damaged or missing file.

    Attributes:
        key: The file.
        why: What is wrong with it.
        so: What is unusable because of it.
        aside: The keys that are to be set aside, so that the next run makes it again; none where
            the file is gone.
        again: What the next run then does.
        fit_id: The fit that it belongs to, "" for none.
    """

    key: str
    why: str
    so: str
    aside: tuple[str, ...] = ()
    again: Again = ""
    fit_id: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.why}; {self.so}"


def commit_damage(fit_id: str, why: str, pieces: int) -> Damage:
    """Return what a damaged commit comes to; `pieces` of its fit are in the store."""
    key = commit_key(fit_id)
    return Damage(
        key=key,
        why=why,
        so=f"fit {fit_id} counts as not trained, and its {counted(pieces, 'piece')} cannot be read",
        aside=(key,),
        again="trained",
        fit_id=fit_id,
    )


def lost_commit_damage(fit_id: str, pieces: int) -> Damage:
    """Return what a commit comes to that is not there, though pieces of its fit are."""
    return Damage(
        key=commit_key(fit_id),
        why="it is gone",
        so=f"fit {fit_id} counts as not trained, and its {counted(pieces, 'piece')} cannot be read",
        again="trained",
        fit_id=fit_id,
    )


def weights_damage(
    commit: Commit, epoch: str, why: str, pieces: Collection[str], children: Collection[str]
) -> Damage:
    """Return what the damaged weights of one epoch come to.

    Args:
        commit: Of their fit.
        epoch: Which.
        why: What is wrong with them.
        pieces: The ids of all pieces of the fit that are in the store: their numbers stand.
        children: Fits that begin from this one.
    """
    fit_id = commit["fit_id"]
    scored = sum(piece.startswith(f"e{epoch}-") for piece in pieces)
    so = f"with epoch {epoch} of fit {fit_id} nothing more can be scored"
    if scored:
        so += f", {counted(scored, 'piece')} of it cannot be scored anew"
    if children:
        so += f", and {counted(len(children), 'child', 'children')} cannot begin"
    return Damage(
        key=weights_key(fit_id, commit["attempt"], int(epoch)),
        why=why,
        so=so,
        again="trained",
        fit_id=fit_id,
    )


def missized_weights(commit: Commit, sizes: Mapping[str, int]) -> dict[str, str]:
    """Return what a listing says is wrong with committed weights, by epoch."""
    found = {}
    for epoch, kept in commit["weights"].items():
        size = sizes.get(weights_key(commit["fit_id"], commit["attempt"], int(epoch)))
        if size is None:
            found[epoch] = "it is gone"
        elif size != kept["bytes"]:
            found[epoch] = f"it has {size:,} of its {kept['bytes']:,} bytes"
    return found


def piece_damage(fit_id: str, key: str, why: str) -> Damage:
    """Return what a damaged score file comes to."""
    return Damage(
        key=key,
        why=why,
        so="its cells have no number",
        aside=(key,),
        again="scored",
        fit_id=fit_id,
    )


def manifest_damage(key: str, why: str, pieces: int, *, gone: bool = False) -> Damage:
    """Return what a damaged or deleted manifest comes to; `pieces` are scores of its pool."""
    return Damage(
        key=key,
        why=why,
        so="the images of its pool cannot be named, nor scored or trained on"
        + (f"; {counted(pieces, 'piece')} of it may lose their cells" if pieces else ""),
        aside=() if gone else (key,),
        again="written",
    )


def experiment_damage(key: str, why: str) -> Damage:
    """Return what a damaged experiment record comes to."""
    name = key.split("/")[1]
    return Damage(
        key=key,
        why=why,
        so=f"this expansion of {name} is left out where no FILE is given",
        aside=(key,),
        again="written",
    )


def record_damage(kind: str, key: str, why: str) -> Damage:
    """Return what another damaged record or cache comes to."""
    so, again = _OTHERS[kind]
    return Damage(key=key, why=why, so=so, aside=(key,), again=again)


_OTHERS: dict[str, tuple[str, Again]] = {
    "markers": ("an older marker says which expansion was run last", "written"),
    "failures": ("this failure is left out where failures are shown", ""),
    "runs": ("its hours are missing in what the experiment cost", ""),
    "table lists": ("tests and trainings that `equalise: match` matched by it fail", "written"),
    "profiles": ("it is passed over; `crossgen profile` measures anew", ""),
    "audits": ("it is left out of reports; `crossgen audit` makes it anew", ""),
    "artifacts": ("figures leave it out; the command that made it makes it anew", ""),
    "places of images": ("trials that read these images fail", "written"),
    "caches": ("it is computed anew when it is needed", ""),
}
