"""What others give us to read runs nothing, fills nothing and leads nowhere: each is tried.

`launch/README.md` has the table of what is tried where; here is what concerns the whole.
"""

import ast
import os
import pickle
import re
import struct
import zipfile
import zlib

import pytest
import yaml
from plugin_of_tests import MEAN_COLOUR
from repository import ROOT

from data.decode import UnreadableImage, decode
from detectors import plugins
from grid.store.archive import SUMS
from grid.store.errors import StoreUrlRefused
from grid.store.opening import open_store

PACKAGES = ("data", "detectors", "grid", "analysis", "launch")
OWN_PIPES = {"data/indexing/worker.py", "data/indexing/reading.py"}
"""A parent and the child that it has started, by pipes that nobody else has."""

PICKLES_ITSELF = {"detectors/contract_checks/card_checks.py"}
NEEDS_NO_FILE = {"detectors/plugins.py"}
"""Runs the text of a plug-in, which an experiment names."""


WORDS = (
    *("load", "pickle", "eval(", "exec(", "os.", "shell", "marshal", "shelve", "dill", "joblib"),
)
"""What a file must hold to be looked at more closely."""


def dangers(tree: ast.Module) -> set[str]:
    """Calls and imports by which bytes from elsewhere could become code."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            names = {module, *(each.name for each in node.names)} if module else set()
            names |= {each.name for each in node.names}
            found |= names & {"marshal", "shelve", "dill", "cloudpickle", "joblib", "jsonpickle"}
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        given = {each.arg: ast.unparse(each.value) for each in node.keywords}
        if called in ("pickle.load", "pickle.loads", "pickle.Unpickler"):
            found.add(called)
        if called in ("eval", "exec", "os.system", "os.popen", "yaml.unsafe_load"):
            found.add(called)
        if called.endswith("torch.load") and given.get("weights_only") != "True":
            found.add("torch.load")
        if called in ("np.load", "numpy.load") and given.get("allow_pickle", "False") != "False":
            found.add("np.load")
        if called in ("yaml.load", "yaml.load_all") and given.get("Loader") != "_PlainLoader":
            found.add("yaml.load")
        if given.get("shell") == "True":
            found.add("shell")
    return found


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("pickle.load(file)", "pickle.load"),
        ("x = pickle.loads(data)", "pickle.loads"),
        ("torch.load(file)", "torch.load"),
        ("torch.load(file, weights_only=False)", "torch.load"),
        ("np.load(file, allow_pickle=True)", "np.load"),
        ("yaml.load(text, Loader=yaml.Loader)", "yaml.load"),
        ("yaml.unsafe_load(text)", "yaml.unsafe_load"),
        ("from joblib import load", "joblib"),
        ("import dill", "dill"),
        ("subprocess.run(text, shell=True)", "shell"),
        ("eval(text)", "eval"),
    ],
)
def test_the_search_finds_what_it_looks_for(text, danger):
    assert dangers(ast.parse(text)) == {danger}
    assert any(word in text for word in WORDS)


def test_no_bytes_from_elsewhere_become_code():
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            if any(word in text for word in WORDS) and (kinds := dangers(ast.parse(text))):
                found[where] = kinds
    assert {where for where, kinds in found.items() if "pickle.load" in kinds} == OWN_PIPES
    assert {where for where, kinds in found.items() if kinds == {"exec"}} == NEEDS_NO_FILE
    assert set(found) == OWN_PIPES | PICKLES_ITSELF | NEEDS_NO_FILE, found


class Harmful:
    """A pickle that leaves a mark when it is read."""

    def __init__(self, mark):
        self.mark = str(mark)

    def __reduce__(self):
        return open, (self.mark, "w")


@pytest.fixture
def mark(tmp_path):
    """A file that only foreign code makes."""
    return tmp_path / "mark"


def test_the_planted_pickle_works(mark):
    pickle.loads(pickle.dumps(Harmful(mark))).close()
    assert mark.exists()


def test_a_pickle_in_place_of_any_file_of_a_store_is_damage(own_run, crossgen, mark):
    files = [path for path in own_run.store.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".json", ".parquet", ".safetensors"}
    fit = sorted((own_run.store / "commits").iterdir())[0].stem
    given = ("--store", own_run.store)
    images = own_run.folder / "images"
    weights = [path for path in files if path.suffix == ".safetensors"]
    of_weights = [("verify", fit, *given), ("predict", "--fit", fit, images, *given)]
    of_all = [
        ("status", own_run.file, *given),
        ("query", "FROM scores", *given),
        ("check", "store", *given, "--deep"),
        ("run", own_run.file, *given, "--no-ray"),
    ]
    codes = {}
    for planted, asked in ((weights, of_weights), (files, of_all)):
        for path in planted:
            path.write_bytes(pickle.dumps(Harmful(mark)))
        codes |= {words[0]: crossgen(*words)[0] for words in asked}
    assert codes["check"] == 1, codes
    assert 0 not in (codes["predict"], codes["verify"]), codes
    assert set(codes.values()) <= {0, 1, 2, 3}, codes
    assert not mark.exists()


def test_a_pickle_in_place_of_a_checkpoint_is_left_aside(own_run, crossgen, mark):
    from launch.desk import open_desk

    given = ("--store", own_run.store, "--set", "seeds=[7]")
    desk = open_desk(own_run.file, store=str(own_run.store), changes=[("seeds", "[7]")])
    fits = [each.fit.fit_id for each in desk.plan.missing]
    for fit in fits:
        place = own_run.store / "fits" / fit / "0123456789ab"
        place.mkdir(parents=True)
        (place / "checkpoint.safetensors").write_bytes(pickle.dumps(Harmful(mark)))
    code, _, err = crossgen("run", own_run.file, *given, "--trial", fits[0], "--no-ray")
    assert code == 0, err
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:builtins.open [MARK, w]\n",
        "schema: !!python/object/new:builtins.open [MARK, w]\n",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    ],
)
def test_yaml_makes_no_objects_and_does_not_multiply(tmp_path, crossgen, mark, text):
    file = tmp_path / "experiment.yaml"
    file.write_text(text.replace("MARK", str(mark)))
    for words in (["plan", file], ["check-table", file]):
        code, out, err = crossgen(*words)
        assert code in (1, 2), out + err
    assert not mark.exists()


def bomb(width, height):
    """A PNG of a hundred bytes that says it is large."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


