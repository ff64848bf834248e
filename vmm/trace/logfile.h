/*
 * logfile.h: opening the file of -o, so that nothing is lost by it.
 */
#ifndef LOGFILE_H
#define LOGFILE_H

#include <stdio.h>

/*
 * Open `path` for the log, emptied if it is a file that was there. Refused is
 * what would be overwritten while it is in use: a file that this process has
 * open (so the program and what it inherits must be), `program`, and what an
 * argument in argv names, where scripts are, too (script.h). But what standard
 * output or error goes to already is shared: the log follows what is there.
 * NULL: failed, which has been explained.
 */
FILE *logfile_open(const char *path, const char *program, char *const *argv);

#endif
