# SPDX-License-Identifier: MIT
#
# `make help` lists what can be made. Settings:
#
#   BOARD="..."          boards for `firmware`
#   BOARD_VARIANT=name   BOARD_name instead, as MicroPython's makefiles have it
#   TEST_BOARDS="..."    boards for `test`
#   T="..."              tests for `test`, as pytest names them; default: all
#   MICROPY_DIR=folder   MicroPython 1.25 to 1.29 in place of the pinned one
#   MBEDTLS_DIR=folder   Mbed TLS 3.6 in place of MicroPython's or the pinned one
#   LWIP_DIR=folder      lwIP in place of MicroPython's or the pinned one
#   MPY_SSL_CACHE=folder where downloads are kept, default ~/.cache/mpy-ssl
#   JOBS=n               compilers at once, default one a processor
#
# Each target runs one program of tools/ or of the rig; what to do is decided there.

.DEFAULT_GOAL := help
SHELL := /bin/sh
export MICROPY_DIR MBEDTLS_DIR LWIP_DIR MPY_SSL_CACHE

BOARDS := $(sort $(notdir $(patsubst %/,%,$(dir $(wildcard boards/*/board.json)))))
BOARD ?= QEMU_VIRT_RV32
# A variant is a board of its own here.
ifneq ($(BOARD_VARIANT),)
override BOARD := $(BOARD)_$(BOARD_VARIANT)
endif
# The slowest first: the tests of several boards run at the same time, each board's in one process.
TEST_BOARDS ?= RPI_PICO QEMU_VIRT_RV32 UNIX UNIX_SAN
# Nothing here can run these; `test` builds them and looks at their images.
BUILT_BOARDS = RPI_PICO2
# A test's name says its board in brackets; then no other one has to be built.
NAMED_BOARDS = $(sort $(filter $(BOARDS),$(subst -, ,$(subst ], ,$(subst [, ,$(T))))))
TESTED = $(or $(NAMED_BOARDS),$(TEST_BOARDS))
# Targets that run no board but QEMU_VIRT_RV32 need nothing of the others.
NEEDS_BOARD_ONLY = demo firmware flash sources mpy-cross fmt lint size
SETUP = $(addprefix --board ,$(BOARD)) \
	$(if $(filter-out $(NEEDS_BOARD_ONLY),$(or $(MAKECMDGOALS),help)),$(addprefix --run ,$(TESTED))) \
	$(if $(filter setup test test-images test-reproducible,$(MAKECMDGOALS)),$(addprefix --board ,$(BUILT_BOARDS)))
SYSTEM_PYTHON = $(shell tools/find-python.sh)
PYTHON := .venv/bin/python
FIRMWARE = $(PYTHON) tools/firmware.py $(if $(JOBS),--jobs $(JOBS))
PYTEST = $(PYTHON) -m pytest
PROCESSES = -n 2
# Two processors run two boards.
PARALLEL = $(if $(word 2,$(TESTED)),$(PROCESSES))
define TEST_ON_BOARDS
$(FIRMWARE) $(TESTED) \
	&& $(if $(filter RPI_PICO,$(TESTED)),$(PYTHON) tools/emulator.py &&) \
	$(PYTEST) $(PARALLEL) $(addprefix --board ,$(TESTED))
endef
CHECKED := $(wildcard tools hil_tests bench)
EXAMPLES := $(wildcard examples)
UNIT_TESTS := $(wildcard tools/tests hil_tests/unit bench/tests)

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20
	@echo 'boards:             $(BOARDS)'

.PHONY: demo
demo: setup ## from nothing to verified TLS sessions on the virtual board
	@$(FIRMWARE) QEMU_VIRT_RV32
	@$(PYTHON) -m hil_tests demo

.PHONY: setup
setup: ## install Debian and Python packages that are missing
	@$(or $(SYSTEM_PYTHON),false) tools/setup.py $(SETUP)

.PHONY: sources
sources: setup ## fetch and unpack the pinned upstream sources
	@$(PYTHON) tools/sources.py

.PHONY: mpy-cross
mpy-cross: setup ## build MicroPython's cross compiler
	@$(FIRMWARE)

.PHONY: firmware
firmware: setup ## build the image of BOARD="..."
	@$(FIRMWARE) $(BOARD)

.PHONY: flash
flash: firmware ## put the image onto a real BOARD: RP2, of several SERIAL=<USB serial number>; ESP32, of several PORT=<port>
	@$(PYTHON) -m hil_tests.flash $(BOARD) --version "$$($(PYTHON) tools/version.py)" $(addprefix --serial ,$(SERIAL)) \
		$(addprefix --port ,$(PORT))

# In one run, so that what needs no board fills the time of the processor whose boards are done first.
.PHONY: test
test: PARALLEL = $(PROCESSES)
test: lint $(if $(filter RPI_PICO,$(TESTED)),rp2040) setup ## run all tests: static checks, tools and rig, every board
	@$(FIRMWARE) $(BUILT_BOARDS)
	@$(TEST_ON_BOARDS) $(if $(T),$(UNIT_TESTS) tools/images $(T),$(CHECKED))

.PHONY: test-unit
test-unit: setup ## run the tests that need no board
	@$(PYTEST) $(PROCESSES) $(UNIT_TESTS)

.PHONY: test-images
test-images: setup ## build the boards that cannot be run here, and check what is in their images
	@$(FIRMWARE) $(BUILT_BOARDS)
	@$(PYTEST) tools/images

.PHONY: test-boards
test-boards: setup ## run the tests that need a board, on TEST_BOARDS="..." or only T="..."
	@$(TEST_ON_BOARDS) $(or $(T),hil_tests --ignore=hil_tests/unit)

.PHONY: test-slow
test-slow: setup ## run the board tests that take minutes, on TEST_BOARDS="..." or only T="..."
	@$(TEST_ON_BOARDS) -m slow $(or $(T),hil_tests --ignore=hil_tests/unit)

# MicroPython's tests want more of a board than a serial line.
UPSTREAM_BOARDS = $(filter-out RPI_PICO,$(TEST_BOARDS))

.PHONY: test-upstream
test-upstream: setup ## run MicroPython's own TLS tests against this module
	@$(FIRMWARE) $(UPSTREAM_BOARDS)
	@$(PYTHON) tools/upstream_tests.py $(addprefix --board ,$(UPSTREAM_BOARDS))

# The sanitizers keep each source's path, so their board cannot be reproducible.
.PHONY: test-reproducible
test-reproducible: setup ## build each board in two folders and compare the images
	@$(PYTHON) tools/reproducible.py $(filter-out UNIX_SAN,$(TEST_BOARDS)) $(BUILT_BOARDS)

.PHONY: rp2040
rp2040: ## make the emulated RP2040 ready, on which RPI_PICO runs
	@$(or $(SYSTEM_PYTHON),false) tools/setup.py --run RPI_PICO
	@$(PYTHON) tools/emulator.py

.PHONY: bench
bench: setup ## measure stock TLS and this module side by side; BOARD=RPI_PICO: cycles of an emulated Pico
	@$(if $(filter RPI_PICO,$(BOARD)),$(PYTHON) tools/emulator.py && $(PYTHON) -m bench.rp2040,$(PYTHON) -m bench)

.PHONY: size
size: setup ## show the size of each built image, and the change since the last time
	@$(PYTHON) tools/size.py $(BOARDS)

.PHONY: fmt
fmt: setup ## format the Python sources
	@$(PYTHON) -m ruff format $(CHECKED) $(EXAMPLES)
	@$(PYTHON) -m ruff check --fix $(CHECKED) $(EXAMPLES)

.PHONY: lint
lint: setup ## check the Python sources: ruff, mypy
	@$(PYTHON) -m ruff check $(CHECKED) $(EXAMPLES)
	@$(PYTHON) -m ruff format --check $(CHECKED) $(EXAMPLES)
	@$(PYTHON) -m mypy $(CHECKED)

.PHONY: clean
clean: ## remove all that was built; the downloads and .venv stay
	rm -rf build
