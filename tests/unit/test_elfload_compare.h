/*
 * test_elfload_compare.h: a plan against what Linux did.
 */
#ifndef TEST_ELFLOAD_COMPARE_H
#define TEST_ELFLOAD_COMPARE_H

#include "test_elfload_oracle.h"
#include <criterion/criterion.h>

static inline int map_order(const void *a, const void *b)
{
	const struct oracle_map *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Linux merges neighbours that continue each other. */
static inline int map_continues(const struct oracle_map *a,
				const struct oracle_map *b)
{
	return a->end == b->start && a->prot == b->prot && a->kind == b->kind &&
	       ((a->kind != ELFLOAD_MAP_FILE &&
		 a->kind != ELFLOAD_MAP_INTERP) ||
		a->offset + (a->end - a->start) == b->offset);
}

static inline uint32_t plan_maps_merged(const struct elfload_plan *plan,
					struct oracle_map *out)
{
	struct oracle_map m[ELFLOAD_MAPS_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->nr_maps; i++)
		m[i] = (struct oracle_map){
			plan->maps[i].start, plan->maps[i].end,
			plan->maps[i].offset, plan->maps[i].prot,
			plan->maps[i].kind};
	qsort(m, plan->nr_maps, sizeof(m[0]), map_order);
	for (uint32_t i = 0; i < plan->nr_maps; i++)
		if (n && map_continues(&out[n - 1], &m[i]))
			out[n - 1].end = m[i].end;
		else
			out[n++] = m[i];
	return n;
}

static inline void compare_maps(const struct elfload_plan *plan,
				const struct oracle *o)
{
	struct oracle_map m[ELFLOAD_MAPS_MAX];
	uint32_t n = plan_maps_merged(plan, m);

	for (uint32_t i = 0; i < n && i < o->nr_maps; i++) {
		cr_assert_eq(m[i].start, o->maps[i].start, "map %u: %lx, %lx",
			     i, m[i].start, o->maps[i].start);
		cr_assert_eq(m[i].end, o->maps[i].end, "map %u: %lx, %lx", i,
			     m[i].end, o->maps[i].end);
		cr_assert_eq(m[i].offset, o->maps[i].offset, "map %u", i);
		cr_assert_eq(m[i].prot, o->maps[i].prot, "map %u", i);
		cr_assert_eq(m[i].kind, o->maps[i].kind, "map %u", i);
	}
	cr_assert_eq(n, o->nr_maps, "%u maps, Linux has %u", n, o->nr_maps);
}

/* VmPeak is what is mapped in the end, or what was while it was made. */
static inline void compare_peak(const struct elfload_plan *plan,
				const struct oracle *o)
{
	uint64_t peak = 0;

	for (uint32_t i = 0; i < plan->nr_maps; i++)
		peak += plan->maps[i].end - plan->maps[i].start;
	if (peak < plan->hiwater_vm)
		peak = plan->hiwater_vm;
	cr_assert_eq(peak, o->hiwater_vm, "VmPeak %lu, Linux %lu", peak,
		     o->hiwater_vm);
}

#define SAME(field)                                                            \
	cr_assert_eq(plan->field, o->field, #field ": %lx, Linux %lx",         \
		     plan->field, o->field)

static inline void compare_fields(const struct elfload_plan *plan,
				  const struct oracle *o)
{
	cr_assert_eq(plan->entry, o->rip, "rip %lx, Linux %lx", plan->entry,
		     o->rip);
	cr_assert_eq(plan->sp, o->rsp, "rsp %lx, Linux %lx", plan->sp, o->rsp);
	SAME(start_code);
	SAME(end_code);
	SAME(start_data);
	SAME(end_data);
	SAME(start_brk);
	SAME(start_stack);
	SAME(arg_start);
	SAME(arg_end);
	SAME(env_start);
	SAME(env_end);
	cr_assert_eq(plan->brk, plan->start_brk);
}

static inline void compare_stack(const struct elfload_plan *plan,
				 const struct oracle *o)
{
	cr_assert_gt(o->stack_len, 0);
	cr_assert_eq(plan->stack_len, o->stack_len);
	for (size_t i = 0; i < o->stack_len; i++)
		cr_assert_eq(plan->stack[i], o->stack[i], "at sp + %zu", i);
}

/* Every map, every field, every byte of the stack. */
static inline void compare_plan(const struct elfload_plan *plan,
				const struct oracle *o)
{
	compare_maps(plan, o);
	compare_fields(plan, o);
	compare_peak(plan, o);
	compare_stack(plan, o);
}

#endif
