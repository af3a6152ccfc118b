"""Shared by the tests: real data beside the checkout, small experiments, a cache of their own."""

import os
import random  # noqa: TID251 - which requests meet a fault
import shutil
import socket
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import hypothesis
import pytest
from genimage_folder import write_images
from repository import ROOT

# The machine may be busy: how long an example takes says nothing.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")

# A run waits ten minutes for a store that a test has broken, but where the test says how long.
os.environ.setdefault("CROSSGEN_STORE_PATIENCE", "0")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start Ray come first and on one worker of pytest-xdist: they wait, not compute.

    While a cluster starts or its end is awaited, the other worker has the rest of the suite, those
    of whole runs first: they are long, and at the end one worker would be left alone with them.
    """
    for item in items:
        if item.get_closest_marker("ray"):
            item.add_marker(pytest.mark.xdist_group("ray"))
    items.sort(
        key=lambda item: (
            item.get_closest_marker("ray") is None,
            item.path.parent.name != "whole",
        )
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Two Rays at once on two cores take each other's time: the groups must have arrived."""
    if getattr(session.config.option, "loadgroup", False):
        apart = [i for i in session.items if i.get_closest_marker("ray") and "@ray" not in i.nodeid]
        assert not apart, "pytest-xdist did not group the tests that start Ray: other versions?"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and reference cases that lies beside the checkout."""
    folder = Path(os.environ.get("CROSSGEN_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}; name its folder in CROSSGEN_SHARED")
    return folder


@pytest.fixture(scope="session")
def cifar_generators(shared: Path) -> Path:
    """Real photographs and five generators' images, 32 px, GenImage layout."""
    return shared / "data" / "cifar-generators"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own for indexes."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CROSSGEN_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def make_genimage():
    """`genimage_folder.write_images`: a small dataset in the GenImage layout, noise images."""
    return write_images


@dataclass(frozen=True)
class FinishedRun:
    """Where a finished experiment lies: its folder, its file, its store."""

    folder: Path
    file: Path
    store: Path


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> FinishedRun:
    """Run tests/fixtures/two.yaml once. Tests that change the store or the images take a copy."""
    import numpy as np
    from PIL import Image

    from grid.experiment_file.loading import load_experiment
    from grid.plan.plan import is_done, make_plan, make_trials, prepare
    from grid.run.here import run_here
    from grid.store.opening import open_store
    from grid.trial.attempt import attempt_trial

    folder = tmp_path_factory.mktemp("two")
    file = folder / "two.yaml"
    shutil.copy(ROOT / "tests" / "fixtures" / "two.yaml", file)
    rng = np.random.default_rng(5)
    for generator in ("g1", "g2"):
        for split, count in (("train", 16), ("val", 6)):
            for name in ("nature", "ai"):
                place = folder / "images" / generator / split / name
                place.mkdir(parents=True)
                for i in range(count):
                    pixels = rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)
                    Image.fromarray(pixels).save(place / f"{i}.png")
    store = open_store(folder / "store")
    expansion = prepare(load_experiment(file), cache_dir=folder / "cache")
    trials = make_trials(make_plan(expansion, store), store)
    result = run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    assert len(result.done) == 2, result
    return FinishedRun(folder, file, folder / "store")


@pytest.fixture
def own_run(finished_run: FinishedRun, tmp_path: Path, cache: Path) -> FinishedRun:
    """A copy of the finished experiment that a test may change."""
    folder = tmp_path / "two"
    shutil.copytree(finished_run.folder, folder)
    return FinishedRun(folder, folder / "two.yaml", folder / "store")


@pytest.fixture
def crossgen(capsys, monkeypatch):
    """Return a function that runs the command in this process: (exit code, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: object) -> tuple[int, str, str]:
        from launch.cli import main

        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(a) for a in arguments])
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def in_time():
    """Return a function that makes a call in 30 s: what it returns or raises; a hang fails."""

    def outcome(call):
        said = []

        def run():
            try:
                said.append(call())
            except Exception as error:
                said.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(30.0)
        assert said, "it hangs"
        return said[0]

    return outcome


class S3Faults:
    """In front of the server: answers the next requests of a method with a status of its own."""

    def __init__(self, application):
        self.application = application
        self.quiet()

    def quiet(self):
        """No faults from now on, and none counted."""
        self.left = 0
        self.method = "PUT"
        self.status = "503 Slow Down"
        self.code = "SlowDown"
        self.after = False  # do it, and lose the answer
        self.served = 0
        self.refused, self.dropped = 0.0, 0.0  # shares of PUTs: 503; done, and the line cut
        self.drop_next = 0  # so many PUTs are done, and the line cut
        self.cut = 0  # answers of GETs that end in their midst
        self.chance = random.Random(3)
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        method = environ["REQUEST_METHOD"]
        with self.lock:
            drawn = self.chance.random()
            refused = method == "PUT" and drawn < self.refused
            dropped = method == "PUT" and (self.drop_next > 0 or drawn >= 1 - self.dropped)
            self.drop_next -= dropped and self.drop_next > 0
            cut = method == "GET" and self.cut > 0
            counted = method == self.method and self.left > 0
            self.cut -= cut
            self.left -= counted
            hit = refused or counted
            self.served += hit or dropped or cut
        if dropped:
            b"".join(self.application(environ, lambda *_: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        if cut:
            return _half(self.application, environ, start_response)
        if not hit:
            return self.application(environ, start_response)
        if self.after:
            b"".join(self.application(environ, lambda *_: None))
        start_response(self.status, [("Content-Type", "application/xml")])
        return [f"<Error><Code>{self.code}</Code><Message>no</Message></Error>".encode()]


def _half(application, environ, start_response):
    """Promise a whole body, send half of it, cut the line."""
    body = b"".join(application(environ, start_response))
    yield body[: len(body) // 2]
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="session")
def s3_server():
    """moto's S3 on loopback, named to everything by the environment; yields its fault switch."""
    pytest.importorskip("moto.server", reason="moto[server] is not installed")
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    faults = S3Faults(DomainDispatcherApplication(create_backend_app))
    running = make_server("127.0.0.1", 0, faults, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{running.server_port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    from grid.store.opening import open_store

    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        open_store("s3://bucket").filesystem.mkdir("bucket")
        yield faults
    running.shutdown()
    thread.join()
    running.server_close()
