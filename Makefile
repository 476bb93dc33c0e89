# Each target does all its own set-up; all that is needed is Python 3.11+.
PYTHON ?= $(shell for v in python3.12 python3.13 python3.11 python3; do \
	$$v -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	2>/dev/null && command -v $$v && break; done)
VENV := .venv
BIN := $(VENV)/bin
DEMO_OUT ?= demo
# Each needs about 2 GB of memory. Tests of one file share what they make.
TEST_PROCESSES ?= 2
PYTEST := $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile

.PHONY: demo test test-all lint docs bench-quick clean

$(VENV)/.installed: pyproject.toml setup.py
	@test -n "$(PYTHON)" || { echo "fndrec needs Python 3.11, 3.12 or 3.13;" \
		"none was found. Set PYTHON=/path/to/python."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/fndrec demo --out $(DEMO_OUT) --overwrite

test: $(VENV)/.installed
	$(PYTEST)

test-all: $(VENV)/.installed
	$(PYTEST) -m ''

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports

docs: $(VENV)/.installed
	NO_MKDOCS_2_WARNING=1 TF_CPP_MIN_LOG_LEVEL=3 \
		$(BIN)/mkdocs build --strict
	@echo "python -m http.server -d site  shows the site at port 8000"

bench-quick: $(VENV)/.installed
	$(BIN)/python -m benchmarks.performance --out bench --quick

clean:
	rm -rf $(VENV) bench demo site .mypy_cache .pytest_cache .ruff_cache
