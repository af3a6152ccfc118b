from collections import Counter, defaultdict
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.image_ids import image_id_of
from data.selection import PoolRows, Rows, SelectionError, TrainingRule, select
from data.strata import even_shares


@dataclass(frozen=True)
class Photo:
    """One image of a pool, in the words of this test."""

    number: int
    class_name: str = ""
    pair: str = ""


def pool(name: str, label: int, photos: list[Photo], source: str | None = None) -> PoolRows:
    """A pool with images numbered over all pools: the same number is the same image."""
    rows = sorted(
        (image_id_of(str(photo.number).encode()), photo.class_name, photo.pair) for photo in photos
    )
    return PoolRows(
        pool_id=name,
        label=label,
        image_ids=[row[0] for row in rows],
        classes=[row[1] for row in rows],
        pairs=[row[2] for row in rows],
        source=source or name,
    )


def photos(start: int, count: int, classes: int = 1) -> list[Photo]:
    return [Photo(start + n, f"class{n % classes}") for n in range(count)]


REALS = pool("real", 0, photos(0, 400, classes=4))
FAKES = pool("fake", 1, photos(1000, 300, classes=4))


def ids(*rows: Rows) -> set[str]:
    return {image_id for part in rows for image_id in part.image_ids}


@st.composite
def many_pools(draw: st.DrawFn) -> list[PoolRows]:
    """Pools that overlap, share sources, hold pairs over both labels, and may be tiny."""
    made = []
    for index in range(draw(st.integers(2, 5))):
        label = index % 2
        numbers = draw(st.lists(st.integers(0, 60), min_size=2, max_size=40, unique=True))
        classes, pairs = draw(st.integers(1, 3)), draw(st.sampled_from([0, 2, 7]))
        made.append(
            pool(
                f"p{index}",
                label,
                [
                    # Even numbers are real and odd ones fake, so no image has two labels.
                    Photo(
                        2 * n + label,
                        f"class{n % classes}",
                        f"pair{n % pairs}" if pairs and n % 3 else "",
                    )
                    for n in numbers
                ],
                source=draw(st.sampled_from([f"s{index}", f"shared{label}"])),
            )
        )
    return made


def kept_of(pool: PoolRows, left_out: set[str]) -> PoolRows:
    """A pool that never held some images."""
    kept = [i for i, image_id in enumerate(pool.image_ids) if image_id not in left_out]
    columns = {
        name: [getattr(pool, name)[i] for i in kept] for name in ("image_ids", "classes", "pairs")
    }
    return replace(pool, **columns)


@given(many_pools(), st.data(), st.sampled_from([1.0, 0.5]), st.booleans())
@settings(deadline=None)
def test_images_that_are_left_out_might_never_have_been_there(
    pools: list[PoolRows], data: st.DataObject, fraction: float, declares: bool
) -> None:
    """Also where one is left out of declared validation; ranks stay those of the whole pool."""
    every = sorted({image_id for pool in pools for image_id in pool.image_ids})
    left_out = set(data.draw(st.lists(st.sampled_from(every), max_size=6)))
    declared = [replace(p, pool_id=f"v{p.pool_id}") for p in pools[:2]] if declares else []
    rule = TrainingRule(fraction=fraction)
    try:
        expected = select(
            [kept_of(p, left_out) for p in pools], rule, [kept_of(p, left_out) for p in declared]
        )
    except SelectionError:
        with pytest.raises(SelectionError):
            select(pools, rule, declared, left_out)
        return
    found = select(pools, rule, declared, left_out)
    for rows, same in ((found.train, expected.train), (found.validation, expected.validation)):
        assert rows.digest == same.digest
        assert not left_out.intersection(rows.image_ids)
        for image_id, number, rank in zip(rows.image_ids, rows.pools, rows.ranks, strict=True):
            assert [*pools, *declared][number].image_ids[rank] == image_id


