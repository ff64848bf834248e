/* inspect.c: see inspect.h. */
#include "inspect.h"

#include "trace.h"
#include "vcpu_internal.h"
#include "walk.h"

void inspect_at_exit(const struct dump *d, struct vcpu *v)
{
	if (v->vm->trace) /* its lines come first */
		trace_flush(v->vm->trace);
	dump_print(d, v->vm->sys, v, stderr);
	if (d->layout)
		walk_layout(v, stderr);
	for (unsigned n = 0; n < d->nr_walks; n++)
		walk_print(v, d->walk[n], stderr);
}
