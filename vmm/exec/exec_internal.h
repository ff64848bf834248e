/*
 * exec_internal.h: between the files that make an exec, keep it and finish it.
 */
#ifndef EXEC_INTERNAL_H
#define EXEC_INTERNAL_H

#include <stdint.h>

struct exec;

/* What is needed no more when the new stack is written. */
void exec_drop_strings(struct exec *e);

/* Of the process's next exec, after one with this seed. */
uint64_t exec_next_seed(uint64_t seed);
/* The next of a repeatable sequence (Steele, Lea, Flood: SplitMix). */
uint64_t exec_draw(uint64_t *state);

#endif
