"""Lists of images: what columns stand for, which values are real, and which paths are refused."""

import json
import posixpath
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import layouts
from data.folder_walk import FolderListing
from data.index import index_root
from data.layout_detection import detect
from data.layouts import FoundImage, UnclearLabels, UnknownLayout
from data.lists.columns import Columns, columns_of
from data.lists.listed_paths import CommonFolder, path_below
from data.lists.meaning import Unclear, Values, meaning_of


def write(root: Path, name: str, text: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return root


def scan(root: Path, layout: str | None = None) -> tuple[list[FoundImage], Counter[str]]:
    skipped: Counter[str] = Counter()
    name = layout or detect(root)[0]
    return list(layouts.load(name).scan(root, skipped)), skipped


def rows(root: Path, layout: str | None = None) -> list[tuple[str, int, str, str]]:
    return [(i.path, i.label, i.generator, i.split) for i in scan(root, layout)[0]]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("list.json", json.dumps([{"path": "a/1.png", "label": 0}, {"path": "b.png", "label": 1}]),
         [("a/1.png", 0, "", "test"), ("b.png", 1, "mine", "test")]),  # ForensicHub
        ("list.jsonl", '{"path": "a.png", "label": 0}\n\n{"path": "b.png", "label": 1}\n',
         [("a.png", 0, "", "test"), ("b.png", 1, "mine", "test")]),
        ("test.csv", "filename,typ\nx/1.png,real\nx/2.png,sdxl\nx/3.png,DALL-E 3\n",
         [("x/1.png", 0, "", "test"), ("x/2.png", 1, "sdxl", "test"),
          ("x/3.png", 1, "dalle3", "test")]),  # grip
        ("viral.csv", "filename,label,source_id\n1.jpg,REAL,s1\n2.jpg,FAKE,s1\n",
         [("1.jpg", 0, "", "test"), ("2.jpg", 1, "mine", "test")]),
        ("all.csv",
         "Path;Label;Split;Generator\n./1.png;Real;train;\n2.png;Fake;valid;Flux.1-dev\n",
         [("1.png", 0, "", "train"), ("2.png", 1, "flux_dev", "validation")]),
        ("valid_list.csv", "path,is_fake\n1.png,1\n2.png,0\n",
         [("1.png", 1, "mine", "validation"), ("2.png", 0, "", "validation")]),
        ("l.tsv", "image_path\tis_real\ntrain\\a\\1.png\tTrue\ntrain\\2.png\tFalse\n",
         [("train/a/1.png", 0, "", "train"), ("train/2.png", 1, "mine", "train")]),
        ("l.csv", "path,label\nreal/1.png,1\nfake/2.png,0\nfake/3.png,0\n",
         [("real/1.png", 0, "", "test"), ("fake/2.png", 1, "mine", "test"),
          ("fake/3.png", 1, "mine", "test")]),
        ("l.csv", 'path,label\n"a, b.png",real\n"line\nbreak.png",fake\n',
         [("a, b.png", 0, "", "test"), ("line\nbreak.png", 1, "mine", "test")]),
    ],
)  # fmt: skip
def test_lists_are_read_by_what_their_columns_are_called(
    name: str, text: str, expected: list[tuple[str, int, str, str]], tmp_path: Path
) -> None:
    root = write(tmp_path / "mine", name, text)
    assert detect(root)[0] == "table"
    assert rows(root) == expected


@pytest.mark.parametrize(
    "text",
    [
        "path,label\n1.png,0\n2.png,1\n",  # half of the field writes 1 for real
        "path,target\n1.png,1\n2.png,1\n",
        "path,label\nreal/1.png,0\nreal/2.png,1\nfake/3.png,0\n",  # folders contradict each other
        "path,label,generator\nfake/1.png,0,\nreal/2.png,1,sdxl\n",  # as do folders and generators
        "path,label\n1.png,cat\n2.png,dog\n",
        "path,label\n1.png,real\n2.png,1\n",
        "path,label\n1.png,fake\n2.png,edited\n",
    ],
)
def test_what_is_not_clear_is_refused_and_the_line_to_write_is_said(
    text: str, tmp_path: Path
) -> None:
    root = write(tmp_path / "mine", "l.csv", text)
    with pytest.raises(UnclearLabels) as caught:
        detect(root)
    assert caught.value.layout == "table(fake=VALUE)"
    assert "its first rows:" in caught.value.details
    with pytest.raises(UnclearLabels):
        index_root(root, "table", tmp_path / "cache")


