# `make check`: everything mechanical that can be said about the sources. Included by the Makefile.

CLANG_FORMAT ?= clang-format
CLANG_TIDY   ?= clang-tidy
CPPCHECK     ?= cppcheck

CHECKED_SRC := $(LIB_ALL_SRC) $(MEM_SRC) $(PROGRAM_SRC) $(EXAMPLES:%=examples/%.c)
FORMAT_SRC  := $(sort $(shell find include lib port examples test \( -path test/fuzz/corpus -o -path '*/wire/*' \) -prune \
    -o -name '*.[ch]' -print 2>/dev/null) $(wildcard test/wire/*.[ch]))
TIDY_OK     := $(CHECKED_SRC:%.c=$(BUILD)/check/%.tidy)
CLANG_OBJ   := $(CHECKED_SRC:%.c=$(BUILD)/clangobj/%.o) $(C_TESTS:%=$(BUILD)/clangobj/test/%.o)

clangobj_CC = $(CLANG) $(BASE_CFLAGS) $(CPPFLAGS) -O1
$(eval $(call variant,clangobj))

.PHONY: check-format check-tidy check-cppcheck check-clang
check-format:
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMAT_SRC) && echo "format: $(words $(FORMAT_SRC)) files"

check-clang: $(CLANG_OBJ)
	@echo "clang: $(words $(CLANG_OBJ)) files without a warning"

# Again only when the file, or a header that it includes, changed: that is when its object is newer.
$(BUILD)/check/%.tidy: $(BUILD)/obj/%.o .clang-tidy
	$(SAY) "  TIDY  $*.c"
	@mkdir -p $(@D)
	$(Q)$(CLANG_TIDY) --quiet $*.c -- -std=c11 $(LIB_INC) $(MBEDTLS_CPPFLAGS) >$@.log 2>&1 || { cat $@.log; exit 1; }
	@touch $@
check-tidy: $(TIDY_OK)
	@echo "clang-tidy: $(words $(TIDY_OK)) files without a finding"

check-cppcheck:
	@mkdir -p $(BUILD)/check/cppcheck
	@$(CPPCHECK) -q --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --cppcheck-build-dir=$(BUILD)/check/cppcheck --suppress=missingInclude -Iinclude -Ilib lib port examples \
	    && echo "cppcheck: nothing found"

check: quick-check check-format check-clang check-tidy check-cppcheck check-stack ## format, warnings of both compilers, clang-tidy, cppcheck, arrows, symbols, stack
