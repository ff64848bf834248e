/*
 * xstate.c: see xstate.h. Intel SDM vol. 1, 13.2 and 13.4.3: CPUID leaf 0DH
 * gives each feature's place in the standard format. It is asked once: in a
 * virtual machine CPUID is a trap, and each signal needs all of this.
 */
#include "xstate.h"

#include <cpuid.h>

#define XSTATE_LEGACY 576 /* x87, SSE and the header */

struct component {
	size_t offset, end; /* end 0: not asked for yet */
};

static struct component read_component(unsigned feature)
{
	uint32_t size, offset, c, d;

	if (feature < 2 ||
	    !__get_cpuid_count(0xd, feature, &size, &offset, &c, &d))
		return (struct component){0, XSTATE_LEGACY};
	return (struct component){offset, (size_t)offset + size};
}

static const struct component *component(unsigned feature)
{
	static struct component known[64];

	if (!known[feature].end)
		known[feature] = read_component(feature);
	return &known[feature];
}

size_t xstate_offset(unsigned feature)
{
	return component(feature)->offset;
}

uint64_t xstate_features(uint64_t xcr0, size_t size)
{
	uint64_t left = xcr0, fit = 0;

	for (; left; left &= left - 1)
		if (component((unsigned)__builtin_ctzll(left))->end <= size)
			fit |= left & -left;
	return fit;
}

size_t xstate_size(uint64_t features)
{
	size_t size = XSTATE_LEGACY;

	for (; features; features &= features - 1) {
		size_t end =
			component((unsigned)__builtin_ctzll(features))->end;

		if (end > size)
			size = end;
	}
	return size;
}
