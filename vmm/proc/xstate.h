/*
 * xstate.h: how large the FPU part of a signal frame is on this machine, so
 * that the program's frames lie where Linux would put them.
 */
#ifndef XSTATE_H
#define XSTATE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The features of XCR0 (Intel SDM vol. 1, 13.1) that a frame holds if the XSAVE
 * area has `size` bytes: those of this host without the ones that a program
 * has to ask for (AMX). 0 without XSAVE.
 */
uint64_t xstate_features(size_t size);
/* Bytes of the XSAVE area, standard format, with all of these features. */
size_t xstate_size(uint64_t features);

#endif