def test_the_user_decides_what_is_not_clear(tmp_path: Path) -> None:
    text = "path,label,kind\n1.png,0,cat\n2.png,1,dog\n"
    root = write(tmp_path / "mine", "l.csv", text)
    assert [row[1] for row in rows(root, "table(fake=1)")] == [0, 1]
    assert [row[1] for row in rows(root, "table(fake=0)")] == [1, 0]
    assert [row[1] for row in rows(root, "table(label=kind, real=dog)")] == [1, 0]
    for wrong, said in (
        ("table(fake=2)", "no row has the value '2'"),
        ("table(fake=1, real=0)", "has both"),
        ("table(label=nothing)", "holds no list"),
        ("table(lable=kind)", "Did you mean label"),
        ("table(fake)", "is not written as"),
        ("genimage(fake=1)", "takes none"),
    ):
        with pytest.raises(UnknownLayout, match=said.replace("(", r"\(")):
            rows(root, wrong)


def test_rows_that_say_neither_are_counted(tmp_path: Path) -> None:
    text = "path,label,split\n1.png,real,train\n2.png,,train\n3.png,fake,extra\n4.png,fake,test\n"
    found, skipped = scan(write(tmp_path / "mine", "l.csv", text))
    assert [image.path for image in found] == ["1.png", "4.png"]
    assert skipped == {"label '' in l.csv": 1, "split 'extra' in l.csv": 1}


@pytest.mark.parametrize("path", ["/elsewhere/1.png", "../1.png", "a/../../1.png", ""])
def test_a_path_that_leads_out_of_the_root_is_refused(path: str, tmp_path: Path) -> None:
    root = write(tmp_path / "mine", "l.csv", f"path,label\n{path},real\n2.png,fake\n")
    write(tmp_path, "1.png", "x")
    with pytest.raises(UnknownLayout, match="leads out of"):
        index_root(root, None, tmp_path / "cache")


def test_an_absolute_path_below_the_root_is_one_of_it(tmp_path: Path) -> None:
    assert path_below(f"{tmp_path}/a/./b.png", tmp_path, "row") == "a/b.png"


@given(st.lists(st.sampled_from(["a", "..", ".", "b.png", "", "c"]), min_size=1, max_size=7))
def test_no_listed_path_leaves_the_root(parts: list[str]) -> None:
    root = Path("/some/root")
    try:
        path = path_below("/".join(parts), root, "row")
    except UnknownLayout:
        return
    inner = (root / path).resolve()
    assert inner.is_relative_to(root)
    assert inner != root


FAR = "/mnt/data3/public_datasets/AIGC/DiffusionForensics/images"
SYNSET = "imagenet/real/n03982430"


def forensichub(root: Path, above: str) -> Path:
    """ForensicHub's lists, one a split, as its README and its documentation write them."""
    for split, of in (("train", "train"), ("val", "validation")):
        paths = [(f"{split}/{SYNSET}/ILSVRC2012_val_00039791.JPEG", 0),
                 (f"{split}/imagenet/adm/n03982430/0001.png", 1)]  # fmt: skip
        for path, _ in paths:
            write((root / path).parent, Path(path).name, of)
        listed = [{"path": f"{above}{path}", "label": label} for path, label in paths]
        write(root, f"{split}.json", json.dumps(listed, indent=2))
    return root


@pytest.mark.parametrize("above", ["", f"{FAR}/", "DiffusionForensics/images/", "../images/"])
def test_forensichubs_lists_are_read_as_they_stand(above: str, tmp_path: Path) -> None:
    root = forensichub(tmp_path / "images", above)
    assert set(rows(root, "table")) == {
        (f"{split}/imagenet/{end}", label, "images" * label, of)
        for split, of in (("train", "train"), ("val", "validation"))
        for end, label in (("real/n03982430/ILSVRC2012_val_00039791.JPEG", 0),
                           ("adm/n03982430/0001.png", 1))
    }  # fmt: skip
    said = layouts.load("table").evidence(root, FolderListing(root)).words
    assert (f"; `{above}` is taken off each path" in said) == bool(above)
    assert "so ForensicHub's JSON is documented" in said


