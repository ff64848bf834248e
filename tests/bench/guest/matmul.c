/*
 * matmul.c: multiplies two matrices of 512 x 512 doubles, N times. All of it is
 * computing: 6 MiB are touched, and then there is no fault and no system call.
 */
#include <stdio.h>
#include <stdlib.h>

#define N 512

static double a[N][N], b[N][N], c[N][N];

static void multiply(void)
{
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++)
			for (int j = 0; j < N; j++)
				c[i][j] += a[i][k] * b[k][j];
}

int main(int argc, char **argv)
{
	long times = argc > 1 ? atol(argv[1]) : 1;

	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++) {
			a[i][j] = i == j;
			b[i][j] = i ^ j;
		}
	for (long t = 0; t < times; t++)
		multiply();
	/* c is times * b. */
	printf("%.0f\n", c[3][7]);
	return c[3][7] != (double)times * (3 ^ 7);
}
