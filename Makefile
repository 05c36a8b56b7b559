# What to type. `make` alone lists it. Needs Python 3.11 or newer, and nothing else; uv is used when it is there.

PYTHON ?= python3
# Processes that share the tests, a file at a time; each has a PostgreSQL of its own. 0: none but pytest's own. Half of a
# test's time is waiting: on 2 cores the suite takes 8:20 minutes with 3, 10:15 with 2. What fails
# is run once more: scenarios kill real servers on a machine that may be busy. The summary shows every failure all the same.
TESTERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
OPPONENT := .venv-bench
UV := $(shell command -v uv 2>/dev/null)

# Bytecode is written at the first import, whatever the environment says: a start takes 5 s without it, 2 s with it.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help serve gemma test check attack audit bench format lock migration browser clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Variables given to make (`make serve PORT=8100`) are in the server's environment; exec, so that signals reach it.
serve: $(VENV)/serving ## install what is locked and run the server on http://localhost:8000 (PORT=8100 for another)
	@exec $(BIN)/lyo-rt serve

gemma: $(VENV)/serving ## add what runs a Gemma model in the server itself (106 MB)
	@$(call pip,--no-deps --require-hashes --requirement requirements-gemma.lock)

test: $(VENV)/testing browser ## run all tests against a real PostgreSQL and a real Valkey (ARGS="-k socket -x" to choose)
	$(BIN)/pytest --numprocesses $(TESTERS) --dist loadfile --no-loadscope-reorder --reruns 1 $(ARGS)

check: $(VENV)/testing ## style, types, bandit's rules, import rules, the locks, and that the migrations make the tables
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/lyo_rt/test_migrations.py tests/security/test_dependencies.py

attack: $(VENV)/testing ## schemathesis at length, 5 minutes a seed (SEEDS="1 2 3", SECONDS=300)
	SCHEMATHESIS_SEEDS="$(or $(SEEDS),1 2 3)" SCHEMATHESIS_SECONDS=$(or $(SECONDS),300) \
		$(BIN)/pytest -q --show-capture=no tests/security/test_conformance.py

audit: $(VENV)/testing ## ask PyPI for known vulnerabilities of what is locked; needs the network
	$(PYTHON) -m venv --clear .venv-audit && .venv-audit/bin/python -m pip install --quiet pip-audit
	.venv-audit/bin/pip-audit --disable-pip --require-hashes --requirement requirements.lock

bench: $(VENV)/serving $(OPPONENT)/installed ## measure against the seeds' stack, 7 minutes (ARGS=--quick: 80 s; ARGS="--json FILE")
	@exec $(BIN)/python -m bench $(ARGS)

format: $(VENV)/testing ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: $(VENV)/testing ## write the next migration from the tables (MESSAGE="what it does", AGAIN=--again to redo it)
	$(BIN)/python -m migrations.write "$(or $(MESSAGE),$(error MESSAGE="what it does" is missing))" $(AGAIN)

LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-emit-find-links --no-header
lock: ## choose the versions anew (UPGRADE=--upgrade for the newest); needs uv
	@command -v uv >/dev/null || { echo "make lock needs uv: $(PYTHON) -m pip install uv" >&2; exit 1; }
	$(LOCK) $(UPGRADE) requirements.in --output-file requirements.lock
	echo uv | $(LOCK) $(UPGRADE) - --output-file requirements-uv.lock
	$(LOCK) $(UPGRADE) requirements-gemma.in --constraints requirements.lock --output-file requirements-gemma.lock
	$(LOCK) $(UPGRADE) requirements-dev.in --constraints requirements.lock --constraints requirements-gemma.lock --output-file requirements-dev.lock
	$(LOCK) $(UPGRADE) requirements-bench.in --output-file requirements-bench.lock

browser: ## get Chromium for the test of the demo page, where that is possible
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends chromium >/dev/null; \
	else \
		echo "chromium is not on PATH, so the browser's tests cannot run; on Debian: sudo apt-get install chromium" >&2; \
	fi

clean: ## remove the virtual environment and what tools have cached; the data in .lyo stays
	rm -rf $(VENV) $(OPPONENT) .venv-audit .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage

# One .venv for both; each stamp is as new as the lock that has been installed, so an unchanged lock installs nothing.
# The locks are complete, hence --no-deps. Measured from nothing on 2 cores: uv 4 s (7 s with an empty cache); pip alone
# 45 s, so where there is no uv, pip installs that (26 s in all), and the rest only if uv does not get through.

$(VENV)/serving: requirements.lock pyproject.toml | $(VENV)/made
	@echo "installing what requirements.lock names into $(VENV) ..."
	@$(call install,requirements.lock)
	@touch $@

$(VENV)/testing: requirements-dev.lock pyproject.toml | $(VENV)/made
	@echo "installing what requirements-dev.lock names into $(VENV) ..."
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/serving

# What `make bench` measures against never enters .venv: that is the product's alone.
$(OPPONENT)/installed: requirements-bench.lock | $(VENV)/made
	@echo "installing what requirements-bench.lock names into $(OPPONENT) ..."
	@$(PYTHON) -m venv --clear $(OPPONENT)
	@$(call opponent,--no-deps --require-hashes --requirement requirements-bench.lock)
	@touch $@

ifdef UV
opponent = $(UV) pip install --quiet --python $(OPPONENT)/bin/python $(1)
pip = $(UV) pip install --quiet --python $(BIN)/python $(1)
venv = $(UV) venv --quiet --clear --python $(PYTHON) $(VENV)
usable = $(BIN)/python --version
uv = :
else
opponent = { $(BIN)/uv pip install --quiet --python $(OPPONENT)/bin/python $(1) || \
	$(OPPONENT)/bin/python -m pip install --quiet --disable-pip-version-check $(1); }
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check
pip = { $(BIN)/uv pip install --quiet --python $(BIN)/python $(1) || $(PIP) $(1); }
venv = $(PYTHON) -m venv --clear $(VENV)
uv = $(PIP) --require-hashes --requirement requirements-uv.lock || true
usable = $(BIN)/python -m pip --version
endif
install = $(call pip,--no-deps --require-hashes --requirement $(1)) && \
	$(call pip,--no-deps --no-build-isolation --editable .)

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { echo "lyo-rt needs Python 3.11 or newer; there is no $(PYTHON)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "lyo-rt needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1): make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(usable) >/dev/null 2>&1 || $(venv)
	@$(uv)
	@touch $@
