"""A fit is validated on nothing that its weights were trained on before."""

import pytest

from data.image_ids import image_id_of
from data.selection import PoolRows, SelectionError, TrainingRule, select
from data.unseen_validation import as_described, without_trained


def pool(label, count=200):
    ids = sorted(image_id_of(f"{label}/{n}".encode()) for n in range(count))
    return PoolRows(f"p{label}", label, ids, [""] * count, [""] * count, f"s{label}")


@pytest.fixture(scope="module")
def parent():
    return select([pool(0), pool(1)], TrainingRule(validation_fraction=0.1))


@pytest.fixture(scope="module")
def child():
    return select([pool(0), pool(1)], TrainingRule(validation_fraction=0.2))


def test_what_was_trained_on_leaves_validation_and_nothing_else(parent, child):
    apart = without_trained(child, set(parent.train.image_ids))
    assert apart.train is child.train
    # The parent's validation images are the lowest draws, so all of them are the child's, too.
    assert apart.validation.image_ids == parent.validation.image_ids
    assert (len(child.validation), apart.validation_left_out) == (80, 40)
    places = list(zip(apart.validation.pools, apart.validation.ranks, strict=True))
    pools = [pool(0), pool(1)]
    assert [pools[p].image_ids[rank] for p, rank in places] == apart.validation.image_ids
    assert [pools[p].label for p, _ in places] == apart.validation.labels.tolist()


def test_a_validation_that_is_apart_stays_as_it_is(parent, child):
    assert without_trained(parent, set(parent.train.image_ids)) is parent
    assert without_trained(child, set()) is child


@pytest.mark.parametrize("labels", [(0,), (1,), (0, 1)])
def test_a_label_without_validation_images_is_refused(child, labels):
    trained = {
        image_id
        for image_id, label in zip(child.validation.image_ids, child.validation.labels, strict=True)
        if label in labels
    }
    word = ("real", "fake")[labels[0]]
    with pytest.raises(
        SelectionError, match=rf"{len(trained)} of its 80 .*no {word} image is left"
    ):
        without_trained(child, trained)


def test_the_digests_say_which_validation_a_fit_had(parent, child):
    trained = set(parent.train.image_ids)
    apart = without_trained(child, trained)
    asked = []

    def before():
        asked.append(1)
        return trained

    train = child.train.digest
    assert as_described(child, train, child.validation.digest, before) is child
    assert not asked, "the ancestors' images are selected only where they are needed"
    found = as_described(child, train, apart.validation.digest, before)
    assert found is not None
    assert found.validation.image_ids == apart.validation.image_ids
    assert as_described(child, train, "other", before) is None
    assert as_described(child, "other", child.validation.digest, before) is None
    everything = {*child.train.image_ids, *child.validation.image_ids}
    assert as_described(child, train, "other", lambda: everything) is None
