# The few commands that this project needs. Nothing is installed outside this folder; python3 (3.11 or newer) is enough.

PYTHON ?= python3
STAMP  := .venv/.installed
PY     := .venv/bin/python

# The environment of the machine must not lead uv or pip elsewhere; ONCE, SPEECH and PODWATCH_* reach scripts/run.py.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH
export ONCE SPEECH SHORT

.PHONY: help install run test long-test fast lint bench bench-sounds airflow-test crash-test backfill-test listen-test page-test compose-test soak packages clean
.DEFAULT_GOAL := help

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

install: $(STAMP) ## the set-up alone: .venv with .venv/bin/podwatch, from the lock file

$(STAMP): uv.lock pyproject.toml scripts/install.sh
	@PYTHON="$(PYTHON)" sh scripts/install.sh $(STAMP)

# The last line has no quotes or pipes, so that make runs it without a shell in between: a signal to make reaches it.
run: install ## the sample podcast through Airflow, with every alert shown; Ctrl-C ends it (ONCE=1: after the first run; SPEECH=1: listens, too)
	@$(PY) scripts/run.py

# One process more than there are cores, since many tests wait for a server or another process.
PYTEST = $(PY) -m pytest -n $$($(PY) -c 'import os; print((os.cpu_count() or 1) + 1)') --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Left out, for a target of its own: tests/browser, which a Chromium draws for a minute and a half (page-test).
test: lint ## everything that is checked, tests last
	@$(PYTEST) --ignore=tests/browser -m "not long"

long-test: install ## the tests that hold at length what others of make test hold in short, with every example
	@HYPOTHESIS_PROFILE=ci $(PYTEST) -m long

# What decides and parses, without a server, a browser or another process: the loop while you write.
fast: install ## the fast loop: ruff, and the tests of everything pure, in seconds (K=words: only tests named so)
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .
	@$(PY) -m pytest -q -n $$($(PY) -c 'import os; print(os.cpu_count() or 1)') --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(if $(K),-k "$(K)") tests/test_architecture.py tests/test_redaction.py tests/logins tests/policy tests/query tests/phonetics tests/entities tests/watchlist tests/transcripts

lint: install ## ruff and mypy
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@MYPYPATH=pipeline:plugins:scripts:. .venv/bin/mypy -n 2 --explicit-package-bases pipeline/podwatch dags plugins scripts
	@MYPYPATH=pipeline:plugins:scripts:. .venv/bin/mypy -n 2 --explicit-package-bases benchmarks tests

bench: install ## what is measured, beside others (SHORT=1: minutes; REAL=DIR: real feeds), or beside a commit (BASE=COMMIT)
	@uv=$$(command -v .tools/bin/uv || command -v uv) && UV_PYTHON_DOWNLOADS=never $$uv sync --frozen --all-extras --group bench --quiet
	@$(PY) -m $(if $(BASE),benchmarks.compare "$(BASE)",benchmarks)

airflow-test: install ## the wheel in somebody else's Airflow, of every supported version (SHORT=1: the oldest and the newest, minutes)
	@$(PY) -m benchmarks.existing_airflow

crash-test: install ## kills, cuts and locks what delivers, and counts what arrived (SHORT=1: minutes); see benchmarks/README.md
	@$(PY) -m benchmarks.crash

backfill-test: install ## the past through a real Airflow: how fast, killed on the way, day by day (SHORT=1: minutes)
	@$(PY) -m benchmarks.backfill

listen-test: install ## names, CPU, memory and kills of what hears audio (SHORT=1: minutes; VOICES=DIR: better voices)
	@$(PY) -m benchmarks.listen $(if $(VOICES),--voices "$(VOICES)")

soak: install ## 240 lines in one process with faults on every side: nothing but data may grow (SHORT=1: a fifth of them)
	@$(PY) -m benchmarks.scale.soak

bench-sounds: install ## how many misheard names are found, beside others (TALK=DIR: false alarms on text files of talk, too)
	@uv=$$(command -v .tools/bin/uv || command -v uv) && UV_PYTHON_DOWNLOADS=never $$uv sync --frozen --all-extras --group bench --quiet
	@$(PY) -m benchmarks.sounds_like $(if $(TALK),--talk "$(TALK)") --picture benchmarks/sounds_like/curve.svg

page-test: install ## the page in a real Chromium, and how fast it is over 100,000 mentions (SHORT=1: minutes)
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { echo "page-test: there is no Chromium - install it, on Debian with apt-get install chromium" >&2; exit 1; }
	@uv=$$(command -v .tools/bin/uv || command -v uv) && UV_PYTHON_DOWNLOADS=never $$uv sync --frozen --all-extras --group browser --quiet
	@$(PY) -m pytest -q tests/browser tests/web
	@$(PY) -m benchmarks.editor
	@$(PY) -m benchmarks.page

compose-test: install ## docker-compose.yml for real: built, brought up, killed on the way, every alert counted (SHORT=1: fewer)
	@uv=$$(command -v .tools/bin/uv || command -v uv) && UV_PYTHON_DOWNLOADS=never $$uv sync --frozen --all-extras --group compose --quiet
	@$(PY) -m benchmarks.compose $(if $(filter-out 0,$(SHORT)),--short) $(if $(LOCAL),--local)

packages: install ## draws the packages and their imports from the code: docs/packages.svg
	@$(PY) scripts/draw_packages.py && $(PY) scripts/draw_packages.py --text

clean: ## removes what install and test made; your data in .podwatch/ stays
	rm -rf .venv .tools .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
	find . -name __pycache__ -type d -not -path './.podwatch/*' -prune -exec rm -rf {} +
