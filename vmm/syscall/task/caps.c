/*
 * caps.c: capabilities, as creds.c has all that the program is: those of the
 * thread that serves it. Giving up is all that capset(2) can do, and moving
 * between its three sets.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capable.h"
#include "families.h"

/*
 * The header as the host takes it; `size`: of the data that this version has.
 * An unknown version is answered with the one that is known.
 */
static int64_t get_header(struct call *c, struct __user_cap_header_struct *head,
			  size_t *size)
{
	const uint32_t known = _LINUX_CAPABILITY_VERSION_3;
	const size_t one = sizeof(struct __user_cap_data_struct);

	if (call_get(c, c->arg[0], &head->version, sizeof(head->version)) < 0)
		return -EFAULT;
	switch (head->version) {
	case _LINUX_CAPABILITY_VERSION_1:
		*size = _LINUX_CAPABILITY_U32S_1 * one;
		break;
	case _LINUX_CAPABILITY_VERSION_2:
	case _LINUX_CAPABILITY_VERSION_3:
		*size = _LINUX_CAPABILITY_U32S_3 * one;
		break;
	default:
		if (call_put(c, c->arg[0], &known, sizeof(known)) < 0)
			return -EFAULT;
		return -EINVAL;
	}
	return call_get(c, c->arg[0] + offsetof(typeof(*head), pid), &head->pid,
			sizeof(head->pid));
}

int64_t caps_get(struct call *c)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct __user_cap_header_struct head;
	size_t size;
	int64_t r = get_header(c, &head, &size);

	/* Without data the question is which version is known. */
	if (r < 0)
		return r == -EINVAL && !c->arg[1] ? 0 : r;
	r = host_call(SYS_capget, &head, c->arg[1] ? data : NULL);
	if (r == 0 && c->arg[1] && call_put(c, c->arg[1], data, size) < 0)
		return -EFAULT;
	return r;
}

int64_t caps_set(struct call *c)
{
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
	struct __user_cap_header_struct head;
	size_t size;
	int64_t r = get_header(c, &head, &size);

	if (r < 0)
		return r;
	if (head.pid && head.pid != c->t->tid)
		return -EPERM;
	if (call_get(c, c->arg[1], data, size) < 0)
		return -EFAULT;
	return creds_apply(
		c, (const uint64_t[5]){(uint64_t)&head, (uint64_t)data});
}
