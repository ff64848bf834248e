/*
 * A pair of sockets carries data inside the program, and nothing leads out.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys_fixture.h"

TestSuite(sys_socket, .init = sys_setup, .fini = sys_teardown);

/* Descriptors 3 and 4. */
static void make_pair(int type)
{
	cr_assert_eq(call(SYS_socketpair, AF_UNIX, (uint64_t)type, 0, VA0), 0);
	cr_assert_eq(((int *)fake_at(&cpu, VA0))[0], 3);
	cr_assert_eq(((int *)fake_at(&cpu, VA0))[1], 4);
}

/* A msghdr at VA0 with two parts: 3 bytes at VA1, 7 at VA2. */
static struct msghdr *message(void)
{
	struct msghdr *m = fake_at(&cpu, VA0);
	struct iovec *iov = fake_at(&cpu, VA0 + 256);

	memset(m, 0, sizeof(*m));
	m->msg_iov = (struct iovec *)(VA0 + 256);
	m->msg_iovlen = 2;
	iov[0] = (struct iovec){(void *)VA1, 3};
	iov[1] = (struct iovec){(void *)VA2, 7};
	return m;
}

Test(sys_socket, what_goes_in_comes_out)
{
	make_pair(SOCK_STREAM);
	fake_str(&cpu, VA1, "hello");
	cr_assert_eq(call(SYS_sendto, 3, VA1, 5, 0, 0, 0), 5);
	cr_assert_eq(call(SYS_recvfrom, 4, VA2, 99, MSG_PEEK, 0, 0), 5);
	cr_assert_eq(call(SYS_recvfrom, 4, VA2, 99, 0, 0, 0), 5);
	cr_assert_eq(memcmp(fake_at(&cpu, VA2), "hello", 5), 0);
	cr_assert_eq(call(SYS_recvfrom, 4, VA2, 9, MSG_DONTWAIT, 0, 0),
		     -EAGAIN);
	cr_assert_eq(call(SYS_write, 4, VA1, 2), 2);
	cr_assert_eq(call(SYS_read, 3, VA2, 9), 2);
}

Test(sys_socket, a_message_is_gathered_and_scattered)
{
	make_pair(SOCK_DGRAM);
	message();
	fake_put(&cpu, VA1, "abc", 3);
	fake_put(&cpu, VA2, "defghij", 7);
	cr_assert_eq(call(SYS_sendmsg, 3, VA0, 0), 10);
	memset(fake_at(&cpu, VA1), 0, 3);
	memset(fake_at(&cpu, VA2), 0, 7);
	cr_assert_eq(call(SYS_recvmsg, 4, VA0, 0), 10);
	cr_assert_eq(memcmp(fake_at(&cpu, VA1), "abc", 3), 0);
	cr_assert_eq(memcmp(fake_at(&cpu, VA2), "defghij", 7), 0);
}

Test(sys_socket, a_message_too_long_is_cut_and_says_so)
{
	struct msghdr *m;

	make_pair(SOCK_DGRAM);
	cr_assert_eq(call(SYS_sendto, 3, BIG, 100, 0, 0, 0), 100);
	m = message();
	cr_assert_eq(call(SYS_recvmsg, 4, VA0, 0), 10);
	cr_assert_eq(m->msg_flags, MSG_TRUNC);
	call(SYS_sendto, 3, BIG, 100, 0, 0, 0);
	cr_assert_eq(call(SYS_recvfrom, 4, VA1, 10, MSG_TRUNC, 0, 0), 100);
	cr_assert_eq(call(SYS_sendto, 3, BIG, 200000, 0, 0, 0), -EMSGSIZE);
}

Test(sys_socket, a_closed_end_is_epipe_and_sigpipe)
{
	make_pair(SOCK_STREAM);
	cr_assert_eq(call(SYS_close, 4), 0);
	cr_assert_eq(call(SYS_sendto, 3, VA1, 5, MSG_NOSIGNAL, 0, 0), -EPIPE);
	cr_assert(!cpu.stopped);
	call(SYS_sendto, 3, VA1, 5, 0, 0, 0);
	cr_assert(cpu.stopped);
	cr_assert_eq(cpu.wait_status, SIGPIPE);
}

Test(sys_socket, shutdown_ends_one_direction)
{
	make_pair(SOCK_STREAM);
	cr_assert_eq(call(SYS_shutdown, 3, SHUT_WR), 0);
	cr_assert_eq(call(SYS_recvfrom, 4, VA1, 5, 0, 0, 0), 0);
	cr_assert_eq(call(SYS_shutdown, 99, SHUT_WR), -EBADF);
}

Test(sys_socket, bad_memory_is_efault_and_bad_descriptors_are_told)
{
	unsigned before;

	make_pair(SOCK_STREAM);
	cr_assert_eq(call(SYS_sendto, 3, BAD, 5, 0, 0, 0), -EFAULT);
	cr_assert_eq(call(SYS_sendmsg, 3, BAD, 0), -EFAULT);
	cr_assert_eq(call(SYS_sendto, 99, VA1, 5, 0, 0, 0), -EBADF);
	cr_assert_eq(call(SYS_sendto, 0, VA1, 5, 0, 0, 0), -ENOTSOCK);
	cr_assert_eq(call(SYS_recvfrom, 0, VA1, 5, 0, 0, 0), -ENOTSOCK);
	cr_assert_eq(call(SYS_getpeername, 0, VA1, VA2), -ENOTSOCK);
	before = host_fds();
	cr_assert_eq(call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, BAD),
		     -EFAULT);
	cr_assert_eq(host_fds(), before);
}

