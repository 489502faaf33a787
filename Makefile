# make demo   set everything up and take a real Wikipedia sample through every step
# make test   set everything up and run the tests
# make help   the other commands

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
# What a set-up depends on; Python files are installed in place and need no new one.
BUILT_FROM := pyproject.toml CMakeLists.txt scripts/setup.sh $(wildcard nlp_engine/native/*.cpp nlp_engine/native/*.h)
# A file's tests stay together: what they share is made once. More workers would want more memory.
PYTEST := NLP_ENGINE_CORE_PYTHON=$(CURDIR)/.venv-core/bin/python $(BIN)/pytest \
	--numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder
SOURCES := $(shell find nlp_engine corpora -type f -not -name '*.pyc')

.PHONY: help demo test test-full check format clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile
	@echo "make test-full   also the tests that take minutes, or a gigabyte (the SageMaker SDK)"
	@echo "make check       formatting, lint and types only"
	@echo "make format      format the code"
	@echo "make clean       remove everything that was built"

demo: .venv/installed
	@$(BIN)/nlp-engine demo --out demo-output --overwrite

test: .venv/tests-installed .venv-core/installed check
	@$(PYTEST) -m "not full" --hypothesis-profile repeatable

test-full: .venv/tests-installed .venv-core/installed .venv-sdk/installed check
	@NLP_ENGINE_SDK_PYTHON=$(CURDIR)/.venv-sdk/bin/python $(PYTEST)

check: .venv/tests-installed
	@$(BIN)/ruff format --check --quiet . || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy

format: .venv/tests-installed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

clean:
	rm -rf .venv .venv-core .venv-sdk build demo-output .mypy_cache .pytest_cache .ruff_cache

.venv/installed: $(BUILT_FROM)
	@scripts/setup.sh .venv --editable '.[all]'
	@touch $@

.venv/tests-installed: .venv/installed
	@echo "setup: adding what the tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[all,dev]'
	@touch $@

# The package without any extra and not in place: tests that what needs an extra says so, and that
# the package is complete. It is made once and brought up to date with the sources.
.venv-core/made: $(BUILT_FROM)
	@scripts/setup.sh .venv-core .
	@touch $@

.venv-core/installed: .venv-core/made $(SOURCES)
	@test ! -e $@ || .venv-core/bin/python -m pip install --quiet --no-deps --force-reinstall .
	@touch $@

# The SageMaker SDK takes a gigabyte and has other versions of what is used here.
.venv-sdk/installed: $(BUILT_FROM)
	@scripts/setup.sh .venv-sdk '.[sagemaker]'
	@touch $@
