/*
 * sqlite_shell.c: the SQLite engine, static, as a real program to run under
 * vmm.
 *
 * sqlite_shell DATABASE [SQL...]
 *
 * Runs each SQL argument (or, without any, all of stdin) and prints every row,
 * columns separated by "|" as sqlite3's list mode does. DATABASE may be
 * ":memory:". Debian's sqlite3 is dynamic, but libsqlite3-dev holds the
 * archive: cc -static sqlite_shell.c -lsqlite3 -lm (the linker warns about
 * dlopen: extensions cannot be loaded). Exit status 1 and SQLite's message on
 * stderr if a statement fails.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int print_row(void *unused, int columns, char **value, char **name)
{
	(void)unused;
	(void)name;
	for (int i = 0; i < columns; i++)
		printf("%s%s", i ? "|" : "", value[i] ? value[i] : "");
	putchar('\n');
	return 0;
}

static int run_sql(sqlite3 *db, const char *sql)
{
	char *message = NULL;

	if (sqlite3_exec(db, sql, print_row, NULL, &message) == SQLITE_OK)
		return 0;
	fprintf(stderr, "sqlite_shell: %s\n", message ? message : "error");
	sqlite3_free(message);
	return 1;
}

/* All of stdin as one string, or NULL without memory. */
static char *read_stdin(void)
{
	size_t length = 0, size = 65536, n;
	char *text = malloc(size + 1);

	while (text && (n = fread(text + length, 1, size - length, stdin))) {
		char *larger;

		length += n;
		if (length < size)
			continue;
		size *= 2;
		larger = realloc(text, size + 1);
		if (!larger)
			free(text);
		text = larger;
	}
	if (text)
		text[length] = '\0';
	return text;
}

static int run_stdin(sqlite3 *db)
{
	char *sql = read_stdin();
	int failed;

	if (!sql) {
		fputs("sqlite_shell: out of memory\n", stderr);
		return 1;
	}
	failed = run_sql(db, sql);
	free(sql);
	return failed;
}

int main(int argc, char **argv)
{
	sqlite3 *db;
	int failed = 0;

	if (argc < 2) {
		fputs("usage: sqlite_shell DATABASE [SQL...]\n", stderr);
		return 2;
	}
	if (sqlite3_open(argv[1], &db) != SQLITE_OK) {
		fprintf(stderr, "sqlite_shell: %s: %s\n", argv[1],
			db ? sqlite3_errmsg(db) : "out of memory");
		sqlite3_close(db);
		return 1;
	}
	for (int i = 2; i < argc && !failed; i++)
		failed = run_sql(db, argv[i]);
	if (argc == 2)
		failed = run_stdin(db);
	sqlite3_close(db);
	return failed;
}
