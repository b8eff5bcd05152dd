# make demo   all set-up, then the main job on the embedded model
# make test   all set-up, then every check and test
PYTHON ?= python3
PY := .venv/bin/python
EXTRAS := embedded,notebooks,test

.PHONY: demo test lint bench clean
.DELETE_ON_ERROR:

.venv/installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "promptlab needs Python >= 3.11; this is " + sys.version.split()[0] + ": make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

demo: .venv/installed
	@$(PY) -m promptlab fetch smollm2
	@$(PY) -m promptlab demo

test: lint
	@$(PY) -m promptlab fetch smollm2
	$(PY) -m pytest

lint: .venv/installed
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

bench: .venv/installed
	$(PY) -m benchmarks.run_overhead

clean:
	rm -rf .venv out build dist .pytest_cache .hypothesis .mypy_cache .ruff_cache