@given(many_pools(), st.randoms(), st.sampled_from([1.0, 0.5]))
@settings(deadline=None)
def test_the_order_of_pools_changes_nothing(
    pools: list[PoolRows], random: object, fraction: float
) -> None:
    rule = TrainingRule(fraction=fraction)
    try:
        one = select(pools, rule)
    except SelectionError:
        with pytest.raises(SelectionError):
            select(pools[::-1], rule)
        return
    shuffled = list(pools)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    other = select(shuffled, rule)
    for mine, theirs in ((one.train, other.train), (one.validation, other.validation)):
        assert mine.image_ids == theirs.image_ids
        assert mine.labels.tolist() == theirs.labels.tolist()
        assert mine.digest == theirs.digest
        assert [pools[p].pool_id for p in mine.pools] == [shuffled[p].pool_id for p in theirs.pools]


@given(many_pools())
@settings(deadline=None)
def test_the_carve_takes_whole_pairs_and_some_of_each_stratum(pools: list[PoolRows]) -> None:
    try:
        selection = select(pools, TrainingRule())
    except SelectionError:
        return
    where = {}
    for part in (selection.train, selection.validation):
        assert part.image_ids == sorted(part.image_ids)
        assert not set(part.image_ids) & set(where)
        for pool_index, rank, image_id, label in zip(
            part.pools, part.ranks, part.image_ids, part.labels, strict=True
        ):
            rows = pools[pool_index]
            assert rows.image_ids[rank] == image_id
            assert rows.label == label
            where[image_id] = (part is selection.validation, rows, int(rank))
    assert set(where) == {image_id for rows in pools for image_id in rows.image_ids}
    by_pair = defaultdict(set)
    by_stratum = defaultdict(set)
    for image_id, (is_validation, rows, rank) in where.items():
        unit = rows.pairs[rank] or image_id
        by_pair[unit].add(is_validation)
        stratum = (rows.label, rows.source, rows.classes[rank])
        by_stratum[stratum].add((unit, is_validation))
    assert all(len(sides) == 1 for sides in by_pair.values())
    for units in by_stratum.values():
        if len(units) > 1:
            assert any(is_validation for _, is_validation in units)


def test_a_tenth_of_each_class_and_source_is_carved() -> None:
    selection = select([REALS, FAKES], TrainingRule())
    assert selection.carved
    assert (len(selection.train), len(selection.validation)) == (628, 72)
    counted = Counter(
        (int(label), [REALS, FAKES][p].classes[rank])
        for p, rank, label in zip(
            selection.validation.pools,
            selection.validation.ranks,
            selection.validation.labels,
            strict=True,
        )
    )
    # 100 reals and 75 fakes in each class; 7.5 is rounded to the even 8.
    assert counted == {(label, f"class{n}"): (10, 8)[label] for label in (0, 1) for n in range(4)}
    fifth = select([REALS, FAKES], TrainingRule(validation_fraction=0.2))
    assert ids(selection.validation) < ids(fifth.validation)


def test_classes_of_one_image_each_leave_something_to_train_on() -> None:
    pools = [pool("r", 0, photos(0, 60, classes=60)), pool("f", 1, photos(100, 60, classes=60))]
    selection = select(pools, TrainingRule())
    assert (len(selection.train), len(selection.validation)) == (108, 12)


def test_adding_a_pool_leaves_the_others_as_they_were() -> None:
    before = select([REALS, FAKES], TrainingRule())
    other = pool("other", 1, photos(5000, 100))
    after = select([REALS, FAKES, other], TrainingRule())
    assert ids(before.validation) == ids(after.validation) - set(other.image_ids)


def test_an_image_in_two_pools_counts_once_in_the_first_by_id() -> None:
    a = pool("a", 0, photos(0, 20))
    b = pool("b", 0, photos(10, 20))
    for pools in ([a, b, FAKES], [b, a, FAKES]):
        selection = select(pools, TrainingRule())
        assert len(ids(selection.train, selection.validation)) == 30 + 300
        assert len(selection.train) + len(selection.validation) == 330
        shared = set(a.image_ids) & set(b.image_ids)
        for part in (selection.train, selection.validation):
            for index, image_id in zip(part.pools, part.image_ids, strict=True):
                if image_id in shared:
                    assert pools[index].pool_id == "a"


def test_an_image_with_two_labels_is_refused() -> None:
    with pytest.raises(SelectionError, match="real in one pool and fake in another"):
        select([REALS, FAKES, pool("x", 1, photos(3, 1))], TrainingRule())


