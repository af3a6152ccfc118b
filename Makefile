# The commands a contributor needs. `make` alone lists them.
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Ray asks a cloud's metadata address unless this file lies in HOME, and reports usage unless told
# not to; tests and CI do neither. One thread per process: trials are what runs side by side.
TEST_HOME := $(abspath $(VENV))/test-home
TEST_ENV := HOME=$(TEST_HOME) RAY_USAGE_STATS_ENABLED=0 OMP_NUM_THREADS=1 CROSSGEN_CACHE=$(TEST_HOME)/cache

# Without kept bytecode each of the many processes of a run compiles torch and Ray anew: 15 s of CPU
# instead of 5.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo check test test-slow test-cluster test-cluster-quick test-gpu lock clean

help:
	@echo "make install       create $(VENV) and install crossgen with its pinned dependencies"
	@echo "make demo          install, then a grid on toy images: minutes, and seconds when repeated"
	@echo "make check         format, lint and types"
	@echo "make test          the test suite, at most ten minutes on two cores"
	@echo "make test-slow     what takes longer: all kills, statistics of the demo's images"
	@echo "make test-cluster  what needs root and a cluster's packages: Slurm, several hosts"
	@echo "make test-gpu      what needs an NVIDIA GPU"
	@echo "make lock          resolve the newest versions that fit into requirements.lock"

install: $(STAMP)

$(STAMP): pyproject.toml requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet -r requirements.lock
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps -e .
	mkdir -p $(TEST_HOME) && echo '{}' > $(TEST_HOME)/ray_bootstrap_config.yaml
	touch $@

demo: $(STAMP)
	$(BIN)/crossgen demo

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -n 3 --dist loadgroup -m "not slow and not cluster and not gpu"

test-slow: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -m "slow and not cluster and not gpu"

test-cluster: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -m cluster

# A job through its time limit, and a node of three that dies: what a change must pass.
test-cluster-quick: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -m cluster -k "limit_requeue_resume or node_killed"

test-gpu: $(STAMP)
	$(TEST_ENV) $(BIN)/python -m pytest -m gpu

# Names and versions only: the lock holds for every package index.
lock: $(STAMP)
	$(BIN)/uv pip compile --quiet --universal --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 --extra dev pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
