"""What Ray is asked for, held against a file; names of jobs; the environment of a job."""

import json

import pytest
from repository import FIXTURES

from grid.refusal import Refused
from launch.ray_job.job_environment import STOP_WAIT_S, asked_variables, without_values
from launch.ray_job.job_request import job_request, new_submission_id

GOLDEN = FIXTURES / "ray_job" / "request.json"


def test_a_request_is_what_the_file_says():
    request = job_request(
        experiment="npr-factors",
        file="experiment/my file.yaml",
        store="/shared/results",
        words=["--only", "train=gans/dcgan", "--set", "seeds=[0, 1]"],
        env_vars={"DATA": "/shared/data"},
        packages=["timm==1.0.28"],
        working_dir="/tmp/upload",
        submission_id="raysubmit_npr-factors_00000000",
    )
    assert json.loads(GOLDEN.read_text()) == vars(request)


def test_an_image_brings_its_own_code():
    request = job_request(
        experiment="e", file="/f.yaml", store=None, words=[], env_vars={}, image="me/crossgen:1"
    )
    assert set(request.runtime_env) == {"env_vars", "image_uri"}  # Ray allows no other beside
    assert "--store" not in request.entrypoint
    assert request.metadata == {"crossgen_experiment": "e"}


def test_no_two_jobs_have_one_name():
    names = {new_submission_id("a b/ü" + 60 * "x") for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith("raysubmit_a-b-") and len(name) < 64 for name in names)


def test_a_stop_waits_for_checkpoints():
    assert STOP_WAIT_S > 60


def test_only_what_is_asked_for_goes_along():
    here = {"DATA": "/d", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "r", "HOME": "/h"}
    assert asked_variables([], here) == {}
    assert asked_variables(["AWS_*", "RESULTS=/r=", "DATA=/other", "HOME"], here) == {
        "DATA": "/other",
        "RESULTS": "/r=",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_REGION": "r",
        "HOME": "/h",
    }


@pytest.mark.parametrize("word", ["NOT_SET", "A-B=1", "=1", "CROSS*"])
def test_a_variable_that_is_none_is_refused_without_its_value(word):
    with pytest.raises(Refused) as refused:
        asked_variables([word, "A-B=secret"], {"HOME": "/h"})
    assert "secret" not in str(refused.value)


def test_the_command_that_is_printed_tells_no_value():
    command = "crossgen submit ray 'my file.yaml' --env KEY=secret --env=OTHER='a secret' --env X"
    assert without_values(f"{command} -- --set seeds='[0, 1]'") == (
        "crossgen submit ray 'my file.yaml' --env KEY=... --env=OTHER=... --env X "
        "-- --set 'seeds=[0, 1]'"
    )
