"""What audits found, in sentences: the same on the terminal, in a report and in a store."""

from __future__ import annotations

from collections.abc import Sequence

from grid.records.audits.audit_records import (
    ComparisonAudit,
    HistoryRecord,
    RuleRecord,
    SharedRecord,
    ViewAudit,
)
from grid.records.pools.header_facts import ONE_SIDED
from grid.records.table_lists import as_asked

HISTORIES = {"jpeg_grid": "JPEG history", "period": "interpolation"}
_LENGTHS = {"bytes": "file size", "metadata_bytes": "bytes of metadata"}
_RULES = {"header": "all facts together"}


def best_rule(rules: Sequence[RuleRecord]) -> RuleRecord | None:
    """Return the rule that tells the labels best, the plainest of equal ones; None of none."""
    return max(rules, key=lambda each: each["accuracy"], default=None)


def is_telling(rule: RuleRecord) -> bool:
    """Whether it tells the label of most images, beyond chance."""
    return rule["accuracy"] > max(ONE_SIDED, rule["level"])


def header_verdict(rules: Sequence[RuleRecord]) -> str:
    """Say whether labels can be read from file headers."""
    best = best_rule(rules)
    if best is None:
        return "one class only, so nothing tells labels"
    by = _RULES.get(best["rule"], best["rule"])
    said = f"{best['accuracy']:.0%} ({by})"
    chance = f"chance may reach {min(best['level'], 1):.0%}"
    if is_telling(best):
        return f"labels can be read from the file header: {said}"
    if best["level"] >= 1:
        return f"too few images to say whether the file header tells labels: {said}"
    if best["accuracy"] > best["level"]:
        return f"labels can be read in part from the file header: {said}; {chance}"
    return f"the file header does not tell labels: {said}; {chance}"


def length_verdict(rule: RuleRecord) -> str:
    """Say how well a number of bytes tells labels; the contents make it as well."""
    name = _LENGTHS.get(rule["rule"], rule["rule"])
    if rule["accuracy"] <= rule["level"]:
        return f"{name}: no more than chance ({rule['accuracy']:.0%})"
    return f"{name} tells labels: {rule['accuracy']:.0%}"


def history_verdict(found: HistoryRecord) -> str:
    """Say how many images of either class show a history, and whether that tells labels."""
    name = HISTORIES.get(found["test"], found["test"])
    if found["real_share"] is None or found["fake_share"] is None:
        small = f" ({found['too_small']:,} are too small)" if found["too_small"] else ""
        return f"{name}: not measured in both classes{small}"
    shares = f"{found['real_share']:.0%} of reals, {found['fake_share']:.0%} of fakes"
    if not found["tells"]:
        return f"{name}: {shares}"
    return f"{name} tells labels: {shares}, AUC {_either_way(found['auc']):.2f}"


def view_name(view: ViewAudit) -> str:
    """Say which pixels were looked at."""
    equalise = view["equalise"]
    return "as stored" if equalise == "none" else f"after {as_asked(equalise)}"


def telling(comparison: ComparisonAudit) -> list[str]:
    """Return a sentence for each thing beside the picture that tells the labels."""
    header = best_rule(comparison["headers"])
    said = []
    if header is not None and is_telling(header):
        said.append(header_verdict(comparison["headers"]))
    for view in comparison["views"]:
        after = "" if view["equalise"] == "none" else f", {view_name(view)}"
        said += [f"{history_verdict(each)}{after}" for each in view["histories"] if each["tells"]]
        size = view["size"]
        if after and size is not None and is_telling(size):
            said.append(f"sizes tell labels: {size['accuracy']:.0%}{after}")
    return said


def shared_in_words(shared: SharedRecord) -> str:
    """Say what two pools have both."""
    return (
        f"{shared['images']:,} in {shared['first']} and {shared['second']} "
        f"(across {shared['across']})"
    )


def _either_way(auc: float | None) -> float:
    return 0.5 if auc is None else max(auc, 1 - auc)
