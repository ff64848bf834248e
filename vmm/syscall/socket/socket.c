/*
 * socket.c: pairs of connected sockets, as programs use them to talk to
 * themselves (event loops do). There is no network, and no descriptor travels:
 * socket(2) answers as a kernel without network, and addresses and control
 * messages are refused.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "stop.h"

#define ADDRESS_MAX	128 /* struct sockaddr_storage */
#define VECTOR_MAX	1024
#define SOCK_TYPE_MASK	0xf
#define MSG_CMSG_COMPAT ((int)0x80000000)

/* Those that every Linux has: no module is loaded to find out. */
static bool is_known_family(int family)
{
	return family == AF_INET || family == AF_INET6 || family == AF_NETLINK;
}

/* A local one is how the C library asks for nscd, and it does without. */
int64_t socket_new(struct call *c)
{
	if ((int)c->arg[0] != AF_UNIX)
		call_say_refused(c, EAFNOSUPPORT);
	return -EAFNOSUPPORT;
}

int64_t socket_pair(struct call *c)
{
	int type = (int)c->arg[1], flags = type & SOCK_CLOEXEC ? 02000000 : 0;
	struct fdtable *t = &c->p->fds;
	int host[2];
	int32_t fd[2];

	if (type & ~(SOCK_TYPE_MASK | SOCK_CLOEXEC | SOCK_NONBLOCK))
		return -EINVAL;
	if (call_get(c, c->arg[3], fd, sizeof(fd)) < 0 ||
	    call_put(c, c->arg[3], fd, sizeof(fd)) < 0)
		return -EFAULT;
	if ((int)c->arg[0] != AF_UNIX)
		return is_known_family((int)c->arg[0]) ? -EOPNOTSUPP
						       : -EAFNOSUPPORT;
	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, (int)c->arg[2], host) < 0)
		return -errno;
	fd[0] = (int32_t)call_new_fd(c, host[0], flags);
	if (fd[0] < 0) {
		close(host[1]);
		return fd[0];
	}
	fd[1] = (int32_t)call_new_fd(c, host[1], flags);
	if (fd[1] >= 0 && call_put(c, c->arg[3], fd, sizeof(fd)) == 0)
		return 0;
	fdtable_close(t, fd[0]);
	if (fd[1] < 0)
		return fd[1];
	fdtable_close(t, fd[1]);
	return -EFAULT;
}

/* ---- Data -------------------------------------------------------------- */

static int64_t host_send(struct call *c, int host, const void *data, size_t len,
			 int flags)
{
	int64_t r;

	do {
		r = host_call(SYS_sendto, host, data, len, flags | MSG_NOSIGNAL,
			      NULL, 0);
	} while (r == -EINTR && !stop_signal());
	c->broken_pipe = r == -EPIPE && !(flags & MSG_NOSIGNAL);
	return r;
}

static int64_t host_receive(int host, size_t len, int flags)
{
	int64_t r;

	do {
		r = host_call(SYS_recvfrom, host, io_buffer(), len, flags, NULL,
			      NULL);
	} while (r == -EINTR && !stop_signal());
	return r;
}

