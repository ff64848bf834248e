/*
 * stack.c: the first stack of a program.
 *
 * From high to low addresses (Linux fs/exec.c, fs/binfmt_elf.c):
 *
 *   stack_end  8 zero bytes
 *              execfn, envp strings, argv strings    (each list in order,
 *   arg_start                                         first string lowest)
 *              gap: alignment, random with ASLR
 *              platform string, 16 random bytes
 *              gap: alignment
 *              auxv, envp[] NULL, argv[] NULL
 *   sp         argc                                   (16-byte aligned)
 *
 * The strings are measured first, because they decide where the mapping
 * starts; the rest is built once its place is known.
 */
#include "internal.h"
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STRING_MAX  131072ull	 /* MAX_ARG_STRLEN, with the 0 */
#define ARG_MAX_LOW 131072ull	 /* ARG_MAX: granted in any case */
#define ARG_MAX_TOP (6ull << 20) /* _STK_LIM / 4 * 3 */
#define STACK_SPARE 131072ull	 /* setup_arg_pages, stack_expand */
#define STACK_RND   0x3fffffull	 /* __STACK_RND_MASK, pages */
#define SP_RND	    8192	 /* arch_align_stack */
#define TOP_ZEROS   sizeof(uint64_t)
#define AUX_MAX	    24

/* ---- Measuring ---------------------------------------------------------- */

static int measure_string(const char *s, uint64_t *sum, struct elfload_error *e)
{
	size_t len = strnlen(s, STRING_MAX) + 1;

	if (len > STRING_MAX)
		return elfload_fail(e, E2BIG,
				    "an argument or environment string is "
				    "longer than %llu bytes",
				    STRING_MAX - 1);
	*sum += len;
	return 0;
}

static int measure_list(const char *const *list, uint64_t *n, uint64_t *sum,
			struct elfload_error *e)
{
	int err = 0;

	for (*n = 0, *sum = 0; list && list[*n] && !err; (*n)++)
		err = measure_string(list[*n], sum, e);
	return err;
}

/* Linux bprm_stack_limits(): strings and pointers to them. */
static int check_limit(const struct exec_strings *s, uint64_t rlim,
		       struct elfload_error *e)
{
	uint64_t limit = rlim / 4 < ARG_MAX_TOP ? rlim / 4 : ARG_MAX_TOP;
	uint64_t pointers = (s->argc + s->envc) * sizeof(uint64_t);
	uint64_t need = s->total - TOP_ZEROS;

	if (limit < ARG_MAX_LOW)
		limit = ARG_MAX_LOW;
	if (limit <= pointers || need > limit - pointers)
		return elfload_fail(e, E2BIG,
				    "arguments and environment need %lu bytes, "
				    "%lu are allowed (a quarter of the stack "
				    "limit)",
				    need + pointers, limit);
	return 0;
}

int stack_measure(const struct elfload_params *p, struct exec_strings *s,
		  struct elfload_error *e)
{
	int err;

	memset(s, 0, sizeof(*s));
	err = measure_list(p->argv, &s->argc, &s->arg_len, e);
	if (!err)
		err = measure_list(p->envp, &s->envc, &s->env_len, e);
	if (!err)
		err = measure_string(p->execfn, &s->execfn_len, e);
	if (err)
		return err;
	/* Linux do_execveat_common(): an empty argv becomes { "" }. */
	if (s->argc == 0) {
		s->argc = 1;
		s->arg_len = 1;
	}
	s->total = s->arg_len + s->env_len + s->execfn_len + TOP_ZEROS;
	if (p->strings_fit)
		return 0;
	return check_limit(s, p->rlim_stack, e);
}

/* ---- Placing ------------------------------------------------------------ */

/* Linux arch_align_stack(). */
static uint64_t align_stack(uint64_t sp, struct exec_random *r)
{
	return (sp - exec_random_draw(r) % SP_RND) & ~15ull;
}

/* The mapping must fit under the limit, as in acct_stack_growth(). */
static int check_stack_size(uint64_t size, uint64_t rlim,
			    struct elfload_error *e)
{
	if (size > ELFLOAD_PAGE_SIZE && size > rlim)
		return elfload_fail(e, E2BIG,
				    "a stack of %lu bytes for arguments and "
				    "environment, but the stack limit is %lu",
				    size, rlim);
	return 0;
}

int stack_place(const struct elfload_params *p, const struct exec_strings *s,
		struct exec_random *r, struct elfload_plan *plan,
		struct elfload_error *e)
{
	uint64_t size = page_up(s->total);
	uint64_t rlim = page_down(p->rlim_stack);
	uint64_t top = ELFLOAD_USER_END;
	uint64_t grown = size + STACK_SPARE < rlim ? size + STACK_SPARE : rlim;
	int err = check_stack_size(size, p->rlim_stack, e);

	if (err)
		return err;
	/* randomize_stack_top(), then setup_arg_pages(). */
	top -= (exec_random_draw(r) & STACK_RND) * ELFLOAD_PAGE_SIZE;
	top = page_up(align_stack(top, r));
	plan->stack_end = top;
	plan->stack_start = top - (grown > size ? grown : size);
	plan->arg_start = top - s->total;
	return 0;
}

/* ---- Filling ------------------------------------------------------------ */

struct auxv {
	uint32_t n;
	Elf64_auxv_t v[AUX_MAX];
};

/* Everything in create_elf_tables() that has an address. */
struct stack_layout {
	uint64_t platform, random, execfn;
};

static void aux_add(struct auxv *a, uint64_t type, uint64_t val)
{
	a->v[a->n].a_type = type;
	a->v[a->n].a_un.a_val = val;
	a->n++;
}

