/*
 * fake_vcpu.h: a vCPU for unit tests of vmm/syscall and vmm/procfs: registers
 * are a structure, user memory is a few pages at chosen addresses, and all else
 * is a hole where accesses fail with EFAULT. Addresses are the program's, never
 * the test's own.
 */
#ifndef FAKE_VCPU_H
#define FAKE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_call.h"
#include "hv_describe.h"
#include "hv_vcpu.h"
#include "usermem.h"
#include "vcpu.h"

/* [FAKE_BASE, FAKE_END) is memory; the page at FAKE_HOLE is not. */
#define FAKE_BASE  0x10000000ull
#define FAKE_SIZE  (2ull << 20)
#define FAKE_END   (FAKE_BASE + FAKE_SIZE)
#define FAKE_HOLE  (FAKE_BASE + (1ull << 20))
#define FAKE_XSAVE 832 /* x87, SSE, AVX */

#define FAKE_UPCALLS 16

struct vcpu {
	struct hv_regs regs;
	uint8_t *mem;
	uint64_t fs_base, gs_base;
	uint8_t xsave[FAKE_XSAVE];
	struct hv_limits limits;
	struct hv_call_file_upcall file_upcalls[FAKE_UPCALLS];
	unsigned nr_file_upcalls;
	bool xsave_fails;
	bool pkeys;
	/* What vcpu_describe answers; NULL: -EIO. */
	int (*describe)(struct vcpu *v, uint32_t what, uint64_t cursor,
			uint32_t want, struct hv_call_describe *out);
	bool stopped;
	int wait_status;
	unsigned stops;
};

void fake_vcpu_init(struct vcpu *v);
void fake_vcpu_fini(struct vcpu *v);

/* From now on there are many threads: the machine's lock is one. It is free. */
void fake_begin_many(void);

/* Host address of a mapped user address, for the test to look at. */
void *fake_at(struct vcpu *v, uint64_t va);
/* Put bytes or a string there; returns va. */
uint64_t fake_put(struct vcpu *v, uint64_t va, const void *src, size_t len);
uint64_t fake_str(struct vcpu *v, uint64_t va, const char *text);

#endif
