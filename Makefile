# berth: one static library that never allocates, and the programs on it.
# `make help` lists the targets. Nothing is written outside build/.

ifneq ($(and $(filter deps,$(MAKECMDGOALS)),$(filter-out deps,$(MAKECMDGOALS))),)

# `make deps demo`: install first, then let a fresh make see what is there now.
GOALS := $(filter-out deps,$(MAKECMDGOALS))
.PHONY: deps $(GOALS)
deps:
	@test/tools/deps.sh $(GOALS)
# One goal after the other, each on all processors unless -j says something else.
$(firstword $(GOALS)): deps
	@for goal in $(GOALS); do \
	    $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 1)) $$goal || exit; done
$(wordlist 2,99,$(GOALS)): $(firstword $(GOALS))
	@:

else

# ---- tools and flags (all can be set on the command line) -----------------------------------------------------
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin CXX),default)
CXX := # headers.sh looks for one
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
OBJCOPY ?= $(CROSS_COMPILE)objcopy
NM      ?= $(CROSS_COMPILE)nm
SIZE    ?= $(CROSS_COMPILE)size
CLANG   ?= clang
# Scripts leave no compiled copies of themselves beside the sources.
export PYTHONDONTWRITEBYTECODE := 1
# Debian's own before any other in PATH: it is the one whose modules `make deps` installs.
PYTHON  ?= $(firstword $(wildcard /usr/bin/python3) python3)
CFLAGS  ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
WERROR  ?= -Werror
STATIC  ?= -static
PREFIX  ?= /usr/local
# The folder that holds jsmn.h (Debian: libjsmn-dev). It is only read.
JSMN_DIR ?= /usr/include
# Someone's own mbedTLS source tree, 2.28 or 3.6. It is only read.
MBEDTLS_DIR ?=
VERSION := $(shell sed -n 's/^\#define BERTH_VERSION "\(.*\)"/\1/p' include/berth/berth.h)

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wcast-qual \
            -Wpointer-arith -Wundef $(WERROR)
# The folder's name is not built in, so that the same sources give the same bytes anywhere.
BASE_CFLAGS := -std=c11 -ffunction-sections -fdata-sections -ffile-prefix-map='$(CURDIR)'=. $(WARNINGS)
SAN_CFLAGS  := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined

define newline


endef

# ---- what is built where --------------------------------------------------------------------------------------
MACHINE := $(shell $(CC) -dumpmachine 2>/dev/null)
BUILD   := $(if $(CROSS_COMPILE),build/cross/$(patsubst %-,%,$(notdir $(CROSS_COMPILE))),build)
# Bare metal has no sockets: the library then comes with the null port alone.
PORTS   ?= $(if $(findstring none,$(MACHINE)),null,posix null mbedtls)

