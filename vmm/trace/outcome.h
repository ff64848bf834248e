/*
 * outcome.h: what came of a fault, in words.
 */
#ifndef OUTCOME_H
#define OUTCOME_H

/*
 * Stable lower-case names: "anon-zero", "file-read", ... (docs/log.md);
 * "unknown" for what is not an enum hv_outcome. Never NULL.
 */
const char *outcome_name(unsigned outcome);

#endif