def test_an_image_that_would_fill_the_memory_is_refused(own_run, crossgen):
    file = own_run.folder / "images" / "g1" / "train" / "ai" / "bomb.png"
    file.write_bytes(bomb(50_000, 50_000))
    assert file.stat().st_size < 200
    with pytest.raises(UnreadableImage, match="more than 89,478,485 pixels"):
        decode(file)
    code, out, err = crossgen("index", own_run.folder / "images")
    assert "bomb.png" in out + err
    assert "89,478,485 pixels" in out + err
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store)
    assert (code, "bomb.png" in err) == (2, True)


def packed(file, entries, *, method=zipfile.ZIP_STORED):
    """A zip file with a list of its files' checksums, as a bundle has one."""
    import hashlib

    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in entries.items()]
        archive.writestr(zipfile.ZipInfo(SUMS), "".join(lines))
    return file


@pytest.mark.parametrize("name", ["../mark", "/tmp/mark", "scores/../../mark", "commits/./x.json"])
def test_a_bundle_whose_files_lead_out_of_it_is_refused(tmp_path, crossgen, name):
    file = packed(tmp_path / "b.zip", {"commits/x.json": b"{}", name: b"x"})
    with pytest.raises(StoreUrlRefused, match="leads out of it"):
        open_store(file)
    for words in (["verify", file], ["open", file], ["merge", tmp_path / "into", file]):
        code, _, err = crossgen(*words)
        assert (code, "leads out of it" in err) == (2, True)
    assert not (tmp_path / "into").exists()


def test_a_list_of_checksums_that_leads_out_is_refused(tmp_path):
    file = tmp_path / "b.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("commits/x.json", b"{}")
        archive.writestr(SUMS, f"{'0' * 64}  ../x\n")
    with pytest.raises(StoreUrlRefused, match="is damaged"):
        open_store(file)


def test_a_bundle_that_grows_when_it_is_read_is_refused(tmp_path, crossgen):
    zeros = {"commits/x.json": b"\0" * (64 << 20)}
    file = packed(tmp_path / "b.zip", zeros, method=zipfile.ZIP_DEFLATED)
    assert file.stat().st_size < 100_000
    code, _, err = crossgen("query", "FROM fits", "--store", file)
    assert (code, "is packed to" in err, "67,108,864" in err) == (2, True, True)


# ------------------------------------------------------------------------------------ plug-ins

