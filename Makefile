# Everything a newcomer needs: Python 3.11 or later and make. `make test`, `make demo`, `make check`.
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= 2
KIT := $(addprefix --crowdhub-provider ,rapidworkers crowdsdom etxt capsolver mturk prolific)
READINGS := $(addprefix -p ,etxt:other rapidworkers:sample crowdsdom:post crowdsdom:put crowdsdom:capital)
DEEP := --operation publish --variant one --variant two --depth 2
# Pythons that pyenv keeps where no PATH leads.
PYENV := $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/*/bin/python3.1[1-9])

# The tests' own files are kept in memory where there is room for them: on a disk they wait for it half of the time.
ROOM := $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 { print $$4 }')
MEMORY := $(shell test -w /dev/shm -a "0$(ROOM)" -gt 2000 && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)

# The tests start hundreds of programs: compiled modules have to be kept, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup check lint test examples demo conformance packages campaign proofs mutants prove prove-deep coverage pythons bench docs wheel constraints clean

help:
	@echo "make check        lint, test, examples, demo, conformance, packages, campaign, proofs: run it before handing in a change"
	@echo "make lint         ruff, mypy, pyright, deptry"
	@echo "make test         the tests (some of them: make test ARGS=\"tests/cli -k review\")"
	@echo "make examples     the example programs"
	@echo "make demo         one program over all six marketplaces, which run on this machine"
	@echo "make conformance  the conformance kit on the six plugins"
	@echo "make packages     the tests that build, install and check whole packages, the wheel among them"
	@echo "make campaign     hundreds of operations through faults, and processes killed at every step of a payment"
	@echo "make proofs       all paths on which one thing goes wrong, by two clients: what make test leaves out of make prove"
	@echo "make mutants      deliberate bugs, each of which the kit or the prover must catch"
	@echo "make prove        all paths on which one thing goes wrong (ARGS='--depth 2' for two)"
	@echo "make prove-deep   the same for two things, publishing by one client and by two; and readings that make test leaves out"
	@echo "make coverage     tests and kit again, counting branches; fails below the floor in pyproject.toml"
	@echo "make pythons      the tests, without the slowest, on each Python that is found here"
	@echo "make bench        measurements"
	@echo "make docs         write the generated parts of the documents anew"
	@echo "make wheel        what is released, into dist/"
	@echo "make constraints  pin the newest versions of what is installed"
	@echo "make clean        remove all that these commands made"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@set -e; \
	if [ ! -x $(BIN)/python ]; then \
		found=; unfit=; \
		for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
			if command -v $$python >/dev/null 2>&1 && \
				$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
				if $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
				unfit=$$python; \
			fi; \
		done; \
		if [ -z "$$found" ] && [ -z "$$unfit" ]; then \
			echo "crowdhub needs Python 3.11 or later, and there is none on the PATH (make PYTHON=/path/to/python)." >&2; \
			exit 1; \
		fi; \
		if [ -z "$$found" ]; then \
			echo "$$unfit cannot make virtual environments." >&2; \
			echo "On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$($$found --version) ..."; \
		$$found -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
	fi
	@echo "Installing ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e ".[dev]" -c constraints.txt
	@touch $@

check: lint test examples demo conformance packages campaign proofs

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright --project pyproject.toml
	$(BIN)/deptry crowdhub plugins

test: $(STAMP)
	$(MEMORY) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder -m "not packages and not campaign and not proof" $(ARGS)

examples: $(STAMP)
	@set -e; for example in examples/[a-z]*.py; do echo "== $$example"; $(BIN)/python $$example; done

demo: $(STAMP)
	@$(BIN)/crowdhub demo $(ARGS)

conformance: $(STAMP)
	$(MEMORY) $(BIN)/python -m pytest -n $(JOBS) $(KIT) $(ARGS)

packages: $(STAMP)
	$(MEMORY) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m packages $(ARGS)

campaign: $(STAMP)
	$(MEMORY) $(BIN)/python -m pytest -n $(JOBS) --dist load -m campaign tests/campaign $(ARGS)

proofs: $(STAMP)
	$(MEMORY) $(BIN)/python -m pytest -n $(JOBS) --dist load --timeout 600 -m proof tests/prover $(ARGS)

mutants: $(STAMP)
	@$(BIN)/python -m crowdhub.testing.mutants $(ARGS)
	@$(BIN)/crowdhub prove --planted

# Two processes: the slowest marketplace, and the readings, beside all others. A name that ends in a colon: its first reading alone.
prove-deep: $(STAMP)
	@{ $(BIN)/crowdhub prove $(DEEP) -p etxt: && $(BIN)/crowdhub prove $(READINGS); } & etxt=$$!; \
	$(BIN)/crowdhub prove $(DEEP) -p rapidworkers: -p crowdsdom: -p capsolver && wait $$etxt

prove: $(STAMP)
	@$(BIN)/crowdhub prove $(ARGS)

# Counting slows everything down: a test may take three times as long before it counts as hanging.
coverage: $(STAMP)
	@rm -rf build/coverage && mkdir -p build/coverage
	$(BIN)/coverage run -m pytest -n $(JOBS) --dist loadfile --timeout 360 -m "not proof" $(or $(ARGS),tests $(KIT))
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage html --quiet --fail-under 0 --directory build/coverage/html
	$(BIN)/coverage report

pythons: $(STAMP)
	$(BIN)/tox run $(if $(PYENV),--discover $(PYENV)) -- -n $(JOBS) $(ARGS)

bench: $(STAMP)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(STAMP)
	$(BIN)/crowdhub providers --into README.md
	$(BIN)/crowdhub providers --reasons --into docs/marketplaces.md
	$(BIN)/python -m tests.layers.picture

wheel: $(STAMP)
	rm -rf dist
	$(BIN)/python -m build --no-isolation

# A plain list of versions, without any host. Best with the oldest Python: what it can install, all can.
constraints:
	rm -rf build/pins && $(or $(PYTHON),python3) -m venv build/pins
	build/pins/bin/python -m pip install -qq --disable-pip-version-check -e ".[dev]"
	(sed -n '/^#/p' constraints.txt; build/pins/bin/python -m pip freeze --exclude-editable | grep '==') > build/pins.txt
	mv build/pins.txt constraints.txt
	rm -rf build/pins

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
