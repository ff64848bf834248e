/*
 * floor.c: what KVM itself costs: the floors under vmm's figures.
 *
 *   floor start N      open /dev/kvm .. first exit; median of N machines
 *   floor close N      the same machines: last exit .. all is closed
 *   floor retry N      N times #PF -> three CPL 0 instructions -> retry
 *   floor out N        N times #PF -> OUT -> host writes the entry -> retry
 *
 * Prints two numbers: nanoseconds of wall and of CPU time, for one of them.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "floor_guest.h"

extern const char floor_kcode[], floor_kcode_end[], floor_ucode[],
	floor_ucode_end[], floor_retry[], floor_out[], floor_first[];

/* Selectors: kernel code, user data and code, TSS. */
#define SEL_KCS 0x08
#define SEL_UDS 0x1b
#define SEL_UCS 0x23
#define SEL_TSS 0x28

#define P_W	 3ull /* present, writable */
#define P_W_U	 7ull
#define W_U	 6ull
#define LARGE	 0x80ull
#define LARGE_2M 0x200000ull

#define STARTS_MAX    1000
#define CPUID_ENTRIES 256

struct mm_machine {
	int kvm, vm, vcpu;
	int run_size;
	struct kvm_run *run;
	uint8_t *ram;
};

static struct kvm_cpuid2 *cpuid; /* asked for once: half of a start */

static int check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static void put64(struct mm_machine *m, uint64_t gpa, uint64_t value)
{
	memcpy(m->ram + gpa, &value, sizeof(value));
}

static void build_page_tables(struct mm_machine *m)
{
	put64(m, PML4, PDPT | P_W_U);
	put64(m, PDPT, PDIR | P_W_U);
	put64(m, PDPT + 8, TOUCH_PD | P_W_U);
	put64(m, PDIR, LARGE | P_W);
	put64(m, PDIR + 8, USER_PT | P_W_U);
	put64(m, USER_PT, UCODE | P_W_U);
	for (uint64_t i = 2; i < RAM_SIZE / LARGE_2M; i++)
		put64(m, PDIR + i * 8, i * LARGE_2M | LARGE | P_W);
	for (uint64_t i = 0; i < 512; i++)
		put64(m, TOUCH_PD + i * 8, (TOUCH_PT + i * 4096) | P_W_U);
}

static void build_descriptors(struct mm_machine *m, const char *fault_handler)
{
	put64(m, GDT + SEL_KCS, 0x00af9b000000ffff);
	put64(m, GDT + 0x10, 0x00cf93000000ffff);
	put64(m, GDT + 0x18, 0x00cff3000000ffff);
	put64(m, GDT + 0x20, 0x00affb000000ffff);
	put64(m, GDT + SEL_TSS, 0x00008b0000000067 | (uint64_t)TSS << 16);
	put64(m, TSS + 4, KSTACK);
	put64(m, TSS + 0x60, 0x68ull << 48); /* no I/O bitmap */
	for (unsigned i = 0; i < 32; i++) {
		const char *h = i == 14 ? fault_handler : floor_kcode + i * 16;
		uint64_t to = KCODE + (uint64_t)(h - floor_kcode);

		put64(m, IDT + i * 16,
		      (to & 0xffff) | SEL_KCS << 16 | 0xee0000000000ull |
			      (to & 0xffff0000) << 32);
		put64(m, IDT + i * 16 + 8, to >> 32);
	}
}

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){.selector = selector,
				    .limit = 0xffffffff,
				    .type = type,
				    .present = 1,
				    .dpl = selector & 3,
				    .s = 1,
				    .l = type == 11,
				    .db = type != 11,
				    .g = 1};
}

