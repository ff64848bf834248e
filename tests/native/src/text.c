/* text.c: stdio in memory and on descriptors: formats, buffering, scanning. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void print_formats(void)
{
	int n = 0;

	printf("[%d] [%5d] [%-5d] [%05d] [%+d] [% d]\n", 7, 7, 7, 7, 7, 7);
	printf("[%x] [%#X] [%o] [%#o] [%c] [%%]\n", 48879, 48879, 8, 8, 'q');
	printf("[%.3s] [%10.4s] [%-10s] [%*d]\n", "abcdef", "abcdef", "ab", 6,
	       42);
	printf("[%hhd] [%hd] [%ld] [%lld] [%zu] [%jd]\n", (signed char)200,
	       (short)40000, -1L, -1LL, sizeof(int), (intmax_t)INT64_MIN);
	printf("[%" PRIu64 "] [%p]%n\n", UINT64_MAX, (void *)0x1234, &n);
	printf("%d characters before\n", n);
}

static void scan(void)
{
	char word[16], set[16];
	int a, b, n;
	double d;

	n = sscanf("12 -0x1f 2.5e3 word abc123", "%d %i %lf %15s %15[a-c]", &a,
		   &b, &d, word, set);
	printf("scanned %d: %d %d %g %s %s\n", n, a, b, d, word, set);
	printf("strtol %ld %ld %lu\n", strtol("077", NULL, 0),
	       strtol("zz", NULL, 36), strtoul("-1", NULL, 10));
}

static void memory_stream(void)
{
	char *text = NULL, line[32];
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < 20000; i++)
		fprintf(f, "line %d\n", i);
	fclose(f);
	printf("stream of %zu bytes\n", size);
	f = fmemopen(text, size, "r");
	fseek(f, -11, SEEK_END);
	while (fgets(line, sizeof(line), f))
		printf("tail: %s", line);
	fclose(f);
	free(text);
}

static void from_input(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int c, lines = 0;

	c = getchar();
	printf("first character %d\n", c);
	ungetc(c, stdin);
	while ((len = getline(&line, &room, stdin)) >= 0)
		printf("%d: %zd bytes %.20s%s", ++lines, len, line,
		       len > 20 ? "...\n" : "");
	printf("end %d error %d\n", !!feof(stdin), !!ferror(stdin));
	free(line);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOFBF, 512);
	print_formats();
	scan();
	memory_stream();
	from_input();
	fprintf(stderr, "to standard error\n");
	fflush(stdout);
	if (write(1, "by write\n", 9) != 9)
		return 1;
	for (int i = 0; i < 5000; i++)
		printf("%d,", i);
	putchar('\n');
	return 3;
}
