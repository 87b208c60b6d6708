# Everything starts here. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -e -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATIC := src/charteroak/server/web/static/manifest.json
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print 2>/dev/null)
# Two cores are what we promise to run on; a third process works while others wait.
JOBS ?= 3

.PHONY: help
help: ## this list
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: demo
demo: $(VENV)/.runs web ## a whole town on this machine, until Ctrl-C
	@$(BIN)/charteroak demo $(ARGS)

.PHONY: test
test: check browser ## everything CI runs: the checks and every test
	@$(BIN)/pytest -n $(JOBS) --dist loadgroup -q $(ARGS)

.PHONY: check
check: $(VENV)/.tests web ## format, lint, types, architecture, docs
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/djlint --lint --quiet src/charteroak/server/web/templates
	@$(BIN)/codespell
	@$(BIN)/sphinx-build -n -W -q -b html docs docs/_build/html

.PHONY: web
web: $(STATIC) ## the pages' style and script, from web/

.PHONY: browser
browser: ## a Chromium for the tests, unless there is one
	@tools/ensure-chromium.sh

.PHONY: docs
docs: $(VENV)/.tests ## the reference pages, from the code
	@$(BIN)/python tools/reference.py

.PHONY: lock
lock: $(VENV)/.tests ## requirements/*.txt anew, with hashes
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/lock.sh

.PHONY: training
training: .venv-training/.ready ## what trains the models: some gigabytes, in .venv-training

.PHONY: clean
clean: ## remove all that make made
	rm -rf $(VENV) .venv-training web/node_modules src/charteroak/server/web/static docs/_build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find src tests tools docs -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------ what the rest needs

# pip is told not to resolve: the lists hold every package with every hash.
$(VENV)/.runs: requirements/base.txt pyproject.toml
	@tools/need.sh python "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what Charter Oak needs (about a minute the first time) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/base.txt
	@tools/link-package.sh $(VENV)
	@touch $@

$(VENV)/.tests: requirements/dev.txt $(VENV)/.runs
	@echo "Installing what the tests need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.txt
	@touch $@

.venv-training/.ready: requirements/training.txt
	@tools/need.sh python "$(PYTHON)"
	@test -x .venv-training/bin/python || $(PYTHON) -m venv .venv-training
	@echo "Installing what training needs (PyTorch is large: several minutes) ..."
	@.venv-training/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/training.txt
	@tools/link-package.sh .venv-training
	@touch $@

$(STATIC): $(WEB_SOURCES)
	@tools/need.sh node
	@cd web && npm ci --silent --no-audit --no-fund && npm run --silent build
	@touch $@
