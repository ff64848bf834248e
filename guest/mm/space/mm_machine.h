/*
 * mm_machine.h: what guest/mm knows of the whole machine, and of no address
 * space: settings, which are constant after mm_init, and counters.
 */
#ifndef MM_MACHINE_H
#define MM_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "hv_boot.h"

#define AROUND_MAX 16 /* pages that fault-around maps at most */

struct mm_machine {
	uint64_t zero_pfn; /* of the shared zero page, which no one counts */
	uint64_t huge_zero_pfn; /* likewise of 2 MiB; 0: not needed yet */
	uint32_t thp;		/* enum hv_thp */
	bool read_zero;		/* reads map the zero page */
	bool thp_zero;		/* use a huge zero page */
	bool pkeys;		/* protection keys are served */
	unsigned around;    /* fault-around window in pages, a power of two */
	uint64_t faults;    /* that were to be logged */
	uint64_t committed; /* pages: Committed_AS */
};
extern struct mm_machine mm_machine;

/* After buddy_init. Panics if there is no frame for the zero page. */
void mm_machine_init(const struct hv_boot *boot);

#endif
