# `make test-arm`, `make test-bigendian`: the tests on other machines, each program under qemu's user mode. Included by the Makefile.
# Without sanitizers, which qemu cannot run; forbidden pages, overflow traps and the tests' own checks are there.

# For a build with CROSS_COMPILE: what runs its programs, and the tree that cmocka is compiled from.
RUN        ?=
CMOCKA_DIR ?=

ifneq ($(CROSS_COMPILE),)
cmocka_CC = $(CC) -std=gnu11 -O1 -w -DHAVE_SIGNAL_H -DHAVE_INTTYPES_H -DHAVE_MALLOC_H -DHAVE_STRUCT_TIMESPEC -DHAVE_CLOCK_REALTIME \
            -DHAVE_SNPRINTF -DHAVE_VSNPRINTF -DHAVE_STRSIGNAL
$(BUILD)/cmocka.o: $(CMOCKA_DIR)/src/cmocka.c
	$(call compile,cmocka_CC,-I$(CMOCKA_DIR)/include)
$(BUILD)/plain/fuzz/%: $(BUILD)/obj/test/fuzz/%.o $(BUILD)/obj/test/support/fuzz_replay.o $(obj_TESTLIB) $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC,-static)
$(BUILD)/plain/%: $(BUILD)/obj/test/%.o $(obj_TESTLIB) $(BUILD)/cmocka.o $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC,-static)
# The program, as the tests of the command line start it.
$(BUILD)/run-berth: $(PROGRAM)
	@printf '#!/bin/sh\nexec %s %s "$$@"\n' "$$(command -v $(RUN))" '$(CURDIR)/$(PROGRAM)' >$@ && chmod +x $@

PLAIN := $(C_TESTS:%=$(BUILD)/plain/%) $(FUZZERS:%=$(BUILD)/plain/fuzz/fuzz_%)
.PHONY: test-cross
test-cross: $(PROGRAM) $(PLAIN) $(BUILD)/run-berth
	@TEST_RUN='$(RUN)' BERTH='$(CURDIR)/$(BUILD)/run-berth' TEST_LIMIT_S=900 $(PYTHON) test/tools/run_tests.py $(if $(CROSS_PY),$(CROSS_PY)) $(PLAIN)
endif

# $(call on,TRIPLE,QEMU,WHAT ELSE): all of it for one machine.
on = @echo "$@: $1"; $(MAKE) --no-print-directory -s CROSS_COMPILE=$1- MBEDTLS_DIR=$(CURDIR)/build/src/mbedtls \
     CMOCKA_DIR=$(CURDIR)/build/src/cmocka RUN=$2 STATIC=-static WERROR=-w CFLAGS='-O2 -g -ftrapv' $3 test-cross
.PHONY: test-arm test-bigendian
# Emulated TLS is too slow for the servers' deadlines, and an emulator does not go into another root or a container: these are
# the suites of the command line that do without.
CROSS_CLI := $(wildcard $(addprefix test/program/test_cli_,documents.py errors.py usage.py gpu.py schedule.py book.py pai_documents.py))
# The tests themselves want large files and dates where the machine is 32 bits wide; port/posix chooses so by itself.
test-arm: ## library and command line on 64-bit and 32-bit ARM, under qemu (make deps test-arm)
	@test/tools/sources.sh mbedtls cmocka
	+$(call on,aarch64-linux-gnu,qemu-aarch64-static,CROSS_PY='$(CROSS_CLI)')
	+$(call on,arm-linux-gnueabihf,qemu-arm-static,CPPFLAGS='-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64' CROSS_PY='$(CROSS_CLI)')
test-bigendian: ## the library on s390x, 64 bits and big-endian, under qemu (make deps test-bigendian)
	@test/tools/sources.sh mbedtls cmocka
	+$(call on,s390x-linux-gnu,qemu-s390x-static)
