/*
 * wrong.h: what a *_check function has found.
 *
 * Such a function returns NULL if all is as it should be, else a line that says
 * what is wrong where, with the values. There is one buffer for it: it is good
 * until the next one is made.
 */
#ifndef WRONG_H
#define WRONG_H

/* printf-like, as panic. */
const char *wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
