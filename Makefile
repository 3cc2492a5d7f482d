# Two commands matter: `make serve` and `make test`. Everything runs in $(VENV), which is made when it is missing.
PYTHON ?= python3
VENV ?= .venv
ARGS ?=
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help serve test lint format bench doctor clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 14
	@echo
	@echo "PYTHON=python3.13 chooses the interpreter for a new $(VENV); VENV=folder another environment;"
	@echo "REGULARS_PORT, REGULARS_HOME and REGULARS_DEMO=0 change what 'make serve' starts; ARGS goes to pytest or the bench."

serve: $(VENV)/.for-serving ## start the whole shop: servers, tables, demo data, web, workers
	@exec $(PY) -m config.stack serve --with-parent

test: $(VENV)/.for-developing ## run all tests on an embedded PostgreSQL, in parallel and in random order
	@exec $(PY) -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/.for-developing ## format, style, types, walls and migrations
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m config.stack.lint

format: $(VENV)/.for-developing ## let ruff put the code in order
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/.for-developing ## measure the hot doors beside their floors
	@exec $(PY) -m benchmarks $(ARGS)

doctor: ## say in plain words what is wrong with this set-up
	@test -x $(PY) || { echo "There is no environment in $(VENV) yet; 'make serve' makes it."; $(MAKE) -s check-python; exit 1; }
	@exec $(PY) -m config.stack doctor

clean: ## throw the environment and the local shop's data away
	rm -rf $(VENV) .regulars .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.PHONY: check-python
check-python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Name yours: make serve PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Regulars needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name another: make serve PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make environments: install its venv package (Debian: apt-get install python3-venv)."; exit 1; }

$(PY): | check-python
	@echo "Making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.for-serving: requirements.txt | $(PY)
	@echo "Installing what is needed (requirements.txt)"
	@$(PY) -m pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.for-developing: requirements.txt requirements-dev.txt | $(PY)
	@echo "Installing what development and tests need (requirements-dev.txt)"
	@$(PY) -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $(VENV)/.for-serving $@
