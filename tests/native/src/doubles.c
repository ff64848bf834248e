/* doubles.c: floating point, to the last bit. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void functions(volatile double x)
{
	printf("%g: %a %a %a %a %a\n", x, sin(x), cos(x), tan(x), exp(x),
	       log(fabs(x) + 1));
	printf("  %a %a %a %a %a\n", sqrt(fabs(x)), cbrt(x), pow(fabs(x), 1.7),
	       atan2(x, 3), sinh(x));
	printf("  %a %a %a %a %ld\n", floor(x), fmod(x, 0.7), erf(x),
	       fma(x, x, -1), lrint(x));
}

static void parse(const char *s)
{
	char *end;
	double d = strtod(s, &end);

	printf("<%s> %.17g %a rest <%s>\n", s, d, d, end);
	printf("  %e %f %g %20.10f %Lg\n", d, d, d, d, strtold(s, NULL));
}

static void rounding(void)
{
	static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD,
				    FE_TOWARDZERO};
	volatile double one = 1, three = 3;

	for (int i = 0; i < 4; i++) {
		fesetround(modes[i]);
		printf("1/3 in mode %d: %a, %a\n", i, one / three,
		       -one / three);
	}
	fesetround(FE_TONEAREST);
	feclearexcept(FE_ALL_EXCEPT);
	one = one / (three - 3);
	printf("1/0 %g, flags %#x\n", one, fetestexcept(FE_ALL_EXCEPT));
}

int main(void)
{
	static const char *const texts[] = {"0",
					    "-0",
					    "1",
					    "0.1",
					    "1e308",
					    "1e309",
					    "4.9e-324",
					    "2.2250738585072011e-308",
					    "123456789012345678901234567890",
					    "0x1.8p3",
					    "inf",
					    "nan",
					    "1e",
					    " 12.5xyz",
					    "9007199254740993",
					    "0.30000000000000004"};
	volatile double sum = 0;
	volatile float fsum = 0;
	long double lsum = 0;

	for (unsigned int i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		parse(texts[i]);
	for (double x = -30; x < 30; x += 3.7)
		functions(x);
	rounding();
	for (int i = 1; i < 100000; i++) {
		sum += 1.0 / i;
		fsum += 1.0f / i;
		lsum += 1.0L / i;
	}
	printf("harmonic %a %a %La\n", sum, fsum, lsum);
	printf("%d %g %g\n", FLT_EVAL_METHOD, DBL_MAX, DBL_EPSILON);
	return 0;
}
