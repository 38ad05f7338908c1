# Every target uses .venv, which is created on first use. `make` lists the targets.
PYTHON ?= python3.11
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet

.PHONY: help setup setup-latest requirements weights demo test screenshots check format clean

help:
	@echo "make setup         create .venv with the project and the packages of requirements.txt"
	@echo "make setup-latest  the same, with the newest packages that pyproject.toml allows"
	@echo "make requirements  write requirements.txt again, after a change of pyproject.toml"
	@echo "make weights       download the weights of the feature networks"
	@echo "make demo          set up and download weights, then run the pipeline on the demo dataset"
	@echo "make test          set up and download weights, then run the tests"
	@echo "make screenshots   take the screenshots in docs/ again, with Chromium"
	@echo "make check         check formatting, lint and types"
	@echo "make format        format the code"
	@echo "make clean         remove .venv and the caches of tools; never data or work"

setup: .venv/installed

# Every file that pip downloads must have a hash in requirements.txt. setuptools comes
# first: it builds the packages that have no wheel, and the project, whose files have none.
.venv/installed: pyproject.toml requirements.txt $(wildcard extractors/flow/tvl1/*.[ch])
	$(PYTHON) -m venv .venv
	sed -n '/^setuptools==/,/[^\\]$$/p' requirements.txt | \
		$(INSTALL) --require-hashes --requirement /dev/stdin
	$(INSTALL) --require-hashes --no-build-isolation --requirement requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

setup-latest:
	$(PYTHON) -m venv .venv
	$(INSTALL) --upgrade --upgrade-strategy eager --editable '.[dev]'
	touch .venv/installed

# Pins a version of each package, for all systems and Pythons, and the hashes of its files.
# Versions change only where they must; UPGRADE=--upgrade takes the newest ones.
requirements:
	$(PYTHON) -m venv .venv
	$(INSTALL) uv
	$(BIN)/uv pip compile pyproject.toml --quiet --extra dev --universal \
		--python-version 3.11 --generate-hashes --no-annotate \
		--custom-compile-command 'make requirements' $(UPGRADE) \
		--output-file requirements.txt

weights: setup
	$(BIN)/python -m extractors.weights

demo: weights
	$(BIN)/soda run demo

# Runs whole test files in parallel, those of tests/command first, since they take longest.
# Each process needs more than a GB of memory; a third one fills the time in which others
# wait for a cluster or a browser. The tests start the project's commands hundreds of
# times, so its bytecode is kept even where the shell tells Python not to.
TEST_PROCESSES ?= 3

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