def test_declared_validation_is_taken_whole_and_not_trained_on() -> None:
    validation = [
        pool("vr", 0, photos(395, 30)),  # five of them are among the training reals
        pool("vf", 1, photos(2000, 20)),
    ]
    selection = select([REALS, FAKES], TrainingRule(), validation)
    assert not selection.carved
    assert ids(selection.validation) == {i for rows in validation for i in rows.image_ids}
    assert len(selection.train) == 700 - 5
    assert not ids(selection.train) & ids(selection.validation)
    pools = [REALS, FAKES, *validation]
    for part in (selection.train, selection.validation):
        for index, rank, image_id in zip(part.pools, part.ranks, part.image_ids, strict=True):
            assert pools[index].image_ids[rank] == image_id


def test_images_whose_ids_begin_or_end_alike_are_told_apart() -> None:
    def reals(name: str, *image_ids: str) -> PoolRows:
        empty = [""] * len(image_ids)
        return PoolRows(name, 0, sorted(image_ids), empty, empty, name)

    training = reals("r", "0" * 16 + "1" * 16, "2" * 16 + "f" * 16)
    validation = [reals("v", "0" * 16 + "3" * 16, "4" * 16 + "f" * 16), pool("vf", 1, photos(9, 9))]
    selection = select([training, FAKES], TrainingRule(), validation)
    assert set(training.image_ids) <= ids(selection.train)


def test_declared_validation_is_of_the_classes_that_are_trained_on() -> None:
    validation = [pool("vr", 0, photos(3000, 40, classes=4)), pool("vf", 1, photos(4000, 40))]
    rule = TrainingRule(classes=("class0", "class2"))
    selection = select([REALS, FAKES], rule, validation)
    assert ids(selection.validation) == {
        image_id
        for rows in validation
        for image_id, name in zip(rows.image_ids, rows.classes, strict=True)
        if name in rule.classes
    }
    assert len(selection.validation) == 20 + 40
    # Only one label of them declared: it would be validated on that alone.
    reals = pool("validation reals", 0, photos(5000, 8, classes=4))
    fakes = pool("validation fakes", 1, photos(6000, 8, classes=2))
    with pytest.raises(SelectionError, match=r"no fake image of the classes class3.*; add fake"):
        select([REALS, FAKES], TrainingRule(classes=("class3",)), [reals, fakes])
    # None of them declared: then it is carved, as if there were no such pool.
    other = select([REALS, FAKES], TrainingRule(classes=("class3",)), validation[1:])
    undeclared = select([REALS, FAKES], TrainingRule(classes=("class3",)))
    assert other.carved
    assert other.validation.digest == undeclared.validation.digest
    assert other.train.digest == undeclared.train.digest


def test_classes_are_filtered_before_anything_is_drawn() -> None:
    selection = select([REALS, FAKES], TrainingRule(classes=("class1", "class3")))
    assert len(selection.train) + len(selection.validation) == 350
    for index, rank in zip(selection.train.pools, selection.train.ranks, strict=True):
        assert [REALS, FAKES][index].classes[rank] in {"class1", "class3"}
    with pytest.raises(SelectionError, match="Did you mean class1"):
        select([REALS, FAKES], TrainingRule(classes=("clas1",)))


def test_a_class_that_one_label_lacks_is_refused() -> None:
    only_real = pool("r", 0, [*photos(0, 50), Photo(60, "rare"), Photo(61, "rare")])
    with pytest.raises(SelectionError, match="No fake image is left"):
        select([only_real, FAKES], TrainingRule(classes=("rare",)))


def test_fractions_are_taken_per_source_and_nest() -> None:
    other = pool("other", 1, photos(5000, 40))
    half = select([REALS, FAKES, other], TrainingRule(fraction=0.5))
    tenth = select([REALS, FAKES, other], TrainingRule(fraction=0.1))
    counts = Counter(int(index) for part in (half.train, half.validation) for index in part.pools)
    assert counts == {0: 200, 1: 150, 2: 20}
    assert ids(tenth.train, tenth.validation) < ids(half.train, half.validation)


