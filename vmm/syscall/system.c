/*
 * system.c: calls that only tell something of the machine: file systems,
 * mounts, file handles, security modules; and modify_ldt(2), which tells that
 * there is no table.
 */
#include <asm/ldt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "families.h"
#include "hv_map.h"
#include "path.h"

/* sysfs(2), as old as its name: names and numbers of file systems. */
int64_t system_sysfs(struct call *c)
{
	char name[PATH_MAX] = "";
	int64_t r;

	switch ((int)c->arg[0]) {
	case 1:
		r = usermem_read_str(c->v, c->arg[1], name, sizeof(name));
		return r < 0 ? r : host_call(SYS_sysfs, 1, name);
	case 2:
		r = host_call(SYS_sysfs, 2, (unsigned)c->arg[1], name);
		if (r == 0)
			r = call_put(c, c->arg[2], name, strlen(name) + 1);
		return r;
	default:
		return host_call(SYS_sysfs, (int)c->arg[0]);
	}
}

/* ---- Mounts ------------------------------------------------------------ */

#define REQUEST_MIN 24u /* Linux MNT_ID_REQ_SIZE_VER0 */

/* struct mnt_id_req; its second field will name a descriptor one day. */
static int64_t get_request(struct call *c, uint32_t request[HV_PAGE_SIZE / 4])
{
	if (call_get(c, c->arg[0], request, sizeof(*request)) < 0)
		return -EFAULT;
	if (request[0] > HV_PAGE_SIZE)
		return -E2BIG;
	if (request[0] < REQUEST_MIN)
		return -EINVAL;
	if (call_get(c, c->arg[0], request, request[0]) < 0)
		return -EFAULT;
	return request[1] ? -EINVAL : 0;
}

int64_t system_statmount(struct call *c)
{
	uint64_t len = c->arg[2] < IO_CHUNK ? c->arg[2] : IO_CHUNK;
	uint32_t request[HV_PAGE_SIZE / 4], size;
	int64_t r = (uint32_t)c->arg[3] ? -EINVAL : get_request(c, request);

	if (r < 0)
		return r;
	r = host_call((long)c->nr, request, io_buffer(), len, 0);
	if (r < 0)
		return r;
	memcpy(&size, io_buffer(), sizeof(size)); /* its first field */
	return call_put(c, c->arg[1], io_buffer(), size < len ? size : len);
}

int64_t system_listmount(struct call *c)
{
	uint32_t request[HV_PAGE_SIZE / 4];
	const uint64_t room = IO_CHUNK / sizeof(uint64_t), most = 1000000;
	int64_t r;

	if ((uint32_t)c->arg[3] & ~1u)
		return -EINVAL;
	if (c->arg[2] > most)
		return -EOVERFLOW;
	if (!call_access_ok(c->arg[1], c->arg[2] * sizeof(uint64_t)))
		return -EFAULT;
	r = get_request(c, request);
	if (r < 0)
		return r;
	r = host_call((long)c->nr, request, io_buffer(),
		      c->arg[2] < room ? c->arg[2] : room, c->arg[3]);
	if (r > 0 && call_put(c, c->arg[1], io_buffer(),
			      (size_t)r * sizeof(uint64_t)) < 0)
		return -EFAULT;
	return r;
}

/* ---- File handles ------------------------------------------------------ */

#define HANDLE_MAX 128u /* Linux MAX_HANDLE_SZ */
/* Of later headers: AT_HANDLE_FID, _CONNECTABLE, _MNT_ID_UNIQUE. */
#define HANDLE_FLAGS  (0x200u | 2u | AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)
#define HANDLE_UNIQUE 1u

/* Handles cannot be opened without privilege: to compare them is their use. */
static int64_t handle_of(struct call *c, int fd, uint32_t flags)
{
	uint32_t handle[2 + HANDLE_MAX / 4];
	size_t size = flags & HANDLE_UNIQUE ? 8 : 4;
	uint64_t mount = 0;
	int64_t r;

	if (call_get(c, c->arg[2], handle, 8) < 0)
		return -EFAULT;
	if (handle[0] > HANDLE_MAX)
		return -EINVAL;
	r = host_call(SYS_name_to_handle_at, fd, "", handle, &mount,
		      AT_EMPTY_PATH | (flags & ~AT_SYMLINK_FOLLOW));
	if (r < 0 && r != -EOVERFLOW)
		return r;
	if (call_put(c, c->arg[3], &mount, size) < 0 ||
	    call_put(c, c->arg[2], handle, 8 + (r < 0 ? 0 : handle[0])) < 0)
		return -EFAULT;
	return r;
}

