"""Nodes held against each other: what differs is told by the node's name."""

from types import SimpleNamespace

import pytest

from launch.doctor.check_groups import outcome
from launch.doctor.node_report import MARK, code_digest, report, reports_in
from launch.doctor.nodes_compared import NODE_CHECKS

ASKED = {
    "packages": ["numpy", "no-such-package"],
    "roots": {"g": "/images"},
    "files": {},
    "store": "/store",
    "token": "x",
    "computes": False,
}
SOUND = {
    "host": "n",
    "python": "3.11.7",
    "packages": {"numpy": "2.1"},
    "code": "01234567",
    "unseen": [],
    "store_fault": "",
    "gpus": [],
    "clock": 1000.0,
    "checks": [],
}


def said(title, **changes):
    nodes = {"n1": SOUND, "n2": {**SOUND, **changes}}
    cluster = SimpleNamespace(asked=ASKED, here=SOUND, nodes=nodes)
    found = outcome(NODE_CHECKS[title], cluster)
    return found.level, found.details


@pytest.mark.parametrize("title", sorted(NODE_CHECKS))
def test_of_equal_nodes_all_is_well(title):
    assert said(title) == ("ok", ())


@pytest.mark.parametrize(
    ("title", "changes", "level", "detail"),
    [
        ("nodes' packages", {"python": "3.12.1"}, "problem", "n2: python 3.12.1 (3.11.7 here)"),
        ("nodes' packages", {"packages": {}}, "problem", "n2: numpy missing (2.1 here)"),
        ("nodes' code", {"code": "89abcdef"}, "problem", "n2: 89abcdef"),
        ("nodes' images", {"unseen": ["/images: gone"]}, "problem", "n2: /images: gone"),
        ("nodes' store", {"store_fault": "another"}, "problem", "n2: another"),
        ("nodes' clocks", {"clock": 1100.0}, "warning", "n2: 100 s apart"),
        (
            "nodes' machines",
            {"checks": [("cache", "warning", "full", "free it")]},
            "warning",
            "n2: cache: full",
        ),
        (
            "nodes' machines",
            {"checks": [("GPUs", "problem", "none", "mend"), ("cache", "warning", "full", "")]},
            "problem",
            "n2: GPUs: none",
        ),
    ],
)
def test_what_differs_is_told_by_the_nodes_name(title, changes, level, detail):
    found, details = said(title, **changes)
    assert (found, details[0]) == (level, detail)


def test_a_silent_node_is_a_problem_and_compared_with_nothing():
    cluster = SimpleNamespace(asked=ASKED, here=SOUND, nodes={"n1": SOUND, "n2": "it is gone"})
    found = outcome(NODE_CHECKS["nodes"], cluster)
    assert (found.level, found.details) == ("problem", ("n2: it is gone",))
    assert outcome(NODE_CHECKS["nodes' packages"], cluster).level == "ok"


def test_a_node_tells_what_it_does_not_see(tmp_path, own_run):
    image = sorted((own_run.folder / "images").rglob("*.png"))[0]
    asked = {
        **ASKED,
        "roots": {"g": str(own_run.folder / "images"), "gone": str(tmp_path / "gone")},
        "files": {str(image): image.stat().st_size + 1, str(tmp_path / "no.png"): 5},
        "store": str(own_run.store),
        "token": "derived/drivers/of-another-store",
    }
    found = report(asked)
    assert found["packages"]["no-such-package"] == ""
    assert found["code"] == code_digest()
    assert "does not see the store" in found["store_fault"]
    wrong = "\n".join(found["unseen"])
    assert f"data.gone: {tmp_path / 'gone'}: No such file" in wrong
    assert f"{image}: " in wrong
    assert f"{tmp_path / 'no.png'}: No such file" in wrong
    assert len(found["unseen"]) == 3


def test_reports_are_found_among_other_output():
    text = f'a module says hello\n{MARK}{{"host": "n1"}}\nslurmstepd: x\n{MARK}{{"host": "n2"}}'
    assert [each["host"] for each in reports_in(text)] == ["n1", "n2"]
