/* facts.c: see facts.h. */
#include "facts.h"

#include <string.h>
#include <sys/personality.h>

#include "boot.h"
#include "exec.h"
#include "hv_map.h"
#include "machine.h"
#include "process.h"
#include "vm.h"

/* argc, the pointers of argv and NULL, those of envp and NULL, then pairs. */
static void find_auxv(const struct elfload_plan *plan, struct process *out)
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

void facts_of_process(struct process *p, const struct exec *e, bool no_aslr)
{
	int host = personality(0xffffffff);

	p->personality = host < 0 ? 0 : (uint32_t)host;
	p->personality &= ~(uint32_t)ADDR_NO_RANDOMIZE;
	if (no_aslr)
		p->personality |= ADDR_NO_RANDOMIZE;
	find_auxv(&e->plan, p);
}

void facts_of_machine(struct machine *m, struct vm *vm)
{
	m->facts = (struct machine_facts){
		.overcommit = boot_info(vm)->commit.mode,
		.thp = (int)boot_info(vm)->thp,
		.banks = vm->banks,
		.nr_banks = vm->nr_banks,
		/* In guest memory, since the image may be exchanged yet. */
		.image = guestmem_at(&vm->mem, (hv_gpa_t){HV_KERNEL_GPA},
				     sizeof(*m->facts.image)),
	};
}
