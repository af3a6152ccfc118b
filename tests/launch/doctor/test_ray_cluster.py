"""The doctor of Ray: what is said of a cluster; and real ones, with and without authentication."""

import subprocess
from dataclasses import replace

import pytest
from one_host_ray import BIN, one_host_ray
from repository import FIXTURES

from launch.doctor.check_groups import checks_of, outcome
from launch.doctor.on_ray.cluster import is_loopback
from launch.doctor.ray_cluster import RayCluster

CHECKS = checks_of("on_ray")
NODE = {"gpus": ["H100"], "checks": [], "packages": {}, "python": "3.11.7", "clock": 0.0}
CLUSTER = RayCluster(
    address="10.0.0.1:6379",
    answers_strangers=False,
    dashboard="127.0.0.1:8265",
    resources={"n1": {"CPU": 8.0, "GPU": 1.0}},
    nodes={"n1": NODE},
)


def said(title, **changes):
    found = outcome(CHECKS[title], replace(CLUSTER, **changes))
    return None if found is None else (found.level, f"{found.seen} | {found.mend}")


@pytest.mark.parametrize(
    ("title", "changes", "level", "why"),
    [
        ("cluster", {}, "ok", "10.0.0.1:6379 is joined"),
        ("cluster", {"fault": ("it does not answer", "Start it")}, "problem", "does not answer"),
        ("authentication", {}, "ok", "a client without a token is refused"),
        ("authentication", {"answers_strangers": True}, "warning", "RAY_AUTH_MODE=token"),
        ("authentication", {"answers_strangers": None}, "warning", "gets no answer that tells"),
        ("dashboard", {}, "ok", "on loopback"),
        ("dashboard", {"dashboard": ""}, "ok", "none"),
        ("dashboard", {"dashboard": "10.0.0.1:8265"}, "warning", "other hosts reach it"),
        ("resources", {}, "ok", "1 node with 8 CPUs and 1 GPUs"),
        ("resources", {"dead": ("n2",)}, "warning", "gone: n2"),
        ("resources", {"resources": {}}, "problem", "Start nodes with CPUs"),
        ("nodes' GPUs", {}, "ok", "torch sees those"),
        ("nodes' GPUs", {"nodes": {"n1": {**NODE, "gpus": []}}}, "problem", "does not see"),
    ],
)
def test_what_is_said_of_a_cluster(title, changes, level, why):
    found, text = said(title, **changes)
    assert (found, why in text) == (level, True), text


def test_of_a_cluster_that_was_not_reached_nothing_else_is_said():
    away = RayCluster(address="x:1", fault=("it does not answer", "Start it"))
    heard = [title for title, check in CHECKS.items() if outcome(check, away) is not None]
    assert heard == ["cluster"]


def test_which_addresses_are_this_hosts_alone():
    for own in ("127.0.0.1:8265", "localhost:1", "[::1]:8265", "http://127.0.0.1:8265"):
        assert is_loopback(own), own
    for others in ("0.0.0.0:8265", "10.0.0.1:8265", "host:8265"):
        assert not is_loopback(others), others


def doctor(environment, *words):
    return subprocess.run(
        [BIN / "crossgen", "doctor", "ray", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
    )


@pytest.mark.ray
@pytest.mark.slow
def test_with_token_authentication_all_is_well_and_a_stranger_is_refused(tmp_path):
    with one_host_ray(tmp_path) as cluster:
        sound = doctor(cluster.environment, "--address", cluster.head)
        assert sound.returncode == 0, sound.stdout + sound.stderr
        assert "ok       authentication: a client without a token is refused" in sound.stdout
        assert "ok       dashboard: 127.0.0.1:" in sound.stdout
        assert "ok       nodes' packages: Python and packages as here" in sound.stdout
        other = tmp_path / "other"
        other.write_text("0" * 64)
        wrong = {**cluster.environment, "RAY_AUTH_TOKEN_PATH": str(other)}
        refused = doctor(wrong, "--address", cluster.head)
        assert refused.returncode == 1, refused.stdout + refused.stderr
        assert "problem  cluster: " in refused.stdout
        assert "Traceback" not in refused.stdout + refused.stderr
        assert "RAY_AUTH_TOKEN_PATH" in refused.stdout


@pytest.mark.ray
@pytest.mark.slow
def test_without_it_doctor_warns_and_a_run_says_so_once(tmp_path, make_genimage):
    make_genimage(tmp_path / "images", {"g1": 1}, train=8, test=4)
    file = tmp_path / "two.yaml"
    file.write_text((FIXTURES / "two.yaml").read_text())
    with one_host_ray(tmp_path, mode="disabled") as cluster:
        joined = {**cluster.environment, "RAY_ADDRESS": cluster.head}
        given = (str(file), "--store", str(tmp_path / "store"))
        found = doctor(joined, *given)
        assert found.returncode == 0, found.stdout + found.stderr
        assert "warning  authentication: a client without a token is answered" in found.stdout
        assert "ok       nodes' images: as here" in found.stdout
        assert "ok       nodes' store: as here" in found.stdout
        ran = subprocess.run(
            [BIN / "crossgen", "run", *given],
            capture_output=True,
            text=True,
            timeout=300,
            env=joined,
        )
        assert ran.returncode == 0, ran.stderr
        assert ran.stderr.count("this Ray asks for no token") == 1, ran.stderr


@pytest.mark.ray
@pytest.mark.slow
def test_a_ray_of_our_own_refuses_strangers_and_has_no_dashboard(tmp_path):
    import os

    settings = {k: v for k, v in os.environ.items() if not k.startswith("RAY_A")}
    found = doctor({**settings, "RAY_USAGE_STATS_ENABLED": "0"})
    assert found.returncode == 0, found.stdout + found.stderr
    assert "ok       authentication: a client without a token is refused" in found.stdout
    assert "ok       dashboard: none" in found.stdout
    chosen = doctor({**settings, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"})
    assert "warning  authentication: a client without a token is answered" in chosen.stdout
