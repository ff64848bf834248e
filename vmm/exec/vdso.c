/*
 * vdso.c: see vdso.h.
 */
#include "vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "hv_map.h"
#include "message.h"

/* Embedded by vmm/machine/kernel_image.S. */
extern const uint8_t vdso_image_start[], vdso_image_end[];

#define REFRESH_TICKS (1ull << 21) /* 0.5 to 1 ms */
/* Between the guest's look at its TSC and ours: less, on any machine. */
#define TSC_SLACK (1ull << 33)

/* ---- What this host has ------------------------------------------------- */

struct areas {
	uint64_t vvar_start, vvar_size, vclock_size, vdso_size;
};

/* One line of /proc/self/maps: "START-END PERMS ... NAME". */
static void note_area(struct areas *a, const char *line)
{
	uint64_t start, end;
	char *rest;

	start = strtoull(line, &rest, 16);
	end = *rest == '-' ? strtoull(rest + 1, NULL, 16) : start;
	if (strstr(line, "[vvar]")) {
		a->vvar_start = start;
		a->vvar_size = end - start;
	} else if (strstr(line, "[vvar_vclock]")) {
		a->vclock_size = end - start;
	} else if (strstr(line, "[vdso]")) {
		a->vdso_size = end - start;
	}
}

static void find_areas(struct areas *a)
{
	char text[16384], *line, *end;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = 0;

	*a = (struct areas){0};
	while (fd >= 0 && len < sizeof(text) - 1 &&
	       (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	for (line = text; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		note_area(a, line);
	}
}

static uint32_t resolution(int clock)
{
	struct timespec ts = {.tv_nsec = 1};

	clock_getres(clock, &ts);
	return (uint32_t)ts.tv_nsec;
}

static void init_data(struct vdso *v)
{
	struct timezone tz = {0};
	struct timeval tv;

	gettimeofday(&tv, &tz);
	v->data.fine_ns = resolution(CLOCK_MONOTONIC);
	v->data.coarse_ns = resolution(CLOCK_MONOTONIC_COARSE);
	v->data.minuteswest = tz.tz_minuteswest;
	v->data.dsttime = tz.tz_dsttime;
	v->data.flags = HV_VDSO_CPU;
}

void vdso_init(struct vdso *v)
{
	uint64_t image = (uint64_t)(vdso_image_end - vdso_image_start +
				    HV_PAGE_SIZE - 1) &
			 ~(HV_PAGE_SIZE - 1);
	struct areas a;

	*v = (struct vdso){0};
	find_areas(&a);
	if (!a.vdso_size || !a.vvar_size)
		return;
	v->vvar_size = a.vvar_size;
	v->vclock_size = a.vclock_size;
	v->vdso_size = a.vdso_size > image ? a.vdso_size : image;
	init_data(v);
	if (!vdso_clock_find(&v->clock, (const void *)a.vvar_start,
			     HV_PAGE_SIZE))
		detail("vDSO: this host's clock cannot be read: its clocks "
		       "make system calls");
}

/* ---- The TSC ------------------------------------------------------------ */

/* Where it fails, vdso_check_tsc() finds out. */
void vdso_set_tsc(int vcpu_fd)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uint64_t)&offset,
	};

	ioctl(vcpu_fd, KVM_SET_DEVICE_ATTR, &attr);
}

void vdso_check_tsc(struct vdso *v, uint64_t guest_tsc)
{
	uint64_t ago = vdso_clock_tsc() - guest_tsc;

	if (ago < TSC_SLACK && vdso_clock_read(&v->clock, &v->data))
		v->data.flags |= HV_VDSO_TIME;
	else if (v->clock.hres)
		detail("vDSO: the guest's TSC is not the host's: its clocks "
		       "make system calls");
}

/* ---- The data page ------------------------------------------------------ */

