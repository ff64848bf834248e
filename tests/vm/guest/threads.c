/*
 * threads.c: threads that share memory, locks and a heap. threads N prints what
 * they have done together; any number is as natively.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX	 64
#define ROUNDS	 50
#define PAGES	 16
#define MESSAGES 200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned long counter, wrong;
static unsigned turn, exchanged;
static __thread unsigned long own;

/* Memory of its own, in between others' changes. */
static int use_memory(unsigned n, long page)
{
	unsigned char *p =
		mmap(NULL, PAGES * (size_t)page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int bad = 0;

	if (p == MAP_FAILED)
		return 1;
	for (int i = 0; i < PAGES; i++)
		p[i * page] = (unsigned char)(n + (unsigned)i);
	mprotect(p, (size_t)page, PROT_READ);
	for (int i = 0; i < PAGES; i++)
		bad += p[i * page] != (unsigned char)(n + (unsigned)i);
	munmap(p, PAGES * (size_t)page);
	return bad;
}

static void *work(void *arg)
{
	unsigned n = (unsigned)(size_t)arg;
	long page = sysconf(_SC_PAGESIZE);

	for (int i = 0; i < ROUNDS; i++) {
		char *text = malloc(100 + (size_t)i * 40);
		int bad = use_memory(n, page);

		memset(text, (int)n, 100);
		pthread_mutex_lock(&lock);
		counter++;
		wrong += (unsigned long)bad;
		pthread_mutex_unlock(&lock);
		own++;
		free(text);
	}
	return (void *)own;
}

/* Two that wait for each other. */
static void *talk(void *arg)
{
	unsigned me = (unsigned)(size_t)arg;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < MESSAGES; i++) {
		while (turn != me)
			pthread_cond_wait(&changed, &lock);
		turn = !me;
		exchanged++;
		pthread_cond_signal(&changed);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 4;
	unsigned long sum = 0;
	pthread_t t[MAX];
	void *result;

	if (n > MAX)
		return 2;
	for (size_t i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, work, (void *)i))
			return 3;
	for (unsigned i = 0; i < n; i++) {
		pthread_join(t[i], &result);
		sum += (unsigned long)result;
	}
	for (size_t i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, talk, (void *)i))
			return 3;
	pthread_join(t[0], NULL);
	pthread_join(t[1], NULL);
	printf("%u threads: %lu rounds, %lu by their own count, %lu wrong, %u "
	       "messages, %lu here\n",
	       n, counter, sum, wrong, exchanged, own);
	return 0;
}