def test_pairs_stay_whole_under_a_fraction() -> None:
    paired = [Photo(n, pair=f"pair{n // 2}") for n in range(200)]
    selection = select([pool("r", 0, paired), FAKES], TrainingRule(fraction=0.3))
    counts: Counter[str] = Counter()
    numbers = {image_id_of(str(n).encode()): n for n in range(200)}
    for image_id in ids(selection.train, selection.validation) & set(numbers):
        counts[f"pair{numbers[image_id] // 2}"] += 1
    assert set(counts.values()) == {2}
    assert len(counts) == 30


def test_a_total_is_even_over_labels_and_sources() -> None:
    small, other = pool("small", 1, photos(5000, 10)), pool("other", 1, photos(6000, 300))
    pools = [REALS, FAKES, small, other]
    selection = select(pools, TrainingRule(total_images=201))
    counts = Counter(
        int(index) for part in (selection.train, selection.validation) for index in part.pools
    )
    assert counts[0] == 100
    assert counts[2] == 10
    assert sorted((counts[1], counts[3])) == [45, 46]
    larger = select(pools, TrainingRule(total_images=401))
    assert ids(selection.train, selection.validation) < ids(larger.train, larger.validation)
    with pytest.raises(SelectionError, match="at most 800"):
        select(pools, TrainingRule(total_images=802))


def test_names_of_sources_decide_no_draw() -> None:
    # Renaming a folder must retrain nothing, so the odd image out may not go by name.
    pools = [REALS, FAKES, pool("other", 1, photos(6000, 300))]
    renamed = [replace(rows, source=f"z{9 - n}") for n, rows in enumerate(pools)]
    for rule in (TrainingRule(), TrainingRule(total_images=99), TrainingRule(fraction=0.37)):
        assert select(pools, rule).train.digest == select(renamed, rule).train.digest


def test_the_draws_are_independent() -> None:
    # If the carve used the fraction's draw, it would take the same images first.
    half = select([REALS, FAKES], TrainingRule(fraction=0.5))
    tenth = select([REALS, FAKES], TrainingRule(fraction=0.1))
    chosen = ids(tenth.train, tenth.validation)
    in_validation = len(chosen & ids(half.validation)) / len(half.validation)
    assert in_validation < 0.5


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"fraction": 0.0}, "fraction 0.0"),
        ({"fraction": 1.5}, "at most 1"),
        ({"validation_fraction": 1.0}, "less than 1"),
        ({"total_images": 1}, "at least 4"),
    ],
)
def test_rules_out_of_range_are_refused(values: dict[str, float], says: str) -> None:
    with pytest.raises(SelectionError, match=says):
        TrainingRule(**values)  # type: ignore[arg-type]


def test_too_little_to_train_on_is_refused() -> None:
    with pytest.raises(SelectionError, match="No fake image"):
        select([REALS], TrainingRule())
    with pytest.raises(SelectionError, match="No real image"):
        select([], TrainingRule())
    with pytest.raises(SelectionError, match="No fake image is left to train on"):
        select([REALS, pool("one", 1, photos(1000, 1))], TrainingRule())
    with pytest.raises(SelectionError, match="one of each per image"):
        select([replace(REALS, pairs=[])], TrainingRule())


def test_the_choice_is_pinned() -> None:
    # A change here retrains everything: raise the version of the identity with it.
    selection = select([REALS, FAKES], TrainingRule(fraction=0.5, total_images=200))
    assert selection.train.digest[:16] == "834faa7d1c448d4f"
    assert selection.validation.digest[:16] == "9366b920bed38135"


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 400))
@example([1, 5, 5], 4)  # what is left over is not given to the first, which is full
@settings(deadline=None)  # the machine may be busy
def test_even_shares_are_as_even_as_can_be(available: list[int], total: int) -> None:
    places = np.array(available, np.int64)
    if total > sum(available):
        with pytest.raises(ValueError, match="ask for fewer"):
            even_shares(total, places)
        return
    shares = even_shares(total, places)
    assert shares.sum() == total
    assert (shares <= places).all()
    not_full = shares[shares < places]
    if len(not_full):
        assert shares.max() - not_full.min() <= 1
