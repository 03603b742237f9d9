# Every target does its own set-up: .venv from the lock file, with uv when present, else venv + pip.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.PHONY: help setup demo test lint types docs docs-check attacks bench fuzz mutate sweep coverage peers scanner-table test-servers lock clean

# Every test and every step of the demo starts a new Python: without byte code that costs a second each.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= auto
PYTEST_ARGS ?=
# `make test COVERAGE=1` measures; `make coverage` judges what was measured.
RUN_PYTEST := $(if $(COVERAGE),$(BIN)/coverage run -m pytest,$(BIN)/python -m pytest)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(READY) ## make .venv complete

$(READY): pyproject.toml uv.lock requirements.lock .ci/setup
	@.ci/setup
	@touch $@

demo: $(READY) ## the whole life of a model on this machine, in under 90 s
	$(BIN)/gm demo $(DEMO_ARGS)

test: $(READY) ## every test
	$(RUN_PYTEST) -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

lint: $(READY) ## style, imports, workflows
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo
	$(BIN)/zizmor --offline --no-progress --quiet --min-severity low --strict-collection .github action.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

types: $(READY) ## mypy, strict
	$(BIN)/mypy

docs: $(READY) ## write the reference pages and schemas from the code
	$(BIN)/python docs/generate.py

docs-check: $(READY) ## fail when a generated page is not what the code says
	$(BIN)/python docs/generate.py --check

attacks: $(READY) ## count the catalogue of attacks
	$(BIN)/python -m tests.support.attacks

bench: $(READY) ## ratios against peers, measured side by side
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

fuzz: $(READY) ## a million mutated inputs for the parsers, and the branches they reach
	$(BIN)/python -m tests.fuzz $(FUZZ_ARGS)

MUTMUT := .cache/mutation/mutmut

mutate: $(READY) $(MUTMUT)/.ready ## mutants of the judge and how many the tests notice (MUTATE_ARGS="--sample 200")
	$(BIN)/python -m tests.mutation $(MUTATE_ARGS)

# pytest and its kin come from the environment of the project: mutmut is to run the tests as everybody runs them.
$(MUTMUT)/.ready: $(READY)
	rm -rf $(MUTMUT)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(MUTMUT) \
	  mutmut==3.8.1 click==8.5.1 libcst==1.9.0 textual==8.2.8 rich==15.0.0 markdown-it-py==4.3.0 mdit-py-plugins==0.7.0 \
	  linkify-it-py==2.2.0 uc-micro-py==2.0.0 mdurl==0.1.2 pygments==2.21.0 platformdirs==4.14.7 setproctitle==1.3.8
	@touch $@

sweep: $(READY) ## every case of the tests that otherwise try a sample
	GM_SWEEP=1 $(BIN)/python -m pytest -m sweep -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

coverage: $(READY) ## judge what `make test COVERAGE=1` measured
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include='gitops_models/registry/*,gitops_models/policy/*,gitops_models/trust/*,gitops_models/verification/*' --fail-under=100
	$(BIN)/coverage report --fail-under=92

PEER := .cache/model-signing/1.1.1

EXAMPLES := .cache/webhooks-examples/7.6.1
EXAMPLES_SHA256 := 89e6cb1c6345d32e3dd775617fa54effbdc26c859e514898d7728e95e9738280

peers: $(PEER)/.ready $(EXAMPLES)/.ready ## what tests compare with: programs in environments of their own, events of GitHub

$(PEER)/.ready: $(READY)
	rm -rf $(PEER)
	$(BIN)/python -m venv $(PEER)
	$(PEER)/bin/python -m pip install --quiet --disable-pip-version-check model-signing==1.1.1 pyopenssl
	@touch $@

# The events that GitHub's own kit is tested with (MIT): data, of which nothing is run.
$(EXAMPLES)/.ready:
	rm -rf $(EXAMPLES) && mkdir -p $(EXAMPLES)
	cd $(EXAMPLES) && npm pack --silent --ignore-scripts @octokit/webhooks-examples@7.6.1 >/dev/null
	cd $(EXAMPLES) && mv *.tgz package.tgz && echo "$(EXAMPLES_SHA256)  package.tgz" | sha256sum --check --quiet
	tar -xzf $(EXAMPLES)/package.tgz -C $(EXAMPLES) --strip-components=1 --no-same-owner
	@touch $@

test-servers: $(READY) ## the real servers that tests speak to, unpacked under .cache where they are missing
	$(BIN)/python .ci/servers.py

SCANNERS := .cache/scanners

scanner-table: $(READY) $(SCANNERS)/.ready ## this scanner, modelscan and picklescan on the same files; writes docs/reference/scanner.md
	$(BIN)/python -m tests.scanners

# NumPy is no dependency of picklescan's, which cannot read npy files without it; modelscan reads them with 1.26, not 2.4.
$(SCANNERS)/.ready: $(READY)
	rm -rf $(SCANNERS)
	for peer in modelscan==0.8.8 picklescan==1.0.5; do \
	  home=$(SCANNERS)/$${peer##*=}/$${peer%%=*}; $(BIN)/python -m venv $$home; \
	  $$home/bin/python -m pip install --quiet --disable-pip-version-check $$peer numpy==1.26.4; \
	done
	@touch $@

lock: ## renew uv.lock and its copy for pip (needs uv)
	uv lock
	uv export --quiet --locked --all-extras --all-groups --no-emit-project --format requirements.txt --output-file requirements.lock

clean: ## remove what was built, and .venv
	rm -rf .venv .cache build dist .coverage .coverage.* .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
