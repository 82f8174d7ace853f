# `make serve` and `make test` work from a clean clone; what they make is in .venv and var.
PYTHON ?= python3
VENV := .venv
PLUGINS := $(patsubst %/setup.cfg,%,$(wildcard plugins/*/setup.cfg))
# An editable installation that type checkers can follow.
INSTALL = $(VENV)/bin/pip install -qq --disable-pip-version-check --config-settings editable_mode=compat

.PHONY: help serve test lint docs conformance
.DEFAULT_GOAL := help

help:
	@echo 'make serve   serve images on http://127.0.0.1:9292, with state in var/ (ARGS="--bind 0.0.0.0:9292 --workers 4")'
	@echo 'make test    run the tests (ARGS="-k quota", or --cov, which takes twice as long); they say what they skip and what it needs'
	@echo 'make conformance  run Tempest, with a real Keystone, and hold its verdict against Glance (ARGS="legacy"; needs ../shared)'
	@echo 'make lint    check style, types and who imports whom'
	@echo 'make docs    make the pages of docs/reference that are made from the code'

# Database and images are in var/, unless etc/glancepipe.conf says otherwise.
serve: export XDG_STATE_HOME := $(CURDIR)/var
serve: $(VENV)/.installed
	exec $(VENV)/bin/glancepipe serve --config-file etc/glancepipe.conf $(ARGS)

test: $(VENV)/.installed-all
	$(VENV)/bin/pytest tests $(wildcard plugins/*/tests) $(ARGS)

conformance: $(VENV)/.installed-all
	tests/conformance/run $(ARGS)

lint: $(VENV)/.installed-all
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	@set -e; for package in $(subst -,_,$(PLUGINS:plugins/%=glancepipe_%)); do \
	    echo "== $$package"; \
	    $(VENV)/bin/mypy -p $$package; \
	    sed "s/PLUGIN/$$package/" .importlinter-plugin >$(VENV)/importlinter; \
	    $(VENV)/bin/lint-imports --config $(VENV)/importlinter; \
	done

docs: $(VENV)/.installed
	$(VENV)/bin/glancepipe openapi --markdown >docs/reference/api.md

# New entry points are seen only after an installation, hence again whenever a setup.cfg changes.
$(VENV)/.installed: setup.cfg pyproject.toml | $(VENV)/bin/pip
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.installed-all: setup.cfg pyproject.toml $(PLUGINS:=/setup.cfg) | $(VENV)/bin/pip
	$(INSTALL) --editable '.[test,lint]' $(foreach plugin,$(PLUGINS),--editable ./$(plugin))
	@touch $@ $(VENV)/.installed

$(VENV)/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'glancepipe needs Python 3.11 or newer; name one with PYTHON=python3.12' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo 'Python can make no virtual environments yet: apt-get install python3-venv' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
