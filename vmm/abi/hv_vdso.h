/*
 * hv_vdso.h: the contract between the vDSO (guest/vdso/, user code of the
 * guest) and the VMM, which fills the data page that it reads.
 *
 * The time of a clock is base[clock] plus the TSC ticks since cycle_last, by
 * mult and shift, as in the kernel's own vDSO data. Writers make seq odd while
 * they write. The page is the first of [vvar]; where it lies is patched into
 * the image, at HV_VDSO_PARAMS, because it depends on the host's sizes.
 */
#ifndef HV_VDSO_H
#define HV_VDSO_H

#include <stdint.h>

#define HV_VDSO_PARAMS	 0x180		       /* offset in the image */
#define HV_VDSO_MAGIC	 0x4f5344564d4d5648ull /* "HVMMVDSO" */
#define HV_VDSO_MAX_SIZE 4096 /* of the image; all of it is one segment */

struct hv_vdso_params {
	uint64_t magic;
	int64_t data; /* struct hv_vdso_data, from the image's start */
};

#define HV_VDSO_TIME 1u /* flags: clocks below are valid */
#define HV_VDSO_CPU  2u /* cpu and node are */

/*
 * Indices are CLOCK_* of <linux/time.h>. The coarse ones are as of the last
 * trap, their nsec not shifted.
 */
#define HV_VDSO_BASES 12

struct hv_vdso_base {
	uint64_t sec;
	uint64_t nsec; /* shifted left by the scale's shift */
};

struct hv_vdso_scale {
	uint64_t cycle_last;
	uint32_t mult, shift;
};

struct hv_vdso_data {
	uint32_t seq;	/* odd: being written */
	uint32_t flags; /* HV_VDSO_* */
	uint32_t cpu, node;
	uint32_t fine_ns, coarse_ns;	/* clock_getres */
	int32_t minuteswest, dsttime;	/* gettimeofday's time zone */
	struct hv_vdso_scale hres, raw; /* raw: CLOCK_MONOTONIC_RAW */
	struct hv_vdso_base base[HV_VDSO_BASES];
};
_Static_assert(sizeof(struct hv_vdso_data) == 256, "hv_vdso_data is ABI");

#endif
