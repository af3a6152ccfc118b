"""`crossgen gallery`: the surest mistakes of each cell, on one page."""

import base64
import html
import io
import re
from dataclasses import replace

import numpy as np
import PIL.Image
import pytest

from analysis.selecting.selection import StoreSelection
from data.decode import decode
from grid.records.commits import committed_fits
from grid.records.pools.manifests import read_pool
from grid.records.scores.score_reading import read_scores
from grid.store.opening import open_store
from launch.gallery.gallery_page import gallery_page
from launch.gallery.mistakes import mistakes_of
from launch.gallery.thumbnails import SIDE_PX, Thumbnails


def page_of(crossgen, run, tmp_path, *words):
    file = tmp_path / "gallery.html"
    words = ["gallery", "--experiment", "two", "--store", run.store, "-o", file, *words]
    code, out, err = crossgen(*words)
    assert (code, err) == (0, "")
    return file.read_text(), out


def found_in(run, count=3):
    selection = StoreSelection(open_store(run.store), "two")
    return selection, mistakes_of(selection, selection.complete_cells, count)


def test_they_are_the_images_furthest_on_the_wrong_side(finished_run):
    selection, found = found_in(finished_run)
    assert len(found) == len(selection.complete_cells) > 0
    kinds = {True: 0, False: 0}
    for each in found:
        sides = (
            (each.false_positives, each.cell.real, 0),
            (each.false_negatives, each.cell.fake, 1),
        )
        for side, pieces, label in sides:
            expected = []
            for piece in pieces:
                table = read_scores(selection.store, piece, selection.commits[piece.fit_id])
                ids = read_pool(selection.store, piece.pool_id, ["image_id"])["image_id"]
                logits = table["logit"].to_pylist()
                expected += [
                    (abs(logit), image_id)
                    for logit, image_id in zip(logits, ids.to_pylist(), strict=True)
                    if (logit > 0) != bool(label)
                ]
            expected.sort(reverse=True)
            assert side.wrong == len(expected)
            assert [m.image_id for m in side.worst] == [key for _, key in expected[:3]]
            kinds[bool(label)] += len(side.worst)
    assert sum(kinds.values()) > 0


def test_images_that_were_trained_on_are_none(own_run, monkeypatch):
    from launch.gallery import mistakes

    whole = sum(s.false_positives.counted + s.false_negatives.counted for s in found_in(own_run)[1])
    assert whole > 0

    def all_seen(*args, **kwargs):
        table = read_scores(*args, **kwargs)
        return table.set_column(2, "seen", [np.ones(table.num_rows, bool)])

    monkeypatch.setattr(mistakes, "read_scores", all_seen)
    for each in found_in(own_run)[1]:
        assert each.false_positives.counted == each.false_negatives.counted == 0


def test_the_page_needs_nothing_else_and_its_pictures_are_the_images(
    crossgen, finished_run, tmp_path
):
    page, out = page_of(crossgen, finished_run, tmp_path)
    assert "wrote" in out
    assert not re.search(r"(?:src|href)=\"(?!data:)", page)
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    selection, found = found_in(finished_run, 8)
    worst = [m for c in found for s in (c.false_positives, c.false_negatives) for m in s.worst]
    pictures = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    assert len(pictures) == len(worst) > 0
    for name in {mistake.path for mistake in worst}:
        assert html.escape(name) in page
    first = Thumbnails(selection.store, 10**6).of(worst[0])
    with PIL.Image.open(io.BytesIO(base64.b64decode(first.partition(",")[2]))) as picture:
        assert picture.size == (SIDE_PX, SIDE_PX)
        shown = np.asarray(picture.convert("RGB").resize((16, 16), PIL.Image.Resampling.BOX))
    files = list((finished_run.folder / "images").rglob("*.png"))
    stored = next(f for f in files if f.read_bytes() and is_image(f, worst[0].image_id))
    assert np.abs(shown.astype(int) - decode(stored)).mean() < 20


def is_image(file, image_id):
    from data.image_digest import image_id_of

    return image_id_of(file.read_bytes()) == image_id


def test_one_fit_and_one_test_set_can_be_asked_for(crossgen, finished_run, tmp_path):
    fit = sorted(committed_fits(open_store(finished_run.store)))[0]
    page, out = page_of(crossgen, finished_run, tmp_path, "--fit", fit, "--test-set", "g/g1")
    assert "1 cell" in out
    assert page.count("<details") == 1
    assert fit in page


def test_images_that_are_gone_are_named_only(crossgen, own_run, tmp_path):
    for folder in (own_run.store / "derived" / "paths").iterdir():
        for file in folder.iterdir():
            file.unlink()
    page, out = page_of(crossgen, own_run, tmp_path)
    assert "data:image" not in page
    assert "no picture" in page
    assert "not at hand" in out


def test_another_file_in_an_image_s_place_is_not_shown(finished_run):
    selection, found = found_in(finished_run)
    worst = next(m for c in found for s in (c.false_positives, c.false_negatives) for m in s.worst)
    other = replace(worst, image_id="0" * 32)
    thumbnails = Thumbnails(selection.store, 10**6)
    assert thumbnails.of(other) == ""
    assert thumbnails.absent == {other.image_id}
    assert thumbnails.of(worst)


def test_a_page_has_a_bound(finished_run):
    selection, found = found_in(finished_run, 8)
    small = Thumbnails(selection.store, 3000)
    worst = [m for c in found for s in (c.false_positives, c.false_negatives) for m in s.worst]
    uris = [small.of(mistake) for mistake in worst]
    assert small.full
    assert sum(map(len, uris)) <= 3000


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--fit", "nothing"], "the store knows no such fit"),
        (["--test-set", "g/g3"], "no complete cell has it"),
        (["--degradation", "jpeg(50)"], "no complete cell has it"),
    ],
)
def test_what_is_not_there_is_refused(crossgen, finished_run, tmp_path, words, why):
    store = ["--store", finished_run.store, "-o", tmp_path / "x.html"]
    code, _, err = crossgen("gallery", "--experiment", "two", *words, *store)
    assert code == 2
    assert why in err


def test_names_on_the_page_are_text(finished_run):
    nasty = "<script>alert('x')</script><img src=x onerror=y>.png"
    _, found = found_in(finished_run)
    worst = next(
        s for each in found for s in (each.false_positives, each.false_negatives) if s.worst
    )
    named = replace(worst, worst=[replace(worst.worst[0], path=nasty)])
    cell = replace(found[0], fit_label=nasty, false_positives=named)
    thumbnails = Thumbnails(open_store(finished_run.store), 10**6)
    page = gallery_page(nasty, nasty, [cell], thumbnails, [nasty])
    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count(html.escape(nasty, quote=False)[:20]) >= 4
