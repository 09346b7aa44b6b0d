# The short verbs. Each is a line or two over the CMake presets and .ci/setup.

JOBS := $(shell nproc 2>/dev/null || echo 2)
REPO ?= .
PREFIX ?= /usr/local
CTEST := ctest --output-on-failure
# A tree that was configured once need not be configured again: the build does it when needed.
build = { test -f build/$(1)/build.ninja || cmake --preset $(1); } && cmake --build --preset $(1) -j $(JOBS)

.PHONY: all setup setup-build setup-test clients run test tuned bench format lint fuzz install clean

all: setup-build
	@$(call build,release)

setup:            # every package that any verb needs
	@.ci/setup all
setup-build:
	@.ci/setup build
setup-test:
	@.ci/setup test

run: all          # a conversation with the repository REPO
	@build/release/quarry-tour build/release/quarry "$(REPO)"

clients: setup-test
	@tests/clients/install

test: clients     # every test; what is skipped says why
	@$(call build,dev)
	@$(CTEST) --test-dir build/dev -j $(JOBS)

# Where the server spends its time, for the builds that go by it. Kept until `make clean`.
build/profile/recorded: | setup-build
	@$(call build,profile) --target quarry_load
	@rm -rf build/profile/data
	@build/profile/quarry_load --practice && touch $@

tuned: build/profile/recorded
	@$(call build,bench) --target quarry quarry-git

bench: tuned
	@$(call build,bench) --target quarry_load
	@build/bench/quarry_load --json build/bench/load.json $(BENCH_ARGS)

format: setup
	@$(call build,dev) --target format

lint: setup
	@.ci/lint

FUZZ_SECONDS ?= 60
fuzz: setup       # every target for FUZZ_SECONDS
	@$(call build,fuzz)
	@for target in build/fuzz/fuzz_*; do \
	  [ -x "$$target" ] && [ -f "$$target" ] || continue; \
	  name=$$(basename "$$target"); mkdir -p build/fuzz/corpus/$$name; \
	  echo "fuzz: $$name"; \
	  "$$target" -max_total_time=$(FUZZ_SECONDS) build/fuzz/corpus/$$name tests/fuzz/$${name#fuzz_}/corpus || exit 1; \
	done

install: tuned    # the server as it is measured, its helpers and its documents under PREFIX
	@cmake --install build/bench --prefix "$(PREFIX)"

clean:
	@rm -rf build
