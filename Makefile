# komglad: everything from a bare machine with Python ≥ 3.11 and make. Nothing is installed outside this folder.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .make
export UV_NO_CONFIG := 1
# Compiled modules are kept, also where the machine asks Python not to: importing again would cost seconds.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup dev demo test test-long check bench mutants lock clean sbom docs reference

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(STAMPS)/setup ## install the locked packages into .venv, so that .venv/bin/komglad exists

demo: $(STAMPS)/setup ## a made-up municipality through both report rounds; prints where the reports are
	$(BIN)/komglad demo --yes

test: $(STAMPS)/dev ## every gate and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pytest -n auto --dist loadfile -m "not long"

check: $(STAMPS)/dev ## the fast subset, under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/pytest -n auto --dist loadfile -m "not slow and not browser and not long" -x

test-long: $(STAMPS)/dev ## the verdict's simulation made anew and held against the committed table, the soak, every example trial; long
	$(BIN)/python -m tests.independent.make --check --studies 1000 --seed 7
	$(BIN)/python -m tests.soak --runs 20
	KOMGLAD_HUNT=1 $(BIN)/pytest -n auto -m "long or slow"

bench: $(STAMPS)/dev ## ratios within one run, against other implementations
	$(BIN)/python -m benchmarks

mutants: $(STAMPS)/dev ## changed lines of eight modules against those modules' own tests; half an hour
	$(BIN)/python -m tests.hand_mutants
	$(BIN)/python -m tests.mutants

reference: $(STAMPS)/dev ## write docs/reference again from the models, the tables and the commands
	PYTHONPATH=. $(BIN)/python docs/make_reference.py

lock: $(STAMPS)/uv ## write the locks again from pyproject.toml
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		-c requirements.lock pyproject.toml --group dev --group bench -o requirements-dev.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		-c requirements.lock pyproject.toml --extra spark -o requirements-spark.lock

docs: $(STAMPS)/dev ## the documentation as a site in dist/docs, which opens without a server
	$(BIN)/sphinx-build -q -W -b html docs dist/docs
	@echo dist/docs/index.html

sbom: $(STAMPS)/dev ## the parts list (CycloneDX, dist/sbom.cdx.json) and the table of licences
	$(BIN)/python packaging/sbom.py dist

clean: ## remove what was made, never data/incoming
	rm -rf $(VENV) $(STAMPS) data/demo .mypy_cache .ruff_cache .import_linter_cache

$(STAMPS)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "komglad needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@# The machine's own pip reaches into the new environment; where there is none, the environment gets one (4 s).
	$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check uv 2>/dev/null || \
		{ $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/setup: requirements.lock pyproject.toml | $(STAMPS)/uv
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@# What a first run imports last is compiled on the other core while it begins.
	@(cd $(VENV)/lib/python3*/site-packages && exec ../../../bin/python -m compileall -q -x '/tests?/' \
		scipy great_expectations openpyxl docx statsmodels/genmod statsmodels/base plotly) >/dev/null 2>&1 &
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --no-deps --editable .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/setup
	VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

dev: $(STAMPS)/dev ## setup, and what the tests need