MARKS = 'import os, pathlib\npathlib.Path(os.environ["PLUGIN_MARK"]).touch()\n'


@pytest.fixture
def forgotten(monkeypatch, mark):
    """Return a function after which this process knows no plug-in, as a new one."""
    monkeypatch.setenv("PLUGIN_MARK", str(mark))

    def forget():
        plugins.use_plugins([])
        plugins._modules.clear()
        mark.unlink(missing_ok=True)

    yield forget
    forget()


@pytest.fixture
def of_a_plugin(tmp_path, make_genimage, cache, crossgen, forgotten):
    """The folder of a committed experiment whose detector is a plug-in that leaves a mark."""
    make_genimage(tmp_path / "images", {"g1": 1})
    (tmp_path / "mine.py").write_text(MARKS + MEAN_COLOUR)
    experiment = {
        "schema": 1,
        "name": "own",
        "store": "store",
        "plugins": ["mine.py"],
        "data": {"g": {"root": "images"}},
        "test": {"sets": ["g"]},
        "arms": [
            {
                "name": "a",
                "detector": "mine",
                "train": {"each": "g"},
                "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
            }
        ],
    }
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(experiment))
    code, _, err = crossgen("run", tmp_path / "own.yaml", "--no-ray")
    assert code == 0, err
    return tmp_path


def test_code_that_a_store_holds_runs_only_where_its_user_says_so(
    of_a_plugin, crossgen, forgotten, mark, monkeypatch
):
    folder, store = of_a_plugin, of_a_plugin / "store"
    assert mark.exists()  # the experiment names it
    bundle = folder / "elsewhere" / "own.zip"
    bundle.parent.mkdir()
    forgotten()
    monkeypatch.chdir(bundle.parent)
    fit = sorted((store / "commits").iterdir())[0].stem
    for words in (
        ("query", "FROM cells"),
        ("matrix",),
        ("check", "store", "--deep"),
        ("export", "own", "-o", folder / "cells.csv"),
        ("bundle", "own", "-o", bundle, "--with-weights"),
        ("table", "--list"),
        ("gc",),
        ("failure", fit),
    ):
        code, _, err = crossgen(*words, "--store", store)
        assert code in (0, 2), (words, err)
    assert bundle.exists()
    for words in (("open", bundle), ("verify", bundle), ("merge", folder / "into", bundle)):
        code, _, err = crossgen(*words)
        assert code == 0, (words, err)
    images = folder / "images"
    network = {
        "verify": ("verify", fit, "--store", store),
        "bundle": ("verify", bundle, "--images", images, "--fit", fit),
        "predict": ("predict", "--fit", fit, images / "g1" / "val" / "ai", "--store", bundle),
        "features": ("features", "--fit", fit, "--at", "final", "--store", store),
    }
    for words in network.values():
        code, _, err = crossgen(*words)
        assert (code, "add --trust-plugins" in " ".join(err.split())) == (2, True), (words, err)
    assert not mark.exists()
    code, out, err = crossgen(*network["predict"], "--trust-plugins")
    assert code == 0, err
    assert mark.exists()
    forgotten()
    code, out, err = crossgen(*network["bundle"], "--trust-plugins")
    assert (code, "equal, bit for bit" in out) == (0, True), err


def test_a_detector_that_lies_beside_is_never_run(own_run, crossgen, forgotten, mark, monkeypatch):
    for place in (own_run.folder, own_run.store, own_run.folder / "images", ROOT / "no"):
        if place.is_dir():
            (place / "mine.py").write_text(MARKS + MEAN_COLOUR)
            (place / "simple_cnn.py").write_text(MARKS + MEAN_COLOUR)
    monkeypatch.chdir(own_run.folder)
    store = ("--store", own_run.store)
    for words in (
        ("plan", own_run.file, *store),
        ("status", own_run.file, *store),
        ("detectors",),
        ("run", own_run.file, *store, "--no-ray"),
    ):
        code, out, err = crossgen(*words)
        assert code == 0, (words, out, err)
    assert not mark.exists()
    assert "PLUGIN_MARK" in os.environ


def test_what_the_readme_says_is_tried_is_there():
    section = (ROOT / "launch" / "README.md").read_text().split("## Safe against what")[1]
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", section)
    assert len(named) > 15
    for file, test in named:
        text = (ROOT / file).read_text()
        assert f"def {test}(" in text if test else text, (file, test)
