# `make` lists the targets. `make run` opens the demo clinic; `make test` runs every test on real parts.
.DEFAULT_GOAL := help
.PHONY: help run serve test check format lint types contract parts fix clean

PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501

help:  ## List the targets
	@grep -hE '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

run: .venv/run  ## Open the demo clinic on http://127.0.0.1:8501 (nothing to configure)
	@exec $(BIN)/python -m dashboard run --demo --port $(PORT)

serve: .venv/run  ## Serve your own clinic, configured in .env (see .env.example)
	@exec $(BIN)/python -m dashboard run --port $(PORT)

test: .venv/test parts  ## Run every test, in two processes at once; what is missing on this machine is said
	@mkdir -p var; $(BIN)/python -m pytest tests/browser tests/live tests/web >var/served.log 2>&1 & served=$$!; \
	  $(BIN)/python -m pytest --ignore=tests/browser --ignore=tests/live --ignore=tests/web; status=$$?; \
	  wait $$served || status=1; cat var/served.log; exit $$status

check: format lint types contract test  ## Format, lint, types, import contract, tests: what CI runs

format: .venv/test  ## Check the formatting
	$(BIN)/ruff format --check .

lint: .venv/test  ## Lint
	$(BIN)/ruff check .

types: .venv/test  ## Check the types
	$(BIN)/mypy

contract: .venv/test  ## Check that imports point down
	$(BIN)/lint-imports --no-cache

fix: .venv/test  ## Format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

parts:  ## Install Chromium and Ceph RGW from Debian's packages, where we may
	@bash tests/parts/install.sh

clean:  ## Remove the virtual environment, caches and the demo's data
	rm -rf .venv var .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 run"; exit 2; }
	@$(PYTHON) -m venv .venv \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; rm -rf .venv; exit 2; }
	@touch $@

.venv/run: requirements.txt constraints.txt | .venv/python
	@echo "Installing what the dashboard needs into .venv (a minute, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test: requirements-dev.txt requirements.txt constraints.txt | .venv/python
	@echo "Installing what the tests need into .venv (a minute, once) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run
