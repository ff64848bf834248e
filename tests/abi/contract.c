/*
 * contract.c: the contract whole, compiled for its debug information.
 */
#include "hv_boot.h"
#include "hv_call.h"
#include "hv_const.h"
#include "hv_describe.h"
#include "hv_fault.h"
#include "hv_map.h"
#include "hv_vcpu.h"
