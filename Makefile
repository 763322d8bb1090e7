# Everything from a bare machine: Python 3.11 and make. The environment is made by the first target that needs it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PYTHONUNBUFFERED := 1

.PHONY: demo run smoke requests day crash broken bench screenshots test check schema lock clean

demo: $(STAMP)
	@python manage.py demo

run: $(STAMP)
	@python manage.py run

smoke: $(STAMP)
	@SYSTEM=$(SYSTEM) python -m apps.demo.smoke

requests: $(STAMP)
	@SYSTEM=$(SYSTEM) python -m apps.demo.requests

day: $(STAMP)
	@python -m apps.demo.day

crash: $(STAMP)
	@KILLS=$(KILLS) EVENTS=$(EVENTS) SEED=$(SEED) python -m apps.demo.crash

broken: $(STAMP)
	@python -m apps.demo.broken $(BUILDS)

bench: $(STAMP)
	@python -m benchmarks $(NAMES)

screenshots: $(STAMP)
	@python -m tests.portal.screenshots

test: check
	pytest -n 2

check: $(STAMP)
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	djlint templates --lint --quiet
	deptry .
	python manage.py makemigrations --check --dry-run

schema: $(STAMP)
	python manage.py spectacular --file docs/api/openapi.yaml --fail-on-warn --validate

lock: $(STAMP)
	uv pip compile pyproject.toml --extra test --generate-hashes --universal --no-emit-index-url --no-header -o requirements.lock

clean:
	rm -rf $(VENV) var

$(STAMP): requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(STAMP)
