/* about.c: see about.h. */
#include "about.h"

#include <string.h>
#include <sys/personality.h>

#include "boot.h"
#include "hv_abi.h"

/* argc, the pointers of argv and NULL, those of envp and NULL, then pairs. */
static void find_auxv(const struct elfload_plan *plan, struct sys_about *out)
{
	const uint64_t *words = (const uint64_t *)plan->stack;
	size_t n = plan->tables_len / 8, i = 1, end;

	while (i < n && words[i])
		i++;
	for (i++; i < n && words[i];)
		i++;
	i++;
	for (end = i; end + 1 < n && words[end];)
		end += 2;
	if (end + 1 >= n)
		return;
	out->auxv = &words[i];
	out->auxv_len = (end + 2 - i) * 8;
}

void about_set(struct vm *vm, const struct exec *e, const char *name,
	       bool no_aslr)
{
	struct sys_about about = {
		.name = name,
		.banks = vm->banks,
		.nr_banks = vm->nr_banks,
		/* In guest memory, since the image may be exchanged yet. */
		.image = guestmem_at(&vm->mem, (hv_gpa_t){HV_KERNEL_GPA},
				     sizeof(*about.image)),
	};
	int host = personality(0xffffffff);

	about.personality = host < 0 ? 0 : (uint32_t)host;
	about.personality &= ~(uint32_t)ADDR_NO_RANDOMIZE;
	if (no_aslr)
		about.personality |= ADDR_NO_RANDOMIZE;
	about.thp = (int)boot_info(vm)->thp;
	about.overcommit = boot_info(vm)->commit.mode;
	find_auxv(&e->plan, &about);
	sys_set_about(vm->sys, &about);
}
