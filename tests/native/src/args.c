/* args.c: arguments, environment and auxiliary vector as the program sees. */
#include <elf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static void print_aux(const Elf64_auxv_t *a)
{
	static const unsigned long addresses[] = {AT_PHDR, AT_ENTRY, AT_BASE};

	switch (a->a_type) {
	case AT_EXECFN:
	case AT_PLATFORM:
		printf("aux %lu: %s\n", a->a_type, (char *)a->a_un.a_val);
		return;
	case AT_SYSINFO_EHDR: /* no vDSO in the guest yet */
		return;
	case AT_RANDOM:
		printf("aux random: aligned %d\n", (int)(a->a_un.a_val & 15));
		return;
	}
	for (int i = 0; i < 3; i++)
		if (a->a_type == addresses[i]) {
			printf("aux %lu: page offset %#lx\n", a->a_type,
			       a->a_un.a_val & 4095);
			return;
		}
	printf("aux %lu: %#lx\n", a->a_type, a->a_un.a_val);
}

int main(int argc, char **argv, char **envp)
{
	Elf64_auxv_t *aux;

	printf("argc %d\n", argc);
	for (int i = 0; i <= argc; i++)
		printf("argv[%d] <%s>\n", i, argv[i] ? argv[i] : "(end)");
	for (; *envp; envp++)
		printf("env <%s>\n", *envp);
	printf("stack aligned %d\n", (int)((uintptr_t)(argv - 1) & 15));
	for (aux = (void *)(envp + 1); aux->a_type != AT_NULL; aux++)
		print_aux(aux);
	printf("strings contiguous %d\n",
	       argc > 1 ? argv[0] + strlen(argv[0]) + 1 == argv[1] : -1);
	printf("getenv HOME %s\n", getenv("HOME") ? getenv("HOME") : "none");
	return argc & 0xff;
}