def test_only_what_all_paths_begin_with_is_taken_off(tmp_path: Path) -> None:
    """Else the listed real would be read as the file of the same name that is there."""
    root = tmp_path / "mine"
    write(root / "a", "1.png", "x")
    listed = [{"path": "/far/x/a/1.png", "label": 0}, {"path": "/far/y/a/1.png", "label": 1}]
    write(root, "list.json", json.dumps(listed))
    with pytest.raises(UnknownLayout, match="leads out of"):
        rows(root, "table")


def test_what_is_taken_off_may_be_stated_of_any_list(tmp_path: Path) -> None:
    text = "path,label\n/far/a/1.png,real\n/far/b/2.png,fake\n"
    root = write(tmp_path / "mine", "l.csv", text)
    write(root / "a", "1.png", "x")
    with pytest.raises(UnknownLayout, match="leads out of") as caught:
        rows(root)  # nobody's documented format: it may be another collection's
    assert "`prefix=/what/all/begin/with`" in caught.value.mend
    for stated in ("/far", "/far/", "/far/./"):
        assert [r[0] for r in rows(root, f"table(prefix={stated})")] == ["a/1.png", "b/2.png"]
    with pytest.raises(UnknownLayout, match=r"row 1 names '/far/a/1.png', which does not begin"):
        rows(root, "table(prefix=/near)")


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), min_size=1, max_size=6),
       st.lists(st.sampled_from(["", "a", "x", ".."]), max_size=3))  # fmt: skip
def test_what_is_taken_off_is_shared_by_all_and_no_two_paths_become_one(
    inner: list[list[str]], above: list[str]
) -> None:
    paths = {posixpath.normpath("/".join([*above, *each])) for each in inner}
    folder = CommonFolder()
    for path in paths:
        folder.add(path)
    with tempfile.TemporaryDirectory() as root:
        for each in inner:
            Path(root, *each[:-1]).mkdir(parents=True, exist_ok=True)
        prefix = folder.prefix_to_drop(Path(root))
    if prefix is not None:
        assert all(path.startswith(prefix) for path in paths)
        assert len({path.removeprefix(prefix) for path in paths}) == len(paths)


def test_a_file_that_is_listed_and_not_there_is_a_problem(tmp_path: Path) -> None:
    root = write(tmp_path / "mine", "l.csv", "path,label\n1.png,real\n2.png,fake\n")
    problems = index_root(root, None, tmp_path / "cache").problems
    assert [p.path for p in problems] == ["1.png", "2.png"]
    assert all("no such file" in p.reason for p in problems)


def test_several_lists_are_read_together_unless_they_name_a_file_twice(tmp_path: Path) -> None:
    root = write(tmp_path / "mine", "train.csv", "path,label\n1.png,real\n2.png,fake\n")
    write(root, "test.csv", "path,label\n3.png,real\n4.png,fake\n")
    assert {(row[0], row[3]) for row in rows(root)} == {
        ("1.png", "train"), ("2.png", "train"), ("3.png", "test"), ("4.png", "test"),
    }  # fmt: skip
    write(root, "test.csv", "path,label\n1.png,real\n4.png,fake\n")
    with pytest.raises(UnknownLayout, match=r"1.png in several lists"):
        rows(root)
    assert len(rows(root, "table(file=train.csv)")) == 2


def test_the_decision_is_shown_with_five_rows(tmp_path: Path) -> None:
    text = "path,label\n" + "".join(f"{n}.png,real\n" for n in range(9)) + "x.png,fake\n"
    _, reason = detect(write(tmp_path / "mine", "l.csv", text))
    first, *samples = reason.split("\n    ")
    assert first == "l.csv: path from `path`, label from `label`; the values say it: fake, real"
    assert len(samples) == 5
    assert "x.png is fake (fake)" in samples
    assert "0.png is real (real)" in samples


def test_a_list_beside_a_collection_does_not_hide_it(tmp_path: Path) -> None:
    for folder in ("adm/train/ai", "adm/train/nature"):
        write(tmp_path / folder, "1.png", "x")
    write(tmp_path, "l.csv", "path,label\nadm/train/ai/1.png,fake\n")
    assert detect(tmp_path)[0] == "genimage"


