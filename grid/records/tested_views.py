"""The views through which fits are tested, by an experiment's record."""

from __future__ import annotations

from collections.abc import Sequence

from data.view import View, view_of
from grid.records.experiments import ScoringRecord


def scoring_record(
    fit_id: str, epochs: Sequence[int | str], pools: Sequence[str], views: Sequence[View]
) -> ScoringRecord:
    """Return the record of a fit that is scored on some pools through some views.

    Args:
        fit_id: the fit.
        epochs: numbers, "selected" or "last".
        pools: their ids.
        views: at least one; they differ in their degradations alone.
    """
    operations = {view.degradation.canonical: view.versions for view in views}
    return ScoringRecord(
        fit_id=fit_id,
        epochs=list(epochs),
        pools=list(pools),
        degradations=list(operations),
        test_pipeline=views[0].geometry.canonical,
        equalise=views[0].equalise.canonical,
        operations=operations,
    )


def views_of(record: ScoringRecord) -> list[View]:
    """Return the views of a record, one for each degradation, by this code's operations."""
    return [
        view_of(record["equalise"], degradation, record["test_pipeline"])
        for degradation in record["degradations"]
    ]
