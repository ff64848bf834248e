/*
 * fpu.c: do floating-point and vector registers live across page faults and
 * system calls?
 *
 * Run:    vmm -c fpu 1000
 * Expect: "sse 1000, avx 1000" ("avx 0" on a CPU without AVX). Each round fills
 * all vector registers, touches a new page (a fault), calls getppid, and looks
 * at the registers again: neither handler may have used them. x87 and the
 * rounding mode in MXCSR are checked the same way, as a part of "sse".
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PAGE 4096ul
#define REGS 16

/* For each register number an instruction with its place in a table. */
#define EACH(op)                                                               \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10)     \
		op(11) op(12) op(13) op(14) op(15)
#define SSE_LOAD(n)  "movups 16*" #n "(%[in]), %%xmm" #n "\n\t"
#define SSE_STORE(n) "movups %%xmm" #n ", 16*" #n "(%[out])\n\t"
#define AVX_LOAD(n)  "vmovups 32*" #n "(%[in]), %%ymm" #n "\n\t"
#define AVX_STORE(n) "vmovups %%ymm" #n ", 32*" #n "(%[out])\n\t"

#define CLOBBERS                                                               \
	"rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",  \
		"xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",      \
		"xmm12", "xmm13", "xmm14", "xmm15"

#define FAULT_AND_CALL "movb $1, (%[page])\n\tsyscall\n\t"

struct sse_state {
	uint8_t xmm[REGS][16];
	double x87;
	uint32_t mxcsr, mxcsr_saved;
};

static void sse_round(const struct sse_state *in, struct sse_state *out,
		      volatile char *page)
{
	long number = SYS_getppid;

	__asm__ volatile(
		"stmxcsr %[saved]\n\t"
		"ldmxcsr %[mxcsr_in]\n\t"
		"fldl %[x87_in]\n\t" EACH(SSE_LOAD) FAULT_AND_CALL EACH(
			SSE_STORE) "fstpl %[x87_out]\n\t"
				   "stmxcsr %[mxcsr_out]\n\t"
				   "ldmxcsr %[saved]\n\t"
		: "+a"(number), [x87_out] "=m"(out->x87),
		  [mxcsr_out] "=m"(out->mxcsr), [saved] "=m"(out->mxcsr_saved)
		: [in] "r"(in->xmm), [out] "r"(out->xmm), [page] "r"(page),
		  [x87_in] "m"(in->x87), [mxcsr_in] "m"(in->mxcsr)
		: CLOBBERS);
}

static void avx_round(const uint8_t *in, uint8_t *out, volatile char *page)
{
	long number = SYS_getppid;

	__asm__ volatile(EACH(AVX_LOAD)
				 FAULT_AND_CALL EACH(AVX_STORE) "vzeroupper\n\t"
			 : "+a"(number)
			 : [in] "r"(in), [out] "r"(out), [page] "r"(page)
			 : CLOBBERS);
}

/* Bytes that differ from register to register and from round to round. */
static void fill(uint8_t *bytes, size_t len, unsigned long round)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 7 + round * 13 + 1);
}

static unsigned long run_sse(volatile char *area, unsigned long n)
{
	struct sse_state in = {.mxcsr = 0x3f80}; /* round down */
	struct sse_state out = {.mxcsr = 0};
	unsigned long ok = 0;

	for (unsigned long i = 0; i < n; i++) {
		fill(in.xmm[0], sizeof(in.xmm), i);
		in.x87 = (double)i + 0.5;
		memset(&out, 0, sizeof(out));
		sse_round(&in, &out, area + i * PAGE);
		ok += !memcmp(in.xmm, out.xmm, sizeof(in.xmm)) &&
		      !memcmp(&in.x87, &out.x87, sizeof(in.x87)) &&
		      in.mxcsr == out.mxcsr;
	}
	return ok;
}

static unsigned long run_avx(volatile char *area, unsigned long n)
{
	uint8_t in[REGS * 32], out[REGS * 32];
	unsigned long ok = 0;

	for (unsigned long i = 0; i < n; i++) {
		fill(in, sizeof(in), i);
		memset(out, 0, sizeof(out));
		avx_round(in, out, area + i * PAGE);
		ok += !memcmp(in, out, sizeof(in));
	}
	return ok;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 1000;
	int has_avx = __builtin_cpu_supports("avx");
	unsigned long sse, avx = 0;
	volatile char *area;

	area = mmap(NULL, 2 * n * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	madvise((void *)(unsigned long)area, 2 * n * PAGE, MADV_NOHUGEPAGE);
	sse = run_sse(area, n);
	if (has_avx)
		avx = run_avx(area + n * PAGE, n);
	printf("sse %lu, avx %lu\n", sse, avx);
	return sse != n || avx != (has_avx ? n : 0);
}
