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
#include "coherence.h"
#include "describe.h"
#include "families.h"
#include "hv_describe.h"

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

/* What may be written back, or NULL; only until the next upcall. */
static struct file *writable(struct call *c, uint32_t number)
{
	struct file *f = files_find(&c->m->files, number);

	return f && f->wfd >= 0 ? f : NULL;
}

/* Have a window, or none, as the program has a mapping that may write. */
static int64_t adjust_window(struct call *c, uint32_t number)
{
	int64_t writes = is_mapped_writable(c, number);
	struct file *f = writable(c, number);

	if (writes < 0 || !f)
		return writes < 0 ? writes : 0;
	if (writes)
		return files_window_open(f);
	files_window_close(f);
	return 0;
}

int64_t seals_add(struct call *c, int host)
{
	uint32_t number = coherence_number(c, c->arg[0]);
	int64_t r;

	if (writable(c, number)) {
		coherence_sync(c, c->arg[0], 0, INT64_MAX);
		r = adjust_window(c, number);
		if (r < 0)
			return r;
	}
	return host_call(SYS_fcntl, host, F_ADD_SEALS, c->arg[2]);
}
