# Open TSP. `make` alone lists the targets; sim and test make and fill .venv themselves.

PYTHON ?= python3
CONFIG ?= nano
JOBS   ?= $(shell nproc 2>/dev/null || echo 2)

# What runs below must not inherit this make's flags: simulators are built by a make of their own.
CLEAN_ENV := env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES
RUN       := $(CLEAN_ENV) .venv/bin/python

# A file's tests stay on one worker, so that they share what they build. Files begin in the order
# that verif/conftest.py gives them.
PYTEST_FLAGS ?= -q -n $(JOBS) --dist loadfile --no-loadscope-reorder --durations=20

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help doctor venv lock sim test plan nightly lint format view verilog bench kernels docs clean distclean

help: ## list the targets
	@echo "Open TSP: make TARGET"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables: CONFIG=nano|node|small|full  JOBS=$(JOBS)  PYTHON=$(PYTHON)"

doctor: ## check what must come from the system, and name the command that installs it
	@$(PYTHON) sw/tspc/doctor.py

venv:
	@$(PYTHON) sw/tspc/doctor.py --quiet
	@$(PYTHON) scripts/setup_venv.py

lock: ## resolve the dependencies anew and rewrite constraints.txt
	@$(PYTHON) scripts/setup_venv.py --lock

sim: venv ## run the digits network on the nano chip in RTL; writes sim_build/report.json
	@$(RUN) -m tspc.apps.digits

test: venv ## run the tests, cocotb's included; a verdict within minutes
	@TSP_PLAN=sim_build/plan.json $(RUN) -m pytest verif -m "not slow" $(PYTEST_FLAGS)

plan: venv ## print the rows of the verification plan that the last make test hit
	@$(RUN) -m verif.plan

nightly: venv ## run everything, the slow tests included
	@$(RUN) -m pytest verif $(PYTEST_FLAGS)

lint: venv ## style, types, import directions, and whether the generated pages are fresh
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy --strict sw/tspc hdl/tsp/arch
	@$(RUN) scripts/lint_imports.py
	@$(RUN) -m tspc.docs --check
	@$(RUN) -m verif.plan --check

format: venv ## let ruff repair what it can
	@$(RUN) -m ruff check --fix-only .
	@$(RUN) -m ruff format .

view: venv ## check the viewer in Chromium, take its screenshots
	@command -v chromium >/dev/null || { echo "chromium is missing: sudo apt-get install chromium"; exit 1; }
	@$(RUN) -m pytest verif/view/check_view.py -q -n 0 -s

verilog: venv ## write the chip's Verilog to sim_build/verilog/CONFIG
	@$(RUN) -m tsp.export --config $(CONFIG) --out sim_build/verilog/$(CONFIG)

bench: venv ## measure the simulation rate
	@$(RUN) -m verif.bench

kernels: venv ## measure the kernels' schedules; writes the table of docs/kernels.md
	@$(RUN) -m verif.kernels --write

docs: venv ## write the generated reference pages
	@$(RUN) -m tspc.docs
	@$(RUN) -m verif.plan --write

clean: ## remove what was generated, but for .venv
	@find sim_build -mindepth 1 -maxdepth 1 ! -name .gitignore -exec rm -rf {} +
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find hdl sw verif scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv, too
	@rm -rf .venv
