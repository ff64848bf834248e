/* sorts.c: qsort, bsearch, strings and time without a clock. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NR 100000

static uint32_t v[NR];

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void words(void)
{
	char text[] = "the quick,brown fox;jumps over,the lazy dog";
	char *save, *w;

	for (w = strtok_r(text, " ,;", &save); w;
	     w = strtok_r(NULL, " ,;", &save))
		printf("%s:%zu:%zu ", w, strlen(w), strcspn(w, "aeiou"));
	printf("\n%s %s\n", strstr("needle in hay", "in"),
	       (char *)memchr("abc", 'b', 3));
}

static void calendar(void)
{
	time_t t = 1000000000;
	struct tm tm;
	char buf[64];

	strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S %j %a",
		 gmtime_r(&t, &tm));
	puts(buf);
	tm.tm_mday += 500;
	t = mktime(&tm);
	printf("%lld %d\n", (long long)t, tm.tm_yday);
}

int main(void)
{
	uint32_t key, sum = 0, seed = 42;
	uint32_t *at;

	for (int i = 0; i < NR; i++)
		v[i] = seed = seed * 1103515245u + 12345u;
	key = v[777];
	qsort(v, NR, sizeof(v[0]), order);
	for (int i = 0; i < NR; i++)
		sum = sum * 31 + v[i];
	at = bsearch(&key, v, NR, sizeof(v[0]), order);
	printf("sum %u, found at %ld\n", sum, at ? (long)(at - v) : -1);
	srand(5);
	printf("rand %d %d\n", rand(), rand());
	words();
	calendar();
	return 0;
}
