/*
 * script.h: "#!", as Linux fs/binfmt_script.c reads it.
 *
 * A script is a program that another one runs: the first line names it, and one
 * argument. Both go before the script's path, which takes argv[0]'s place.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "elfload.h"

struct script {
	char *file;  /* the program to load: no script */
	char **argv; /* ends with NULL; the strings are the script's, too */
};

/*
 * Follow `file` to a program that is no script; `file` itself if it is none.
 * Returns 0, or -errno with *e filled: -ENOEXEC a first line that is none,
 * -ELOOP more than five scripts deep, and as elfload_open. Free in either case.
 */
int script_follow(struct script *s, const char *file, const char *const *argv,
		  struct elfload_error *e);
void script_free(struct script *s);

#endif