/* Odd while it is written; the rest is a plain copy. */
static void publish(struct vdso *v)
{
	struct hv_vdso_data *page = v->page;

	if (!page)
		return;
	__atomic_store_n(&page->seq, v->data.seq + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy((uint8_t *)page + sizeof(page->seq),
	       (const uint8_t *)&v->data + sizeof(page->seq),
	       sizeof(*page) - sizeof(page->seq));
	v->data.seq += 2;
	__atomic_store_n(&page->seq, v->data.seq, __ATOMIC_RELEASE);
}

static bool update_cpu(struct vdso *v)
{
	unsigned cpu = 0, node = 0;

	getcpu(&cpu, &node);
	if (cpu == v->data.cpu && node == v->data.node)
		return false;
	v->data.cpu = cpu;
	v->data.node = node;
	return true;
}

static bool update_time(struct vdso *v)
{
	struct hv_vdso_data next = v->data;
	uint64_t tsc = vdso_clock_tsc();

	if (!(v->data.flags & HV_VDSO_TIME) || tsc - v->written < REFRESH_TICKS)
		return false;
	v->written = tsc;
	if (!vdso_clock_read(&v->clock, &next))
		return false;
	next.fine_ns = resolution(CLOCK_MONOTONIC); /* finer once booted */
	vdso_clock_keep_monotonic(&v->data, &next, tsc);
	v->data = next;
	return true;
}

/* Each tick, or never if the program does not ask in between. */
static bool update_coarse(struct vdso *v)
{
	static const clockid_t clock[] = {CLOCK_REALTIME_COARSE,
					  CLOCK_MONOTONIC_COARSE};
	bool changed = false;

	for (int i = 0; i < 2; i++) {
		struct hv_vdso_base *base = &v->data.base[clock[i]];
		struct timespec t;

		clock_gettime(clock[i], &t);
		if (base->sec == (uint64_t)t.tv_sec &&
		    base->nsec == (uint64_t)t.tv_nsec)
			continue;
		base->sec = (uint64_t)t.tv_sec;
		base->nsec = (uint64_t)t.tv_nsec;
		changed = true;
	}
	return changed;
}

void vdso_forget_cpu(struct vdso *v)
{
	if (!(v->data.flags & HV_VDSO_CPU))
		return;
	v->data.flags &= ~HV_VDSO_CPU;
	publish(v);
}

void vdso_refresh(struct vdso *v)
{
	bool changed;

	if (!v->page)
		return;
	changed = update_cpu(v);
	changed |= update_time(v);
	if (update_coarse(v) || changed)
		publish(v);
}

/* ---- The file ----------------------------------------------------------- */

static void read_image(const struct vdso *v, uint64_t offset, uint8_t *page)
{
	uint64_t size = (uint64_t)(vdso_image_end - vdso_image_start);
	struct hv_vdso_params params = {
		.magic = HV_VDSO_MAGIC,
		.data = -(int64_t)(v->vvar_size + v->vclock_size),
	};

	if (offset >= size)
		return;
	size -= offset;
	memcpy(page, vdso_image_start + offset,
	       size < HV_PAGE_SIZE ? size : HV_PAGE_SIZE);
	if (!offset)
		memcpy(page + HV_VDSO_PARAMS, &params, sizeof(params));
}

static void read_page(struct vdso *v, uint64_t offset, void *page)
{
	uint64_t image = v->vvar_size + v->vclock_size;

	memset(page, 0, HV_PAGE_SIZE);
	if (offset == 0) {
		v->page = page;
		update_cpu(v);
		update_coarse(v);
		publish(v);
	} else if (offset >= image) {
		read_image(v, offset - image, page);
	}
}

int vdso_file_read(struct vdso *v, uint64_t offset, const struct iovec *pages,
		   int n)
{
	uint64_t size = vdso_file_size(v);

	for (int i = 0; i < n; i++, offset += HV_PAGE_SIZE) {
		if (offset % HV_PAGE_SIZE || offset >= size ||
		    pages[i].iov_len != HV_PAGE_SIZE)
			return -EINVAL;
		read_page(v, offset, pages[i].iov_base);
	}
	return 0;
}

void vdso_file_put(struct vdso *v)
{
	v->page = NULL;
}
