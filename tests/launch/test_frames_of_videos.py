"""A collection of videos from its list to scores: what is validated on, and what pairs tell."""

import csv
import re
from io import StringIO

import pytest
from frame_lists import FRAMES, celeb_df, folders_of, write_frames, write_list
from repository import ROOT

from data.index import index_root
from data.pools import pools_of
from data.selection import TrainingRule, select
from grid.expansion.chosen_rows import pool_rows

ORIGINALS, TESTED = 12, 3
EXPERIMENT = """
schema: 1
name: faces
data: {f: {root: videos}}
test: {sets: [f], degradations: [none]}
seeds: [0]
equalise: none
arms:
  - name: a
    detector: simple_cnn
    simple_cnn.size: tiny
    train: {each: f}
    input: {train: "random_crop(16, step=2)", test: none}
    recipe: {base: small, epochs: 1, batch_size: 8}
"""


@pytest.fixture
def videos(tmp_path):
    listed = celeb_df(ORIGINALS, TESTED)
    write_list(tmp_path / "videos" / "Celeb-DF-v2.json", listed)
    return write_frames(tmp_path / "videos", *folders_of(listed, ""))


def test_no_video_is_trained_on_in_part_nor_its_original_validated_on(videos, cache):
    pools = [p for p in pools_of(index_root(videos, None, cache)) if p.split == "train"]
    chosen = select([pool_rows(pool) for pool in pools], TrainingRule(validation_fraction=0.3))
    pair_of = {
        image_id: pair
        for pool in pools
        for image_id, pair in pool.table.select(["image_id", "pair"]).to_pandas().to_numpy()
    }
    trained, validated = (
        {pair_of[image_id] for image_id in rows.image_ids}
        for rows in (chosen.train, chosen.validation)
    )
    assert chosen.carved
    assert trained
    assert validated
    assert not trained & validated
    # A group has a real and a fake video, and all of their frames are on one side.
    assert len(chosen.train) == len(trained) * 2 * len(FRAMES)
    assert len(chosen.validation) == len(validated) * 2 * len(FRAMES)


def test_scores_of_frames_are_grouped_by_the_query_of_the_readme(videos, cache, crossgen, tmp_path):
    file, store = tmp_path / "faces.yaml", tmp_path / "store"
    file.write_text(EXPERIMENT)
    code, _, err = crossgen("run", file, "--store", store, "--no-ray")
    assert code == 0, err
    page = (ROOT / "data" / "layouts" / "README.md").read_text()
    sql = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)[0]
    code, out, err = crossgen("query", file, "--store", store, sql, "--csv")
    assert code == 0, err
    found = list(csv.DictReader(StringIO(out)))
    assert {(row["video"].rpartition("/")[2], row["label"], row["pair"]) for row in found} == {
        (name.format(n), label, f"CelebDFv2/id0_{n:04}")
        for n in range(ORIGINALS - TESTED, ORIGINALS)
        for name, label in (("id0_{:04}", "0"), ("id0_id1_{:04}", "1"))
    }
    assert len(found) == 2 * TESTED
    assert all(float(row["logit"]) == float(row["logit"]) for row in found)
