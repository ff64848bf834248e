/*
 * vdso.h: the guest's vDSO: its image (guest/vdso/), and the data page that it
 * reads. Both are pages of a file of the VMM's own, HV_FILE_VDSO, which the
 * guest's page cache reads like any other: [vvar], [vvar_vclock], [vdso], each
 * as large as this host's.
 *
 * The data is written anew at a hypercall when it is older than 1 ms or so:
 * while the VMM has not come to, it is as old as the last trap. See docs/
 * vdso.md for what that means.
 */
#ifndef VDSO_H
#define VDSO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "vdso_clock.h"

struct vdso {
	/* Bytes, as on this host; all 0 if it has no vDSO. */
	uint64_t vvar_size, vclock_size, vdso_size;

	struct vdso_clock clock;
	struct hv_vdso_data data;  /* what the guest was last given */
	struct hv_vdso_data *page; /* in guest RAM; NULL if nobody has it */
	uint64_t written;	   /* TSC */
};

/* Look at this host. Cannot fail: what is not there is left out. */
void vdso_init(struct vdso *v);

/* The vCPU's TSC is to be the host's. */
void vdso_set_tsc(int vcpu_fd);
/* The guest has just read this from its TSC: is it the host's? */
void vdso_check_tsc(struct vdso *v, uint64_t guest_tsc);

/* Bytes in all; a page from `offset` on for each of n buffers. 0 or -EINVAL. */
static inline uint64_t vdso_file_size(const struct vdso *v)
{
	return v->vvar_size + v->vclock_size + v->vdso_size;
}
int vdso_file_read(struct vdso *v, uint64_t offset, const struct iovec *pages,
		   int n);
/* The guest has dropped its pages. */
void vdso_file_put(struct vdso *v);

/* There is more than one vCPU: the page cannot tell on which a thread is. */
void vdso_forget_cpu(struct vdso *v);

/* At every hypercall: the processor, and the time if it is due. */
void vdso_refresh(struct vdso *v);

#endif
