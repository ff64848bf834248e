/* facts.c: see facts.h. */
#include "facts.h"

#include <sys/personality.h>

#include "boot.h"
#include "hv_map.h"
#include "machine.h"
#include "process.h"
#include "vm.h"

void facts_of_process(struct process *p, bool no_aslr)
{
	int host = personality(0xffffffff);

	p->personality = host < 0 ? 0 : (uint32_t)host;
	p->personality &= ~(uint32_t)ADDR_NO_RANDOMIZE;
	if (no_aslr)
		p->personality |= ADDR_NO_RANDOMIZE;
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
