# Everything a newcomer needs: Python 3.11 or later and make. `make test`, `make demo`.
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2

.DEFAULT_GOAL := help
.PHONY: help setup test demo lint bench examples conformance mutants docs check constraints clean

help:
	@echo "make test      the tests"
	@echo "make demo      one program over all four marketplaces, which run on this machine"
	@echo "make lint      ruff, mypy, pyright"
	@echo "make examples  the example programs"
	@echo "make bench     measurements"
	@echo "make conformance  the conformance kit on the four plugins"
	@echo "make mutants   deliberate bugs, each of which the kit must catch"
	@echo "make docs      write the generated parts of the documents anew"
	@echo "make check     lint, test, examples, demo"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	if [ ! -x $(BIN)/python ]; then \
		found=; \
		for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
			if command -v $$python >/dev/null 2>&1 && \
				$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
				found=$$python; break; \
			fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "crowdhub needs Python 3.11 or later, and there is none on the PATH (make PYTHON=/path/to/python)." >&2; \
			exit 1; \
		fi; \
		if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			echo "$$found cannot make virtual environments." >&2; \
			echo "On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$($$found --version) ..."; \
		$$found -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
	fi
	@echo "Installing ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[test,lint]" -c constraints.txt
	@touch $@

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

demo: $(STAMP)
	@$(BIN)/crowdhub demo $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --project pyproject.toml

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

examples: $(STAMP)
	@set -e; for example in examples/[a-z]*.py; do echo "== $$example"; $(BIN)/python $$example; done

conformance: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) --crowdhub-provider rapidworkers --crowdhub-provider crowdsdom \
		--crowdhub-provider etxt --crowdhub-provider capsolver $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m crowdhub.testing.mutants $(ARGS)

docs: $(STAMP)
	$(BIN)/crowdhub providers --into README.md
	$(BIN)/crowdhub providers --reasons --into docs/marketplaces.md

check: lint test examples demo

# Pins what a fresh environment resolves to; a plain list of versions, without any host.
constraints:
	rm -rf build/pins && python3 -m venv build/pins
	build/pins/bin/python -m pip install --quiet -e ".[test,lint]"
	(sed -n '/^#/p' constraints.txt; build/pins/bin/python -m pip freeze --exclude-editable | grep '==') > build/pins.txt
	mv build/pins.txt constraints.txt
	rm -rf build/pins

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
