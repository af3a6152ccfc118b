"""One comparison audited: what headers, lengths and the pixels of a sample say of both classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from data.audit.header_classifier import (
    LENGTHS,
    RuleResult,
    header_counts,
    header_results,
    length_result,
)
from data.audit.pixel_sample import MeasuredImage, measured
from data.audit.pixel_tests import THRESHOLDS, HistoryResult, history, low_level_accuracy
from data.pools import Pool
from data.view import view_of
from grid.records.audits.audit_records import (
    ComparisonAudit,
    FactRow,
    HistoryRecord,
    RuleRecord,
    ViewAudit,
)
from grid.records.pools.header_facts import FAKE, REAL, PoolFacts, fact_counts, rules_of
from grid.records.table_lists import kept_by
from grid.sources.catalog import Catalog

_ROWS = 8  # of a table, by name; the rest is counted together
_TABLES = ("format", "size", "quantisation")
_NAMED = 20  # images that do not decode


@dataclass
class PoolAudits:
    """What is known of pools, each counted and each sample measured once.

    Attributes:
        catalog: where their files lie.
        sample: images of each pool that are decoded.
    """

    catalog: Catalog
    sample: int
    _facts: dict[str, PoolFacts] = field(default_factory=dict)
    _samples: dict[tuple[str, str], list[MeasuredImage]] = field(default_factory=dict)

    def facts(self, pool: Pool) -> PoolFacts:
        """Return the counted headers of a pool."""
        if pool.pool_id not in self._facts:
            counts = header_counts(pool.table, pool.label)
            self._facts[pool.pool_id] = PoolFacts(pool.pool_id, pool.label, counts)
        return self._facts[pool.pool_id]

    def sampled(self, pool: Pool, equalise: str) -> list[MeasuredImage]:
        """Return the measured sample of what an equalise keeps of a pool, after it."""
        key = pool.pool_id, equalise
        if key not in self._samples:
            root = self.catalog.dataset_of(pool.pool_id).root
            kept = self.kept(pool, equalise)
            self._samples[key] = measured(kept, root, self.sample, view_of(equalise))
        return self._samples[key]

    @staticmethod
    def kept(pool: Pool, equalise: str) -> Pool:
        """Return what an equalise keeps of a pool: `match` leaves out what it cannot match."""
        mask = kept_by(equalise, pool.label, pool.table)
        return pool if mask is None else replace(pool, table=pool.table.filter(mask))


def audited(
    name: str, pools: Sequence[Pool], equalises: Sequence[str], known: PoolAudits
) -> ComparisonAudit:
    """Audit some pools of both classes.

    Args:
        name: of the comparison.
        pools: each once.
        equalises: canonical texts; the pixels are looked at after each of them.
        known: of their facts and samples.

    Raises:
        ImageChanged: a file is no longer what was indexed.
        OSError: a file could not be read.
    """
    facts = [known.facts(pool) for pool in pools]
    lengths = [
        length_result(column, [header_counts(p.table, p.label, (column,)) for p in pools])
        for column in LENGTHS
    ]
    return ComparisonAudit(
        name=name,
        pools=sorted(pool.pool_id for pool in pools),
        reals=sum(len(pool) for pool in pools if pool.label == REAL),
        fakes=sum(len(pool) for pool in pools if pool.label == FAKE),
        tables={fact: _table(facts, fact) for fact in _TABLES},
        headers=rules_of(facts),
        lengths=[_rule(result) for result in lengths if result is not None],
        views=[_view(pools, equalise, known) for equalise in equalises],
    )


def _table(facts: Sequence[PoolFacts], fact: str) -> list[FactRow]:
    """Rows of the most frequent values; the others in one row, so that they add up."""
    counts = list(fact_counts(facts, fact).items())
    shown = counts if len(counts) <= _ROWS + 1 else counts[:_ROWS]
    rows = [FactRow(value=value, reals=n[REAL], fakes=n[FAKE]) for value, n in shown]
    rest = [n for _, n in counts[len(shown) :]]
    if rest:
        reals, fakes = (sum(n[label] for n in rest) for label in (REAL, FAKE))
        rows.append(FactRow(value=f"{len(rest):,} others", reals=reals, fakes=fakes))
    return rows


def _view(pools: Sequence[Pool], equalise: str, known: PoolAudits) -> ViewAudit:
    samples: dict[int, list[MeasuredImage]] = {REAL: [], FAKE: []}
    undecodable = []
    for pool in pools:
        for image in known.sampled(pool, equalise):
            if image.statistics is None:
                undecodable.append(f"{image.path}: {image.reason}")
            else:
                samples[pool.label].append(image)
    more = len(undecodable) - _NAMED
    reals, fakes = samples[REAL], samples[FAKE]
    plain = low_level_accuracy(reals, fakes)
    return ViewAudit(
        equalise=equalise,
        operations=view_of(equalise).versions,
        left_out=sum(len(pool) - len(known.kept(pool, equalise)) for pool in pools),
        reals=len(reals),
        fakes=len(fakes),
        undecodable=undecodable[:_NAMED] + ([f"... and {more:,} more"] if more > 0 else []),
        histories=[_history(history(test, reals, fakes)) for test in THRESHOLDS],
        size=_size(reals, fakes),
        low_level=None
        if plain is None
        else RuleRecord(rule="low_level", accuracy=plain[0], level=plain[1]),
    )


def _size(reals: Sequence[MeasuredImage], fakes: Sequence[MeasuredImage]) -> RuleRecord | None:
    """The rule of sizes on the sample: those that a detector is given after the equalise."""
    import pyarrow as pa

    counts = []
    for label, images in ((REAL, reals), (FAKE, fakes)):
        sizes = [each.statistics for each in images if each.statistics is not None]
        table = pa.table(
            {
                "image_id": pa.array([each.image_id for each in images], pa.string()),
                "width": pa.array([size.width for size in sizes], pa.int64()),
                "height": pa.array([size.height for size in sizes], pa.int64()),
            }
        )
        counts.append(header_counts(table, label))
    result = header_results(counts).get("size")
    return None if result is None else _rule(result)


def _rule(result: RuleResult) -> RuleRecord:
    return RuleRecord(rule=result.rule, accuracy=result.accuracy, level=result.level)


def _history(found: HistoryResult) -> HistoryRecord:
    return HistoryRecord(
        test=found.test,
        reals=found.reals,
        fakes=found.fakes,
        too_small=found.too_small,
        real_share=found.real_share,
        fake_share=found.fake_share,
        auc=found.auc,
        tells=found.tells,
    )
