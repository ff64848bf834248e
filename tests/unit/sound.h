/*
 * sound.h: assertions about what a *_check function says (guest/lib/wrong.h).
 */
#ifndef SOUND_H
#define SOUND_H

#include <criterion/criterion.h>
#include <string.h>

#define assert_sound(check)                                                    \
	do {                                                                   \
		const char *why_ = (check);                                    \
                                                                               \
		cr_assert(!why_, "%s", why_);                                  \
	} while (0)

/* With where that was: a format and its arguments. */
#define assert_sound_at(check, fmt, ...)                                       \
	do {                                                                   \
		const char *why_ = (check);                                    \
                                                                               \
		cr_assert(!why_, fmt ": %s", __VA_ARGS__, why_);               \
	} while (0)

/* It finds something, and names it so. */
#define assert_wrong(check, words)                                             \
	do {                                                                   \
		const char *why_ = (check);                                    \
                                                                               \
		cr_assert(why_ &&strstr(why_, words), "%s",                    \
			  why_ ? why_ : "nothing is found");                   \
	} while (0)

#endif