/* Zero means that the machine does not give this entry. */
static void aux_add_nonzero(struct auxv *a, uint64_t type, uint64_t val)
{
	if (val)
		aux_add(a, type, val);
}

/* The order is that of create_elf_tables(), ARCH_DLINFO first. */
static void aux_fill(struct auxv *a, const struct elfload_image *img,
		     const struct elfload_params *p,
		     const struct elfload_plan *plan,
		     const struct stack_layout *l)
{
	a->n = 0;
	aux_add_nonzero(a, AT_SYSINFO_EHDR, plan->vdso);
	aux_add_nonzero(a, AT_MINSIGSTKSZ, p->minsigstksz);
	aux_add(a, AT_HWCAP, p->hwcap);
	aux_add(a, AT_PAGESZ, ELFLOAD_PAGE_SIZE);
	aux_add(a, AT_CLKTCK, p->clktck);
	aux_add(a, AT_PHDR, img->phdr_addr + plan->load_bias);
	aux_add(a, AT_PHENT, img->phentsize);
	aux_add(a, AT_PHNUM, img->phnum);
	aux_add(a, AT_BASE, plan->interp_bias);
	aux_add(a, AT_FLAGS, 0);
	aux_add(a, AT_ENTRY, plan->program_entry);
	aux_add(a, AT_UID, p->uid);
	aux_add(a, AT_EUID, p->euid);
	aux_add(a, AT_GID, p->gid);
	aux_add(a, AT_EGID, p->egid);
	aux_add(a, AT_SECURE, !!p->secure);
	aux_add(a, AT_RANDOM, l->random);
	aux_add(a, AT_HWCAP2, p->hwcap2);
	aux_add(a, AT_EXECFN, l->execfn);
	aux_add_nonzero(a, AT_PLATFORM, l->platform);
	aux_add_nonzero(a, 27 /* AT_RSEQ_FEATURE_SIZE */, p->rseq_feature_size);
	aux_add_nonzero(a, 28 /* AT_RSEQ_ALIGN */, p->rseq_align);
	aux_add(a, AT_NULL, 0);
}

static uint8_t *at(const struct elfload_plan *plan, uint64_t addr)
{
	return plan->stack + (addr - plan->sp);
}

static uint64_t put_string(struct elfload_plan *plan, uint64_t addr,
			   const char *s)
{
	size_t len = strlen(s) + 1;

	memcpy(at(plan, addr), s, len);
	return addr + len;
}

static uint64_t put_word(struct elfload_plan *plan, uint64_t addr, uint64_t v)
{
	memcpy(at(plan, addr), &v, sizeof(v));
	return addr + sizeof(v);
}

/* The strings from *str on, the pointers to them and NULL from word on. */
static uint64_t put_list(struct elfload_plan *plan, uint64_t word,
			 uint64_t *str, const char *const *list)
{
	for (; list && *list; list++) {
		word = put_word(plan, word, *str);
		*str = put_string(plan, *str, *list);
	}
	return put_word(plan, word, 0);
}

static void put_all(struct elfload_plan *plan, const struct elfload_params *p,
		    const struct exec_strings *s, const struct auxv *a,
		    const struct stack_layout *l)
{
	static const char *const no_argv[] = {"", NULL};
	int empty = !p->argv || !p->argv[0];
	uint64_t word = put_word(plan, plan->sp, s->argc);
	uint64_t str = plan->arg_start;

	word = put_list(plan, word, &str, empty ? no_argv : p->argv);
	plan->arg_end = plan->env_start = str;
	word = put_list(plan, word, &str, p->envp);
	plan->env_end = str;
	put_string(plan, str, p->execfn);
	memcpy(at(plan, word), a->v, a->n * sizeof(a->v[0]));
	memcpy(at(plan, l->random), p->random, sizeof(p->random));
	if (l->platform)
		put_string(plan, l->platform, p->platform);
}

/* The mapping grows when the pointers reach below it, as Linux grows it. */
static int stack_reach(struct elfload_plan *plan, uint64_t rlim,
		       struct elfload_error *e)
{
	uint64_t low = page_down(plan->sp);

	if (low >= plan->stack_start)
		return 0;
	plan->stack_start = low;
	return check_stack_size(plan->stack_end - low, rlim, e);
}

int stack_fill(const struct elfload_image *img, const struct elfload_params *p,
	       const struct exec_strings *s, struct exec_random *r,
	       struct elfload_plan *plan, struct elfload_error *e)
{
	struct stack_layout l = {0};
	uint64_t pos = align_stack(plan->arg_start, r);
	uint64_t words = 1 + s->argc + 1 + s->envc + 1;
	uint64_t tables_end = pos;
	struct auxv a;
	int err;

	if (p->platform)
		l.platform = pos -= strlen(p->platform) + 1;
	l.random = pos -= sizeof(p->random);
	l.execfn = plan->arg_start + s->arg_len + s->env_len;
	aux_fill(&a, img, p, plan, &l);
	/* STACK_ADD, STACK_ROUND. */
	pos -= a.n * sizeof(a.v[0]);
	plan->sp = (pos - words * sizeof(uint64_t)) & ~15ull;
	plan->start_stack = plan->sp;
	plan->tables_len = tables_end - plan->sp;
	err = stack_reach(plan, p->rlim_stack, e);
	if (err) {
		e->late = 1;
		return err;
	}
	plan->stack_len = plan->stack_end - plan->sp;
	plan->stack = calloc(1, plan->stack_len);
	if (!plan->stack)
		return elfload_fail(e, ENOMEM, "no memory for the stack");
	put_all(plan, p, s, &a, &l);
	return 0;
}
