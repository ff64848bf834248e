/*
 * options.c: see options.h. The texts here and docs/vmm.1.scd say the same.
 */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>

#include "boot.h"
#include "hv_map.h"
#include "message.h"
#include "overcommit.h"
#include "size.h"
#include "thp.h"
#include "version.h"
#include "zeropage.h"

#define USAGE_STATUS	     125
#define DEFAULT_RAM	     (1ull << 30)
#define DEFAULT_RING	     (256ull << 10)
#define DEFAULT_FAULT_AROUND 65536ull

/* At most 30 lines. clang-format would break the lines. */
/* clang-format off */
static const char help_text[] =
	"Usage: vmm [options] [--] program [args]\n"
	"Run an x86-64 Linux program in KVM; show what its memory management does.\n"
	"Log\n"
	"  --trace            one line for each page fault, to stderr\n"
	"  -o FILE            the same, to FILE\n"
	"  --trace-mode=MODE  trap: each fault at once; ring[:SIZE]: in batches\n"
	"  -c                 summary of the faults at the end\n"
	"  --dump=NAMES       print files of /proc/self, or `layout`, at the end\n"
	"  --walk=ADDR        print how an address is translated, at the end\n"
	"  -q                 no closing lines      -v  more detail\n"
	"Machine\n"
	"  -m SIZE            guest RAM (1G; suffixes K, M, G, T)\n"
	"  --thp=always|madvise|never, --fault-around=SIZE, --overcommit=0|1|2\n"
	"  --zero-page=on|off, --folios=single|host, --kernel-cpl=0|3\n"
	"  --count-cpl0       count the instructions of ring 0 (slow)\n"
	"  --check            at the end count every frame and object\n"
	"Program\n"
	"  -E VAR=VAL         set (-E VAR: remove) an environment variable\n"
	"  -C DIR, --close-fds  start in DIR; with descriptors 0, 1 and 2 only\n"
	"  --rw DIR           let the program write below DIR (else read-only)\n"
	"  --rw-suid          also set-uid and set-gid bits there\n"
	"  --no-tmp           no temporary files in /tmp either\n"
	"  --limit=NAME:VALUE a resource limit, as nofile:64\n"
	"  --no-aslr, --aslr=SEED  addresses as under `setarch -R`; repeatable ones\n"
	"  -h, --help         this text             -V, --version\n"
	"Exit status: the program's; 125 vmm failed, 126 cannot run, 127 not found.\n"
	"See vmm(1).\n";
/* clang-format on */

