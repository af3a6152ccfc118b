"""The view `fits`: one row per fit that an experiment wants, committed or not."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.selecting.selection import StoreSelection
from analysis.sql.fit_facts import fit_facts
from grid.records.simulated_parts import is_simulated_training

if TYPE_CHECKING:
    import pyarrow as pa


def fits_view(selection: StoreSelection) -> pa.Table:
    """Return one row per wanted fit, committed or not; opens the commits, not a fit's files."""
    import pyarrow as pa

    arms: dict[str, list[str]] = {}
    for each in selection.experiments:
        for fit in each["fits"]:
            arms.setdefault(fit["fit_id"], []).extend(fit["arms"])
    rows = []
    for fit_id, fit in selection.fits.items():
        commit = selection.commits.get(fit_id)
        experiments = selection.experiments_of(fit_id)
        rows.append(
            {
                "fit_id": fit_id,
                "experiments": list(dict.fromkeys(each["name"] for each in experiments)),
                "arms": list(dict.fromkeys(arms[fit_id])),
                **fit_facts(fit, selection.fits),
                "partial": any(each["limit"] is not None for each in experiments),
                "simulated": any(
                    is_simulated_training(fit, selection.fits, each) for each in experiments
                ),
                "committed": commit is not None,
                **(
                    {
                        "attempt": commit["attempt"],
                        "selected_epoch": commit["selected_epoch"],
                        "last_epoch": commit["last_epoch"],
                        "kept_epochs": commit["kept_epochs"],
                        "threshold_rule": commit["threshold"]["rule"],
                        "threshold": commit["threshold"]["value"],
                        "seconds": commit["seconds"],
                        "predicted_seconds": commit["predicted_seconds"],
                        "warnings": commit["warnings"],
                    }
                    if commit is not None
                    else {}
                ),
            }
        )
    return pa.Table.from_pylist(rows, schema=fits_schema())


@lru_cache(maxsize=1)
def fits_schema() -> Any:
    """Return the columns of the view `fits`."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("name", pa.string()),
            ("experiments", words),
            ("arms", words),
            ("detector", pa.string()),
            ("card_version", pa.int32()),
            ("options", pa.string()),
            ("train", pa.string()),
            ("train_generators", words),
            ("train_groups", words),
            ("train_families", words),
            ("n_train", pa.int64()),
            ("n_validation", pa.int64()),
            ("augment", pa.string()),
            ("input", pa.string()),
            ("recipe", pa.string()),
            ("recipe_values", pa.string()),
            ("seed", pa.int64()),
            ("weights", pa.string()),
            ("parent", pa.string()),
            ("partial", pa.bool_()),
            ("simulated", pa.bool_()),
            ("committed", pa.bool_()),
            ("attempt", pa.string()),
            ("selected_epoch", pa.int32()),
            ("last_epoch", pa.int32()),
            ("kept_epochs", pa.list_(pa.int32())),
            ("threshold_rule", pa.string()),
            ("threshold", pa.float64()),
            ("seconds", pa.float64()),
            ("predicted_seconds", pa.float64()),
            ("warnings", words),
        ]
    )
