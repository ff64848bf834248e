# Makefile: everything is built from here, into build/.
#
#   make run     build, and run busybox in the guest with its page-fault log
#   make test    build, and pass all tests (make test-hw: on emulated hardware)
#   make quick   some of each kind of test
#   make unit T=fault, make vm T=log, make native T=maps
#                one test program; T=log/quiet* some of its tests; without T all
#   make bench fuzz hostile lint fmt install clean
#   make abi-tables  docs/abi-tables.md, after a change of the contract
#
# What may include what is enforced by each folder's -I list (DESIGN: layout).

CC     ?= gcc
ifeq ($(origin CC),default)
CC     := gcc
endif
BUILD  ?= build
PREFIX ?= /usr/local
B      := $(BUILD)

WARN   := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	  -Wvla -Werror
STD    := -std=gnu11 -MMD -MP
SAN    := -fsanitize=address,undefined -fno-sanitize-recover=all

.PHONY: all run test quick unit vm native test-hw bench fuzz hostile lint fmt install \
	clean packages images linux-table abi-tables
all: $(B)/vmm $(B)/guest.elf images

# ---- the guest kernel: freestanding, one image for each privilege level -----

UAPI     := $(B)/uapi
KERNELS  := cpl0 cpl3
# From the lowest folder up: each includes itself and what stands before it.
MM_DIRS  := $(addprefix guest/mm/,frames space cache fault calls show check)
LAYERS   := guest/lib guest/arch guest/hv $(MM_DIRS) guest/task
MM_C     := $(wildcard $(MM_DIRS:=/*.c))
GUEST_C  := $(wildcard $(LAYERS:=/*.c))
GCC_INC   = $(shell $(CC) -print-file-name=include)
# $(call upto,LIST,FILE,ELSE): the folders of the list up to the file's own.
upto_1    = $(if $(2),$(firstword $(2)) $(if $(filter $(1),$(firstword $(2))),,\
	    $(call upto_1,$(1),$(wordlist 2,99,$(2)))))
upto      = $(call upto_1,$(firstword $(filter $(patsubst %/,%,$(dir $(2))),$(1)) \
	    $(3)),$(1))
GUEST_INC = -Ivmm/abi $(patsubst %,-I%,$(call upto,$(LAYERS),$(1),guest/arch))
# No FPU, no red zone, no libc; the instructions that software KVM lacks at
# ring 0 are not in the baseline, and must not come in by -march.
GUEST_CF  = $(STD) $(WARN) -O2 -g -ffreestanding -nostdinc -isystem $(GCC_INC) \
	    -isystem $(UAPI) -mgeneral-regs-only -mcmodel=kernel -mno-red-zone \
	    -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	    -fcf-protection=none \
	    $(if $(findstring clang,$(CC)),,-fno-tree-loop-distribute-patterns)

define KERNEL_RULES
$(1)_OBJ := $$(GUEST_C:%.c=$(B)/$(1)/%.o) $(B)/$(1)/guest/arch/image.o \
	$$(patsubst %.c,$(B)/$(1)/%.o,$$(wildcard guest/arch/$(1)/*.c)) \
	$$(patsubst %.S,$(B)/$(1)/%.o,$$(wildcard guest/arch/$(1)/*.S))
$(B)/$(1)/%.o: %.c | $(UAPI)
	@mkdir -p $$(@D)
	$$(CC) $$(GUEST_CF) -Iguest/arch/$(1) $$(call GUEST_INC,$$<) -c $$< -o $$@
$(B)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(CC) -MMD -MP -g -Ivmm/abi -c $$< -o $$@
$(B)/kernel-$(1).elf: $$($(1)_OBJ) guest/arch/kernel.lds
	$$(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 \
		-T guest/arch/kernel.lds -o $$@ $$($(1)_OBJ)
$(B)/kernel-$(1).bin: $(B)/kernel-$(1).elf
	$$(OBJCOPY) -O binary $$< $$@
OBJ += $$($(1)_OBJ)
endef
OBJCOPY ?= objcopy
$(foreach k,$(KERNELS),$(eval $(call KERNEL_RULES,$(k))))

# ---- the vDSO: user code, one small shared object ----------------------------

VDSO_CF   = $(STD) $(WARN) -O2 -g -ffreestanding -nostdinc -isystem $(GCC_INC) \
	    -isystem $(UAPI) -mgeneral-regs-only -fPIC -fvisibility=hidden \
	    -fno-stack-protector -fasynchronous-unwind-tables \
	    -fcf-protection=none
VDSO_LD  := -shared -soname linux-vdso.so.1 --hash-style=both --build-id=sha1 \
	    --eh-frame-hdr -Bsymbolic --no-undefined -z noexecstack \
	    -z max-page-size=4096
$(B)/vdso/%.o: guest/vdso/%.c | $(UAPI)
	@mkdir -p $(@D)
	$(CC) $(VDSO_CF) -Ivmm/abi -c $< -o $@
$(B)/vdso.elf: $(B)/vdso/vdso.o guest/vdso/vdso.lds
	$(LD) $(VDSO_LD) -T guest/vdso/vdso.lds -o $@ $<
$(B)/vdso.so: $(B)/vdso.elf
	$(OBJCOPY) -S $< $@
OBJ += $(B)/vdso/vdso.o

# Linux's exported headers alone, without libc's.
$(UAPI):
	@mkdir -p $@
	@ln -sfn /usr/include/linux $@/linux
	@ln -sfn /usr/include/asm-generic $@/asm-generic
	@ln -sfn /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null || \
		echo x86_64-linux-gnu)/asm $@/asm
	@[ -e $@/asm ] || ln -sfn /usr/include/x86_64-linux-gnu/asm $@/asm

# ---- the VMM ----------------------------------------------------------------

VMM_C    := $(wildcard vmm/*.c vmm/*/*.c vmm/*/*/*.c)
ELF_C    := $(wildcard elfload/*.c)
# From the lowest up, as above; the families of system calls are one folder.
FAMILIES := $(addprefix vmm/syscall/,io path socket task time)
VMM_DIRS := vmm/abi vmm/base vmm/trace vmm/machine vmm/task vmm/files vmm/exec \
	    vmm/procfs $(FAMILIES) vmm/syscall vmm/inspect vmm
VMM_INC  := $(VMM_DIRS:%=-I%) -Ielfload
# $(call VMM_UPTO,FILE)
VMM_UPTO  = $(patsubst %,-I%,$(call upto,$(VMM_DIRS),$(patsubst \
	    vmm/syscall/%,vmm/syscall/.,$(1)),vmm)) -Ielfload
ELF_INC  := -Ielfload
VMM_LIBS := -lelf -lseccomp
HOST_CF  := $(STD) $(WARN) -D_GNU_SOURCE -O2 -g
VMM_OBJ  := $(VMM_C:%.c=$(B)/host/%.o) $(ELF_C:%.c=$(B)/host/%.o) \
	    $(B)/host/kernel_image.o

$(B)/host/vmm/%.o: vmm/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) $(call VMM_UPTO,$<) -c $< -o $@
$(B)/host/elfload/%.o: elfload/%.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) $(ELF_INC) -c $< -o $@
$(B)/host/kernel_image.o: vmm/machine/kernel_image.S $(KERNELS:%=$(B)/kernel-%.bin) \
		$(B)/vdso.so
	@mkdir -p $(@D)
	$(CC) -c $< -o $@ -Wa,-I$(B)
# Static: one file to copy, and a third of a millisecond less at each start.
$(B)/vmm: $(VMM_OBJ)
	$(CC) -static-pie -o $@ $^ $(VMM_LIBS) -lz
OBJ += $(VMM_OBJ)

# ---- images: small guest programs -------------------------------------------

IMAGES_C := $(wildcard images/*.c)
IMAGES_S := $(wildcard images/*.S)
IMAGES   := $(IMAGES_C:images/%.c=$(B)/images/%) \
	    $(IMAGES_S:images/%.S=$(B)/images/%)
images: $(IMAGES)
$(B)/images/%: images/%.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) -O2 -static -o $@ $<
$(B)/images/%: images/%.S
	@mkdir -p $(@D)
	$(CC) -static -nostdlib -o $@ $<
$(B)/guest.elf: $(B)/images/layout
	cp $< $@

# ---- tests ------------------------------------------------------------------

# What test programs of every kind include.
COMMON_INC := -Itests/common
COMMON_H := $(wildcard tests/common/*.h)

# Criterion, to link with.
CRITERION := $(B)/criterion_start.o
$(CRITERION): tests/common/criterion_start.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) -c $< -o $@
CRITERION_LIBS := -Wl,--export-dynamic-symbol=mbedtls_x509_crt_parse_file -lcriterion
OBJ += $(CRITERION)

# The same files, hosted: guest/mm over tests/shim, under ASan and UBSan; san
# with red zones and poisoning in the slab allocator, rel without.
SAN_CF   := $(STD) $(WARN) -D_GNU_SOURCE -O1 -g $(SAN)
san_CF   := -DSLAB_DEBUG
HOSTED   := -Ivmm/abi -Itests/shim -iquote guest/lib -Iguest/hv
MM_INC   := $(HOSTED) $(MM_DIRS:%=-I%)
HOSTED_INC = $(HOSTED) $(patsubst %,-I%,$(filter $(MM_DIRS),$(call upto,$(LAYERS),$(1),guest/arch)))
# Tests that make allocations fail do so at these.
WRAPS    := -Wl,--wrap=buddy_alloc,--wrap=kmem_cache_alloc \
	    -Wl,--wrap=kmem_cache_zalloc,--wrap=kmalloc
UNIT_C   := $(wildcard tests/unit/test_*.c)
UNIT_HELP_C := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))
UNIT     := $(UNIT_C:tests/unit/%.c=$(B)/unit/%) \
	    $(patsubst %,$(B)/unit-rel/%,test_slab test_kmalloc test_slab_misuse)

# What talks to KVM; unit tests have tests/unit/fake_vcpu.c in its place.
KVM_C    := $(addprefix vmm/,main.c commit.c exits.c hypercall.c faultlog.c inspect/cpl0_count.c \
	    exec/vdso.c) $(addprefix vmm/machine/,vm.c vcpu.c \
	    usermem.c boot.c boot_cpu.c)

define UNIT_RULES
$(B)/$(1)/guest/%.o: guest/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CF) $$($(1)_CF) $$(call HOSTED_INC,$$<) -c $$< -o $$@
$(B)/$(1)/tests/shim/%.o: tests/shim/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CF) $$($(1)_CF) $$(MM_INC) -Ivmm/machine -c $$< -o $$@
$(B)/$(1)/vmm/%.o: vmm/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CF) $$(VMM_INC) -c $$< -o $$@
$(B)/$(1)/elfload/%.o: elfload/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CF) $$(ELF_INC) -c $$< -o $$@
$(B)/$(1)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(SAN_CF) $$($(1)_CF) $$(MM_INC) $$(VMM_INC) -Itests/unit \
		$$(COMMON_INC) -c $$< -o $$@
$(1)_MM  := $$(patsubst %.c,$(B)/$(1)/%.o,$$(MM_C) $$(wildcard tests/shim/*.c))
$(1)_VMM := $$(patsubst %.c,$(B)/$(1)/%.o,$$(filter-out $$(KVM_C),$$(VMM_C)) \
	    $$(ELF_C) $$(UNIT_HELP_C))
$(B)/$(1)/libmm.a: $$($(1)_MM)
	rm -f $$@; $$(AR) rcs $$@ $$^
$(B)/$(1)/libvmm.a: $$($(1)_VMM)
	rm -f $$@; $$(AR) rcs $$@ $$^
$(2)/%: $(B)/$(1)/tests/unit/%.o $(B)/$(1)/libmm.a $(B)/$(1)/libvmm.a $(CRITERION)
	@mkdir -p $$(@D)
	$$(CC) $$(SAN) $$(WRAPS) -o $$@ $$^ $$(VMM_LIBS) $(CRITERION_LIBS)
OBJ += $$($(1)_MM) $$($(1)_VMM) $$(UNIT_C:%.c=$(B)/$(1)/%.o)
endef
$(eval $(call UNIT_RULES,san,$(B)/unit))
$(eval $(call UNIT_RULES,rel,$(B)/unit-rel))
.SECONDARY: $(OBJ)

VM_TESTS := $(patsubst tests/vm/%.c,$(B)/vm/%,$(wildcard tests/vm/test_*.c))
VM_HELP  := $(filter-out tests/vm/test_%,$(wildcard tests/vm/*.c))
$(B)/vm/%: tests/vm/%.c $(VM_HELP) $(CRITERION) $(wildcard tests/vm/*.h) $(COMMON_H)
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) -Ivmm/abi -Itests/vm $(COMMON_INC) -o $@ $(filter %.c %.o,$^) $(CRITERION_LIBS)

# Programs that only VM tests run, in the guest and natively.
VM_GUEST := $(patsubst tests/vm/guest/%.c,$(B)/vm/guest/%,\
	    $(wildcard tests/vm/guest/*.c)) \
	    $(patsubst tests/vm/guest/%.S,$(B)/vm/guest/%,\
	    $(wildcard tests/vm/guest/*.S))
$(B)/vm/guest/%: tests/vm/guest/%.c $(wildcard tests/vm/guest/*.h) $(COMMON_H)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(STD)) $(WARN) -D_GNU_SOURCE -O2 -static \
		-fno-stack-protector -fcf-protection=none $(COMMON_INC) -o $@ $<
$(B)/vm/guest/%: tests/vm/guest/%.S
	@mkdir -p $(@D)
	$(CC) -static -nostdlib -o $@ $<

# ---- the contract's tables, from its debug information ------------------------

ABI_H    := $(wildcard vmm/abi/*.h)
$(B)/abi/tables: tests/abi/tables.c
	@mkdir -p $(@D)
	$(CC) $(HOST_CF) -o $@ $< -ldw
$(B)/abi/contract.so: tests/abi/contract.c $(ABI_H)
	@mkdir -p $(@D)
	gcc -std=gnu11 -g -fno-eliminate-unused-debug-types -Ivmm/abi -fPIC -shared \
		-nostdlib -o $@ $<
abi-tables: $(B)/abi/tables $(B)/abi/contract.so
	@tests/abi/run.sh $(B) write

# ---- fuzzing: clang's libFuzzer ---------------------------------------------

FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 300
$(B)/fuzz/fuzz_elfload: tests/fuzz/fuzz_elfload.c $(ELF_C) $(wildcard elfload/*.h)
	@mkdir -p $(@D)
	clang -std=gnu11 -D_GNU_SOURCE -O1 -g -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all $(ELF_INC) -o $@ $(filter %.c,$^) -lelf
fuzz: $(FUZZERS)
	tests/fuzz/run.sh $(B)/fuzz $(FUZZ_SECONDS)

# ---- the VMM, main and all, with a hostile guest in place of KVM -------------

HOSTILE  := $(B)/hostile/hostile
HOSTILE_O := $(patsubst tests/%.c,$(B)/%.o,$(wildcard tests/hostile/*.c)) \
	    $(patsubst %.c,$(B)/san/%.o,$(filter-out vmm/main.c,$(VMM_C)) $(ELF_C)) \
	    $(B)/hostile/vmm_main.o $(B)/host/kernel_image.o
$(B)/hostile/%.o: tests/hostile/%.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CF) -Ivmm/abi -c $< -o $@
$(B)/hostile/vmm_main.o: vmm/main.c
	@mkdir -p $(@D)
	$(CC) $(SAN_CF) -Wno-missing-prototypes -Dmain=vmm_main $(VMM_INC) -c $< -o $@
$(HOSTILE): $(HOSTILE_O)
	$(CC) $(SAN) -Wl,--wrap=open,--wrap=ioctl,--wrap=raise,--wrap=kill -o $@ $^ $(VMM_LIBS)
OBJ += $(HOSTILE_O)
HOSTILE_ROUNDS ?= 1000000
HOSTILE_SEED   ?= 1
hostile: all $(HOSTILE)
	tests/hostile/run.sh $(B) $(HOSTILE_ROUNDS) $(HOSTILE_SEED)

include tests/bench/rules.mk

# ---- what a user calls ------------------------------------------------------

packages:
	@tests/packages.sh build
run: packages
	@$(MAKE) --no-print-directory -s all
	$(B)/vmm --trace busybox echo "hello from the guest"

test:
	@tests/packages.sh build test
	@$(MAKE) --no-print-directory -s all $(B)/vmm.1
	@tests/run.sh $(B) all
T :=
quick unit vm native:
	@tests/packages.sh build test
	@$(MAKE) --no-print-directory -s all
	@tests/run.sh $(B) $@ '$(T)'
test-hw:
	@tests/packages.sh build test hw
	@$(MAKE) --no-print-directory -s all $(VM_TESTS) \
		$(VM_GUEST)
	@tests/hw/suite.sh $(B)

# The table of docs/linux.md.
linux-table: all
	@bash tests/native/table.sh $(B)

# What tests/run.sh needs built.
unit-programs: $(UNIT)
vm-programs: $(VM_TESTS) $(VM_GUEST)
quick-programs: unit-programs vm-programs $(B)/abi/tables $(B)/abi/contract.so
test-programs: quick-programs $(FUZZERS) $(HOSTILE)
.PHONY: unit-programs vm-programs quick-programs test-programs

SOURCES = $(shell git ls-files '*.c' '*.h')
lint:
	clang-format --dry-run -Werror $(SOURCES)
	$(MAKE) --no-print-directory -s CC=clang BUILD=$(B)/clang all
fmt:
	clang-format -i $(SOURCES)

$(B)/vmm.1: docs/vmm.1.scd
	@mkdir -p $(@D)
	scdoc < $< > $@
install: all $(B)/vmm.1
	install -D -m 755 $(B)/vmm $(DESTDIR)$(PREFIX)/bin/vmm
	install -D -m 644 $(B)/vmm.1 $(DESTDIR)$(PREFIX)/share/man/man1/vmm.1
clean:
	rm -rf $(B)

-include $(OBJ:.o=.d) $(IMAGES:=.d)
