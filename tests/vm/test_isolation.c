/*
 * test_isolation.c: can a program reach the kernel, at either level?
 *
 * Programs in tests/vm/guest/ try, and print what came of each attempt: signal,
 * code, address, exception, error code. Natively, Linux gives the answers; here
 * they must be the same, line by line. What may differ is in `exceptions`, each
 * row with its reason. --check walks the page tables when they have ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

TestSuite(isolation, .init = need_kvm);

/* Beside the images, wherever those are. */
static const char *guest_program(const char *name)
{
	static const char *dir;

	if (!dir)
		dir = path_in(image("."), "../vm/guest");
	return path_in(dir, name);
}

/* ---- what may differ ------------------------------------------------------
 */

/* Any of these for any of those. */
#define SIGNALS "SEGV|ILL|BUS|TRAP|"

static const struct {
	const char *program;
	const char *name; /* the line begins so */
	const char *here; /* and so it may go on */
	bool software;	  /* where KVM is software alone */
} exceptions[] = {
	/* CPUID has or has not the instruction: #UD or #GP, never a result. */
	{"privileged", "monitor: ", "SEGV|ILL|", false},
	{"privileged", "xor %ecx, %ecx; xor %eax, %eax; mwait: ", "SEGV|ILL|",
	 false},
	{"privileged", "invpcid ", "SEGV|ILL|", false},
	{"privileged", "xor %ecx, %ecx; xsetbv: ", "SEGV|ILL|", false},
	/* Which VMX and SVM instructions there are is the outer machine's. */
	{"privileged", "vm", "SEGV|ILL|", false},
	{"privileged", "clgi: ", "SEGV|ILL|", false},
	{"privileged", "stgi: ", "SEGV|ILL|", false},
	{"privileged", "skinit: ", "SEGV|ILL|", false},
	{"privileged", "invlpga: ", "SEGV|ILL|", false},
	/* SMAP and SMEP may be off in the guest: still #GP or #UD. */
	{"privileged", "clac: ", "SEGV|ILL|", false},
	{"privileged", "stac: ", "SEGV|ILL|", false},
	/* No 32-bit system calls, and no 32-bit code segment to make SYSCALL
	 * there, which goes to CPL 0 with the program's stack pointer. */
	{"vectors", "int 0x80: ", "SEGV|ILL|", false},
	{"compat", "", "SEGV|", false},
	/* Segments in a signal frame are not looked at: the program has one
	 * code and one data segment, and returns with these. */
	{"frames", "cs ", "none|", false},
	{"frames", "ss ", "none|", false},
	/*
	 * Software KVM interprets what faults; its interpreter has no INT n,
	 * and checks selectors in another order.
	 */
	{"vectors", "int ", "ILL|", true},
	/* Gates of one such KVM itself: two refuse, the last is its CPUID. */
	{"vectors", "int 0x17: ", "SEGV|", true},
	{"vectors", "int 0x19: ", "SEGV|", true},
	{"vectors", "int 0x1a: ", "none|", true},
	{"compat", "", SIGNALS, true},
	{"segments", "iretq ss 0x23: ", "none|", true},
	{"segments", "iretq ss 0x33: ", "none|", true},
	{"segments", "iretq cs and ss 0x33: ", "none|", true},
	{"segments", "", SIGNALS, true},
};

static bool is_software(void)
{
	static int known = -1;
	struct run r;

	if (known < 0) {
		run_vmm_plain(&r, NULL,
			      ARGS("-v", "--kernel-cpl=3", image("nolibc")));
		known = strstr(r.err, "interpreted") != NULL;
		run_free(&r);
	}
	return known;
}

/* text begins with one of the |-terminated words of list. */
static bool begins(const char *text, const char *list)
{
	for (const char *end; (end = strchr(list, '|')); list = end + 1)
		if (!strncmp(text, list, (size_t)(end - list)))
			return true;
	return false;
}

static bool may_differ(const char *program, const char *line)
{
	const char *colon = strstr(line, ": ");

	for (size_t i = 0; i < sizeof(exceptions) / sizeof(*exceptions); i++)
		if (!strcmp(exceptions[i].program, program) && colon &&
		    !strncmp(line, exceptions[i].name,
			     strlen(exceptions[i].name)) &&
		    begins(colon + 2, exceptions[i].here) &&
		    (!exceptions[i].software || is_software()))
			return true;
	return false;
}

/* ---- comparing ------------------------------------------------------------
 */

