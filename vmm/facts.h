/*
 * facts.h: what /proc says of the start of a process and of the machine.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>

struct machine;
struct process;
struct vm;

/* Its personality, as of the host process but for what --no-aslr says. */
void facts_of_process(struct process *p, bool no_aslr);
/* After boot_prepare; vm must outlive m. */
void facts_of_machine(struct machine *m, struct vm *vm);

#endif
