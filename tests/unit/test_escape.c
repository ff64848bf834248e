/*
 * Can a name make a terminal do something? Only what looks like text is shown
 * as it is.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "escape.h"

static const char *escaped(const char *text, const char *keep)
{
	static char out[ESCAPE_TEXT_MAX(64)];

	escape_text(out, text, strlen(text), keep);
	return out;
}

Test(escape, text_is_shown_as_it_is)
{
	static const char *const texts[] = {"",
					    "plain \\ text~",
					    "\xc2\xa0",
					    "\xc3\xa9",
					    "\xe2\x82\xac",
					    "\xf0\x9f\x90\xa7",
					    "\xf4\x8f\xbf\xbf",
					    "a\xc3\xa9z"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_str_eq(escaped(texts[i], ""), texts[i]);
}

Test(escape, no_control_character_is_shown)
{
	cr_assert_str_eq(escaped("\x1b[2J\n\x7f", ""), "\\x1b[2J\\x0a\\x7f");
	cr_assert_str_eq(escaped("a\n\tb\x1b", "\n\t"), "a\n\tb\\x1b");
	for (unsigned c = 0x80; c < 0xa0; c++) {
		const char raw[] = {'a', (char)c, 'b', 0};
		const char coded[] = {(char)0xc2, (char)c, 0};

		cr_assert(strstr(escaped(raw, ""), "a\\x"), "%#x", c);
		cr_assert_eq(strlen(escaped(coded, "")), 8, "%#x", c);
	}
}

/* Cut, overlong, surrogates, beyond the last character, alone. */
Test(escape, what_is_not_utf8_is_shown_by_its_bytes)
{
	cr_assert_str_eq(escaped("\xc3", ""), "\\xc3");
	cr_assert_str_eq(escaped("\xe2\x82z", ""), "\\xe2\\x82z");
	cr_assert_str_eq(escaped("\xc0\x9b", ""), "\\xc0\\x9b");
	cr_assert_str_eq(escaped("\xe0\x80\x9b", ""), "\\xe0\\x80\\x9b");
	cr_assert_str_eq(escaped("\xed\xa0\x80", ""), "\\xed\\xa0\\x80");
	cr_assert_str_eq(escaped("\xf4\x90\x80\x80", ""),
			 "\\xf4\\x90\\x80\\x80");
	cr_assert_str_eq(escaped("\xff\xe9", ""), "\\xff\\xe9");
}

Test(escape, a_nul_within_is_no_end)
{
	char out[ESCAPE_TEXT_MAX(3)];

	cr_assert_eq(escape_text(out, "a\0b", 3, "\n"), 6);
	cr_assert_str_eq(out, "a\\x00b");
}