int64_t system_name_to_handle(struct call *c)
{
	uint32_t flags = (uint32_t)c->arg[4], how = 0;
	struct path_ref ref;
	int64_t r;

	if (flags & ~(HANDLE_FLAGS | HANDLE_UNIQUE) ||
	    (flags & 0x202u) == 0x202u)
		return -EINVAL;
	if (!(flags & AT_SYMLINK_FOLLOW))
		how |= PATH_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		how |= PATH_EMPTY;
	r = path_lookup(c, (int)c->arg[0], c->arg[1], how, &ref);
	if (r == 0)
		r = handle_of(c, ref.fd, flags);
	path_release(&ref);
	return r;
}

/* ---- Security modules -------------------------------------------------- */

int64_t system_lsm_list(struct call *c)
{
	uint64_t ids[64];
	uint32_t size;
	int64_t r;

	if ((uint32_t)c->arg[2])
		return -EINVAL;
	if (call_get(c, c->arg[1], &size, sizeof(size)) < 0)
		return -EFAULT;
	if (size > sizeof(ids))
		size = sizeof(ids);
	r = host_call((long)c->nr, ids, &size, 0);
	if (r < 0 && r != -E2BIG)
		return r;
	if (call_put(c, c->arg[1], &size, sizeof(size)) < 0)
		return -EFAULT;
	return r < 0 || !call_put(c, c->arg[0], ids, size) ? r : -EFAULT;
}

/* ---- modify_ldt -------------------------------------------------------- */

/* Linux write_ldt; what needs no entry is done. */
static int64_t write_ldt(struct call *c, bool old)
{
	struct user_desc d;

	if (c->arg[2] != sizeof(d))
		return -EINVAL;
	if (call_get(c, c->arg[1], &d, sizeof(d)) < 0)
		return -EFAULT;
	if (d.entry_number >= LDT_ENTRIES)
		return -EINVAL;
	if (d.contents == 3 && (old || !d.seg_not_present))
		return -EINVAL;
	if (!d.base_addr && !d.limit &&
	    (old || (!d.contents && d.read_exec_only && !d.seg_32bit &&
		     !d.limit_in_pages && d.seg_not_present && !d.useable)))
		return 0;
	return -ENOSYS;
}

static int64_t read_default_ldt(struct call *c)
{
	const uint8_t none[128] = {0};
	uint64_t len = c->arg[2] < sizeof(none) ? c->arg[2] : sizeof(none);

	return call_put(c, c->arg[1], none, len) < 0 ? -EFAULT : (int64_t)len;
}

/* The guest has no local descriptor table: segments are not the program's. */
int64_t system_modify_ldt(struct call *c)
{
	int64_t r;

	switch ((int)c->arg[0]) {
	case 0:
		return 0;
	case 1:
		r = write_ldt(c, true);
		break;
	case 2:
		r = read_default_ldt(c);
		break;
	case 0x11:
		r = write_ldt(c, false);
		break;
	default:
		r = -ENOSYS;
	}
	return (uint32_t)r; /* as on Linux: no error to the C library */
}

/* ---- Ports ----------------------------------------------------------------
 */

/* Ports of the host: to give up what one has not is allowed. */
int64_t system_ioperm(struct call *c)
{
	const uint64_t ports = 65536; /* IO_BITMAP_BITS */
	uint64_t from = c->arg[0], n = c->arg[1];

	if (from + n <= from || from + n > ports)
		return -EINVAL;
	return (int)c->arg[2] ? -EPERM : 0;
}

int64_t system_iopl(struct call *c)
{
	uint32_t level = (uint32_t)c->arg[0];

	if (level > 3)
		return -EINVAL;
	return level ? -EPERM : 0;
}
