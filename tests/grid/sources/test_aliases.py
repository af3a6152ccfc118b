"""Other names for generators: a folder of one's own is a generator that the table knows."""

from pathlib import Path

import pytest

from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, Refused
from grid.sources.catalog import Catalog, open_catalog


@pytest.fixture
def opened(tmp_path: Path, make_genimage):
    """Return a function that opens a dataset of three folders with what the file says of it."""
    make_genimage(tmp_path / "d", {"our sdxl v2": 1, "night model": 2, "sdxl": 3}, train=2, test=1)

    def of(**more: object) -> tuple[Catalog, Problems]:
        problems = Problems()
        catalog = open_catalog(
            {"d": DatasetSpec(root=tmp_path / "d", **more)},
            image_limit=None,
            problems=problems,
            cache_dir=tmp_path / "cache",
        )
        return catalog, problems

    return of


def sources(catalog: Catalog) -> dict[str, tuple[str, str, int, set[str]]]:
    """Family, group, images and names of photographs, by generator."""
    return {
        s.generator: (
            s.family, s.generator_group, sum(len(p) for p in s.pools),
            {p.source for p in s.of_label(0)},
        )
        for s in catalog.all_sources()
    }  # fmt: skip


def test_an_alias_gives_a_folder_the_family_of_its_generator(opened) -> None:
    assert sources(opened()[0])["our sdxl v2"][:2] == ("unknown", "our sdxl v2")
    catalog, problems = opened(aliases={"our sdxl v2": "Flux.1-dev", "Night-Model": "stylegan3"})
    problems.raise_if_any()
    assert sources(catalog) == {
        "flux_dev": ("diffusion", "flux", 6, {"flux_dev/nature"}),
        "stylegan3": ("gan", "stylegan3", 6, {"stylegan3/nature"}),
        "sdxl": ("diffusion", "sdxl", 6, {"sdxl/nature"}),
    }


def test_two_folders_of_one_generator_become_one(opened) -> None:
    before = opened()[0]
    catalog, problems = opened(aliases={"our sdxl v2": "sdxl"})
    problems.raise_if_any()
    found = sources(catalog)
    assert set(found) == {"night model", "sdxl"}
    assert found["sdxl"][2] == 12
    # What is not joined is the same pool as before, so that nothing of it runs again.
    ids = [
        {p.pool_id for p in c.datasets["d"].pools if "night" in p.source} for c in (before, catalog)
    ]
    assert ids[0] == ids[1] != set()


def test_a_renamed_generator_keeps_its_pools(opened) -> None:
    ids = [
        {p.pool_id for p in c.datasets["d"].pools}
        for c in (opened()[0], opened(aliases={"our sdxl v2": "kolors"})[0])
    ]
    assert ids[0] == ids[1]


def test_families_are_stated_of_the_new_names(opened) -> None:
    catalog, problems = opened(aliases={"night model": "noctua"}, families={"noctua": "flow"})
    problems.raise_if_any()
    assert sources(catalog)["noctua"][:2] == ("flow", "noctua")


def test_an_alias_of_nothing_is_refused(opened) -> None:
    _, problems = opened(aliases={"night modle": "sdxl"})
    with pytest.raises(Refused) as caught:
        problems.raise_if_any()
    [problem] = caught.value.problems
    assert problem.what == "data.d.aliases: night modle"
    assert "Did you mean night model?" in problem.mend