enum {
	OPT_TRACE = 256,
	OPT_TRACE_MODE,
	OPT_FAULT_AROUND,
	OPT_FOLIOS,
	OPT_OVERCOMMIT,
	OPT_THP,
	OPT_ZERO_PAGE,
	OPT_CHECK,
	OPT_COUNT_CPL0,
	OPT_KERNEL_CPL,
	OPT_DUMP,
	OPT_WALK,
	OPT_LIMIT,
	OPT_CLOSE_FDS,
	OPT_RW,
	OPT_RW_SUID,
	OPT_NO_TMP,
	OPT_NO_ASLR,
	OPT_ASLR,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{"trace", no_argument, NULL, OPT_TRACE},
	{"trace-mode", required_argument, NULL, OPT_TRACE_MODE},
	{"fault-around", required_argument, NULL, OPT_FAULT_AROUND},
	{"folios", required_argument, NULL, OPT_FOLIOS},
	{"overcommit", required_argument, NULL, OPT_OVERCOMMIT},
	{"thp", required_argument, NULL, OPT_THP},
	{"zero-page", required_argument, NULL, OPT_ZERO_PAGE},
	{"kernel-cpl", required_argument, NULL, OPT_KERNEL_CPL},
	{"count-cpl0", no_argument, NULL, OPT_COUNT_CPL0},
	{"check", no_argument, NULL, OPT_CHECK},
	{"dump", required_argument, NULL, OPT_DUMP},
	{"walk", required_argument, NULL, OPT_WALK},
	{"limit", required_argument, NULL, OPT_LIMIT},
	{"close-fds", no_argument, NULL, OPT_CLOSE_FDS},
	{"rw", required_argument, NULL, OPT_RW},
	{"rw-suid", no_argument, NULL, OPT_RW_SUID},
	{"no-tmp", no_argument, NULL, OPT_NO_TMP},
	{"no-aslr", no_argument, NULL, OPT_NO_ASLR},
	{"aslr", required_argument, NULL, OPT_ASLR},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

/* The whole of what was asked for: the status with which vmm ends. */
static int print(const char *text)
{
	if (fputs(text, stdout) >= 0 && !fflush(stdout))
		return 0;
	error("standard output: %s", strerror(errno));
	return USAGE_STATUS;
}

static int wrong(const char *what, const char *value, const char *wanted)
{
	error("%s %s: %s", what, value, wanted);
	return USAGE_STATUS;
}

static int set_ram(struct options *o, const char *text)
{
	if (!size_parse(text, &o->ram_size))
		return wrong("-m", text, "not a size; try -m 512M");
	if (o->ram_size < HV_RAM_MIN)
		return wrong("-m", text, "too small; at least 16M");
	if (o->ram_size > HV_RAM_MAX)
		return wrong("-m", text, "too large; at most 1T");
	o->ram_size &= ~(HV_PAGE_SIZE - 1);
	o->ram_fixed = true;
	return -1;
}

static int set_overcommit(struct options *o, const char *text)
{
	if (text[0] < '0' || text[0] > '2' || text[1])
		return wrong("--overcommit", text, "must be 0, 1 or 2");
	o->overcommit = text[0] - '0';
	return -1;
}

static int set_thp(struct options *o, const char *text)
{
	o->thp = thp_parse(text);
	if (o->thp < 0)
		return wrong("--thp", text, "must be always, madvise or never");
	return -1;
}

static int set_zero_page(struct options *o, const char *text)
{
	o->zero_page = !strcmp(text, "on");
	if (!o->zero_page && strcmp(text, "off"))
		return wrong("--zero-page", text, "must be on or off");
	return -1;
}

static int set_fault_around(struct options *o, const char *text)
{
	uint64_t size;

	if (!size_parse(text, &size) || size < 4096 || size > 65536 ||
	    size & (size - 1))
		return wrong("--fault-around", text,
			     "must be 4K (off), 8K, 16K, 32K or 64K");
	o->fault_around = size;
	return -1;
}

static int set_folios(struct options *o, const char *text)
{
	o->folios_of_host = !strcmp(text, "host");
	if (!o->folios_of_host && strcmp(text, "single"))
		return wrong("--folios", text, "must be single or host");
	return -1;
}

static int set_trace_mode(struct options *o, const char *text)
{
	o->ring_size = 0;
	if (!strcmp(text, "trap"))
		return -1;
	o->ring_size = DEFAULT_RING;
	if (!strcmp(text, "ring"))
		return -1;
	if (strncmp(text, "ring:", 5) || !size_parse(text + 5, &o->ring_size))
		return wrong("--trace-mode", text,
			     "must be trap or ring[:SIZE]");
	if (o->ring_size < 4096 || o->ring_size > 4 << 20 ||
	    o->ring_size % 4096)
		return wrong("--trace-mode", text,
			     "the ring has 4K to 4M, in steps of 4K");
	return -1;
}

static int set_kernel_cpl(struct options *o, const char *text)
{
	if (strcmp(text, "0") && strcmp(text, "3"))
		return wrong("--kernel-cpl", text, "must be 0 or 3");
	o->kernel_cpl = *text - '0';
	return -1;
}

static int set_seed(struct options *o, const char *text)
{
	char *end;

	errno = 0;
	o->aslr_seed = strtoull(text, &end, 0);
	if (errno || *end || !isdigit((unsigned char)*text))
		return wrong("--aslr", text, "the seed is a number below 2^64");
	o->aslr = ELFLOAD_ASLR_SEED;
	return -1;
}

static int set_variable(char *text)
{
	char *equals = strchr(text, '=');
	int ret;

	if (equals == text || !*text)
		return wrong("-E", text, "a variable needs a name");
	if (equals)
		*equals = '\0';
	ret = equals ? setenv(text, equals + 1, 1) : unsetenv(text);
	if (ret)
		return wrong("-E", text, strerror(errno));
	return -1;
}

static int set_limit(struct options *o, const char *text)
{
	const char *mistake = rlimits_parse(&o->limits, text);

	return mistake ? wrong("--limit", text, mistake) : -1;
}

static int add_rw(struct options *o, const char *dir)
{
	if (o->nr_rw_dirs == OPTIONS_RW_MAX)
		return wrong("--rw", dir, "too many directories");
	o->rw_dirs[o->nr_rw_dirs++] = dir;
	return -1;
}

/* What an option without a value sets, or NULL. */
static bool *flag_of(struct options *o, int opt)
{
	switch (opt) {
	case 'c':
		return &o->summary;
	case 'q':
		return &o->quiet;
	case 'v':
		return &o->verbose;
	case OPT_TRACE:
		return &o->trace;
	case OPT_COUNT_CPL0:
		return &o->count_cpl0;
	case OPT_CHECK:
		return &o->check;
	case OPT_CLOSE_FDS:
		return &o->close_fds;
	case OPT_RW_SUID:
		return &o->rw_suid;
	case OPT_NO_TMP:
		return &o->no_tmp;
	default:
		return NULL;
	}
}

static int set_option(struct options *o, int opt, char *arg)
{
	bool *flag = flag_of(o, opt);

	if (flag) {
		*flag = true;
		return -1;
	}
	switch (opt) {
	case 'm':
		return set_ram(o, arg);
	case 'o':
		o->log_file = arg;
		o->trace = true;
		return -1;
	case 'E':
		return set_variable(arg);
	case 'C':
		o->directory = arg;
		return -1;
	case OPT_TRACE_MODE:
		return set_trace_mode(o, arg);
	case OPT_FAULT_AROUND:
		return set_fault_around(o, arg);
	case OPT_FOLIOS:
		return set_folios(o, arg);
	case OPT_OVERCOMMIT:
		return set_overcommit(o, arg);
	case OPT_THP:
		return set_thp(o, arg);
	case OPT_ZERO_PAGE:
		return set_zero_page(o, arg);
	case OPT_KERNEL_CPL:
		return set_kernel_cpl(o, arg);
	case OPT_DUMP:
		return dump_parse(&o->dump, arg) ? USAGE_STATUS : -1;
	case OPT_WALK:
		return dump_parse_walk(&o->dump, arg) ? USAGE_STATUS : -1;
	case OPT_LIMIT:
		return set_limit(o, arg);
	case OPT_RW:
		return add_rw(o, arg);
	case OPT_NO_ASLR:
		o->aslr = ELFLOAD_ASLR_OFF;
		return -1;
	case OPT_ASLR:
		return set_seed(o, arg);
	case 'h':
	case OPT_HELP:
		return print(help_text);
	default: /* 'V' and OPT_VERSION */
		return print("vmm " VMM_VERSION "\n");
	}
}

/* What getopt could not take; a long option is the last argument it saw. */
static int misused(int opt, char **argv)
{
	const char letter[] = {'-', (char)optopt, '\0'};
	bool is_long = !optopt || optopt >= OPT_TRACE;
	const char *what = "no such option";

	if (opt == ':')
		what = "needs a value";
	else if (is_long && optopt)
		what = "takes no value";
	error("%s: %s; try vmm --help", is_long ? argv[optind - 1] : letter,
	      what);
	return USAGE_STATUS;
}

/* execve randomises unless the process says not to: `setarch -R vmm`. */
static enum elfload_aslr inherited_aslr(void)
{
	int host = personality(0xffffffff);

