/*
 * message.h: what the user reads on stderr: one line each, "vmm: ...".
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdbool.h>

/* Always shown. */
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Shown unless -q. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Shown with -v. */
void detail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

void message_level(bool quiet, bool verbose);

#endif
