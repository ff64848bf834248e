/* version.h: what -V says. */
#ifndef VERSION_H
#define VERSION_H

#define VMM_VERSION "0.1"

#endif
