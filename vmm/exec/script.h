/*
 * script.h: "#!", as Linux fs/binfmt_script.c reads it.
 *
 * A script is a program that another one runs: the first line names it, and one
 * argument. Both go before the script's path, which takes argv[0]'s place.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_HEAD 256 /* BINPRM_BUF_SIZE: as much of a file is looked at */

/*
 * The first bytes of a file, zeros behind its end; script_parse cuts them up.
 */
struct script {
	char head[SCRIPT_HEAD];
	const char *interp, *argument; /* argument: NULL if there is none */
};

/*
 * 1: it is one, interp is set (it may be ""); 0: it is none; -ENOEXEC: its
 * first line names no interpreter, or too long a one.
 */
int script_parse(struct script *s);

#endif
