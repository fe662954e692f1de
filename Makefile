# visaged: what a person types. Each target sets up what it needs on a fresh Debian / Ubuntu machine.
.PHONY: help run install uninstall purge test test-gpu lint types bench soak clean

help:
	@echo "make run       a moving face: speech (or the microphone) -> Live Link on 127.0.0.1:11111; ARGS='…' for options"
	@echo "make install   the box: /opt/visaged, user, units, default settings; DESTDIR, PREFIX, PYTHON: see install.sh"
	@echo "make uninstall takes that away and keeps settings, capsules and models;   make purge   those too"
	@echo "make test      the test suite"
	@echo "make test-gpu  tests and figures that need an NVIDIA GPU and torch; fails where there is none"
	@echo "make lint      ruff;   make types   mypy --strict"
	@echo "make bench     measurements -> docs/benchmarks.md (some minutes)"
	@echo "make soak      MINUTES=30: everything on while everything goes wrong; gaps, memory, descriptors, problems"
	@echo "make clean     removes .venv and caches"

run:
	@./setup.sh run
	@exec .venv/bin/visaged run $(ARGS)

install:
	@./setup.sh system
	@./install.sh install

uninstall purge:
	@./install.sh $@

test:
	@./setup.sh test
	.venv/bin/pytest $(ARGS)

# A machine without network: make test-gpu PYTHON=python3, with what pyproject.toml lists and torch on its path.
PYTHON ?= .venv/bin/python
test-gpu:
	@[ "$(PYTHON)" != .venv/bin/python ] || ./setup.sh test
	PYTHONPATH=daemon:$$PYTHONPATH $(PYTHON) -m pytest tests/gpu $(ARGS)
	PYTHONPATH=daemon:$$PYTHONPATH $(PYTHON) -m tests.bench gpu

lint:
	@./setup.sh test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

types:
	@./setup.sh test
	.venv/bin/mypy

# With the peers, for figures are taken side by side.
bench:
	@./setup.sh peers
	.venv/bin/python -m tests.bench $(ARGS)

# As long as you like: an hour says more about memory than a minute does.
MINUTES ?= 30
soak:
	@./setup.sh test
	.venv/bin/python -m tests.soak --minutes $(MINUTES) $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
