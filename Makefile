# Every command of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/python -m uv
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help setup demo preview test quick check fix phrases golden shots bench peers clients fuzz mutants docs release lock system

help: ## list the commands
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  \033[1mmake %-8s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Two stamps: running needs fewer packages than testing, and the demo should be quick to try.
$(VENV)/.run: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "setting up $(VENV) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: requirements-dev.lock $(VENV)/.run
	@echo "adding what the tests need …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.test ## make .venv with everything, from the lock files

demo: $(VENV)/.run ## the whole path on an invented day; the emails are in outbox/
	@$(BIN)/newsletter demo

preview: $(VENV)/.run ## a local page that shows the issue and follows your edits
	@$(BIN)/newsletter preview

# Chromium, Postfix, Dovecot, SpamAssassin and cron: installed when that is possible (root and apt),
# else the tests that need them skip and say so.
system:
	@sh tests/system.sh

test: setup system ## ruff, the type checker, the layers and the whole suite
	@$(MAKE) --no-print-directory check
	@$(BIN)/pytest -n 2

# Without browsers, mail servers and whole programs: for while one works.
quick: setup ## the tests of single parts, about a minute
	@$(BIN)/pytest -q -n 2 -m "not slow" --hypothesis-profile=quick \
		tests/collect tests/config tests/learn tests/pick tests/render tests/send tests/store \
		tests/suppress tests/test_gate.py tests/test_links.py tests/test_schedule.py

check: setup ## ruff, mypy and the layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fix: setup ## let ruff mend and format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# What is said to readers, for translators: docs/how-to/translate.md.
phrases: setup ## bring the catalogues of newsletter/locale/ up to date with the code
	@$(BIN)/python docs/catalogues.py

golden: setup ## rewrite tests/golden/ from what the code makes now; review the diff
	@GOLDEN=write $(BIN)/pytest -q tests/golden

shots: setup system ## screenshots of the demo issue into docs/images/; look at them
	@PYTHONPATH=tests:tests/browser:benchmarks $(BIN)/python docs/shots.py

# Programs that benchmarks compare with, from npm; without npm those comparisons are left out.
PEERS := benchmarks/peers
$(PEERS)/node_modules/.installed: $(PEERS)/package-lock.json
	@if command -v npm >/dev/null; then \
		cd $(PEERS) && npm ci --silent --no-audit --no-fund --ignore-scripts && touch node_modules/.installed; \
	else echo "npm is not installed: nothing is compared with programs of npm"; fi

peers: $(PEERS)/node_modules/.installed

clients: setup peers ## distil anew what mail clients support, and which components MJML has
	@$(BIN)/python docs/clients.py
	@$(BIN)/python docs/components.py

bench: setup peers ## every benchmark, quickly
	@for program in benchmarks/*.py; do $(BIN)/python $$program --quick --json || exit 1; done

fuzz: setup ## ten minutes of odd input for every parser
	@PYTHONPATH=tests $(BIN)/python tests/fuzzing.py --seconds 600

mutants: setup ## break the code on purpose and see that a test notices (mutmut; hours, so not in CI)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.lock
	@$(BIN)/mutmut run $(MUTANTS)

docs: setup ## rewrite the generated pages of docs/reference/ and the JSON Schemas; build site/
	@$(BIN)/python docs/generate.py
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

release: setup ## wheel, sdist, SBOM and checksums into dist/, the same bytes for the same commit
	@test -z "$$(git status --porcelain)" || { echo "commit first: what is not committed would be in the release"; exit 1; }
	@rm -rf dist
	@$(BIN)/python docs/release.py dist

lock: setup ## resolve the dependencies anew into the lock files
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(UV) $(COMPILE) --group build pyproject.toml -o requirements.lock
	@$(UV) $(COMPILE) --group build --extra metrics --extra postgresql pyproject.toml -o requirements-image.lock
	@$(UV) $(COMPILE) --group dev pyproject.toml -o requirements-dev.lock
	@$(UV) $(COMPILE) --group lock -o requirements-uv.lock
	@$(UV) $(COMPILE) --group dev --group mutants pyproject.toml -o requirements-mutants.lock
