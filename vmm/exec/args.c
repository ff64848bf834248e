/* args.c: see args.h. */
#include "args.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hv_map.h"

#define LIMIT_LOW 131072ull    /* ARG_MAX: granted in any case */
#define LIMIT_TOP (6ull << 20) /* _STK_LIM / 4 * 3 */
#define BLOCK_MIN 4096
#define TOP_ZEROS sizeof(void *) /* what is above the strings */

int exec_args_init(struct exec_args *a, uint64_t argc, uint64_t envc,
		   uint64_t rlim_stack)
{
	uint64_t limit =
		rlim_stack / 4 < LIMIT_TOP ? rlim_stack / 4 : LIMIT_TOP;
	uint64_t pointers = ((argc ? argc : 1) + envc) * sizeof(void *);

	*a = (struct exec_args){
		.argc = argc,
		.envc = envc,
		.rlim_stack = rlim_stack,
	};
	if (limit < LIMIT_LOW)
		limit = LIMIT_LOW;
	if (limit <= pointers)
		return -E2BIG;
	a->max = limit - pointers;
	return 0;
}

void exec_args_free(struct exec_args *a)
{
	free(a->block);
	*a = (struct exec_args){0};
}

/* The stack has one page, and grows only as far as it may. */
static bool stack_fits(const struct exec_args *a)
{
	uint64_t bytes = a->used + TOP_ZEROS;
	uint64_t pages = (bytes + HV_PAGE_SIZE - 1) & ~(HV_PAGE_SIZE - 1);

	return pages <= HV_PAGE_SIZE || pages <= a->rlim_stack;
}

static int grow(struct exec_args *a, size_t need)
{
	size_t size = a->size ? a->size : BLOCK_MIN;
	char *block;

	if (need <= a->size)
		return 0;
	while (size < need)
		size *= 2;
	block = malloc(size);
	if (!block)
		return -ENOMEM;
	if (a->used)
		memcpy(block + size - a->used, exec_args_first(a), a->used);
	free(a->block);
	a->block = block;
	a->size = size;
	return 0;
}

int exec_args_room(struct exec_args *a, size_t len, char **to)
{
	int r;

	if (len > ARGS_STRING_MAX || len > a->max - a->used)
		return -E2BIG;
	r = grow(a, a->used + len);
	if (r < 0)
		return r;
	a->used += len;
	*to = exec_args_first(a);
	return stack_fits(a) ? 0 : -E2BIG;
}

int exec_args_push(struct exec_args *a, const char *string)
{
	size_t len = strlen(string) + 1;
	char *to;
	int r = exec_args_room(a, len, &to);

	if (r == 0)
		memcpy(to, string, len);
	return r;
}

void exec_args_pop(struct exec_args *a)
{
	a->used -= strlen(exec_args_first(a)) + 1;
	a->argc--;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static int push_list(struct exec_args *a, const char *const *list, size_t n)
{
	int r = 0;

	while (n && r == 0)
		r = exec_args_push(a, list[--n]);
	return r;
}

int exec_args_copy(struct exec_args *a, const char *name,
		   const char *const *argv, const char *const *envp,
		   uint64_t rlim_stack)
{
	int r = exec_args_init(a, count(argv), count(envp), rlim_stack);

	if (r == 0)
		r = exec_args_push(a, name);
	if (r == 0)
		r = push_list(a, envp, a->envc);
	if (r == 0)
		r = push_list(a, argv, a->argc);
	if (r == 0 && !a->argc) {
		r = exec_args_push(a, "");
		a->argc = 1;
	}
	return r;
}

static char *fill_list(char **list, size_t n, char *string)
{
	for (size_t i = 0; i < n; i++) {
		list[i] = string;
		string += strlen(string) + 1;
	}
	list[n] = NULL;
	return string;
}

int exec_args_lists(const struct exec_args *a, char ***argv, char ***envp)
{
	char **list = calloc(a->argc + a->envc + 2, sizeof(*list));
	char *next;

	if (!list)
		return -ENOMEM;
	next = fill_list(list, a->argc, exec_args_first(a));
	fill_list(list + a->argc + 1, a->envc, next);
	*argv = list;
	*envp = list + a->argc + 1;
	return 0;
}
