/*
 * capable.c: see capable.h. The program has the VMM's own capabilities.
 */
#include "capable.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

bool capable(int capability)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &head, data) == 0 &&
	       data[0].effective & 1u << capability;
}