	return host >= 0 && host & ADDR_NO_RANDOMIZE ? ELFLOAD_ASLR_OFF
						     : ELFLOAD_ASLR_ON;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int opt, status;

	*o = (struct options){
		.limits = o->limits,
		.ram_size = DEFAULT_RAM,
		.fault_around = DEFAULT_FAULT_AROUND,
		.overcommit = OVERCOMMIT_AS_HOST,
		.thp = THP_AS_HOST,
		.zero_page = ZEROPAGE_AS_HOST,
		.kernel_cpl = BOOT_CPL_AUTO,
		.aslr = inherited_aslr(),
	};
	opterr = 0; /* one line, in our own words */
	while ((opt = getopt_long(argc, argv, "+:m:o:cqvE:C:hV", long_options,
				  NULL)) != -1) {
		status = opt == '?' || opt == ':' ? misused(opt, argv)
						  : set_option(o, opt, optarg);
		if (status >= 0)
			return status;
	}
	if (o->ring_size && !o->trace && !o->summary)
		return wrong("--trace-mode", "ring",
			     "there is no log; add --trace, -o FILE or -c");
	if (optind == argc) {
		error("no program given; try vmm --help");
		return USAGE_STATUS;
	}
	o->program_argv = argv + optind;
	return -1;
}
