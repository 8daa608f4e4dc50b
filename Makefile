# Every target sets up what it needs by itself; run `make` to see them.

DRIVER ?= overlay2
SCENARIO ?= default
JOBS ?= 2
SEED ?= 1
python := .venv/bin/python

.PHONY: help setup demo test test-all lint unit mutants loop store sanity controller docs faults fuzz molecule bench build clean

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: setup ## a blank machine becomes a container host: DRIVER=overlay2
	DRIVER=$(DRIVER) lab/demo

test: setup ## what CI runs: JOBS=2 hosts or tools side by side
	$(python) tests/run --jobs $(JOBS)

test-all: setup ## the same, but every scenario, mutant and ansible-core
	$(python) tests/run --all --jobs $(JOBS)

lint unit loop sanity controller docs faults: setup
	$(python) tests/run $@ --jobs $(JOBS)

lint: ## style, documentation, role arguments, changelog
unit: ## planners, parsers and modules, without a host
loop: ## btrfs and overlay on loop files, on this kernel (root)
sanity: ## ansible-test sanity on the oldest and newest ansible-core
controller: ## playbooks, plugins and installation on these as well
docs: ## build the reference
faults: ## where a run can end, and what is left: shown and tried

store: setup ## real engines 20.10 to 28 on this kernel, no machine (root)
	$(python) tests/run store --all

fuzz: setup ## 20,000 strange inputs: SEED=2 for others
	$(python) tests/run fuzz --all --seed $(SEED)

mutants: setup ## break the code: does a test notice? ROOM=_core
	$(python) tests/run mutants --all $(addprefix --room ,$(ROOM))

molecule: setup ## one scenario on real hosts: SCENARIO=direct_lvm
	$(python) tests/run molecule --scenario $(SCENARIO)

bench: setup ## measure against commands by hand: FIGURES="zfs btrfs"
	$(python) tests/benchmark/run $(FIGURES)

build: setup ## the collection as a tarball
	.venv/bin/ansible-galaxy collection build --force

setup: ## .venv with the pinned tools (all others do this first)
	@python3 tests/setup

clean: ## remove all that was made here; stops the lab's hosts
	if [ -e .cache/lab ]; then lab/lab down --all; fi
	rm -rf .cache .venv .hypothesis containerhost-storage-*.tar.gz
