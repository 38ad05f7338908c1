# Every target uses .venv, which is created on first use. `make` lists the targets.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: help setup weights demo test screenshots check format clean

help:
	@echo "make setup    create .venv with the project and its dependencies"
	@echo "make weights  download the weights of the feature networks"
	@echo "make demo     do all of the above, then run the pipeline on the demo dataset"
	@echo "make test     set up and download weights, then run the tests"
	@echo "make screenshots  take the screenshots in docs/ again, with Chromium"
	@echo "make check    check formatting, lint and types"
	@echo "make format   format the code"
	@echo "make clean    remove .venv and the caches of tools; never data or work"

setup: .venv/installed

.venv/installed: pyproject.toml $(wildcard extractors/flow/tvl1/*.[ch])
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

weights: setup
	$(BIN)/python -m extractors.weights

demo: weights
	$(BIN)/soda run demo

# Runs whole test files in parallel, those of tests/command first, since they take longest.
# Each process needs more than a GB of memory. The tests start the project's commands
# hundreds of times, so its bytecode is kept even where the shell tells Python not to.
TEST_PROCESSES ?= 2

test: weights
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= \
	  $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# Takes the screenshots in docs/ again.
screenshots: demo
	$(BIN)/python -m tests.browser.screenshots

check: setup
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy

format: setup
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
