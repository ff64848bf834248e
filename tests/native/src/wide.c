/* wide.c: wide characters in the C locale. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <wctype.h>

int main(void)
{
	wchar_t buf[64], *save, list[] = L"one two  three";
	char narrow[64];

	printf("locale %s, MB_CUR_MAX %zu\n", setlocale(LC_ALL, "C"),
	       MB_CUR_MAX);
	printf("%d\n",
	       swprintf(buf, 64, L"%ls|%5d|%-4ls|%g", L"wide", 42, L"ab", 1.5));
	printf("%ls\n", buf);
	for (wchar_t *w = wcstok(list, L" ", &save); w;
	     w = wcstok(NULL, L" ", &save))
		printf("%ls %zu\n", w, wcslen(w));
	printf("mbstowcs %zu\n", mbstowcs(buf, "plain text", 64));
	printf("wcstombs %zu %s\n", wcstombs(narrow, buf, 64), narrow);
	printf("towupper %lc %d\n", towupper(L'x'), !!iswdigit(L'7'));
	printf("wcstol %ld, wcscmp %d\n", wcstol(L"-321", NULL, 10),
	       wcscmp(L"a", L"b") < 0);
	fwprintf(stderr, L"wide to stderr %ls\n", L"\x41");
	return 0;
}