Test(sys_socket, vectors_are_checked)
{
	struct msghdr *m;
	struct iovec *iov = fake_at(&cpu, VA0 + 256);

	make_pair(SOCK_STREAM);
	m = message();
	m->msg_iovlen = 1025;
	cr_assert_eq(call(SYS_sendmsg, 3, VA0, 0), -EMSGSIZE);
	m = message();
	iov[1].iov_len = 1ull << 63;
	cr_assert_eq(call(SYS_sendmsg, 3, VA0, 0), -EINVAL);
	iov[1].iov_len = (1ull << 63) - 1;
	cr_assert_eq(call(SYS_sendmsg, 3, VA0, 0), -EFAULT);
	m = message();
	m->msg_control = (void *)VA1;
	m->msg_controllen = 24;
	cr_assert_eq(call(SYS_sendmsg, 3, VA0, 0), -EOPNOTSUPP,
		     "descriptors do not travel");
}

Test(sys_socket, there_is_no_network)
{
	cr_assert_eq(call(SYS_socket, AF_INET, SOCK_STREAM, 0), -EAFNOSUPPORT);
	cr_assert_eq(call(SYS_socket, AF_UNIX, SOCK_STREAM, 0), -EAFNOSUPPORT);
	cr_assert_eq(call(SYS_socketpair, AF_INET, SOCK_STREAM, 0, VA0),
		     -EOPNOTSUPP);
	make_pair(SOCK_DGRAM);
	cr_assert_eq(call(SYS_sendto, 3, VA1, 5, 0, VA2, 16), -EISCONN);
}

Test(sys_socket, options_are_those_without_pointers)
{
	int *value = fake_at(&cpu, VA1), *len = fake_at(&cpu, VA2);

	make_pair(SOCK_SEQPACKET);
	*len = 99;
	cr_assert_eq(call(SYS_getsockopt, 3, SOL_SOCKET, SO_TYPE, VA1, VA2), 0);
	cr_assert_eq(*value, SOCK_SEQPACKET);
	cr_assert_eq(*len, 4);
	*len = -1;
	cr_assert_eq(call(SYS_getsockopt, 3, SOL_SOCKET, SO_TYPE, VA1, VA2),
		     -EINVAL);
	*value = 1;
	cr_assert_eq(call(SYS_setsockopt, 3, SOL_SOCKET, SO_PASSCRED, VA1, 4),
		     0);
	cr_assert_eq(call(SYS_setsockopt, 3, SOL_SOCKET, SO_PASSCRED, VA1, 3),
		     -EINVAL);
	cr_assert_eq(
		call(SYS_setsockopt, 3, SOL_SOCKET, SO_ATTACH_FILTER, VA1, 16),
		-ENOPROTOOPT);
	*len = 16;
	cr_assert_eq(call(SYS_getsockname, 3, VA1, VA2), 0);
	cr_assert_eq(*(unsigned short *)value, AF_UNIX);
	cr_assert_eq(*len, 2);
}

/* What Linux says of a pair, which has no address and does not listen. */
Test(sys_socket, half_of_a_pair_neither_listens_nor_is_called)
{
	const uint64_t size = sizeof(struct sockaddr_storage);
	sa_family_t *family = fake_at(&cpu, VA1);

	make_pair(SOCK_DGRAM);
	cr_assert_eq(call(SYS_listen, 3, 1), -EOPNOTSUPP);
	cr_assert_eq(call(SYS_accept, 3, 0, 0), -EOPNOTSUPP);
	*family = AF_UNIX;
	cr_assert_eq(call(SYS_bind, 3, VA1, size), -EOPNOTSUPP);
	cr_assert_eq(call(SYS_bind, 3, VA1, 1), -EINVAL);
	cr_assert_eq(call(SYS_bind, 3, VA1, size + 1), -EINVAL);
	cr_assert_eq(call(SYS_bind, 3, BAD, size), -EFAULT);
	cr_assert_eq(call(SYS_connect, 3, VA1, size), -ECONNREFUSED);
	cr_assert_eq(call(SYS_connect, 3, VA1, 1), -EINVAL);
	cr_assert_eq(call(SYS_connect, 3, VA1, -1ull), -EINVAL);
	cr_assert_eq(call(SYS_connect, 3, BAD, size), -EFAULT);
	*family = AF_INET;
	cr_assert_eq(call(SYS_connect, 3, VA1, size), -EINVAL);
	*family = AF_UNSPEC;
	cr_assert_eq(call(SYS_connect, 3, VA1, size), 0);
	cr_assert_eq(call(SYS_sendto, 3, VA0, 1, 0, 0, 0), -ENOTCONN);
	cr_assert_eq(call(SYS_pipe2, VA0, 0), 0);
	cr_assert_eq(call(SYS_accept4, 5, 0, 0, 0), -ENOTSOCK);
	cr_assert_eq(call(SYS_accept4, 5, 0, 0, 1), -EINVAL);
	cr_assert_eq(call(SYS_bind, 5, BAD, size), -ENOTSOCK);
	cr_assert_eq(call(SYS_connect, 5, BAD, size), -EFAULT);
	cr_assert_eq(call(SYS_connect, 5, VA1, size), -ENOTSOCK);
	cr_assert_eq(call(SYS_connect, 77, BAD, size), -EBADF);
	cr_assert_eq(call(SYS_listen, 77, 1), -EBADF);
}
