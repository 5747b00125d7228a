# mbedTLS for the programs: Debian's archives with their allocator redirected, or someone's own tree (MBEDTLS_DIR=).
# Sets MBEDTLS_READY, MBEDTLS_SRC (the port), MBEDTLS_CPPFLAGS and MBEDTLS_ARCHIVES; included by the Makefile.

MBEDTLS_SRC      := $(if $(filter mbedtls,$(PORTS)),$(sort $(wildcard port/mbedtls/*.c)))
MBEDTLS_CPPFLAGS :=
MBEDTLS_OUT      := $(BUILD)/mbedtls
# The names that mbedTLS calls and that port/mbedtls defines in their place (gmtime_r: glibc's allocates; time: the clock is the caller's).
MBEDTLS_REDEFINE := $(foreach s,calloc free gmtime_r time,--redefine-sym $s=berth_mbedtls_$s)

ifeq ($(MBEDTLS_DIR),)

MBEDTLS_FOUND    := $(foreach l,tls x509 crypto,$(filter /%,$(shell $(CC) -print-file-name=libmbed$l.a 2>/dev/null)))
MBEDTLS_READY    := $(if $(word 3,$(MBEDTLS_FOUND)),yes)
MBEDTLS_ARCHIVES := $(if $(MBEDTLS_READY),$(foreach l,tls x509 crypto,$(MBEDTLS_OUT)/libmbed$l.a))

$(MBEDTLS_OUT)/libmbed%.a: $(MBEDTLS_FOUND) port/mbedtls/mbedtls.mk
	$(SAY) "  COPY  $@"
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) $(MBEDTLS_REDEFINE) $(filter %/libmbed$*.a,$(MBEDTLS_FOUND)) $@

else

# The version is read from the tree's headers: version.h (2.28) or build_info.h (3.6).
MBEDTLS_VERSION := $(shell sed -n 's/^\#define MBEDTLS_VERSION_STRING *"\([0-9.]*\)".*/\1/p' \
    '$(MBEDTLS_DIR)/include/mbedtls/build_info.h' '$(MBEDTLS_DIR)/include/mbedtls/version.h' 2>/dev/null)
ifeq ($(filter 2.28.% 3.6.%,$(MBEDTLS_VERSION)),)
$(error MBEDTLS_DIR=$(MBEDTLS_DIR) is not an mbedTLS 2.28 or 3.6 source tree$(if $(MBEDTLS_VERSION), (it says $(MBEDTLS_VERSION))))
endif
MBEDTLS_READY    := yes
MBEDTLS_CONFIG   := port/mbedtls/config/berth_mbedtls_config.h
MBEDTLS_CPPFLAGS := -Iport/mbedtls/config -DMBEDTLS_CONFIG_FILE='"berth_mbedtls_config.h"' -isystem $(MBEDTLS_DIR)/include
MBEDTLS_OBJ      := $(patsubst $(MBEDTLS_DIR)/library/%.c,$(MBEDTLS_OUT)/own/%.o,$(sort $(wildcard $(MBEDTLS_DIR)/library/*.c)))
MBEDTLS_ARCHIVES := $(MBEDTLS_OUT)/own/libmbedtls.a
MBEDTLS_CC        = $(CC) -std=c99 -Os -ffunction-sections -fdata-sections $(CPPFLAGS) $(CFLAGS)
MBEDTLS_KEY       = $(MBEDTLS_DIR) $(MBEDTLS_VERSION) $(MBEDTLS_CC)

$(MBEDTLS_OUT)/own/.flags: FORCE
	$(call stamp,$@,MBEDTLS_KEY)
$(MBEDTLS_OUT)/own/%.o: $(MBEDTLS_DIR)/library/%.c $(MBEDTLS_OUT)/own/.flags $(MBEDTLS_CONFIG)
	$(call compile,MBEDTLS_CC,$(MBEDTLS_CPPFLAGS) -I$(MBEDTLS_DIR)/library)
# The compiler does not report it: system headers include it.
$(foreach v,obj san fuzzobj clangobj,$(MBEDTLS_SRC:%.c=$(BUILD)/$v/%.o)): $(MBEDTLS_CONFIG)
$(MBEDTLS_OUT)/own/libmbedtls.a: $(MBEDTLS_OBJ)
	$(archive)

endif
