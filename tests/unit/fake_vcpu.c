/*
 * fake_vcpu.c: see fake_vcpu.h.
 */
#include "fake_vcpu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "hv_const.h"
#include "hv_map.h"

void fake_vcpu_init(struct vcpu *v)
{
	memset(v, 0, sizeof(*v));
	v->mem = calloc(1, FAKE_SIZE);
	if (!v->mem)
		abort();
	v->regs.cs = HV_SEL_USER_CS;
	v->regs.ss = HV_SEL_USER_DS;
	v->regs.rflags = 0x202;
	v->regs.rip = FAKE_BASE;
	v->regs.rsp = FAKE_END - 4096;
}

void fake_vcpu_fini(struct vcpu *v)
{
	free(v->mem);
}

static bool is_mapped(uint64_t va)
{
	return va >= FAKE_BASE && va < FAKE_END &&
	       !(va >= FAKE_HOLE && va < FAKE_HOLE + HV_PAGE_SIZE);
}

void *fake_at(struct vcpu *v, uint64_t va)
{
	if (!is_mapped(va))
		abort();
	return v->mem + (va - FAKE_BASE);
}

uint64_t fake_put(struct vcpu *v, uint64_t va, const void *src, size_t len)
{
	if (usermem_write(v, va, src, len) < 0)
		abort();
	return va;
}

uint64_t fake_str(struct vcpu *v, uint64_t va, const char *text)
{
	return fake_put(v, va, text, strlen(text) + 1);
}

/* By pages, so that the bytes before a bad page are copied. */
static int copy(struct vcpu *v, uint64_t va, uint8_t *out, const uint8_t *in,
		size_t len)
{
	while (len) {
		size_t n = HV_PAGE_SIZE - va % HV_PAGE_SIZE;

		if (n > len)
			n = len;
		if (!is_mapped(va))
			return -EFAULT;
		if (out)
			memcpy(out, v->mem + (va - FAKE_BASE), n);
		else if (in)
			memcpy(v->mem + (va - FAKE_BASE), in, n);
		else
			memset(v->mem + (va - FAKE_BASE), 0, n);
		out = out ? out + n : NULL;
		in = in ? in + n : NULL;
		va += n;
		len -= n;
	}
	return 0;
}

int usermem_read(struct vcpu *v, uint64_t va, void *dst, size_t len)
{
	return copy(v, va, dst, NULL, len);
}

int usermem_write(struct vcpu *v, uint64_t va, const void *src, size_t len)
{
	return copy(v, va, NULL, src, len);
}

/* What is mapped is there. */
size_t usermem_ready(struct vcpu *v, uint64_t va, size_t len, unsigned how)
{
	size_t done = 0;

	(void)v;
	(void)how;
	while (done < len && is_mapped(va + done))
		done++;
	return done;
}

/* Nothing here has rights. */
int usermem_force(struct vcpu *v, uint64_t va, void *buf, size_t len,
		  bool write)
{
	return write ? usermem_write(v, va, buf, len)
		     : usermem_read(v, va, buf, len);
}

int usermem_zero(struct vcpu *v, uint64_t va, size_t len)
{
	return copy(v, va, NULL, NULL, len);
}

int64_t usermem_read_str(struct vcpu *v, uint64_t va, char *dst, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (usermem_read(v, va + i, dst + i, 1) < 0)
			return -EFAULT;
		if (!dst[i])
			return (int64_t)i;
	}
	return -ENAMETOOLONG;
}

void vcpu_get_regs(const struct vcpu *v, struct hv_regs *out)
{
	*out = v->regs;
}

void vcpu_set_regs(struct vcpu *v, const struct hv_regs *in)
{
	v->regs = *in;
}

int vcpu_set_fs_base(struct vcpu *v, uint64_t base)
{
	v->fs_base = base;
	return 0;
}

int vcpu_set_gs_base(struct vcpu *v, uint64_t base)
{
	v->gs_base = base;
	return 0;
}

int vcpu_get_fs_base(struct vcpu *v, uint64_t *base)
{
	*base = v->fs_base;
	return 0;
}

int vcpu_get_gs_base(struct vcpu *v, uint64_t *base)
{
	*base = v->gs_base;
	return 0;
}

int64_t vcpu_get_xsave(struct vcpu *v, void *buf, size_t size)
{
	if (size < sizeof(v->xsave))
		return -ENOSPC;
	memcpy(buf, v->xsave, sizeof(v->xsave));
	return sizeof(v->xsave);
}

int vcpu_set_xsave(struct vcpu *v, const void *buf, size_t size)
{
	if (v->xsave_fails || size != sizeof(v->xsave))
		return -EINVAL;
	memcpy(v->xsave, buf, size);
	return 0;
}

int usermem_write_anykey(struct vcpu *v, uint64_t va, const void *src,
			 size_t len)
{
	return usermem_write(v, va, src, len);
}

bool vcpu_has_pkeys(const struct vcpu *v)
{
	return v->pkeys;
}

uint64_t vcpu_xfeatures(const struct vcpu *v)
{
	(void)v;
	return 7; /* x87, SSE, AVX */
}

int vcpu_file_upcall(struct vcpu *v, const struct hv_call_file_upcall *call)
{
	if (v->nr_file_upcalls < FAKE_UPCALLS)
		v->file_upcalls[v->nr_file_upcalls++] = *call;
	return 0;
}

void vcpu_set_limits(struct vcpu *v, const struct hv_limits *limits)
{
	v->limits = *limits;
}

void vcpu_look_at(struct vcpu *v, const struct vcpu *other)
{
	(void)v;
	(void)other;
}

int vcpu_describe(struct vcpu *v, uint32_t what, uint64_t cursor, uint32_t want,
		  struct hv_call_describe *out)
{
	memset(out, 0, sizeof(*out));
	return v->describe ? v->describe(v, what, cursor, want, out) : -EIO;
}

/* The machine's lock, one for all: as biglock.h, for tests. */
static pthread_mutex_t lock = PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP;
static bool many;

void vcpu_lock(struct vcpu *v)
{
	(void)v;
	if (many && pthread_mutex_lock(&lock))
		abort();
}

/* Who has not got it must not give it. */
void vcpu_unlock(struct vcpu *v)
{
	(void)v;
	if (many && pthread_mutex_unlock(&lock))
		abort();
}

void fake_begin_many(void)
{
	many = true;
}

void vcpu_share_lock(struct vcpu *v)
{
	if (!many) {
		many = true;
		vcpu_lock(v);
	}
}

void vcpu_interrupt(struct vcpu *v)
{
	(void)v;
}

void vcpu_stop(struct vcpu *v, int wait_status)
{
	v->stopped = true;
	v->wait_status = wait_status;
	v->stops++;
}

int usermem_cmpxchg32(struct vcpu *v, uint64_t va, uint32_t old, uint32_t next,
		      uint32_t *seen)
{
	if (usermem_read(v, va, seen, 4) < 0)
		return -EFAULT;
	return *seen == old ? usermem_write(v, va, &next, 4) : 0;
}

uint64_t usermem_where(struct vcpu *v, uint64_t va)
{
	return (uint64_t)fake_at(v, va);
}

uint64_t usermem_space(const struct vcpu *v)
{
	(void)v;
	return 1;
}

int usermem_peek(struct vcpu *of, uint64_t va, void *dst, size_t len)
{
	return usermem_read(of, va, dst, len);
}
