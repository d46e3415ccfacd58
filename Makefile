# One word does everything, set-up included. `make demo` and `make test` are the two to know.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
FULL   ?= --events 4000000 --files 8000 --days 40 --accounts 150
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-extended faults lint format lock bench bench-full wheel clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.core  ## build a simulated organisation, take its logs in, investigate an incident
	$(BIN)/trailmere demo --lake .demo

test: $(VENV)/.dev  ## the test suite
	$(BIN)/python -m pytest -n 2 -m "not extended"

test-extended: $(VENV)/.dev  ## what needs PostgreSQL, or minutes
	$(BIN)/python -m pytest -n 2 -m extended

faults: $(VENV)/.dev  ## every fault at every call, power cuts, many at once: hours; less with FAULTS="--minutes 30"
	nice -n 10 $(BIN)/python -m tests.faults --seeds 3 $(FAULTS)
	nice -n 10 $(BIN)/python -m tests.faults.concurrency
	nice -n 10 $(BIN)/python -m tests.faults.remote 3600

lint: $(VENV)/.dev  ## style, types, and the floors of the house
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## mend what a machine can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench  ## ingest and query, side by side with peers, in minutes
	$(BIN)/python -m benchmarks.run

bench-full: $(VENV)/.bench  ## the same on a large backlog of 150 accounts, in an hour or more; FULL sets its size
	$(BIN)/python -m benchmarks.run --full --repeat 1 $(FULL)

lock: $(VENV)/.dev  ## compile requirements/*.txt anew from pyproject.toml
	$(BIN)/python requirements/compile.py

wheel: $(VENV)/.core  ## dist/*.whl
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:  ## remove what was installed and built
	rm -rf $(VENV) .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/work

# Each stamp is a set of packages; a newer lock or pyproject.toml installs again.
$(VENV)/.core: requirements/core.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the packages of requirements/core.txt ..." >&2
	@$(PIP) install --require-hashes -r requirements/core.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.core
	@echo "installing the packages of requirements/dev.txt ..." >&2
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: requirements/bench.txt $(VENV)/.core
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@