static void set_sregs(struct mm_machine *m, int cpl)
{
	struct kvm_sregs s;

	check(ioctl(m->vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	s.cs = segment(cpl ? SEL_UCS : SEL_KCS, 11);
	s.ds = s.es = s.fs = s.gs = s.ss = segment(cpl ? SEL_UDS : 0x10, 3);
	s.tr = segment(SEL_TSS, 11);
	s.tr.s = s.tr.l = s.tr.g = 0;
	s.tr.base = TSS;
	s.tr.limit = 0x67;
	s.gdt.base = GDT;
	s.gdt.limit = SEL_TSS + 15;
	s.idt.base = IDT;
	s.idt.limit = 32 * 16 - 1;
	s.cr3 = PML4;
	s.cr4 = 0x620;	    /* PAE, OSFXSR, OSXMMEXCPT */
	s.cr0 = 0x80010033; /* PG, WP, NE, ET, MP, PE */
	s.efer = 0xd00;	    /* NXE, LMA, LME */
	check(ioctl(m->vcpu, KVM_SET_SREGS, &s), "KVM_SET_SREGS");
}

static void machine_open(struct mm_machine *m)
{
	struct kvm_userspace_memory_region region = {.memory_size = RAM_SIZE};

	m->kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	m->vm = check(ioctl(m->kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");
	m->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	check(m->ram == MAP_FAILED ? -1 : 0, "mmap of RAM");
	region.userspace_addr = (uint64_t)m->ram;
	check(ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &region),
	      "KVM_SET_USER_MEMORY_REGION");
	m->vcpu = check(ioctl(m->vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	m->run_size = check(ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
			    "KVM_GET_VCPU_MMAP_SIZE");
	m->run = mmap(NULL, (size_t)m->run_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED, m->vcpu, 0);
	check(m->run == MAP_FAILED ? -1 : 0, "mmap of the vCPU");
	check(ioctl(m->vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2");
}

static void machine_close(struct mm_machine *m)
{
	munmap(m->run, (size_t)m->run_size);
	close(m->vcpu);
	close(m->vm);
	close(m->kvm);
	munmap(m->ram, RAM_SIZE);
}

static void ask_cpuid(void)
{
	int kvm = check(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");

	cpuid = calloc(1, sizeof(*cpuid) +
				  CPUID_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		exit(1);
	cpuid->nent = CPUID_ENTRIES;
	check(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid),
	      "KVM_GET_SUPPORTED_CPUID");
	close(kvm);
}

static void load(struct mm_machine *m, const char *fault_handler)
{
	build_page_tables(m);
	build_descriptors(m, fault_handler);
	memcpy(m->ram + KCODE, floor_kcode,
	       (size_t)(floor_kcode_end - floor_kcode));
	memcpy(m->ram + UCODE, floor_ucode,
	       (size_t)(floor_ucode_end - floor_ucode));
}

static void enter(struct mm_machine *m, int cpl, uint64_t rip, uint64_t pages)
{
	struct kvm_regs r = {
		.rip = rip,
		.rsp = KSTACK,
		.rdi = TOUCH_PT,
		.rsi = TOUCH_VA,
		.rbx = pages,
		.rflags = 2,
	};

	set_sregs(m, cpl);
	check(ioctl(m->vcpu, KVM_SET_REGS, &r), "KVM_SET_REGS");
}

static int leave(struct mm_machine *m)
{
	check(ioctl(m->vcpu, KVM_RUN, 0), "KVM_RUN");
	if (m->run->exit_reason == KVM_EXIT_IO)
		return m->run->io.port;
	fprintf(stderr, "floor: exit %u\n", m->run->exit_reason);
	exit(1);
}

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* Whole machines, one after the other. */
static void measure_starts(unsigned n, int closing)
{
	static double wall[STARTS_MAX], cpu[STARTS_MAX];
	struct mm_machine m;

	for (unsigned i = 0; i < n; i++) {
		double w = now(CLOCK_MONOTONIC);
		double c = now(CLOCK_PROCESS_CPUTIME_ID);

		machine_open(&m);
		load(&m, floor_retry);
		enter(&m, 0, KCODE + (uint64_t)(floor_first - floor_kcode), 0);
		if (leave(&m) != PORT_DONE)
			exit(1);
		if (closing) {
			w = now(CLOCK_MONOTONIC);
			c = now(CLOCK_PROCESS_CPUTIME_ID);
			machine_close(&m);
		}
		wall[i] = now(CLOCK_MONOTONIC) - w;
		cpu[i] = now(CLOCK_PROCESS_CPUTIME_ID) - c;
		if (!closing)
			machine_close(&m);
	}
	printf("%.0f %.0f\n", median(wall, n), median(cpu, n));
}

static void measure_faults(unsigned n, const char *handler)
{
	struct mm_machine m;
	double w, c;
	unsigned i = 0;
	int port;

	machine_open(&m);
	load(&m, handler);
	for (uint64_t k = 0; k < n; k++)
		put64(&m, TOUCH_PT + k * 8,
		      (FRAMES + k % FRAME_N * 4096) | W_U);
	for (uint64_t k = 0; k < FRAME_N; k++)
		put64(&m, FRAMES + k * 4096, 1); /* now the host has it */
	enter(&m, 3, UCODE_VA, n);
	w = now(CLOCK_MONOTONIC);
	c = now(CLOCK_PROCESS_CPUTIME_ID);
	while ((port = leave(&m)) == PORT_FAULT)
		m.ram[TOUCH_PT + (i++) * 8ul] |= 1;
	w = now(CLOCK_MONOTONIC) - w;
	c = now(CLOCK_PROCESS_CPUTIME_ID) - c;
	if (port != PORT_VEC + 13 || (handler == floor_out && i != n)) {
		fprintf(stderr, "floor: port %#x after %u exits\n", port, i);
		exit(1);
	}
	printf("%.1f %.1f\n", w / n, c / n);
	machine_close(&m);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
	int is_start = !strcmp(what, "start"),
	    is_close = !strcmp(what, "close");
	int is_retry = !strcmp(what, "retry");

	if (n == 0 || n > (is_start || is_close ? STARTS_MAX : TOUCH_N) ||
	    !(is_start || is_close || is_retry || !strcmp(what, "out"))) {
		fprintf(stderr, "usage: floor start|close|retry|out N\n");
		return 2;
	}
	ask_cpuid();
	if (is_start || is_close)
		measure_starts((unsigned)n, is_close);
	else
		measure_faults((unsigned)n, is_retry ? floor_retry : floor_out);
	return 0;
}
