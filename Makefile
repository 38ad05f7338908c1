# Everything happens in .venv, which is made on first use. `make` lists the verbs.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: help setup weights demo test screenshots check format clean

help:
	@echo "make setup    make .venv with the project and all that it needs"
	@echo "make weights  fetch the weights of the feature networks"
	@echo "make demo     all of the above, then the whole road on the demo dataset"
	@echo "make test     all of the set-up, then the tests"
	@echo "make screenshots  the documents' pictures of the pages, by Chromium"
	@echo "make check    formatting, lint and types"
	@echo "make format   format the code"
	@echo "make clean    remove .venv and what tools leave behind; never data or work"

setup: .venv/installed

.venv/installed: pyproject.toml $(wildcard extractors/flow/tvl1/*.[ch])
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

weights: setup
	$(BIN)/python -m extractors.weights

demo: weights
	$(BIN)/soda run demo

# Whole files of tests side by side, in the folders' order, so that the long ones of
# tests/command begin first; more processes want more than a GB each.
TEST_PROCESSES ?= 2

test: weights
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

# The documents' pictures of the pages, taken anew.
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
