/*
 * facts.h: what /proc says of the start of a process and of the machine.
 */
#ifndef FACTS_H
#define FACTS_H

#include <stdbool.h>

struct exec;
struct machine;
struct process;
struct vm;

/* Its personality and auxiliary vector; e must outlive p. */
void facts_of_process(struct process *p, const struct exec *e, bool no_aslr);
/* After boot_prepare; vm must outlive m. */
void facts_of_machine(struct machine *m, struct vm *vm);

#endif
