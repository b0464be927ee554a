# Every command that people and CI run. The tools live in .venv, made on the first call.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
MODELS := $(VENV)/.models
TSC    := node_modules/.package-lock.json
JOBS   ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup chat serve test check format bench soak soak-broken soak-points soak-streams soak-slack clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) $(TSC) ## Make .venv and node_modules (the other commands do this by themselves)

$(READY): pyproject.toml constraints.txt
	@echo "Setting up $(VENV) (once; a minute or so) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . --group dev
	@touch $@

$(MODELS): $(READY)
	@echo "Adding what local models need, for their tests (once; some minutes and 1.3 GB) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group models
	@touch $@

$(TSC): package.json package-lock.json
	@command -v npm >/dev/null || { echo "The widget's types are checked with node and npm: install them."; exit 1; }
	@npm ci --silent
	@touch $@

chat: $(READY) ## Talk with the bot about a sample store, in this terminal
	@$(BIN)/bot chat

serve: $(READY) ## Serve the web chat, with a demo page, on this machine
	@$(BIN)/bot serve

test: $(MODELS) ## Run every test
	@$(BIN)/python -m pytest -n $(JOBS)

check: $(READY) $(TSC) ## Lint, format, types and the house plan, the same for people and CI
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@node_modules/.bin/tsc

format: $(READY) ## Put the code into its shape
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: $(READY) ## Measure the engine against its floors; figures and a plot go to tests/bench/results
	@$(BIN)/python -m tests.bench

soak: $(READY) ## Kill and pause workers for a quarter of an hour: nothing may be lost or done twice
	@$(BIN)/python -m tests.soak

soak-broken: $(READY) ## Break what the soak proves, in a copy, and see it fail
	@$(BIN)/python -m tests.soak.broken

soak-points: $(READY) ## Kill a worker at every boundary of the protocol, each by its name
	@$(BIN)/python -m tests.soak.points

soak-streams: $(READY) ## Show 200 slow answers at once on 5 connections, and time what comes meanwhile
	@$(BIN)/python -m tests.soak.streams

soak-slack: $(READY) ## Kill "bot slack" while 1,000 messages come, each up to three times
	@$(BIN)/python -m tests.soak.slack

clean: ## Remove what was made
	@rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
