# `make size` and `make stack`: figures, for this machine and for those whose compiler is here. Included by the Makefile.

STACK_CC  ?= $(if $(findstring clang,$(notdir $(CC))),$(CROSS_COMPILE)gcc,$(CC))
ARM_CC    ?= arm-none-eabi-gcc
ARM_FLAGS ?= -mcpu=cortex-m3 -mthumb -Os
A64_CC    ?= aarch64-linux-gnu-gcc

# Without the red zone, of which gcc counts nothing: 128 bytes below the stack pointer of a function that calls none.
RED_ZONE   = $(if $(findstring x86_64,$(MACHINE)),-mno-red-zone)
stack_CC   = $(STACK_CC) $(BASE_CFLAGS) $(CPPFLAGS) -Wno-error -O2 $(RED_ZONE) -fcallgraph-info=su
cortexm_CC = $(ARM_CC) $(ARM_FLAGS) $(BASE_CFLAGS) -Wno-error -fcallgraph-info=su
aarch64_CC = $(A64_CC) $(BASE_CFLAGS) -Wno-error -O2 -fcallgraph-info=su
$(foreach v,stack cortexm aarch64,$(eval $(call variant,$v)))

# Firmware brings its own ports: there the library proper and the null port count.
cortexm_FIGURE := $(patsubst %.c,$(BUILD)/cortexm/%.o,$(LIB_SRC) $(filter port/null/%,$(PORT_SRC)))
aarch64_FIGURE := $(patsubst %.c,$(BUILD)/aarch64/%.o,$(LIB_SRC) $(PORT_SRC))
stack_FIGURE   := $(stack_LIB)
FIGURE_NAME_stack   = $(firstword $(subst -, ,$(MACHINE)))
FIGURE_NAME_cortexm = Cortex-M3
FIGURE_NAME_aarch64 = aarch64
# Those whose compiler is here.
FIGURES := stack $(if $(shell command -v $(A64_CC) 2>/dev/null),aarch64) $(if $(shell command -v $(ARM_CC) 2>/dev/null),cortexm)

FIGURE_ARGS = $(foreach f,$(FIGURES),'$(FIGURE_NAME_$f)=$(BUILD)/$f')
FIGURE_NOTE = $(if $(filter cortexm,$(FIGURES)),,@echo "$@: no $(ARM_CC) here, so no Cortex-M figures (make deps $@)")
# UPDATE=1 writes docs/memory.md instead of printing.
MEMORY_PAGE = docs/memory.md

stack: $(foreach f,$(FIGURES),$($f_FIGURE)) ## worst-case stack of each public function (UPDATE=1 writes docs/memory.md; OF=function: its path)
	@$(PYTHON) test/tools/stack.py test/tools/stack_calls.txt $(FIGURE_ARGS) $(if $(OF),--path $(OF)) $(if $(UPDATE),--update $(MEMORY_PAGE))
	$(FIGURE_NOTE)
.PHONY: check-stack
check-stack: $(foreach f,$(FIGURES),$($f_FIGURE))
	@$(PYTHON) test/tools/stack.py --quiet test/tools/stack_calls.txt $(FIGURE_ARGS)

size: $(foreach f,$(FIGURES),$($f_FIGURE)) $(PROGRAM) ## code and data of each module (UPDATE=1 writes docs/memory.md, CHECK=1 compares)
	@$(PYTHON) test/tools/size.py $(FIGURE_ARGS) $(PROGRAM:%=--program %) $(if $(UPDATE),--update $(MEMORY_PAGE)) \
	    $(if $(CHECK),--check $(MEMORY_PAGE))
	$(FIGURE_NOTE)