/* A stream is sent as far as our buffer goes; a message whole or not at all. */
static int fits(int host, uint64_t *len)
{
	socklen_t size = sizeof(int);
	int type;

	if (getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -errno;
	if (*len <= IO_CHUNK)
		return 0;
	*len = IO_CHUNK;
	return type == SOCK_STREAM ? 0 : -EMSGSIZE;
}

/* The host's descriptor if it is a socket's, else Linux's error. */
static int socket_host(const struct call *c)
{
	socklen_t size = sizeof(int);
	int host = call_host_fd(c, 0), type;

	if (host >= 0 &&
	    getsockopt(host, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
		return -errno;
	return host;
}

/* Linux move_addr_to_kernel: the length of an address, which none may have. */
static int get_address(struct call *c, uint64_t va, int len)
{
	uint8_t address[ADDRESS_MAX];

	if (!va)
		return 0;
	if (len < 0 || len > ADDRESS_MAX)
		return -EINVAL;
	return call_get(c, va, address, (size_t)len) < 0 ? -EFAULT : len;
}

int64_t socket_send(struct call *c)
{
	uint64_t len = c->arg[2] < RW_COUNT_MAX ? c->arg[2] : RW_COUNT_MAX;
	int host = call_host_fd(c, 0), r;

	if (!call_access_ok(c->arg[1], len))
		return -EFAULT;
	r = host < 0 ? host : fits(host, &len);
	if (r < 0)
		return r;
	r = get_address(c, c->arg[4], (int)c->arg[5]);
	if (r != 0)
		return r < 0 ? r : -EISCONN;
	if (call_get(c, c->arg[1], io_buffer(), len) < 0) /* EPIPE, EFAULT */
		return host_send(c, host, NULL, len, (int)c->arg[3]);
	return host_send(c, host, io_buffer(), len, (int)c->arg[3]);
}

/* Nobody's address has length 0: Linux move_addr_to_user. */
static int put_no_address(struct call *c, uint64_t va_len)
{
	const int32_t none = 0;
	int32_t room;

	if (call_get(c, va_len, &room, sizeof(room)) < 0)
		return -EFAULT;
	return room < 0 ? -EINVAL : call_put(c, va_len, &none, sizeof(none));
}

int64_t socket_receive(struct call *c)
{
	uint64_t len = c->arg[2] < RW_COUNT_MAX ? c->arg[2] : RW_COUNT_MAX;
	int host = socket_host(c), err;
	int64_t r;

	if (!call_access_ok(c->arg[1], len))
		return -EFAULT;
	if (host < 0)
		return host;
	len = len < IO_CHUNK ? len : IO_CHUNK;
	r = host_receive(host, len, (int)c->arg[3]);
	if (r < 0)
		return r;
	if (call_put(c, c->arg[1], io_buffer(),
		     (uint64_t)r < len ? (size_t)r : len) < 0)
		return -EFAULT;
	err = c->arg[4] ? put_no_address(c, c->arg[5]) : 0;
	return err < 0 ? err : r;
}

/* ---- sendmsg and recvmsg ----------------------------------------------- */

struct message {
	struct msghdr head;
	struct iovec iov[VECTOR_MAX];
	uint64_t len; /* of all */
};

/* Linux __copy_msghdr, what it has of the address. */
static int get_name(struct call *c, struct msghdr *head)
{
	int len = head->msg_name ? (int)head->msg_namelen : 0;

	if (len < 0)
		return -EINVAL;
	head->msg_namelen = (socklen_t)(len < ADDRESS_MAX ? len : ADDRESS_MAX);
	return c->nr == SYS_sendmsg ? get_address(c, (uint64_t)head->msg_name,
						  (int)head->msg_namelen)
				    : 0;
}

static int64_t get_message(struct call *c, struct message *m)
{
	int r;

	if (call_get(c, c->arg[1], &m->head, sizeof(m->head)) < 0)
		return -EFAULT;
	r = get_name(c, &m->head);
	if (r < 0)
		return r;
	if (m->head.msg_iovlen > VECTOR_MAX)
		return -EMSGSIZE;
	if (call_get(c, (uint64_t)m->head.msg_iov, m->iov,
		     m->head.msg_iovlen * sizeof(m->iov[0])) < 0)
		return -EFAULT;
	m->len = 0;
	for (size_t i = 0; i < m->head.msg_iovlen; i++) {
		if ((int64_t)m->iov[i].iov_len < 0)
			return -EINVAL;
		if (!call_access_ok((uint64_t)m->iov[i].iov_base,
				    m->iov[i].iov_len))
			return -EFAULT;
		m->len += m->iov[i].iov_len;
	}
	return 0;
}

/* What of part i lies in the first `len` bytes, of which `done` are before. */
static size_t part(const struct message *m, size_t i, uint64_t done,
		   uint64_t len)
{
	uint64_t left = len - done;

	return m->iov[i].iov_len < left ? m->iov[i].iov_len : left;
}

int64_t socket_sendmsg(struct call *c)
{
	uint64_t len, done = 0;
	struct message m;
	int host = socket_host(c);
	int64_t r = host < 0 ? host : get_message(c, &m);

	if ((int)c->arg[2] & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (r < 0)
		return r;
	len = m.len;
	r = fits(host, &len);
	if (r < 0)
		return r;
	if (m.head.msg_controllen)
		return -EOPNOTSUPP;
	if (m.head.msg_namelen)
		return -EISCONN;
	for (size_t i = 0; i < m.head.msg_iovlen; i++) {
		size_t n = part(&m, i, done, len);

		if (call_get(c, (uint64_t)m.iov[i].iov_base, io_buffer() + done,
			     n) < 0)
			return host_send(c, host, NULL, len, (int)c->arg[2]);
		done += n;
	}
	return host_send(c, host, io_buffer(), len, (int)c->arg[2]);
}

/* The header's fields that the call fills. */
static int put_header(struct call *c, int flags)
{
	const uint64_t none = 0;
	const uint32_t no_name = 0;
	uint64_t va = c->arg[1];

	if (call_put(c, va + offsetof(struct msghdr, msg_namelen), &no_name,
		     sizeof(no_name)) < 0 ||
	    call_put(c, va + offsetof(struct msghdr, msg_controllen), &none,
		     sizeof(none)) < 0)
		return -EFAULT;
	return call_put(c, va + offsetof(struct msghdr, msg_flags), &flags,
			sizeof(flags));
}

int64_t socket_recvmsg(struct call *c)
{
	uint64_t done = 0, got;
	struct msghdr head = {0};
	struct iovec whole;
	struct message m;
	int host = socket_host(c);
	int64_t r = host < 0 ? host : get_message(c, &m);

	if ((int)c->arg[2] & MSG_CMSG_COMPAT)
		return -EINVAL;
	if (r < 0)
		return r;
	whole.iov_base = io_buffer();
	whole.iov_len = m.len < IO_CHUNK ? m.len : IO_CHUNK;
	head.msg_iov = &whole;
	head.msg_iovlen = 1;
	do {
		r = host_call(SYS_recvmsg, host, &head, (int)c->arg[2]);
	} while (r == -EINTR && !stop_signal());
	if (r < 0)
		return r;
	got = (uint64_t)r < whole.iov_len ? (uint64_t)r : whole.iov_len;
	for (size_t i = 0; i < m.head.msg_iovlen && done < got; i++) {
		size_t n = part(&m, i, done, got);

		if (call_put(c, (uint64_t)m.iov[i].iov_base, io_buffer() + done,
			     n) < 0)
			return -EFAULT;
		done += n;
	}
	return put_header(c, head.msg_flags) < 0 ? -EFAULT : r;
}

/* ---- Options and names ------------------------------------------------- */

/* Of SOL_SOCKET, those without pointers; 0: not served. */
static socklen_t option_size(int level, int name)
{
	if (level != SOL_SOCKET)
		return 0;
	switch (name) {
	case SO_TYPE:
	case SO_ERROR:
	case SO_DOMAIN:
	case SO_PROTOCOL:
	case SO_ACCEPTCONN:
	case SO_RCVBUF:
	case SO_SNDBUF:
	case SO_RCVLOWAT:
	case SO_REUSEADDR:
	case SO_KEEPALIVE:
	case SO_PASSCRED:
		return sizeof(int);
	case SO_LINGER:
		return sizeof(struct linger);
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
		return sizeof(struct timeval);
	case SO_PEERCRED:
		return sizeof(struct ucred);
	default:
		return 0;
	}
}

int64_t socket_getsockopt(struct call *c)
{
	socklen_t size = option_size((int)c->arg[1], (int)c->arg[2]);
	int host = socket_host(c), wanted;
	uint8_t value[32];
	int64_t r;

	if (host < 0)
		return host;
	if ((int)c->arg[1] != SOL_SOCKET)
		return -EOPNOTSUPP;
	if (call_get(c, c->arg[4], &wanted, sizeof(wanted)) < 0)
		return -EFAULT;
	if (wanted < 0)
		return -EINVAL;
	if ((socklen_t)wanted < size)
		size = (socklen_t)wanted;
	r = host_call(SYS_getsockopt, host, SOL_SOCKET,
		      size ? (int)c->arg[2] : -1, value, &size);
	if (r < 0)
		return r;
	if (call_put(c, c->arg[3], value, size) < 0)
		return -EFAULT;
	return call_put(c, c->arg[4], &size, sizeof(size));
}

int64_t socket_setsockopt(struct call *c)
{
	socklen_t size = option_size((int)c->arg[1], (int)c->arg[2]);
	int host = socket_host(c);
	uint8_t value[32] = {0};

	if (host < 0)
		return host;
	if ((int)c->arg[4] < 0)
		return -EINVAL;
	if ((int)c->arg[1] != SOL_SOCKET)
		return -EOPNOTSUPP;
	/* An int is looked at before the option is. */
	if ((int)c->arg[4] < (int)(size ? size : sizeof(int)))
		return -EINVAL;
	if (call_get(c, c->arg[3], value, size ? size : sizeof(int)) < 0)
		return -EFAULT;
	return host_call(SYS_setsockopt, host, SOL_SOCKET,
			 size ? (int)c->arg[2] : -1, value, sizeof(value));
}

/* getsockname, getpeername: what is no socket says so. */
int64_t socket_name(struct call *c)
{
	uint8_t name[ADDRESS_MAX];
	socklen_t size = sizeof(name);
	int host = call_host_fd(c, 0), room;
	int64_t r;

	if (host < 0)
		return host;
	r = host_call((long)c->nr, host, name, &size);
	if (r < 0)
		return r;
	if (call_get(c, c->arg[2], &room, sizeof(room)) < 0)
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	if (size > sizeof(name))
		size = sizeof(name);
	if (call_put(c, c->arg[1], name,
		     (size_t)room < size ? (size_t)room : size) < 0)
		return -EFAULT;
	return call_put(c, c->arg[2], &size, sizeof(size));
}
