/*
 * args.h: the strings of one exec, gathered as Linux gathers them (fs/exec.c,
 * copy_strings): into a block from its end down, so the last one comes first:
 * the program's name, the environment, the arguments. A script then takes
 * argv[0] away and puts others before it.
 *
 * Limits and their order are Linux's: bprm_stack_limits, valid_arg_len,
 * bprm_hit_stack_limit, and RLIMIT_STACK itself (get_arg_page).
 */
#ifndef ARGS_H
#define ARGS_H

#include <stddef.h>
#include <stdint.h>

#define ARGS_STRING_MAX	 131072	     /* bytes, with the 0: MAX_ARG_STRLEN */
#define ARGS_STRINGS_MAX 0x7fffffffu /* MAX_ARG_STRINGS */

/* All zero: empty, nothing to free. */
struct exec_args {
	char *block; /* of `size` bytes; grows at its start */
	size_t size;
	size_t used, max; /* bytes of strings, at the end of the block */
	size_t argc, envc;
	uint64_t rlim_stack;
};

/*
 * Room for this many strings; rlim_stack in bytes. 0, -E2BIG, or -ENOMEM.
 * exec_args_free in any case.
 */
int exec_args_init(struct exec_args *a, uint64_t argc, uint64_t envc,
		   uint64_t rlim_stack);
void exec_args_free(struct exec_args *a);

/* The string that was put last: argv[0]. */
static inline char *exec_args_first(const struct exec_args *a)
{
	return a->block + a->size - a->used;
}

/*
 * Where the string before that goes: *to, len bytes with its 0. 0, -E2BIG or
 * -ENOMEM.
 */
int exec_args_room(struct exec_args *a, size_t len, char **to);
/* Put a string of our own there. Likewise. */
int exec_args_push(struct exec_args *a, const char *string);
/* Take argv[0] away (remove_arg_zero). */
void exec_args_pop(struct exec_args *a);

/* All of them, from lists that end with NULL. As exec_args_init. */
int exec_args_copy(struct exec_args *a, const char *name,
		   const char *const *argv, const char *const *envp,
		   uint64_t rlim_stack);

/*
 * Lists that end with NULL, pointing into the block; *argv is the caller's to
 * free, *envp is a part of it. 0 or -ENOMEM.
 */
int exec_args_lists(const struct exec_args *a, char ***argv, char ***envp);

#endif
