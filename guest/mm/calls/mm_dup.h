struct mm;
static inline struct mm *mm_dup(struct mm *mm)
{
	(void)mm;
	return 0;
}