@pytest.mark.parametrize(
    ("name", "text"),
    [("prompts.csv", "image name,Prompt\n1.png,a cat\n"), ("notes.json", '{"path": {"a": 1}}'),
     ("l.csv", "just a text"), ("l.json", "[1, 2]"), ("empty.csv", "")],
)  # fmt: skip
def test_other_tables_are_no_lists(name: str, text: str, tmp_path: Path) -> None:
    write(tmp_path / "a", "1.png", "x")
    with pytest.raises(UnknownLayout, match="no layout that is known here"):
        detect(write(tmp_path, name, text))


SPAI = {
    "real_raise.csv": "image,class,split\nraise/1.png,0,test\n",
    "real_coco.csv": "image,class,split\ncoco/1.jpg,0,test\n",
    "fake_dalle3.csv": "image,class,split\ndalle3/1.webp,1,test\n",
    "fake_mjv61.csv": "image,class,split\nmj/1.png,1,test\n",
}


def test_spais_lists_are_one_source_each(tmp_path: Path) -> None:
    for name, text in SPAI.items():
        write(tmp_path, name, text)
    name, reason = detect(tmp_path)
    assert name == "spai"
    assert reason.startswith("lists of 2 generators: dalle3, midjourney_v61; of reals: coco, raise")
    assert {(i.label, i.generator or i.real_set) for i in scan(tmp_path)[0]} == {
        (0, "coco"), (0, "raise"), (1, "dalle3"), (1, "midjourney_v61"),
    }  # fmt: skip
    write(tmp_path, "fake_flux.csv", "image,class,split\nflux/1.png,0,test\n")
    with pytest.raises(UnknownLayout, match=r"is called fake_flux.csv and says class 0"):
        scan(tmp_path)


def test_unbiased_genimage_goes_before_genimage(tmp_path: Path) -> None:
    folder = "BigGAN/imagenet_ai_0419_biggan"
    listed = [
        (f"{folder}/train/ai/0_biggan_1.png", "BigGAN", "train", 0),
        (f"{folder}/train/nature/n01440764_1.JPEG", "nature", "train", 0),
        (f"{folder}/val/nature/v.JPEG", "nature", "val", 999),
    ]
    for path, *_ in [*listed, (f"{folder}/train/nature/broken.JPEG",)]:
        write((tmp_path / path).parent, Path(path).name, "x")
    text = "".join(f"{p},{g},{m},{c},300,200,96\n" for p, g, m, c in listed)
    write(
        tmp_path, "metadata.csv", f"path,generator,mode,class,width,height,compression_rate\n{text}"
    )
    assert detect(tmp_path)[0] == "unbiased_genimage"
    found = {(i.label, i.generator, i.split, i.class_name, i.real_set) for i in scan(tmp_path)[0]}
    assert found == {
        (1, "biggan", "train", "n01440764", ""),
        (0, "biggan", "train", "n01440764", "biggan/nature"),
        (0, "biggan", "test", "n15075141", "biggan/nature"),
    }


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["image", "class", "split"], Columns("image", "class", "", "split", "", "", "")),
        (["path", "label", "class"], Columns("path", "label", "", "", "class", "", "")),
        (["path", "generator"], Columns("path", "generator", "generator", "", "", "", "")),
        (["file", "label", "source_id"], Columns("file", "label", "", "", "", "source_id", "")),
        (["Path", "Is_Fake", "Model"], Columns("Path", "Is_Fake", "Model", "", "", "", "")),
    ],
)  # fmt: skip
def test_roles_of_columns(names: list[str], columns: Columns) -> None:
    assert columns_of(names, {}) == columns


@given(
    st.lists(
        st.tuples(st.sampled_from(["0", "1", "real", "fake", "sdxl", "", "true"]),
                  st.sampled_from(["real/a", "fake/a", "a", "x/0_real/a"]),
                  st.sampled_from([None, "", "real", "sdxl"])),
        max_size=12,
    )
)  # fmt: skip
def test_a_meaning_never_contradicts_the_word_real(seen: list[tuple[str, str, str | None]]) -> None:
    values = Values()
    for value, path, generator in seen:
        values.add(value, path, generator)
    try:
        meaning = meaning_of("label", values)
    except Unclear:
        return
    assert meaning.of("real") in (0, None)
    assert meaning.of("fake") in (1, None)
    assert meaning.of("") is None
    if {"0", "1"} & set(values.counts):
        assert meaning.of("0") != meaning.of("1")
