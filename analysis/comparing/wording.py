"""Findings in sentences: effect and interval first, units and claim named, no star, no "proves"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analysis.comparing.blocks import Block
from analysis.comparing.finding import Claim, Finding
from analysis.measuring.metric_registry import Metric
from analysis.statistics.effect import Effect
from data.counts import counted

ALPHA = 0.05
_MOST_NAMED = 8
SPEAKS_OF: dict[Claim, str] = {
    "these files on these generators": "these trained files on these generators",
    "this procedure on these generators": "this training procedure on these generators",
    "these files on new generators": "these trained files on new generators",
    "this procedure on new generators": "this training procedure on new generators, with this "
    "training set",
    "this procedure on new training and test generators": "this training procedure on new "
    "training and test generators",
}


def points(share: float, *, signed: bool = False) -> str:
    """Write a share of 1 in points, which are hundredths; never -0."""
    text = f"{100 * share:+.1f}" if signed else f"{100 * share:.1f}"
    return text.replace("-", "−") if float(text) else "0.0"


def p_words(p: float) -> str:
    """Write a p-value: p = .034, p < .001."""
    if p < 0.001:
        return "p < .001"
    digits = f"{p:.3f}" if p < 0.1 else f"{p:.2f}"
    return f"p = {digits.removeprefix('0')}" if p < 1 else "p = 1"


def interval_words(effect: Effect) -> str:
    """Write an interval in points."""
    if effect.low is None or effect.high is None:
        return "without an interval"
    level = f"{100 * effect.level:g} % CI"
    return f"{level} [{points(effect.low, signed=True)}, {points(effect.high, signed=True)}]"


def scope_words(metric: Metric, diagonal: str) -> str:
    """Say what a mean is over: macro, diagonal in or out, the threshold's rule."""
    lower = ", lower is better" if metric.better == "lower" else ""
    return f"macro, diagonal {diagonal}, {threshold_rule(metric)}{lower}"


def threshold_rule(metric: Metric) -> str:
    """Name the rule by which a metric's threshold is set."""
    if metric.needs == "validation":
        return "threshold from validation reals"
    if metric.needs == "reals_apart":
        return "threshold from reals kept apart"
    if metric.name == "oracle_accuracy":
        return "threshold picked on the test images"
    if metric.name.startswith("tpr_at") or metric.name == "eer":
        return "threshold from the cell's own reals"
    if metric.name in ("auc", "average_precision") or metric.name.startswith(("brier", "ece")):
        return "no threshold"
    return "threshold logit 0"


def listed(names: Sequence[str]) -> str:
    """List names, the first of many."""
    if len(names) <= _MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"


def design_words(block: Block) -> str:
    """Say how many generators, training sets and seeds a comparison has."""
    a, b = len(block.seeds_a), len(block.seeds_b)
    seeds = counted(a, "seed") if a == b else f"{a} and {b} seeds"
    if None in block.seeds_a and None in block.seeds_b:
        seeds = "weights as given"
    trained = f", {counted(len(block.trained), 'training set')}"
    generators = f"{counted(len(block.generators), 'generator')} ({listed(block.generators)})"
    return f"{generators}{trained} and {seeds}"


def sentence_of(finding: Finding, design: str, metric: Metric, value: float) -> str:
    """Return the sentence of a finding whose correction is done.

    Args:
        finding: all of it but the sentence.
        design: see `design_words`.
        metric: what is compared.
        value: A minus B, a share of 1.
    """
    title = metric.title
    start = (
        f"On {design}, {finding.a} minus {finding.b} in {title} ({finding.scope}) is "
        f"{points(value, signed=True)} points"
    )
    if finding.headline is None:
        return f"{start}. No p-value: {_lower(finding.refusal or 'not testable')}{_beside(finding)}"
    return f"{start}, {_tested(finding, finding.headline)}"


def family_sentence(
    finding: Finding,
    pair: str,
    design: str,
    metric: Metric,
    families: tuple[str, str],
    means: tuple[float, ...],
) -> str:
    """Return the sentence of a finding on factor x family whose correction is done.

    Args:
        finding: all of it but the sentence.
        pair: A minus B, in words.
        design: see `design_words`.
        metric: what is compared.
        families: the two.
        means: A minus B on the generators of each, a share of 1.
    """
    first, second = (
        f"{points(mean, signed=True)} points on {family}"
        for mean, family in zip(means, families, strict=True)
    )
    start = (
        f"On {design}, {pair} in {metric.title} ({finding.scope}) is {first} and {second}: a "
        f"difference of {points(means[0] - means[1], signed=True)} points"
    )
    if finding.headline is None:
        return f"{start}. No p-value: {_lower(finding.refusal or 'not testable')}"
    return f"{start}, {_tested(finding, finding.headline, 'the families are')}"


def families_sentence(
    finding: Finding, pair: str, design: str, metric: Metric, means: Mapping[str, float]
) -> str:
    """Return the sentence of a finding on several families that no test tells apart.

    Args:
        finding: all of it but the sentence.
        pair: A minus B, in words.
        design: see `design_words`.
        metric: what is compared.
        means: A minus B on the generators of each family, a share of 1.
    """
    each = ", ".join(f"{points(mean, signed=True)} on {family}" for family, mean in means.items())
    return (
        f"On {design}, {pair} in {metric.title} ({finding.scope}), in points: {each}. No p-value: "
        f"{_lower(finding.refusal or 'not testable')}"
    )


def _tested(finding: Finding, headline: Effect, subject: str = "") -> str:
    parts = [interval_words(headline)]
    if headline.p is not None:
        parts.append(p_words(headline.p))
    several = counted(finding.family_size, "comparison")
    corrected = finding.correction
    if finding.p_corrected is not None and corrected != "none":
        corrected = f"{corrected}: {p_words(finding.p_corrected)}"
    inside = f"{headline.method}; units: {headline.units}; {several}, correction {corrected}"
    text = f"{', '.join(parts)} ({inside}){_verdict(finding, headline, subject)}."
    text += f" This speaks about {SPEAKS_OF[finding.claim]}."
    if finding.detectable is not None:
        text += (
            f" Smallest detectable difference with this design: {points(finding.detectable)} "
            "points (power .8)."
        )
    return text


def _verdict(finding: Finding, headline: Effect, subject: str) -> str:
    p = finding.p_corrected if finding.p_corrected is not None else headline.p
    if p is None:
        return ": a bound, not a test"
    equal = next((each for each in finding.others if each.method.startswith("TOST")), None)
    said = (
        ""
        if p <= ALPHA
        else f": {subject or f'{finding.a} and {finding.b} are'} not shown to differ"
    )
    if equal is not None and equal.p is not None:
        margin = equal.method.partition("margin ")[2].partition(" (")[0]
        if equal.p <= ALPHA:
            said += f"{';' if said else ':'} equal to within {margin} (TOST, {p_words(equal.p)})"
        elif p > ALPHA:
            said += f", nor to be equal to within {margin} (TOST, {p_words(equal.p)})"
    return said


def _beside(finding: Finding) -> str:
    for effect in finding.others:
        if effect.p is None and effect.low is not None:
            return (
                f" Of these trained files only: {points(effect.value, signed=True)} points, "
                f"{interval_words(effect)} ({effect.method}; units: {effect.units})."
            )
    return ""


def _lower(text: str) -> str:
    return text if text[:2].isupper() else f"{text[0].lower()}{text[1:]}"
