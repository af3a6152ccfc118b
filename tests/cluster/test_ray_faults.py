"""Faults of clusters, on three real hosts: nothing committed is lost, redone or counted twice.

After each fault the same command is given until it is through, and every logit equals that of a run
that nothing happened to.
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from plugin_of_tests import MEAN_COLOUR
from ray_faults import EXPERIMENT, FITS, Scene, crossgen, scene
from ray_hosts import kill, ray_hosts
from score_digests import digests

from grid.records.commits import committed_fits
from grid.records.failures import read_failures
from grid.store.opening import open_store

pytestmark = pytest.mark.cluster

POISON = MEAN_COLOUR.replace('"mine"', '"poison"').replace(
    "        def forward(self, images_BCHW):",
    """        def forward(self, images_BCHW):
            if self.training:
                import os
                os.kill(os.getpid(), 9)
""",
)
POISONED_ARM = """
  - {name: poison, detector: poison, train: {sets: [g/g1]},
     input: {train: "random_crop(16)", test: none},
     recipe: {base: small, epochs: 2, batch_size: 8}}
plugins: [poison.py]
"""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    with ray_hosts([tmp_path_factory.getbasetemp()]) as up:
        yield up


@pytest.fixture(scope="module")
def place(tmp_path_factory, hosts):
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def file(place, make_genimage):
    make_genimage(place / "images", {"g1": 1, "g2": 2})
    (place / "faults.yaml").write_text(EXPERIMENT)
    return place / "faults.yaml"


@pytest.fixture(scope="module")
def quiet(place, file):
    """The store of a run that nothing happened to, on this machine and without Ray."""
    store = open_store(place / "quiet")
    crossgen("run", file, "--no-ray", "--store", store.url)
    return store


def worker_killed(here: Scene) -> None:
    driver = here.drive()
    here.trains_on(2)
    kill(here.hosts.trial_workers(2)[0])
    here.ends(driver, 0)
    assert here.lost() == {"killed"}


def node_cut_off_and_healed(here: Scene) -> None:
    driver = here.drive()
    here.trains_on(3)
    here.hosts("cut", 3)
    here.until(lambda: here.lost())
    here.hosts("heal", 3)
    here.ends(driver, 0)
    assert here.lost() == {"node_lost"}


def node_killed(here: Scene) -> None:
    driver = here.drive()
    here.trains_on(3)
    here.hosts("kill", 3)
    here.until(lambda: here.lost())
    here.hosts("boot", 3)
    here.ends(driver, 0)
    assert here.lost() == {"node_lost"}


def head_killed(here: Scene) -> None:
    driver = here.drive(host=2)
    here.trains_on(3)
    here.hosts("kill", 1)
    assert "Ray's head died; run again" in here.ends(driver, 75, seconds=60)
    here.hosts.make_whole(anew=True)
    here.finish(host=2)


def head_started_again(here: Scene) -> None:
    driver = here.drive(host=2)
    here.trains_on(3)
    here.hosts("kill", 1)
    here.hosts("boot", 1)
    assert "Ray's head died; run again" in here.ends(driver, 75, seconds=60)
    here.hosts.make_whole(anew=True)
    here.finish(host=2)


def driver_killed(here: Scene) -> None:
    driver = here.drive()
    here.trains_on(2)
    here.kill(driver)
    here.finish()


def two_drivers(here: Scene) -> None:
    first, second = here.drive(host=1), here.drive(host=2)
    here.ends(first, 0)
    here.ends(second, 0)


SCENARIOS = [
    worker_killed,
    driver_killed,
    two_drivers,
    node_killed,
    node_cut_off_and_healed,
    head_killed,
    head_started_again,
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_the_logits_are_those_of_a_quiet_run(scenario, hosts, file, quiet, tmp_path):
    with scene(hosts, file, open_store(tmp_path / "store")) as here:
        scenario(here)
        here.equals(quiet)


def test_a_trial_that_kills_its_worker_each_time_is_given_up_and_no_other(
    hosts, file, quiet, tmp_path
):
    (file.parent / "poison.py").write_text(POISON)
    poisoned = file.with_name("poisoned.yaml")
    poisoned.write_text(EXPERIMENT + POISONED_ARM)
    with scene(hosts, poisoned, open_store(tmp_path / "store")) as here:
        said = here.finish(code=1)
        assert said.count("given up: poison") == 2
        killed = Counter(failure["fit_id"] for failure in read_failures(here.store))
        assert sorted(killed.values()) == [3, 3]
        assert not killed.keys() & set(committed_fits(here.store))
        assert digests(here.store) == digests(quiet)


def test_a_host_without_the_images_is_named_and_left_out(hosts, file, quiet, tmp_path):
    """Images below /tmp, which is each host's own: host 3 has none of them."""
    with scene(hosts, Path("/tmp/own") / file.name, open_store(tmp_path / "store")) as here:
        for host in (1, 2):
            shutil.copytree(file.parent, hosts.local_tmp(host) / "own")
        said = here.finish()
        assert said.count("host nr3 does not see the images of the experiment (/tmp/own/") == 1
        assert here.lost() == set()
        assert digests(here.store) == digests(quiet)


def test_where_no_other_host_has_the_images_that_is_said_of_each(hosts, file, tmp_path):
    """The driver's own host loses its images once the run is planned."""
    with scene(hosts, Path("/tmp/once") / file.name, open_store(tmp_path / "store")) as here:
        shutil.copytree(file.parent, hosts.local_tmp(2) / "once")
        driver = here.drive(host=2)
        here.until(lambda: here.store.list("derived/paths"))
        shutil.rmtree(hosts.local_tmp(2) / "once" / "images")
        said = here.ends(driver, 1)
        assert here.lost() == {"no_images"}
        assert len(read_failures(here.store)) == FITS  # none is tried again
        assert all(f"host nr{host} does not see the images" in said for host in (1, 2, 3))
