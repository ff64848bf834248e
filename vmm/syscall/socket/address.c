/*
 * address.c: calls that would give a socket an address, or ask for one that
 * somebody else has. All sockets are halves of a pair, so the answers are those
 * that Linux gives for such a half, as far as no address comes into it; the
 * addresses themselves are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "families.h"

#define ADDRESS_MAX 128 /* struct sockaddr_storage */
#define FAMILY_SIZE sizeof(sa_family_t)

/* Linux move_addr_to_kernel: an address of arg[2] bytes at arg[1]. */
static int get_address(struct call *c, struct sockaddr_storage *address)
{
	int len = (int)c->arg[2];

	if (len < 0 || len > ADDRESS_MAX)
		return -EINVAL;
	if (len && call_get(c, c->arg[1], address, (size_t)len) < 0)
		return -EFAULT;
	return len;
}

/* 0 if it is one; Linux's error if not. */
static int check_socket(int host)
{
	socklen_t size = sizeof(int);
	int type;

	return getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ? -errno
								       : 0;
}

int64_t address_bind(struct call *c)
{
	struct sockaddr_storage address;
	int host = call_host_fd(c, 0), r;

	r = host < 0 ? host : check_socket(host);
	if (r == 0)
		r = get_address(c, &address);
	if (r < 0)
		return r;
	if ((size_t)r < FAMILY_SIZE || address.ss_family != AF_UNIX)
		return -EINVAL;
	return -EOPNOTSUPP;
}

/* AF_UNSPEC takes the peer away from a datagram socket. */
int64_t address_connect(struct call *c)
{
	struct sockaddr_storage address = {0};
	int host = call_host_fd(c, 0), r, len;

	if (host < 0 || fcntl(host, F_GETFL) & O_PATH)
		return -EBADF;
	len = get_address(c, &address);
	r = len < 0 ? len : check_socket(host);
	if (r < 0)
		return r;
	if ((size_t)len < FAMILY_SIZE || address.ss_family == AF_UNSPEC)
		return host_call(SYS_connect, host, &address, len);
	return address.ss_family == AF_UNIX ? -ECONNREFUSED : -EINVAL;
}

/* Half of a pair does not listen; what was inherited may. */
int64_t address_accept(struct call *c)
{
	int host = call_host_fd(c, 0), listens = 0;
	socklen_t size = sizeof(listens);

	if (host < 0)
		return host;
	if (getsockopt(host, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 &&
	    listens)
		return -EOPNOTSUPP;
	return host_call(SYS_accept4, host, NULL, NULL,
			 c->nr == SYS_accept4 ? (int)c->arg[3] : 0);
}