LIB_SRC     := $(sort $(foreach r,base data http platform sched booking,$(wildcard lib/$r/*.c)))
PORT_SRC    := $(sort $(foreach p,$(filter-out mbedtls,$(PORTS)),$(wildcard port/$p/*.c)))
MEM_SRC     := $(sort $(wildcard port/mem/*.c))
PROGRAM_SRC := $(sort $(wildcard examples/berth/*.c))
EXAMPLES    := $(sort $(patsubst examples/%.c,%,$(wildcard examples/*.c)))
SUPPORT_SRC := $(sort $(filter-out test/support/noheap.c test/support/fuzz_%.c,$(wildcard test/support/*.c)))
C_TESTS     := $(sort $(foreach d,unit wire fault,$(patsubst test/%.c,%,$(wildcard test/$d/test_*.c))))
FUZZERS     := $(sort $(patsubst test/fuzz/fuzz_%.c,%,$(wildcard test/fuzz/fuzz_*.c)))
BENCHES     := $(sort $(patsubst test/bench/%.c,%,$(wildcard test/bench/*.c)))

JSMN_CPPFLAGS := -isystem $(BUILD)/jsmn
LIB_INC  := -Iinclude -Ilib $(JSMN_CPPFLAGS)
PORT_INC := -Iinclude
TEST_INC := -Iinclude -Ilib -Itest/support -I.

# V=1 shows the commands; -s shows nothing.
Q := $(if $(V),,@)
SAY := $(if $(V)$(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS)))),@:,@echo)

.PHONY: all
all: ## the library, the program and the examples (default)

# mbedTLS: sets MBEDTLS_READY, MBEDTLS_CPPFLAGS, MBEDTLS_ARCHIVES, MBEDTLS_SRC, and their rules.
-include port/mbedtls/mbedtls.mk
LIB_ALL_SRC := $(LIB_SRC) $(PORT_SRC) $(if $(MBEDTLS_READY),$(MBEDTLS_SRC))

# ---- compiling ------------------------------------------------------------------------------------------------
# $(call stamp,FILE,VARIABLE): a file that changes exactly when the variable's value does.
stamp = @mkdir -p $(dir $1) && printf '%s\n' '$(subst ','\'',$($2))' | cmp -s - $1 || printf '%s\n' '$(subst ','\'',$($2))' >$1

.PHONY: FORCE
FORCE:
.DELETE_ON_ERROR:
.SUFFIXES:

$(BUILD)/jsmn/.from: FORCE
	$(call stamp,$@,JSMN_DIR)
$(BUILD)/jsmn/jsmn.h: $(BUILD)/jsmn/.from $(wildcard $(JSMN_DIR)/jsmn.h)
	@test -f '$(JSMN_DIR)/jsmn.h' || { echo "berth: no jsmn.h in $(JSMN_DIR): run 'make deps', or set JSMN_DIR=" >&2; exit 1; }
	@mkdir -p $(@D) && cp '$(JSMN_DIR)/jsmn.h' $@

define compile
$(SAY) "  CC    $@"
@mkdir -p $(@D)
$(Q)$($1) $2 -MMD -MP -c $< -o $@
endef

define archive
$(SAY) "  AR    $@"
@rm -f $@
$(Q)$(AR) rcsD $@ $(filter %.o,$^)
endef

# $(call variant,NAME): objects of every room under build/NAME/, compiled by $(NAME_CC), rebuilt when that changes.
define variant
$1_KEY = $$($1_CC) $$(LIB_INC) $$(MBEDTLS_CPPFLAGS)
$(BUILD)/$1/.flags: FORCE
	$$(call stamp,$$@,$1_KEY)
$(BUILD)/$1/lib/%.o: lib/%.c $(BUILD)/$1/.flags | $(BUILD)/jsmn/jsmn.h
	$$(call compile,$1_CC,$$(LIB_INC))
$(BUILD)/$1/port/%.o: port/%.c $(BUILD)/$1/.flags
	$$(call compile,$1_CC,$$(PORT_INC) $$(if $$(filter mbedtls/%,$$*),$$(MBEDTLS_CPPFLAGS)))
$(BUILD)/$1/examples/%.o: examples/%.c $(BUILD)/$1/.flags
	$$(call compile,$1_CC,$$(PORT_INC))
$(BUILD)/$1/test/%.o: test/%.c $(BUILD)/$1/.flags | $(BUILD)/jsmn/jsmn.h
	$$(call compile,$1_CC,$$(TEST_INC) $$(JSMN_CPPFLAGS) $$(MBEDTLS_CPPFLAGS) $$(CMOCKA_DIR:%=-isystem %/include))
$(BUILD)/$1/.objects: FORCE
	$$(call stamp,$$@,LIB_ALL_SRC)
$1_LIB     := $$(LIB_ALL_SRC:%.c=$(BUILD)/$1/%.o)
$1_PROGRAM := $$(PROGRAM_SRC:%.c=$(BUILD)/$1/%.o)
$1_TESTLIB := $$(patsubst %.c,$(BUILD)/$1/%.o,$$(MEM_SRC) $$(SUPPORT_SRC))
endef

obj_CC     = $(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(CFLAGS)
san_CC     = $(CC) $(BASE_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN_CFLAGS)
fuzzobj_CC = $(CLANG) $(BASE_CFLAGS) $(CPPFLAGS) -O1 -g -fsanitize=fuzzer-no-link,address,undefined
$(foreach v,obj san fuzzobj,$(eval $(call variant,$v)))
-include $(shell find $(BUILD) -path build/src -prune -o -name '*.d' -type f -print 2>/dev/null)

REPLAYS := $(FUZZERS:%=$(BUILD)/test/fuzz/fuzz_%)
# ---- linking --------------------------------------------------------------------------------------------------
LIB     := $(BUILD)/libberth.a
SAN_LIB := $(BUILD)/san/libberth.a
$(LIB): $(obj_LIB) $(BUILD)/obj/.objects
	$(archive)
$(SAN_LIB): $(san_LIB) $(BUILD)/san/.objects
	$(archive)
$(BUILD)/fuzzobj/libberth.a: $(fuzzobj_LIB) $(BUILD)/fuzzobj/.objects
	$(archive)

# $(call link,COMPILER VARIABLE,FLAGS,EXTRA LIBRARIES): the TLS port and mbedTLS need each other, hence the group.
define link
$(SAY) "  LINK  $@"
@mkdir -p $(@D)
$(Q)$($1) $2 $(LDFLAGS) -Wl,--gc-sections $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $3 -o $@
endef

# What is linked again when only the libraries or the linker's flags changed.
LINK_KEY = $(LDFLAGS) $(STATIC) $(MBEDTLS_ARCHIVES)
LINKED  := $(BUILD)/.link
$(LINKED): FORCE
	$(call stamp,$@,LINK_KEY)

# Programs speak TLS. Without mbedTLS the library is still built; the programs say what is missing.
.PHONY: need-mbedtls
need-mbedtls:
	@$(if $(MBEDTLS_READY),:,echo "berth: no mbedTLS for $(or $(MACHINE),$(CC)): the library is built, programs are not. Run 'make deps', or set MBEDTLS_DIR=" >&2; exit 1)

PROGRAM     := $(if $(PROGRAM_SRC),$(BUILD)/berth)
SAN_PROGRAM := $(if $(PROGRAM_SRC),$(BUILD)/san/berth)
NOHEAP      := $(if $(and $(PROGRAM_SRC),$(wildcard test/support/noheap.c)),$(BUILD)/noheap/berth)
$(BUILD)/berth: $(obj_PROGRAM) $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC,$(STATIC))
$(BUILD)/san/berth: $(san_PROGRAM) $(SAN_LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,san_CC)
# The same objects, with an allocator that aborts once main has begun.
$(BUILD)/noheap/berth: $(obj_PROGRAM) $(BUILD)/obj/test/support/noheap.o $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC,-static)
$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC)
$(BUILD)/test/%: $(BUILD)/san/test/%.o $(san_TESTLIB) $(SAN_LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,san_CC,,-lcmocka)
# The suite of stores needs cmocka, which fuzz targets do without.
no_suite = $(filter-out $(BUILD)/$1/test/support/store_%.o,$($1_TESTLIB))
$(REPLAYS): $(BUILD)/test/fuzz/%: $(BUILD)/san/test/fuzz/%.o $(BUILD)/san/test/support/fuzz_replay.o $(call no_suite,san) \
    $(SAN_LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,san_CC)
$(BUILD)/fuzz/%: $(BUILD)/fuzzobj/test/fuzz/fuzz_%.o $(call no_suite,fuzzobj) $(BUILD)/fuzzobj/libberth.a $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,fuzzobj_CC,-fsanitize=fuzzer)
# A bench that needs more libraries names them in a line of its own: /* link: -lcurl -lcjson */
$(BUILD)/bench/%: $(BUILD)/obj/test/bench/%.o $(LIB) $(MBEDTLS_ARCHIVES) $(LINKED) | need-mbedtls
	$(call link,obj_CC,,$(shell sed -n 's|^/\* link: \(.*\) \*/$$|\1|p' test/bench/$*.c))
# The mbedTLS that the TLS port was linked with, its allocator redirected, as one archive.
TLS_LIB := $(if $(MBEDTLS_READY),$(BUILD)/libberth_mbedtls.a)
$(BUILD)/libberth_mbedtls.a: $(MBEDTLS_ARCHIVES) $(LINKED)
	$(SAY) "  AR    $@"
	@rm -f $@
	$(Q)printf 'CREATE %s\n' $@ >$@.mri && printf 'ADDLIB %s\n' $(filter %.a,$^) >>$@.mri && printf 'SAVE\nEND\n' >>$@.mri && $(AR) -M <$@.mri
.SECONDARY:

# ---- targets --------------------------------------------------------------------------------------------------
.PHONY: lib deps demo test check bench size stack fuzz install uninstall clean help
all: lib $(PROGRAM) $(EXAMPLES:%=$(BUILD)/examples/%)
$(PROGRAM) $(EXAMPLES:%=$(BUILD)/examples/%): | $(LIB)

lib: $(LIB) ## the library alone (build/libberth.a)

deps: ## install with apt what is missing: `make deps`, `make deps demo`, `make deps test`
	@test/tools/deps.sh

TESTS    := $(C_TESTS:%=$(BUILD)/test/%) $(REPLAYS)
# The longest first, so that none runs alone at the end.
LONGEST  := $(sort $(wildcard test/program/test_worker*.py))
PY_TESTS := $(LONGEST) $(filter-out $(LONGEST),$(sort $(wildcard test/program/test_*.py test/peers/test_*.py)))
test: all $(TLS_LIB) $(TESTS) $(SAN_PROGRAM) $(NOHEAP) ## every test, with sanitizers and forbidden pages
	@$(PYTHON) test/tools/run_tests.py $(QUICK_CHECKS) $(PY_TESTS) $(TESTS)

# The mechanical checks that cost seconds; `make test` runs them too, as one test case each.
QUICK_CHECKS = --check arrows '$(PYTHON) test/tools/arrows.py' \
    --check limits '$(PYTHON) test/tools/limits.py' \
    --check symbols 'NM=$(NM) SIZE=$(SIZE) $(PYTHON) test/tools/symbols.py $(LIB) $(BUILD)/obj' \
    --check headers 'CC="$(CC)" CXX="$(CXX)" test/tools/headers.sh'
.PHONY: quick-check
quick-check: $(LIB) $(obj_PROGRAM)
	@$(PYTHON) test/tools/run_tests.py $(QUICK_CHECKS)

demo: $(PROGRAM) ## a server, a worker and a job with several steps, shown with berth itself
	@$(PYTHON) test/demo/demo.py

bench: all $(BENCHES:%=$(BUILD)/bench/%) ## speed and peak memory beside libcurl + cJSON, curl and pandas
	$(foreach b,$(filter bench_%,$(BENCHES)),@$(BUILD)/bench/$b$(newline))
	$(foreach s,$(sort $(wildcard test/bench/bench*.py)),@$(PYTHON) $s$(newline))

help: ## this list
	@echo "make TARGET [CC= CFLAGS= CROSS_COMPILE= PORTS= MBEDTLS_DIR= JSMN_DIR= STATIC= PREFIX= DESTDIR= WERROR= V=1]"
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-12s %s\n", $$1, $$2}' 

include test/tools/check.mk
include test/tools/figures.mk
include test/bench/m3.mk
include test/tools/dist.mk
include test/tools/cross.mk

FUZZ_SECONDS ?= 20
fuzz: $(FUZZERS:%=$(BUILD)/fuzz/%) ## libFuzzer on each parser, FUZZ_SECONDS=20 each (needs clang)
	@test -n '$(FUZZERS)' || { echo "fuzz: no target" >&2; exit 1; }
	@for f in $(FUZZERS); do mkdir -p $(BUILD)/fuzz/corpus/$$f; done
	$(foreach f,$(FUZZERS),$(Q)$(BUILD)/fuzz/$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 \
	    -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/crash-$f- $(BUILD)/fuzz/corpus/$f $(wildcard test/fuzz/corpus/$f) \
	    >$(BUILD)/fuzz/$f.log 2>&1 || { tail -n 60 $(BUILD)/fuzz/$f.log; echo "fuzz: $f failed" >&2; exit 1; }; \
	    echo "$f: $$(sed -n 's/^stat::number_of_executed_units: *//p' $(BUILD)/fuzz/$f.log) inputs in $(FUZZ_SECONDS) s, nothing found"$(newline))

# ---- installing -----------------------------------------------------------------------------------------------
DESTDIR    ?=
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR    ?= $(PREFIX)/share
INSTALL    ?= install
# The memory port is for tests and not in the library: who wants it takes port/mem with its header.
HEADERS    := $(sort $(filter-out %/port_mem.h,$(wildcard include/berth/*.h)))
SHARE      := $(BUILD)/share
# Man page and completions come from the program itself, so that they cannot differ from it. What was built for
# another machine cannot be asked.
ASK        := $(if $(CROSS_COMPILE),,$(PROGRAM))
COMPLETION := $(if $(ASK),$(foreach s,bash zsh fish,$(SHARE)/berth.$s))
MAN        := $(if $(ASK),$(SHARE)/berth.1)

$(COMPLETION): $(SHARE)/berth.%: $(BUILD)/berth
	@mkdir -p $(@D)
	$(Q)$< completion $* >$@
$(SHARE)/berth.1: $(BUILD)/berth
	@mkdir -p $(@D)
	$(Q)$< man >$@
$(SHARE)/berth.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(LIBDIR:$(PREFIX)%=$${prefix}%)' \
	    'includedir=$(INCLUDEDIR:$(PREFIX)%=$${prefix}%)' '' 'Name: berth' \
	    'Description: Talks to GPU job platforms and never allocates' 'Version: $(VERSION)' \
	    'Libs: -L$${libdir} $(if $(TLS_LIB),-Wl$(comma)--start-group -lberth -lberth_mbedtls -Wl$(comma)--end-group,-lberth)' \
	    'Cflags: -I$${includedir}' >$@
comma := ,

# $(1) = a file that was built, $(2) = where it goes; uninstall removes the same list.
INSTALLED := $(HEADERS:include/%=$(INCLUDEDIR)/%) $(LIBDIR)/libberth.a $(TLS_LIB:$(BUILD)/%=$(LIBDIR)/%) \
    $(LIBDIR)/pkgconfig/berth.pc $(PROGRAM:$(BUILD)/%=$(BINDIR)/%) $(MAN:$(SHARE)/%=$(DATADIR)/man/man1/%) \
    $(if $(COMPLETION),$(DATADIR)/bash-completion/completions/berth $(DATADIR)/zsh/site-functions/_berth \
    $(DATADIR)/fish/vendor_completions.d/berth.fish)
put = $(Q)$(INSTALL) -D -m $1 $2 '$(DESTDIR)$3'

install: $(LIB) $(PROGRAM) $(TLS_LIB) $(SHARE)/berth.pc $(COMPLETION) $(MAN) ## into $(DESTDIR)$(PREFIX)
	$(foreach h,$(HEADERS),$(call put,644,$h,$(INCLUDEDIR)/$(h:include/%=%))$(newline))
	$(call put,644,$(LIB),$(LIBDIR)/libberth.a)
	$(if $(TLS_LIB),$(call put,644,$(TLS_LIB),$(LIBDIR)/libberth_mbedtls.a))
	$(call put,644,$(SHARE)/berth.pc,$(LIBDIR)/pkgconfig/berth.pc)
	$(if $(PROGRAM),$(call put,755,$(PROGRAM),$(BINDIR)/berth))
	$(if $(MAN),$(call put,644,$(MAN),$(DATADIR)/man/man1/berth.1))
	$(if $(ASK),$(call put,644,$(SHARE)/berth.bash,$(DATADIR)/bash-completion/completions/berth))
	$(if $(ASK),$(call put,644,$(SHARE)/berth.zsh,$(DATADIR)/zsh/site-functions/_berth))
	$(if $(ASK),$(call put,644,$(SHARE)/berth.fish,$(DATADIR)/fish/vendor_completions.d/berth.fish))

uninstall: ## what install put there
	$(Q)rm -f $(foreach f,$(INSTALLED),'$(DESTDIR)$f')
	$(Q)rmdir '$(DESTDIR)$(INCLUDEDIR)/berth' 2>/dev/null || :

clean: ## remove build/
	rm -rf build

endif