/* Cut the next line off *text; NULL: there is none. */
static char *next_line(char **text)
{
	char *line = *text, *end = line ? strchr(line, '\n') : NULL;

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static void compare(const char *what, struct run *native, struct run *r)
{
	char *theirs = native->out, *ours = r->out;
	unsigned lines = 0, wrong = 0;

	for (;; lines++) {
		char *a = next_line(&theirs), *b = next_line(&ours);

		if (!a && !b)
			break;
		if (a && b && !strcmp(a, b))
			continue;
		if (a && b && may_differ(what, b))
			continue;
		if (wrong++ < 10)
			cr_log_error("natively %s", a ? a : "(no line)");
		if (wrong <= 10)
			cr_log_error("vmm      %s", b ? b : "(no line)");
	}
	cr_assert(lines > 1, "%s: nothing was tried", r->command);
	cr_assert(!wrong, "%s: %u of %u lines differ; stderr: %s", r->command,
		  wrong, lines, r->err);
}

static void as_native(int level, const char *program, const char *what,
		      const char *more)
{
	const char *const args[] = {guest_program(program), what, more, NULL};
	struct run native, r;

	run_native(&native, NULL, args);
	run_vmm(&r, NULL, level, args);
	expect_exit(&native, 0);
	compare(what, &native, &r);
	expect_exit(&r, 0);
	run_free(&native);
	run_free(&r);
}

/* ---- pages ----------------------------------------------------------------
 */

VM_TEST(isolation, no_slot_of_the_kernel_half_can_be_reached)
{
	as_native(level, "iso_pages", "slots", NULL);
}

VM_TEST(isolation, no_page_beside_the_kernel_image_can_be_reached)
{
	as_native(level, "iso_pages", "image", NULL);
}

VM_TEST(isolation, no_page_of_the_direct_map_can_be_reached)
{
	as_native(level, "iso_pages", "low", NULL);
}

VM_TEST(isolation, no_strange_address_can_be_reached)
{
	as_native(level, "iso_pages", "strange", NULL);
}

VM_TEST(isolation, no_kernel_entry_can_be_jumped_to)
{
	as_native(level, "iso_pages", "entries", NULL);
}

/* ---- instructions ---------------------------------------------------------
 */

VM_TEST(isolation, privileged_instructions_raise_what_linux_raises)
{
	as_native(level, "iso_insn", "privileged", NULL);
}

VM_TEST(isolation, software_interrupts_raise_what_linux_raises)
{
	as_native(level, "iso_insn", "vectors", NULL);
}

VM_TEST(isolation, forged_gate_calls_raise_what_linux_raises)
{
	for (unsigned seed = 1; seed <= 4; seed++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", seed);
		as_native(level, "iso_insn", "gate", text);
	}
}

VM_TEST(isolation, forged_selectors_raise_what_linux_raises)
{
	as_native(level, "iso_insn", "segments", NULL);
}

VM_TEST(isolation, code_of_32_bits_cannot_enter_the_kernel)
{
	as_native(level, "iso_insn", "compat", NULL);
}

/* SYSCALL goes to MSR_CSTAR there, at CPL 0, on processors of AMD; software KVM
 * keeps its low 32 bits, where the program has code waiting. */
VM_TEST(isolation, fast_calls_of_32_bits_cannot_enter_the_kernel)
{
	struct run r;

	run_vmm(&r, NULL, level, ARGS(guest_program("iso_insn"), "fast32"));
	expect_exit(&r, 0);
	cr_assert(strstr(r.out, "still running"), "%s", r.out);
	run_free(&r);
}

/* A signal, or KVM's answer to calls from CPL 3, -KVM_EPERM; of the outer
 * machine's KVM too. */
VM_TEST(isolation, calls_to_the_hypervisor_are_refused)
{
	struct run r;
	char *text, *line;

	run_vmm(&r, NULL, level, ARGS(guest_program("iso_insn"), "hypervisor"));
	expect_exit(&r, 0);
	text = r.out;
	while ((line = next_line(&text)) && strcmp(line, "still running"))
		cr_assert(strstr(line, "none, rax -1") || !strstr(line, "none"),
			  "%s", line);
	cr_assert(line, "it ended early");
	run_free(&r);
}

/* ---- ways back ------------------------------------------------------------
 */

VM_TEST(isolation, forged_signal_frames_return_as_on_linux)
{
	as_native(level, "iso_return", "frames", NULL);
}

VM_TEST(isolation, strange_stack_pointers_trap_as_on_linux)
{
	as_native(level, "iso_return", "edges", NULL);
}

static void dies(int level, const char *rsp, const char *how)
{
	const char *const args[] = {guest_program("iso_return"), "die", rsp,
				    how, NULL};

	expect_as_native(level, NULL, args);
}

VM_TEST(isolation, a_signal_without_a_stack_ends_the_program)
{
	dies(level, "0", "ud2");
	dies(level, "0", "read");
	dies(level, "800000000000", "ud2");
	dies(level, "8000000000000000", "read");
	dies(level, "ffffffff80009400", "ud2");
	dies(level, "ffff888000010000", "read");
}
