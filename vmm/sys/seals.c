/*
 * seals.c: sealing a memfd (Linux mm/memfd.c) that the program has mapped.
 *
 * The host's kernel knows nothing of the program's mappings. While one of them
 * may write, it has a mapping of the VMM's own to go by (files.h), which also
 * keeps the way open for write-back after F_SEAL_FUTURE_WRITE.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>

#include "call.h"
#include "describe.h"
#include "families.h"
#include "mapped.h"

/* Linux mapping_deny_writable: what counts is that it may be written. */
static int64_t is_mapped_writable(struct call *c, uint32_t number)
{
	struct hv_desc_vma *v;
	int64_t n =
		describe_all(c->v, HV_DESCRIBE_MAPS, sizeof(*v), (void **)&v);
	int64_t found = 0;

	if (n < 0)
		return n;
	for (int64_t i = 0; i < n; i++)
		found |= v[i].file == number && v[i].vm_flags & HV_VM_SHARED;
	free(v);
	return found;
}

int64_t seals_add(struct call *c, int host)
{
	uint32_t number = mapped_number(c, c->arg[0]);
	struct file *f = files_find(&c->s->files, number);
	int64_t r;

	if (f && f->wfd >= 0) {
		mapped_sync(c, c->arg[0], 0, INT64_MAX);
		r = is_mapped_writable(c, number);
		if (!r)
			files_window_close(f);
		else if (r > 0)
			r = files_window_open(f);
		if (r < 0)
			return r;
	}
	return host_call(SYS_fcntl, host, F_ADD_SEALS, c->arg[2]);
}
