/*
 * capable.c: see capable.h. Those of the calling thread: the program's, in the
 * thread that serves its calls.
 */
#include "capable.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool capable(unsigned cap)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[cap / 32].effective & 1u << cap % 32;
}
