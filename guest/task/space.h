/*
 * space.h: which address space a vCPU has.
 */
#ifndef SPACE_H
#define SPACE_H

#include "hv_call.h"
#include "hv_vcpu.h"

struct mm;

/* The vCPU of this area has mm, and the host may look at it. */
void space_use(struct hv_vcpu_area *area, struct mm *mm);

/* HV_STATUS_MM: 0 or -errno. */
int space_upcall(const struct hv_call_mm_upcall *request);

#endif
