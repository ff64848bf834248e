/*
 * vector.c: do all vector registers live across faults, system calls and
 * signals?
 *
 *	vector ROUNDS [SEED]
 *
 * Each round loads x87, MXCSR and SSE, AVX or AVX-512 registers with random
 * values, lets one thing happen, and looks at them again. What the processor
 * has not is said and left out. One line for each set and event:
 * "SET EVENT: wrong N of M"; then what signal handlers saw.
 */
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>

#include "page_size.h"

#define VECS 32

/* The assembly below knows the offsets. */
struct state {
	uint8_t vec[VECS][64]; /* 0 */
	uint64_t k[8];	       /* 2048 */
	uint8_t x87[8][16];    /* 2112 */
	uint32_t mxcsr;	       /* 2240 */
	uint32_t fcw;	       /* 2244: 16 bits of it */
};

/* What happens: a system call with arguments 0, a write, INT3. */
enum event { EVENT_CALL, EVENT_WRITE, EVENT_TRAP };

/* Load in; let it happen; store to out. */
typedef void (*run_fn)(const struct state *in, struct state *out,
		       volatile char *page, long event, long nr);
typedef void (*load_fn)(const struct state *in);
void run_sse(const struct state *, struct state *, volatile char *, long, long);
void run_avx(const struct state *, struct state *, volatile char *, long, long);
void run_avx512(const struct state *, struct state *, volatile char *, long,
		long);
void load_sse(const struct state *in);
void load_avx(const struct state *in);
void load_avx512(const struct state *in);

#define LOW16		 "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define HIGH16		 "16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"
#define EACH(list, insn) "	.irp n," list "\n	" insn "\n	.endr\n"

#define X87_LOAD                                                               \
	"	fninit; fldcw 2244(%r12); ldmxcsr 2240(%r12)\n" EACH(          \
		"0,1,2,3,4,5,6,7", "fldt 2112+16*\\n(%r12)")
#define X87_STORE                                                              \
	EACH("0,1,2,3,4,5,6,7", "fstpt 2112+16*(7-\\n)(%r13)")                 \
	"	fnstcw 2244(%r13); stmxcsr 2240(%r13)\n"
#define SSE_LOAD  EACH(LOW16, "movups 64*\\n(%r12), %xmm\\n")
#define SSE_STORE EACH(LOW16, "movups %xmm\\n, 64*\\n(%r13)")
#define AVX_LOAD  EACH(LOW16, "vmovups 64*\\n(%r12), %ymm\\n")
#define AVX_STORE EACH(LOW16, "vmovups %ymm\\n, 64*\\n(%r13)")
#define K_LOAD	  EACH("0,1,2,3,4,5,6,7", "kmovq 2048+8*\\n(%r12), %k\\n")
#define K_STORE	  EACH("0,1,2,3,4,5,6,7", "kmovq %k\\n, 2048+8*\\n(%r13)")
#define AVX512_LOAD                                                            \
	EACH(LOW16 "," HIGH16, "vmovups 64*\\n(%r12), %zmm\\n") K_LOAD
#define AVX512_STORE                                                           \
	EACH(LOW16 "," HIGH16, "vmovups %zmm\\n, 64*\\n(%r13)") K_STORE

#define ROUTINE(name, load, store, end)                                        \
	".globl run_" name ", load_" name "\n"                                 \
	"run_" name ":\n"                                                      \
	"	push %rbx; push %r12; push %r13; push %r14\n"                        \
	"	mov %rdi, %r12; mov %rsi, %r13; mov %rdx, %r14\n"                    \
	"	mov %rcx, %rbx; mov %r8, %rax\n" X87_LOAD load                 \
	"	cmp $1, %ebx\n"                                                      \
	"	je 1f\n"                                                             \
	"	ja 2f\n"                                                             \
	"	xor %edi, %edi; xor %esi, %esi\n"                                    \
	"	syscall\n"                                                           \
	"	jmp 3f\n"                                                            \
	"1:	movb $1, (%r14)\n"                                                 \
	"	jmp 3f\n"                                                            \
	"2:	int3\n"                                                            \
	"3:\n" store X87_STORE end                                             \
	"	fninit; push $0x1f80; ldmxcsr (%rsp); pop %rax\n"                    \
	"	pop %r14; pop %r13; pop %r12; pop %rbx\n"                            \
	"	ret\n"                                                               \
	"load_" name ":\n"                                                     \
	"	push %r12; mov %rdi, %r12\n" X87_LOAD load "	pop %r12\n"       \
	"	ret\n"

