"""`crossgen experiments`: what is shipped, listed, shown and copied out."""

from grid.experiment_file.shipped import shipped_names, shipped_path


def test_each_is_listed_with_its_question(crossgen):
    code, out, _ = crossgen("experiments")
    assert code == 0
    for name in shipped_names():
        assert f"\n{name}\n" in f"\n{out}"
    assert "(beside the published table three_detectors)" in " ".join(out.split())


def test_one_is_shown_as_it_stands(crossgen):
    code, out, _ = crossgen("experiments", "transfer")
    assert code == 0
    assert out == shipped_path("transfer").read_text()


def test_one_is_copied_and_never_over_another_file(crossgen, tmp_path):
    copy = tmp_path / "mine.yaml"
    code, out, _ = crossgen("experiments", "transfer", "-o", copy)
    assert code == 0
    assert copy.read_bytes() == shipped_path("transfer").read_bytes()
    assert "--smoke" in out
    copy.write_text("mine")
    code, _, err = crossgen("experiments", "transfer", "-o", copy)
    assert code == 2
    assert "it is there already" in " ".join(err.split())
    assert copy.read_text() == "mine"


def test_an_unknown_name_is_answered_with_the_nearest(crossgen):
    code, _, err = crossgen("experiments", "transfers")
    assert code == 2
    assert "Did you mean transfer" in " ".join(err.split())
    assert crossgen("experiments", "-o", "x.yaml")[0] == 2
