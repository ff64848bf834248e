/* test_list.c: lists with the links inside the objects. */
#include <criterion/criterion.h>

#include "list.h"

struct item {
	int value;
	struct list link;
};

static struct list head;
static struct item a, b, c;

static void setup(void)
{
	list_init(&head);
	a = (struct item){.value = 1};
	b = (struct item){.value = 2};
	c = (struct item){.value = 3};
}

TestSuite(list, .init = setup);

/* The values in order as a decimal number, by next; -1 if prev differs. */
static int forwards(void)
{
	int sum = 0;

	for (struct list *l = head.next; l != &head; l = l->next) {
		if (l->prev->next != l || l->next->prev != l)
			return -1;
		sum = sum * 10 + list_entry(l, struct item, link)->value;
	}
	return sum;
}

Test(list, a_new_list_is_empty)
{
	cr_assert(list_empty(&head));
	cr_assert_eq(forwards(), 0);
}

Test(list, add_puts_first)
{
	list_add(&head, &a.link);
	list_add(&head, &b.link);
	list_add(&head, &c.link);
	cr_assert_eq(forwards(), 321);
	cr_assert(!list_empty(&head));
}

Test(list, add_tail_puts_last)
{
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	cr_assert_eq(forwards(), 123);
}

Test(list, add_to_an_item_puts_behind_it)
{
	list_add(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add(&a.link, &c.link);
	cr_assert_eq(forwards(), 132);
}

Test(list, add_tail_to_an_item_puts_before_it)
{
	list_add(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&b.link, &c.link);
	cr_assert_eq(forwards(), 132);
}

Test(list, del_takes_from_the_middle)
{
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	list_del(&b.link);
	cr_assert_eq(forwards(), 13);
}

Test(list, del_takes_the_first_and_the_last)
{
	list_add_tail(&head, &a.link);
	list_add_tail(&head, &b.link);
	list_add_tail(&head, &c.link);
	list_del(&a.link);
	cr_assert_eq(forwards(), 23);
	list_del(&c.link);
	cr_assert_eq(forwards(), 2);
}

Test(list, del_leaves_the_link_all_zero)
{
	list_add(&head, &a.link);
	list_del(&a.link);
	cr_assert_null(a.link.next);
	cr_assert_null(a.link.prev);
	cr_assert(list_empty(&head));
}

Test(list, an_item_can_be_added_again)
{
	list_add(&head, &a.link);
	list_add(&head, &b.link);
	list_del(&a.link);
	list_add(&head, &a.link);
	cr_assert_eq(forwards(), 12);
}

Test(list, entry_finds_the_object)
{
	cr_assert_eq(list_entry(&b.link, struct item, link), &b);
}