__asm__(".text\n" ROUTINE("sse", SSE_LOAD, SSE_STORE, "")
		ROUTINE("avx", AVX_LOAD, AVX_STORE, "	vzeroupper\n")
			ROUTINE("avx512", AVX512_LOAD, AVX512_STORE,
				"	vzeroupper\n"));

/* ---- random states --------------------------------------------------------
 */

static uint64_t seed = 1;

static uint64_t next(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

/* Only what the set can hold is not 0. */
static void fill(struct state *s, unsigned vecs, size_t width, int masks)
{
	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; i < vecs; i++)
		for (size_t j = 0; j < width; j += 8) {
			uint64_t r = next();

			memcpy(&s->vec[i][j], &r, 8);
		}
	for (unsigned i = 0; masks && i < 8; i++)
		s->k[i] = next();
	for (unsigned i = 0; i < 8; i++) {
		uint64_t mantissa = next() | 1ull << 63;
		uint16_t exponent = (uint16_t)(0x3000 + next() % 0x2000);

		memcpy(s->x87[i], &mantissa, 8);
		memcpy(s->x87[i] + 8, &exponent, 2);
	}
	/* Exceptions stay masked; rounding, FZ, DAZ and the flags vary. */
	s->mxcsr = 0x1f80 | (next() & 0xe07f);
	s->fcw = 0x37f | (next() & 0xc00);
}

/* ---- what happens ---------------------------------------------------------
 */

static struct state other; /* what handlers leave in the registers */
static load_fn spoil;
static volatile unsigned handled, frame_wrong, not_initial;
static const struct state *expected;
static int change_frame;
static volatile char *guarded;

static void look_at_frame(const ucontext_t *uc)
{
	const struct _libc_fpstate *fp = uc->uc_mcontext.fpregs;

	for (unsigned i = 0; i < 16; i++)
		frame_wrong += memcmp(&fp->_xmm[i], expected->vec[i], 16) != 0;
	frame_wrong += fp->mxcsr != expected->mxcsr;
	frame_wrong += fp->cwd != (uint16_t)expected->fcw;
	/* The last one loaded is ST(0). */
	for (unsigned i = 0; i < 8; i++)
		frame_wrong +=
			memcmp(&fp->_st[i], expected->x87[7 - i], 10) != 0;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	uint32_t mxcsr;
	uint16_t fcw;

	(void)info;
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(fcw));
	not_initial += mxcsr != 0x1f80 || fcw != 0x37f;
	handled++;
	look_at_frame(uc);
	if (change_frame)
		uc->uc_mcontext.fpregs->_xmm[5].element[0]++;
	if (sig == SIGSEGV)
		mprotect((void *)(uintptr_t)guarded, PAGE,
			 PROT_READ | PROT_WRITE);
	spoil(&other);
}

struct event_kind {
	const char *name;
	long event, nr;
	int prot;    /* of the page that is written */
	int read;    /* first, so that the zero page is mapped */
	int signals; /* whether a handler runs */
	int change;  /* which changes the frame */
};

