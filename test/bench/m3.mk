# `make bench-m3`: instructions on a Cortex-M3, counted by QEMU. Included by the Makefile after figures.mk.

QEMU_ARM ?= qemu-system-arm
M3       := $(BUILD)/bench/m3
M3_CC     = $(ARM_CC) $(ARM_FLAGS) $(BASE_CFLAGS) -Wno-error -Iinclude -Itest/bench/m3
# As the library was built for `make size`; the schedule and what stands below it.
M3_LIB   := $(patsubst %.c,$(BUILD)/cortexm/%.o,$(filter lib/base/% lib/sched/%,$(LIB_SRC)))
M3_SRC   := $(wildcard test/bench/m3/*.c)
M3_TOOLS := $(and $(shell command -v $(ARM_CC) 2>/dev/null),$(shell command -v $(QEMU_ARM) 2>/dev/null))

$(M3)/schedule.elf: $(M3_SRC) test/bench/m3/m3.h test/bench/m3/link.ld $(M3_LIB)
	$(SAY) "  LINK  $@"
	@mkdir -p $(@D)
	$(Q)$(M3_CC) -nostartfiles -T test/bench/m3/link.ld -Wl,--gc-sections $(M3_SRC) $(M3_LIB) -o $@

.PHONY: bench-m3
bench-m3: $(if $(M3_TOOLS),$(M3)/schedule.elf) ## instructions a question takes on a Cortex-M3 (QEMU)
ifneq ($(M3_TOOLS),)
	@timeout 120 $(QEMU_ARM) -M mps2-an385 -nographic -monitor none -serial none -icount shift=0 \
	    -semihosting-config enable=on,target=native -kernel $<
else
	@echo "bench-m3: skipped: no $(ARM_CC) or no $(QEMU_ARM) here (make deps bench-m3)"
endif
