/*
 * about.h: what /proc of the program says of its start and of the machine
 * (struct sys_about), gathered.
 */
#ifndef ABOUT_H
#define ABOUT_H

#include "exec.h"
#include "sys.h"
#include "vm.h"

/*
 * Tell m's system calls. name: of the program, as it was called. Both arguments
 * must outlive vm->sys.
 */
void about_set(struct vm *vm, const struct exec *e, const char *name,
	       bool no_aslr);

#endif