static const struct event_kind events[] = {
	{"new page", EVENT_WRITE, 0, PROT_READ | PROT_WRITE, 0, 0, 0},
	{"zero page broken", EVENT_WRITE, 0, PROT_READ | PROT_WRITE, 1, 0, 0},
	{"brk, served by the guest", EVENT_CALL, SYS_brk, PROT_READ, 0, 0, 0},
	{"getppid, by the host", EVENT_CALL, SYS_getppid, PROT_READ, 0, 0, 0},
	{"an unknown call", EVENT_CALL, 4000, PROT_READ, 0, 0, 0},
	{"signal of a trap", EVENT_TRAP, 0, PROT_READ, 0, 1, 0},
	{"signal of a fault", EVENT_WRITE, 0, PROT_READ, 0, 1, 0},
	{"frame changed", EVENT_TRAP, 0, PROT_READ, 0, 1, 1},
};

static volatile char *new_page(const struct event_kind *e)
{
	char *page =
		mmap(NULL, PAGE, e->prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	if (e->read)
		(void)*(volatile char *)page;
	return page;
}

struct set {
	const char *name;
	run_fn run;
	load_fn load;
	unsigned vecs, width;
	int masks;
};

static unsigned round_of(const struct set *set, const struct event_kind *e)
{
	struct state in, out;
	volatile char *page = new_page(e);
	unsigned wrong, before = handled;

	fill(&in, set->vecs, set->width, set->masks);
	fill(&other, set->vecs, set->width, set->masks);
	memset(&out, 0, sizeof(out));
	spoil = set->load;
	expected = &in;
	guarded = page;
	change_frame = e->change;
	set->run(&in, &out, page, e->event, e->nr);
	if (e->change) {
		uint32_t word;

		memcpy(&word, in.vec[5], 4);
		word++;
		memcpy(in.vec[5], &word, 4);
	}
	wrong = memcmp(&in, &out, sizeof(in)) != 0;
	wrong += handled - before != (unsigned)e->signals;
	munmap((void *)(uintptr_t)page, PAGE);
	return wrong;
}

static unsigned run_set(const struct set *set, unsigned rounds)
{
	unsigned all = 0;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		unsigned wrong = 0;

		for (unsigned r = 0; r < rounds; r++)
			wrong += round_of(set, &events[i]);
		printf("%s, %s: wrong %u of %u\n", set->name, events[i].name,
		       wrong, rounds);
		all += wrong;
	}
	return all;
}

/* ---- which there are ------------------------------------------------------
 */

/* By XCR0 too: what the kernel has not enabled cannot be used. */
static uint64_t xcr0(void)
{
	uint32_t a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return a | (uint64_t)d << 32;
}

static int has_avx(void)
{
	uint32_t a, b, c, d;

	return (xcr0() & 6) == 6 && __get_cpuid(1, &a, &b, &c, &d) &&
	       c & bit_AVX;
}

/* KMOVQ needs BW. */
static int has_avx512(void)
{
	uint32_t a, b, c, d;

	return (xcr0() & 0xe6) == 0xe6 &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_AVX512F &&
	       b & bit_AVX512BW;
}

int main(int argc, char **argv)
{
	static const struct set sets[] = {
		{"SSE", run_sse, load_sse, 16, 16, 0},
		{"AVX", run_avx, load_avx, 16, 32, 0},
		{"AVX-512", run_avx512, load_avx512, 32, 64, 1},
	};
	const int have[] = {1, has_avx(), has_avx512()};
	struct sigaction action = {.sa_sigaction = handler,
				   .sa_flags = SA_SIGINFO};
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 50, wrong = 0;

	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	if (sigaction(SIGTRAP, &action, NULL) ||
	    sigaction(SIGSEGV, &action, NULL))
		return 1;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (have[i])
			wrong += run_set(&sets[i], rounds);
		else
			printf("%s: not tested, the processor has it not\n",
			       sets[i].name);
		fflush(stdout);
	}
	printf("%u handlers: %u wrong words in frames, %u not begun with "
	       "initial registers\n",
	       handled, frame_wrong, not_initial);
	return wrong || frame_wrong;
}
