/*
 * mm_machine.c: what kind of machine the figures are from.
 *
 * The kind of KVM: which of its modules is loaded and how it does paging; and
 * whether ring 0 is interpreted, which vmm measures (docs/kvm-kinds.md).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* The first line of a file; false: none. */
static bool read_line(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(buf, (int)size, f);

	if (f)
		fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

static bool parameter_is_on(const char *path)
{
	char value[16];

	return read_line(path, value, sizeof(value)) &&
	       (*value == 'Y' || *value == '1');
}

static const char *paging(void)
{
	if (!access("/sys/module/kvm_intel", F_OK))
		return parameter_is_on("/sys/module/kvm_intel/parameters/ept")
			       ? "kvm-intel, EPT"
			       : "kvm-intel, shadow paging";
	if (!access("/sys/module/kvm_amd", F_OK))
		return parameter_is_on("/sys/module/kvm_amd/parameters/npt")
			       ? "kvm-amd, NPT"
			       : "kvm-amd, shadow paging";
	if (!access("/sys/module/kvm_pvm", F_OK))
		return "kvm-pvm, shadow paging";
	return "an unknown module of KVM";
}

/* What vmm -v says: interpreted or native, and the level it chose. */
static void describe_kvm(void)
{
	static struct outcome o;
	char command[600], text[160];
	const char *forced = getenv("BENCH_CPL");
	int level;

	snprintf(command, sizeof(command), "%s -v %s/nolibc", bench.vmm,
		 bench.images);
	command_run(command, 0, CAPTURE_ERR, &o);
	bench.is_software = strstr(o.output, "interpreted") != NULL;
	level = strstr(o.output, "kernel at CPL 3") ? 3 : 0;
	snprintf(text, sizeof(text), "%s (%s)",
		 o.status != 42	     ? "vmm does not run here"
		 : bench.is_software ? "software: ring 0 is interpreted"
				     : "hardware",
		 paging());
	table_text("KVM", text);
	snprintf(text, sizeof(text), "CPL %d is vmm's choice here%s%s", level,
		 forced ? "; shown is CPL " : "", forced ? forced : "");
	table_text("guest kernel", text);
	bench.levels[0] = level;
	bench.levels[1] = level ? 0 : 3;
	bench.nr_levels = 2;
	if (forced) {
		bench.levels[0] = *forced == '3' ? 3 : 0;
		bench.nr_levels = 1;
	}
}

static void describe_cpu(void)
{
	char line[256] = "", text[320];
	FILE *f = fopen("/proc/cpuinfo", "re");
	const char *name = "unknown";

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "model name", 10) || !strchr(line, ':'))
			continue;
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, ':') + 2;
		break;
	}
	if (f)
		fclose(f);
	snprintf(text, sizeof(text), "%s, %ld of them, %ld MiB of RAM", name,
		 sysconf(_SC_NPROCESSORS_ONLN), sysconf(_SC_PHYS_PAGES) / 256);
	table_text("processor", text);
}

void machine_describe(void)
{
	char text[200], load[64] = "unknown";
	time_t t = time(NULL);
	struct utsname u;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M UTC", &tm);
	table_text("date", text);
	describe_cpu();
	uname(&u);
	snprintf(text, sizeof(text), "%.20s %.90s", u.sysname, u.release);
	table_text("host", text);
	describe_kvm();
	read_line("/proc/loadavg", load, sizeof(load));
	snprintf(text, sizeof(text), "%s at the start", load);
	table_text("load", text);
}
