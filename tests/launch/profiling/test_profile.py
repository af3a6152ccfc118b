"""`crossgen profile`: each kind of work once, kept beside the results, and packed by."""

from concurrent.futures import Future

import pytest

from grid.plan.gpu_needs import MARGIN, needed_bytes
from grid.plan.plan import make_trials
from grid.records.memory_profiles import read_profiles, replace_profile
from grid.store.opening import open_store
from grid.trial.gpu import CONTEXT_BYTES
from launch.desk import open_desk
from launch.profiling import profile_command

CARD = "NVIDIA H100 80GB HBM3"


class InThisProcess:
    """In place of a pool of one process, whose start takes seconds."""

    def __init__(self, *_):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, call, *arguments):
        future = Future()
        try:
            future.set_result(call(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.fixture
def profiled(own_run, crossgen, monkeypatch):
    monkeypatch.setattr(profile_command, "ProcessPoolExecutor", InThisProcess)
    return lambda *more: crossgen("profile", own_run.file, "--store", own_run.store, *more)


def test_fits_of_one_kind_are_measured_once_and_nothing_but_profiles_is_written(own_run, profiled):
    before = {path: path.stat().st_mtime_ns for path in own_run.store.rglob("*") if path.is_file()}
    code, out, _ = profiled("--set", "seeds=[0, 1]")
    assert code == 0
    [row] = [line for line in out.splitlines() if line.startswith("simple_cnn(size=tiny)")]
    assert row.split()[1:3] == ["4", "8"]  # fits, batch
    assert "1 profile kept" in out
    after = {path: path.stat().st_mtime_ns for path in own_run.store.rglob("*") if path.is_file()}
    [new] = after.keys() - before.keys()
    assert new.parent.parent.name == "profiles"
    assert {path: after[path] for path in before} == before

    [[profile]] = read_profiles(open_store(own_run.store)).values()
    assert profile["device"] == "cpu"
    assert profile["made_by"] == "profile"
    for name in ("training_bytes", "testing_bytes", "testing_one_bytes"):
        assert profile[name] > 50e6  # Python and torch alone are more
    assert profile["training_s_per_image"] > 0
    assert profile["testing_s_per_image"] > 0
    # A trial of the plan asks for its memory by this name; what a CPU took says nothing of a GPU.
    assert needed_bytes([profile]) is None


def test_another_batch_is_another_kind_of_work(own_run, profiled):
    assert profiled()[0] == 0
    code, out, _ = profiled("--batch", 4)
    assert code == 0
    assert [line.split()[2] for line in out.splitlines() if "size=tiny" in line] == ["4"]
    profiles = read_profiles(open_store(own_run.store))
    assert len(profiles) == 2
    sizes = {each["work"]["recipe"]["batch_size"] for [each] in profiles.values()}
    assert sizes == {8, 4}


def test_trials_ask_for_what_was_measured_on_a_gpu(own_run, profiled):
    profiled()
    store = open_store(own_run.store)
    [[measured]] = read_profiles(store).values()

    def need(*changes):
        wider = [("seeds", "[0, 1]"), *changes]
        plan = open_desk(own_run.file, store=str(own_run.store), changes=wider).plan
        return make_trials(plan, store)[0].gpu_need

    assert need().kind == measured["kind"]
    assert need().memory_bytes is None
    on_card = {**measured, "training_bytes": 10**9, "testing_one_bytes": 2 * 10**9}
    replace_profile(store, {**on_card, "device": CARD})
    assert need().memory_bytes == int(MARGIN * (2 * 10**9 + CONTEXT_BYTES))
    replace_profile(store, {**on_card, "device": f"{CARD} 2", "training_bytes": 3 * 10**9})
    assert need().memory_bytes == int(MARGIN * (3 * 10**9 + CONTEXT_BYTES))
    stated = need(("resources.simple_cnn", "{memory: 6GB, gpu_type: H100}"))
    assert (stated.memory_bytes, stated.gpu_type) == (6 * 10**9, "H100")
    assert need(("arms.a.recipe.batch_size", "4")).memory_bytes is None


def test_plan_says_what_is_known_where_there_may_be_a_gpu(own_run, profiled, crossgen, monkeypatch):
    plan = ("plan", own_run.file, "--store", own_run.store, "--set", "seeds=[0, 1]")
    assert "GPU memory" not in crossgen(*plan)[1]
    monkeypatch.setenv("RAY_ADDRESS", "head:6379")
    code, out, _ = crossgen(*plan)
    assert code == 0
    assert "GPU memory of a trial: simple_cnn(size=tiny) not known" in out
    assert "crossgen profile" in out
    assert "GPU memory" not in crossgen(*plan, "--set", "resources.simple_cnn={gpu: 0.5}")[1]
    out = crossgen(*plan, "--set", "resources.simple_cnn={memory: 6GB}")[1]
    assert "GPU memory of a trial: simple_cnn(size=tiny) 6 GB" in out
    assert "crossgen profile" not in out


def test_what_cannot_be_measured_is_said_and_the_rest_is_kept(own_run, profiled, monkeypatch):
    def full(_):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB\nand so on")

    monkeypatch.setattr("launch.profiling.measuring.measured", full)
    code, out, _ = profiled()
    assert code == 1
    assert "simple_cnn(size=tiny) was not measured: out of memory: RuntimeError: CUDA" in out
    assert "and so on" not in out
    assert not read_profiles(open_store(own_run.store))


@pytest.mark.slow
def test_a_detector_without_an_experiment_in_a_process_of_its_own(crossgen, tmp_path):
    code, out, _ = crossgen("profile", "log_dct_linear", "--store", tmp_path, "--batch", 2)
    assert code == 0
    assert "log_dct_linear" in out
    assert len(read_profiles(open_store(tmp_path))) == 1
    assert crossgen("profile", "no_such_detector", "--store", tmp_path)[0] == 2
