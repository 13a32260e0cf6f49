# make run    set everything up, walk the built places of the map, and write a report
# make test   set everything up and pass the tests
# make serve  set everything up and show the atlas in the browser
# make lint   ruff and mypy
# make fuzz   ten thousand generated tables and damaged model files: none may end in a traceback (a few minutes)
# make grade-mutants  every mutant of every room must fail and be recognised by name, and every peer is graded in full (minutes)
# make results  judge and race every room on this machine and export what the package ships
PYTHON ?= python3.11
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: setup run serve test lint fuzz grade-mutants results clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "mlatlas needs $(PYTHON); install Python 3.11 or run 'make PYTHON=...'" >&2; exit 2; }
	@echo "Setting up $(VENV) (a minute or two the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable '.[dev]'
	@touch $@

run: $(READY)
	@$(BIN)/mlatlas tour

serve: $(READY)
	@$(BIN)/mlatlas serve

test: $(READY)
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fuzz: $(READY)
	@MLATLAS_FUZZ=10000 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest tests/test_tables_fuzz.py

grade-mutants: $(READY)
	@MLATLAS_EVERY_MUTANT=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest tests/test_grade.py -k "every_mutant or a_peer" -n 2

results: $(READY)
	@$(BIN)/mlatlas check
	@$(BIN)/mlatlas race
	@$(BIN)/mlatlas status --export src/mlatlas/atlas/results

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
