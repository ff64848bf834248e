# rules.mk: `make bench`; included by the top-level Makefile, whose B, STD, WARN,
# HOST_CF, MM_INC and COMMON_INC it uses. docs/bench.md says what comes out.

BENCH_DIR   := tests/bench
BENCH_OWN   := bench_alloc.c bench_malloc.c bench_vma.c loop.c floor.c
BENCH_C     := $(filter-out $(BENCH_OWN:%=$(BENCH_DIR)/%), \
	       $(wildcard $(BENCH_DIR)/*.c))
BENCH_OBJ   := $(BENCH_C:%.c=$(B)/bench/obj/%.o)
BENCH_GUEST := $(patsubst $(BENCH_DIR)/guest/%.c,$(B)/bench/%, \
	       $(wildcard $(BENCH_DIR)/guest/*.c))
# guest/mm hosted, optimised as in the guest kernel, no sanitizers.
BENCH_MM    := $(patsubst %.c,$(B)/bench/obj/%.o,$(MM_C) \
	       $(wildcard tests/shim/*.c) vmm/machine/banks.c)
BENCH_TESTS := $(addprefix $(B)/bench/,bench_alloc bench_malloc bench_vma floor)
BENCH_OTHER := $(patsubst %.c,$(B)/bench/obj/$(BENCH_DIR)/%.o,$(BENCH_OWN)) \
	       $(B)/bench/obj/$(BENCH_DIR)/floor_guest.o

$(B)/bench/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) $(MM_INC) $(COMMON_INC) -Ivmm/machine -fno-builtin-malloc -c $< -o $@
$(B)/bench/obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) -MMD -MP -c $< -o $@
$(B)/bench/bench: $(BENCH_OBJ)
	$(CC) -o $@ $^ -lm
$(B)/bench/floor: $(addprefix $(B)/bench/obj/$(BENCH_DIR)/,floor.o floor_guest.o)
	$(CC) -o $@ $^
$(B)/bench/bench_malloc: \
		$(addprefix $(B)/bench/obj/$(BENCH_DIR)/,bench_malloc.o loop.o)
	$(CC) -o $@ $^
$(B)/bench/bench_alloc $(B)/bench/bench_vma: $(B)/bench/%: \
		$(B)/bench/obj/$(BENCH_DIR)/%.o \
		$(B)/bench/obj/$(BENCH_DIR)/loop.o $(BENCH_MM)
	$(CC) -o $@ $^
$(BENCH_GUEST): $(B)/bench/%: $(BENCH_DIR)/guest/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(COMMON_INC) -O2 -static -o $@ $<

bench-programs: $(B)/bench/bench $(BENCH_TESTS) $(BENCH_GUEST)
bench:
	@tests/packages.sh build
	@tests/packages.sh bench || true # a row says what it lacks
	@$(MAKE) --no-print-directory -s all bench-programs
	@$(B)/bench/bench $(B)
.PHONY: bench-programs

-include $(BENCH_OBJ:.o=.d) $(BENCH_MM:.o=.d) $(BENCH_OTHER:.o=.d) \
	$(BENCH_GUEST:=.d)
