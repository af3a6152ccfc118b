"""`--only` and `--trial`: some fits of an expansion, and what they descend from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grid.expansion.fits import Expansion, Fit
from grid.refusal import Problems, did_you_mean


def narrowed(
    expansion: Expansion, only: Sequence[tuple[str, str]], problems: Problems
) -> Expansion:
    """Keep the fits that match, and the parents that they descend from; note what matches none.

    Args:
        expansion: the whole experiment, which the result still knows.
        only: (key, value) pairs; a fit matches all keys, of a key given twice either value.
        problems: where a mistake is noted.
    """
    if not only:
        return expansion
    wanted: dict[str, set[str]] = {}
    for key, value in only:
        wanted.setdefault(key, set()).add(value)
    known = {key for fit in expansion.fits.values() for key in fit.values} | {"fit"}
    for key in wanted:
        if key not in known:
            problems.add(f"--only {key}", "no fit has such a value", did_you_mean(key, known))
    kept: dict[str, Fit] = {}
    for fit in expansion.fits.values():
        names = [{**values, "fit": fit.fit_id} for values in (fit.values, *fit.also)]
        if any(
            all(str(values.get(key)) in options for key, options in wanted.items())
            for values in names
        ):
            one: Fit | None = fit
            while one is not None:
                kept[one.fit_id] = one
                one = expansion.fits[one.parent] if one.parent else None
    if not kept and not problems:
        asked = ", ".join(f"{key}={value}" for key, value in only)
        if set(wanted) == {"fit"}:
            nearest = did_you_mean(only[0][1], expansion.fits)
            problems.add(asked, "this experiment has no such fit", nearest)
            return expansion
        values_known = {
            key: sorted({str(f.values.get(key)) for f in expansion.fits.values()}) for key in wanted
        }
        problems.add(
            f"--only {asked}",
            "no fit of this experiment matches",
            f"The values are: {values_known}",
        )
    return replace(
        expansion,
        fits={k: f for k, f in expansion.fits.items() if k in kept},
        scoring={k: s for k, s in expansion.scoring.items() if k in kept},
        narrowed_from=expansion,
        ensembles=tuple(e for e in expansion.ensembles if kept.keys() >= set(e["members"])),
    )
