/*
 * hv_abi.h: the contract between the VMM (vmm/) and the guest kernel (guest/),
 * whole. The only thing either half knows of the other; both are built from it,
 * and both check HV_ABI_VERSION at start.
 *
 * Conventions. Addresses: gpa = guest physical, va = guest virtual; sizes and
 * offsets are bytes unless the name says pages or pfn. Ranges are half-open.
 * Results are 0 or a value >= 0, or a negative Linux errno.
 */
#ifndef HV_ABI_H
#define HV_ABI_H

#include "hv_boot.h"
#include "hv_call.h"
#include "hv_const.h"
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"

#endif
