/*
 * memlock.c: see memlock.h. The program has the VMM's own capabilities.
 */
#include "memlock.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t memlock_limit(uint64_t soft)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &head, data) < 0)
		return soft;
	return data[0].effective & 1u << CAP_IPC_LOCK ? ~0ull : soft;
}
