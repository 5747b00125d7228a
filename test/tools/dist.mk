# What is handed on: the tarball, the library as single files, the list of what is inside.

# The same commit gives the same bytes: git archive takes the commit's time, gzip -n none.
DIST := berth-$(VERSION)
.PHONY: dist dist-single sbom
dist: ## build/berth-VERSION.tar.gz of the last commit
	@mkdir -p build
	$(Q)git archive --format=tar --prefix=$(DIST)/ HEAD | gzip -9n >build/$(DIST).tar.gz
	$(SAY) "  DIST  build/$(DIST).tar.gz"

SINGLE := build/single
dist-single: $(BUILD)/jsmn/jsmn.h ## build/single: the library as berth.h and berth.c, each port as one more .c
	$(Q)$(PYTHON) test/tools/single.py $(SINGLE) $<
	$(Q)cp LICENSE $(SINGLE)/LICENSE
	$(SAY) "  DIST  $(SINGLE)"

sbom: $(BUILD)/jsmn/jsmn.h ## build/berth.spdx.json: what is in the library and the program, by SPDX 2.3
	$(Q)MBEDTLS_DIR='$(MBEDTLS_DIR)' $(PYTHON) test/tools/sbom.py build/berth.spdx.json $<
	$(SAY) "  SBOM  build/berth.spdx.json"
