/*
 * mdwe.h: prctl(PR_SET_MDWE), since Linux 6.3: newer than some headers.
 */
#ifndef MDWE_H
#define MDWE_H

#include <sys/prctl.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE		 65
#define PR_GET_MDWE		 66
#define PR_MDWE_REFUSE_EXEC_GAIN 1ul
#endif
#ifndef PR_MDWE_NO_INHERIT /* since 6.6 */
#define PR_MDWE_NO_INHERIT 2ul
#endif

#endif
