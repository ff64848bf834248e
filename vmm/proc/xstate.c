/*
 * xstate.c: see xstate.h. Intel SDM vol. 1, 13.2 and 13.4.3: CPUID leaf 0DH
 * gives each feature's place in the standard format. It is asked once: in a
 * virtual machine CPUID is a trap, and each signal needs all of this.
 */
#include "xstate.h"

#include <cpuid.h>

#define XSTATE_LEGACY 576 /* x87, SSE and the header */

static size_t read_feature_end(unsigned feature)
{
	uint32_t size, offset, c, d;

	if (feature < 2 ||
	    !__get_cpuid_count(0xd, feature, &size, &offset, &c, &d))
		return XSTATE_LEGACY;
	return (size_t)offset + size;
}

/* First byte after the feature's component. */
static size_t feature_end(unsigned feature)
{
	static size_t known[64];

	if (!known[feature])
		known[feature] = read_feature_end(feature);
	return known[feature];
}

uint64_t xstate_features(uint64_t xcr0, size_t size)
{
	uint64_t left = xcr0, fit = 0;

	for (; left; left &= left - 1)
		if (feature_end((unsigned)__builtin_ctzll(left)) <= size)
			fit |= left & -left;
	return fit;
}

size_t xstate_size(uint64_t features)
{
	size_t size = XSTATE_LEGACY;

	for (; features; features &= features - 1) {
		size_t end = feature_end((unsigned)__builtin_ctzll(features));

		if (end > size)
			size = end;
	}
	return size;
}
