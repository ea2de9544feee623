# SPDX-License-Identifier: MIT
# The front door: each target is a line or two of CMake, whose presets are in
# CMakePresets.json. `make help` lists them.
PREFIX       ?= /usr/local
JOBS         ?= $(shell nproc)
FUZZ_SECONDS ?= 60
GENERATOR     = $(if $(shell command -v ninja 2>/dev/null),-G Ninja)
CMAKE_ARGS    = $(if $(CI),-DKORU_WERROR=ON)

.PHONY: build run test deps bench bench-deps check check-asan check-tsan check-valgrind \
        check-qemu tidy format fuzz install clean help

# One target at a time (two at once would install packages at once); each uses all processors.
.NOTPARALLEL:

build: ## Build the libraries, the command and the tests (the default)
build: build-release

run: ## Install what is missing, build, and run the main job on this machine
	@tools/deps build
	@$(MAKE) --no-print-directory build
	@tools/run-demo build/release/tool/koru

test: ## Install what is missing, build, and pass every test on both pollers
	@tools/deps build test tidy
	@$(MAKE) --no-print-directory suite-release RECONFIGURE=1

deps: ## Install what `make run` and `make test` need
	@tools/deps build test tidy

bench: ## Measure koru, and beside it the peers that are installed
	@tools/deps build bench-run
	@$(MAKE) --no-print-directory build
	@bench/run $(BENCH_ARGS)

bench-deps: ## Install the peers that the benchmarks compare with
	@tools/deps bench

check: ## All of the following, and the tests
check: test check-asan check-tsan check-valgrind check-qemu

check-asan: ## The tests with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer
	@tools/deps build test sanitize
	@$(MAKE) --no-print-directory suite-asan RECONFIGURE=1

check-tsan: ## The tests with ThreadSanitizer
	@tools/deps build test sanitize
	@$(MAKE) --no-print-directory suite-tsan RECONFIGURE=1

check-valgrind: ## The tests under Valgrind's memcheck
	@tools/deps build test valgrind
	@$(MAKE) --no-print-directory suite-valgrind RECONFIGURE=1

check-qemu: ## The core's tests on 64-bit ARM and RISC-V, under qemu-user
	@tools/deps build test cross
	@$(MAKE) --no-print-directory suite-aarch64
	@$(MAKE) --no-print-directory suite-riscv64

tidy: ## Check includes, file lengths, banned calls and layout
	@tools/deps tidy
	@tools/tidy

format: ## Lay out the C sources with clang-format
	@tools/deps tidy
	@tools/tidy --format

fuzz: ## Run each fuzz target for FUZZ_SECONDS (60)
	@tools/deps build sanitize
	@$(MAKE) --no-print-directory build-fuzz
	@tools/run-fuzz build/fuzz $(FUZZ_SECONDS)

install: ## Install below PREFIX (/usr/local); DESTDIR is put in front of it
	@$(MAKE) --no-print-directory build CMAKE_ARGS=-DCMAKE_INSTALL_PREFIX=$(PREFIX) RECONFIGURE=1
	DESTDIR=$(if $(DESTDIR),$(abspath $(DESTDIR))) cmake --install build/release

clean: ## Remove what was built
	rm -rf build

help: ## Print this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

# The pattern rules behind them: build-PRESET and suite-PRESET.
build-%: build/%/configured
	@cmake --build build/$* --parallel $(JOBS)

suite-%: build-%
	@ctest --preset $* --no-tests=error --parallel $(JOBS) --output-junit tests.xml $(CTEST_ARGS)

.PRECIOUS: build/%/configured
build/%/configured: CMakePresets.json $(if $(RECONFIGURE),FORCE)
	@command -v cmake >/dev/null || { echo "cmake is missing; 'make deps' installs it" >&2; exit 1; }
	@cmake --preset $* $(if $(wildcard build/$*/CMakeCache.txt),,$(GENERATOR)) $(CMAKE_ARGS)
	@touch $@

.PHONY: FORCE
FORCE:
