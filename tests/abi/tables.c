/*
 * tables.c: docs/abi-tables.md from the contract's headers: offsets and sizes
 *as the compiler has them (DWARF), words from the comments beside.
 *
 *	tables OBJECT DIRECTORY		contract.c compiled; vmm/abi
 */
#include <ctype.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const headers[] = {
	"hv_const.h",	 "hv_map.h",   "hv_boot.h", "hv_call.h",
	"hv_describe.h", "hv_fault.h", "hv_vcpu.h",
};
#define HEADERS (sizeof(headers) / sizeof(headers[0]))

static char *text[HEADERS];

static void fail(const char *what)
{
	fprintf(stderr, "tables: %s\n", what);
	exit(1);
}

static char *read_file(const char *dir, const char *name)
{
	char path[4096], *all = NULL;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f || getdelim(&all, &size, '\0', f) < 0)
		fail(path);
	fclose(f);
	return all;
}

/* ---- The checksum: of all but comments and blanks ---------------------- */

static uint64_t fnv1a(uint64_t sum, const char *s)
{
	while (*s) {
		if (!strncmp(s, "/*", 2)) {
			s = strstr(s, "*/") + 2;
			continue;
		}
		if (!isspace((unsigned char)*s))
			sum = (sum ^ (unsigned char)*s) * 0x100000001b3;
		s++;
	}
	return sum;
}

/* ---- Words --------------------------------------------------------------- */

static const char *line_of(const char *all, int line)
{
	while (--line > 0)
		all = strchr(all, '\n') + 1;
	return all;
}

/* The comment at s, in one line; "" if s is at something else. To be freed. */
static char *comment_at(const char *s)
{
	char *words = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&words, &size);
	const char *end;
	bool blank = false;

	s += strspn(s, " \t");
	end = strncmp(s, "/*", 2) ? s : strstr(s, "*/");
	for (s += s < end ? 2 : 0; s < end; s++) {
		if (isspace((unsigned char)*s) || (*s == '*' && blank)) {
			blank = true;
			continue;
		}
		fprintf(out, "%s%s%c", blank && ftell(out) ? " " : "",
			*s == '|' ? "\\" : "", *s);
		blank = false;
	}
	fclose(out);
	return words;
}

static void print_comment(const char *s)
{
	char *words = comment_at(s);

	printf("%s%s", *words ? " " : "", words);
	free(words);
}

#define COLUMNS 98

/* What is said of a structure or an enumeration: the comment above it. */
static void print_head(unsigned header, int line)
{
	const char *all = text[header], *end = line_of(all, line) - 1, *s;
	size_t column = 0;
	char *words;

	if (end - all < 4 || strncmp(end - 2, "*/", 2))
		return;
	for (s = end - 2; strncmp(s, "/*", 2); s--)
		;
	words = comment_at(s);
	for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) {
		bool wrap = column + strlen(w) >= COLUMNS;

		column = wrap ? strlen(w) : column + strlen(w) + 1;
		printf("%s%s", wrap ? "\n" : w == words ? "" : " ", w);
	}
	printf("\n\n");
	free(words);
}

/* ---- DWARF -----------------------------------------------------------------
 */

static Dwarf_Word number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	if (dwarf_attr_integrate(die, name, &attr))
		dwarf_formudata(&attr, &value);
	return value;
}

static bool type_of(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute attr;

	return dwarf_attr_integrate(die, DW_AT_type, &attr) &&
	       dwarf_formref_die(&attr, type);
}

/* "[32]" of an array, "" of anything else. */
static void print_bounds(Dwarf_Die *member)
{
	Dwarf_Die type, range;

	if (!type_of(member, &type) || dwarf_tag(&type) != DW_TAG_array_type ||
	    dwarf_child(&type, &range))
		return;
	if (dwarf_hasattr(&range, DW_AT_upper_bound))
		printf("[%" PRIu64 "]", number(&range, DW_AT_upper_bound) + 1);
	else
		printf("[]");
}

/* "struct hv_bank", or "" of a number. */
static void print_type(Dwarf_Die *member)
{
	Dwarf_Die type;

	while (type_of(member, &type) && dwarf_tag(&type) == DW_TAG_array_type)
		*member = type;
	if (dwarf_tag(&type) == DW_TAG_structure_type && dwarf_diename(&type))
		printf(" (`struct %s`)", dwarf_diename(&type));
}

static void print_members(Dwarf_Die *of, unsigned header, Dwarf_Word base);

/* All that one declaration declares; *die is the last of it afterwards. */
static bool print_row(Dwarf_Die *die, unsigned header, Dwarf_Word base)
{
	Dwarf_Word line = number(die, DW_AT_decl_line);
	const char *end = strchr(line_of(text[header], (int)line), ';');
	Dwarf_Die last = *die, next = *die;
	bool more = true;

	printf("| %" PRIu64 " | ",
	       base + number(die, DW_AT_data_member_location));
	while (more && strchr(line_of(text[header],
				      (int)number(&next, DW_AT_decl_line)),
			      ';') == end) {
		printf("%s`%s", next.addr == die->addr ? "" : ", ",
		       dwarf_diename(&next));
		print_bounds(&next);
		putchar('`');
		last = next;
		more = dwarf_siblingof(&last, &next) == 0;
	}
	print_type(&last);
	printf(" |");
	print_comment(end + 1);
	printf(" |\n");
	*die = next;
	return more;
}

static void print_members(Dwarf_Die *of, unsigned header, Dwarf_Word base)
{
	Dwarf_Die die, type;
	bool more = dwarf_child(of, &die) == 0;

	while (more) {
		if (dwarf_tag(&die) == DW_TAG_member && dwarf_diename(&die)) {
			more = print_row(&die, header, base);
			continue;
		}
		if (dwarf_tag(&die) == DW_TAG_member && type_of(&die, &type))
			print_members(
				&type, header,
				base + number(&die,
					      DW_AT_data_member_location));
		more = dwarf_siblingof(&die, &die) == 0;
	}
}

/* Enumerators have no line of their own: by name. */
static void print_enumerators(Dwarf_Die *of, unsigned header, int line)
{
	Dwarf_Die die;
	bool more = dwarf_child(of, &die) == 0;

	for (; more; more = dwarf_siblingof(&die, &die) == 0) {
		const char *s = strstr(line_of(text[header], line),
				       dwarf_diename(&die));

		printf("| %" PRIu64 " | `%s` |",
		       number(&die, DW_AT_const_value), dwarf_diename(&die));
		s += strcspn(s, ",\n}");
		print_comment(s + (*s == ','));
		printf(" |\n");
	}
}

static void print_definition(Dwarf_Die *die, unsigned header)
{
	bool is_struct = dwarf_tag(die) == DW_TAG_structure_type;
	int line = (int)number(die, DW_AT_decl_line);

	if (is_struct)
		printf("### `struct %s`, %" PRIu64 " bytes\n\n",
		       dwarf_diename(die), number(die, DW_AT_byte_size));
	else
		printf("### `enum %s`\n\n", dwarf_diename(die));
	print_head(header, line);
	printf("| %s | name | |\n|---|---|---|\n",
	       is_struct ? "offset" : "value");
	if (is_struct)
		print_members(die, header, 0);
	else
		print_enumerators(die, header, line);
	putchar('\n');
}

static void print_header(Dwarf_Die *unit, unsigned header)
{
	Dwarf_Die die;
	bool more = dwarf_child(unit, &die) == 0, titled = false;

	for (; more; more = dwarf_siblingof(&die, &die) == 0) {
		int tag = dwarf_tag(&die);
		const char *file = dwarf_decl_file(&die);
		const char *slash = file ? strrchr(file, '/') : NULL;

		if ((tag != DW_TAG_structure_type &&
		     tag != DW_TAG_enumeration_type) ||
		    !dwarf_diename(&die) || !file ||
		    strcmp(slash ? slash + 1 : file, headers[header]))
			continue;
		if (!titled)
			printf("## %s\n\n", headers[header]);
		titled = true;
		print_definition(&die, header);
	}
}

static Dwarf_Die first_unit(const char *object)
{
	int fd = open(object, O_RDONLY);
	Dwarf *dwarf = dwarf_begin(fd, DWARF_C_READ);
	Dwarf_Off next;
	size_t size;
	Dwarf_Die unit;

	if (!dwarf || dwarf_nextcu(dwarf, 0, &next, &size, NULL, NULL, NULL) ||
	    !dwarf_offdie(dwarf, size, &unit))
		fail(object);
	return unit;
}

int main(int argc, char **argv)
{
	uint64_t sum = 0xcbf29ce484222325;
	Dwarf_Die unit;

	if (argc != 3)
		fail("usage: tables OBJECT DIRECTORY");
	unit = first_unit(argv[1]);
	for (unsigned i = 0; i < HEADERS; i++) {
		text[i] = read_file(argv[2], headers[i]);
		sum = fnv1a(sum, text[i]);
	}
	printf("# The contract: tables\n\nMade from `vmm/abi/` by "
	       "`make abi-tables`; [abi.md](abi.md) says what it all means.\n\n"
	       "Version %s, checksum %016" PRIx64 ".\n\n",
	       strtok(strstr(text[0], "#define HV_ABI_VERSION ") + 23, "\n"),
	       sum);
	for (unsigned i = 0; i < HEADERS; i++)
		print_header(&unit, i);
	return 0;
}
