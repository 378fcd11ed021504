# `make run` watches the first camera (the synthetic driver where there is none), `make test` runs the tests.
# Both set themselves up in .venv, and do so again only when what they are made from has changed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python deploy/pip_progress.py

.PHONY: run test check scenarios fuzz wheelhouse audit setup clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed  # for one: make run ARGS="--source synthetic:demo --duration 10"
	@$(BIN)/wakeful run $(ARGS)

# Three workers for two cores, because a third of their time they wait for clocks and peers.
# The tests start a hundred interpreters, and pytest rewrites every assertion: without bytecode each does so again.
# OpenCV's own threads wait busily for each other: beside other workers they only take their time.
PYTEST := env -u PYTHONDONTWRITEBYTECODE OPENCV_FOR_THREADS_NUM=1 $(BIN)/python -m pytest

test: $(VENV)/.installed-dev  # for one: make test ARGS=tests/models
	@$(BIN)/wakeful models pull --quiet
	@$(PYTEST) -n 3 --dist worksteal $(ARGS)

# Files that skip nothing have run in `make test` already.
TRAIN_TESTS = tests/models/studies $$(grep -rlE --include='test_*.py' 'importorskip|skipif' tests/models tests/device/commands)
test-train: $(VENV)/.installed-train  # what needs torch; `make test` skips it where torch is not installed
	@$(BIN)/wakeful models pull --quiet
	@OMP_NUM_THREADS=1 $(PYTEST) -n 2 --dist worksteal $(TRAIN_TESTS) $(ARGS)

check: $(VENV)/.installed-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/mypy

scenarios: $(VENV)/.installed  # the functional matrix, half an hour of one core: build/scenarios/index.html
	@$(BIN)/wakeful scenarios run --matrix --report build/scenarios $(ARGS)

fuzz: $(VENV)/.installed-dev  # a million broken inputs for every parser: make fuzz ARGS="serial_sentences --seed 7"
	@$(BIN)/python -m tools.fuzz $(ARGS)

ARCH ?= $(shell uname -m)
wheelhouse: $(VENV)/.installed  # all that a board without a network needs: make wheelhouse ARCH=aarch64 ARGS="--python 3.12"
	@$(BIN)/wakeful models pull --quiet
	@$(BIN)/python -m wakeful.deploy.wheelhouse $(ARCH) $(ARGS)

.PHONY: soak
soak: $(VENV)/.installed-dev  # 8 simulated hours with a fault every 30 s, half an hour or more: make soak ARGS="--hours 0.5"
	@$(BIN)/wakeful models pull --quiet
	@$(BIN)/python -m tools.faults.soak $(ARGS)

.PHONY: convert test-convert
DATA ?= data
convert: $(VENV)/.installed-convert  # all files that boards execute, from the shipped weights and real faces: DATA=FOLDER
	@$(BIN)/wakeful models pull --quiet
	@$(BIN)/wakeful convert onnx --data "$(DATA)"
	@$(BIN)/wakeful convert quantize --data "$(DATA)"
	@$(BIN)/wakeful convert litert --data "$(DATA)"
	@$(BIN)/wakeful convert qnn --data "$(DATA)" $(ARGS)
	@$(BIN)/wakeful convert own --data "$(DATA)" $(ARGS)
	@$(BIN)/wakeful convert table --readme conversion/README.md

test-convert: $(VENV)/.installed-convert  # compiles for a Hexagon and simulates it; `make test` skips it without the extras
	@$(BIN)/wakeful models pull --quiet
	@$(PYTEST) tests/conversion tests/device/perception/test_qnn_probe.py $(ARGS)

.PHONY: arm64-check
arm64-check: $(VENV)/.installed-dev  # minutes; as root, with debootstrap and qemu-user-static: deploy/arm64.md
	@$(BIN)/wakeful models pull --quiet
	@$(BIN)/python -m tools.arm64_check $(ARGS)

.PHONY: board-check
board-check: $(VENV)/.installed-dev  # a real kernel as a process, with wakeful installed in it, as root: ARGS="--short", "--only serial"
	@$(BIN)/wakeful models pull --quiet
	@$(BIN)/python -m tools.board $(ARGS)

audit: $(VENV)/.installed  # known vulnerabilities of what is installed; says so where they cannot be asked for
	@$(BIN)/python -m wakeful.deploy.audit

setup: $(VENV)/.installed-dev
	@$(BIN)/wakeful models pull

$(VENV)/.python: deploy/virtual_environment.py
	@echo "making $(VENV)"
	@$(PYTHON) deploy/virtual_environment.py $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml
	@echo "installing wakeful into $(VENV)"
	@$(PIP) --editable '.[record,mqtt,can]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.python pyproject.toml
	@echo "installing wakeful and what its tests need into $(VENV)"
	@$(PIP) --editable '.[dev]'
	@touch $(VENV)/.installed $@

$(VENV)/.installed-convert: $(VENV)/.installed-dev
	@echo "installing what conversion needs into $(VENV)"
	@$(PIP) --editable '.[qnn,convert]'
	@touch $@

$(VENV)/.installed-train: $(VENV)/.installed-dev deploy/train-constraints.txt
	@echo "installing what training needs into $(VENV)"
	@$(PIP) --editable '.[train]' --constraint deploy/train-constraints.txt
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
