# make app       start the app on http://127.0.0.1:8501
# make test      lint, types, layers and all tests but the long ones
# make test-long  the tests that take minutes each: the main job in the browser, kills at every point, benchmarks
# make check     lint, types and layers
# make chaos     kill processes at random, COUNT times with SEED; takes a quarter of an hour
# make fuzz      try COUNT bad files, settings, run folders, adapters and addresses with SEED; takes 40 minutes
# make clicks    open OPENED runs and make CLICKS random clicks with SEED; takes ten minutes
# make coverage  simulate how often intervals hold and verdicts are wrong, and continue if interrupted; at most an hour
# make bench     measure trainings and a study against Hugging Face Trainer scripts, with the options in BENCH
# make bench-app measure the app with 10 to 10,000 runs, with the options in BENCH; half an hour
# make installed  install into an empty environment and run the starter study there; takes five minutes
# make docs      write docs/settings.md
# make lock      write requirements.txt from pyproject.toml; `pip-compile` keeps the versions that still fit
# make coverage-report  run the suite and print the branches of emocore/ that it reaches; half an hour
# make setup     only install

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup-done
TEST_SETUP := $(VENV)/.test-setup-done

.PHONY: app test test-long check chaos fuzz clicks coverage coverage-report bench bench-app installed docs lock setup

app: setup
	@echo "Emocore: http://127.0.0.1:8501"
	@$(BIN)/python -m emocore app

PYTEST := $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: setup $(TEST_SETUP) check
	$(PYTEST) -m "not long"

test-long: setup $(TEST_SETUP)
	$(PYTEST) -m long

chaos: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.chaos --count $(or $(COUNT),500) --seed $(or $(SEED),1)

fuzz: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.fuzz --count $(or $(COUNT),2000) --seed $(or $(SEED),1)

clicks: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.clicks --opened $(or $(OPENED),40) --clicks $(or $(CLICKS),200) --seed $(or $(SEED),1)

SIMULATIONS := $(if $(FULL),--full) $(if $(ONLY),--only '$(ONLY)') $(if $(COUNT),--studies $(COUNT))
SIMULATIONS += $(if $(OUT),--out $(OUT))

coverage: setup $(TEST_SETUP)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.coverage $(SIMULATIONS)

bench: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.training --method lora $(BENCH)
	$(BIN)/python -m benchmarks.training --method ia3 $(BENCH)
	$(BIN)/python -m benchmarks.training --method qlora $(BENCH)
	$(BIN)/python -m benchmarks.training --method lora --base minilm-l6 $(BENCH)
	$(BIN)/python -m benchmarks.study $(BENCH)

bench-app: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.app $(BENCH)

installed: setup $(TEST_SETUP)
	$(BIN)/python -m benchmarks.installed

docs: setup
	$(BIN)/python -m emocore settings --markdown > docs/settings.md

# The CPU build's version of PyTorch (2.x+cpu) is not on PyPI, so the file names the version without +cpu.
lock: setup $(TEST_SETUP)
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --strip-extras --annotation-style=line \
		--no-emit-index-url --no-emit-find-links --output-file=requirements.txt pyproject.toml
	sed -i 's/+cpu / /' requirements.txt

# A test that holds a time may fail while it is measured; the report is printed all the same.
coverage-report: setup $(TEST_SETUP)
	$(BIN)/coverage erase
	-$(BIN)/coverage run -m pytest -n 3 --dist loadfile --no-loadscope-reorder
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: setup $(TEST_SETUP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: $(SETUP)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Emocore needs Python 3.11 or newer; name one with: make app PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "No virtual environment could be made; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(SETUP): requirements.txt pyproject.toml | $(BIN)/python
	@echo "Installing the requirements; the first time takes some minutes."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m emocore bases --install > /dev/null
	@touch $@

$(TEST_SETUP): requirements-dev.txt $(SETUP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
