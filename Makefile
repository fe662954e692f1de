# visaged: what a person types. Each target sets up what it needs on a fresh Debian / Ubuntu machine.
.PHONY: help run install uninstall purge deb deb-test image image-test arm64-test test test-fast test-gpu lint types lock release bench soak fuzz clean

help:
	@echo "make run       a moving face: speech (or the microphone) -> Live Link on 127.0.0.1:11111; ARGS='…' for options"
	@echo "make install   the box: /opt/visaged, user, units, default settings; DESTDIR, PREFIX, PYTHON: see install.sh"
	@echo "make uninstall takes that away and keeps settings, capsules and models;   make purge   those too"
	@echo "make deb       a Debian package of it -> dist/; SUITE=bookworm|jammy|noble ARCH=amd64|arm64 for other machines;"
	@echo "make deb-test  installs, upgrades and purges that;   make arm64-test   the same, emulated"
	@echo "make image     KEYS=FOLDER: a disk image for a PC and its signed update -> dist/;   make image-test   boots and breaks it"
	@echo "make test      the test suite, on up to four cores; ARGS='tests/face -k …' for a part of it"
	@echo "make test-fast the same without what is slow: a minute or so"
	@echo "make test-gpu  tests and figures that need an NVIDIA GPU and torch; fails where there is none"
	@echo "make lock      writes the exact packages of pyproject.toml into locks/, by hash; UPGRADE=yes: the newest it allows"
	@echo "make lint      ruff and the documents;   make types   mypy --strict"
	@echo "make release   checks, builds wheel and package (IMAGE=yes: the image, too), sums and tags the version: see release.sh"
	@echo "make bench     measurements -> docs/benchmarks.md (some minutes)"
	@echo "make soak      MINUTES=30: each fault alone, then faults at random, with everything on (sets up torch and more: 2.3 GB);"
	@echo "               MINUTES=0 ends after the faults; ARGS='--only NAME' tries one"
	@echo "make fuzz      MINUTES=1: random damage to every format that comes from outside, a minute each"
	@echo "make clean     removes .venv and caches"

run:
	@./setup.sh run
	@exec .venv/bin/visaged run $(ARGS)

install:
	@./setup.sh system
	@./install.sh install

uninstall purge:
	@./install.sh $@

# What is made for another distribution or architecture is made inside one (image/root.sh: MIRROR, KEYRING).
DISTRIBUTION := $(shell . /etc/os-release; echo $$VERSION_CODENAME)
SUITE ?= $(DISTRIBUTION)
ARCH ?= $(shell dpkg --print-architecture)
deb:
	@./setup.sh deb
	@if [ "$(SUITE) $(ARCH)" = "$(DISTRIBUTION) $$(dpkg --print-architecture)" ]; \
	then image/deb/package.sh dist; else image/deb/build.sh "$(SUITE)" "$(ARCH)" dist; fi

deb-test:
	@./setup.sh deb
	@image/deb/build.sh "$(SUITE)" "$(ARCH)" build/deb/$(SUITE)-$(ARCH)
	@image/deb/test.sh "$(SUITE)" "$(ARCH)" build/deb/$(SUITE)-$(ARCH)/visaged_*.deb

arm64-test:
	@$(MAKE) --no-print-directory deb-test SUITE=bookworm ARCH=arm64 MONITOR_S=60

image:
	@# Asked first: setting up takes minutes.
	@image/make.sh --check
	@./setup.sh image
	@image/make.sh dist

image-test:
	@TEST_KEY=yes $(MAKE) --no-print-directory image
	@./setup.sh test
	.venv/bin/pytest tests/image/qemu $(ARGS)

# A worker a core: more would only wait for each other.
test:
	@./setup.sh test
	.venv/bin/pytest -n auto --maxprocesses 4 $(ARGS)

test-fast:
	@./setup.sh test
	.venv/bin/pytest -n auto --maxprocesses 4 -m "not slow" $(ARGS)

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
	.venv/bin/python -m tests.docs

types:
	@./setup.sh test
	.venv/bin/mypy

# uv has an environment of its own: it resolves, nothing else uses it.
lock:
	@[ -x build/lock/bin/python ] || python3 -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/lock.txt
	build/lock/bin/python -m locks.renew $(if $(UPGRADE),--upgrade)

release:
	@./release.sh wheel deb $(if $(IMAGE),image)

# The page as it looks, in docs/.
pictures:
	@./setup.sh test
	.venv/bin/python -m tests.web.pictures

# With the peers, for figures are taken side by side.
bench:
	@./setup.sh peers
	.venv/bin/python -m tests.bench $(ARGS)

# As long as you like: an hour says more about memory than a minute does.
MINUTES ?= 30
soak:
	@./setup.sh peers
	.venv/bin/python -m tests.soak --minutes $(MINUTES) $(ARGS)

# Minutes per format; FORMATS="csv wav" for some. What is found is kept in tests/fuzz/corpus as a test.
fuzz: MINUTES = 1
fuzz:
	@./setup.sh test
	.venv/bin/python -m tests.fuzz $(FORMATS) --minutes $(MINUTES) $(ARGS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
