# Every target sets up what it needs: each works as the first command in a fresh clone.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup verify test check lint type docs notebooks mutation clean

verify: $(READY) ## every requirement, on our own implementations
	$(BIN)/stsm-ref verify

test: $(READY) ## the whole test suite
	$(BIN)/pytest -n auto --dist loadgroup -q

setup: $(READY) ## make .venv and install the project in it, editable

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "stsm_ref needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

check: lint type docs notebooks verify test ## all that CI runs

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

type: $(READY)
	$(BIN)/mypy

docs: $(READY) ## build the site into docs/_build/html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs docs/_build/html
	$(BIN)/python tools/check_site.py

notebooks: $(READY) ## execute every notebook again and compare it with its stored output
	$(BIN)/python tools/run_notebooks.py

mutation: $(READY) ## break every line of the mathematics, one at a time (minutes)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutation]'
	$(BIN)/mutmut run
	$(BIN)/python tools/mutation_score.py

clean:
	rm -rf .venv docs/_build mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis
