/*
 * xstate.h: how large the FPU part of a signal frame is on this machine, so
 * that the program's frames lie where Linux would put them.
 */
#ifndef XSTATE_H
#define XSTATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Those of the features (Intel SDM vol. 1, 13.1) of a vCPU's XCR0 that a frame
 * holds if the XSAVE area has `size` bytes.
 */
uint64_t xstate_features(uint64_t xcr0, size_t size);
/* Where a feature's component is. */
size_t xstate_offset(unsigned feature);
/* Bytes of the XSAVE area, standard format, with all of these features. */
size_t xstate_size(uint64_t features);

#endif
