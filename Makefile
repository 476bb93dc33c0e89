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

# The same versions on every machine; another set, such as lowest, for a check.
VERSIONS := newest
LOWEST := .venv-lowest

.PHONY: demo test test-all test-lowest test-mutants audit lock lint docs bench-quick clean

$(VENV)/.installed: pyproject.toml setup.py requirements/$(VERSIONS).txt
	@test -n "$(PYTHON)" || { echo "fndrec needs Python 3.11, 3.12 or 3.13;" \
		"none was found. Set PYTHON=/path/to/python."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet \
		-c requirements/$(VERSIONS).txt -e '.[dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/fndrec demo --out $(DEMO_OUT) --overwrite

test: $(VENV)/.installed
	$(PYTEST)

test-all: $(VENV)/.installed audit
	$(PYTEST) -m ''

# The lowest versions that pyproject.toml admits, in a place of their own.
test-lowest:
	$(MAKE) test VENV=$(LOWEST) VERSIONS=lowest

# Small changes of the code that the tests have to notice: about an hour.
test-mutants: $(VENV)/.installed
	$(BIN)/python -m tests.mutants

# bandit looks at the code; pip-audit asks a service on the network about the
# locked versions. That it cannot be reached is told, and no failure.
audit: $(VENV)/.installed
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml fndrec
	$(BIN)/python requirements/audit.py requirements/newest.txt

# The versions that the tests run with: the newest, and the lowest admitted.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	--extra dev --no-annotate --no-emit-index-url --upgrade \
	--custom-compile-command 'make lock' pyproject.toml
lock: $(VENV)/.installed
	$(LOCK) -o requirements/newest.txt
	$(LOCK) --resolution lowest-direct -o requirements/lowest.txt

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
	rm -rf $(VENV) $(LOWEST) bench demo site .mypy_cache .pytest_cache .ruff_cache
