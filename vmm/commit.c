/*
 * commit.c: where the guest will make the new address space of an exec; until
 * then execve is refused as before.
 */
#include <errno.h>

#include "call.h"

int64_t call_exec_commit(struct call *c, struct exec *e)
{
	(void)e;
	call_say_refused(c, ENOSYS);
	return -ENOSYS;
}
