/*
 * size.h: numbers of bytes as a user writes them: 4096, 0x1000, 4K, 1G.
 */
#ifndef SIZE_H
#define SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* A number with an optional suffix K, M, G or T. False if it is not one. */
bool size_parse(const char *text, uint64_t *out);

#endif
