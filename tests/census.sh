#!/bin/bash
# census.sh: the shape of the source, to be compared from one commit to the
# next: lines by folder, lengths of functions, share of comments, duplicates,
# circles and arrows that point up. Run by hand, in any checkout.
set -u
half() { find "$1" -name '*.[chS]' | sort; }

echo "lines, by folder"
for top in vmm guest elfload; do
	half $top | xargs wc -l | awk -v top=$top '
	$2 != "total" {
		sub(/\/[^\/]*$/, "", $2)
		lines[$2] += $1; files[$2]++; all += $1
	}
	END {
		for (d in lines)
			printf "  %6d in %2d files  %s\n", lines[d], files[d], d
		printf "  %6d              %s, all\n", all, top
	}' | sort -k5
done

echo
echo "functions: lines between the braces"
for top in vmm guest elfload; do
	half $top | grep '\.c$' | xargs awk '
	/^\{$/ { start = FNR }
	/^\}$/ && start { print FNR - start - 1; start = 0 }' | sort -n |
		awk -v top=$top '
		{ n[NR] = $1; over += $1 > 50 }
		END { printf "  %-8s %5d functions, median %d, longest %d, above 50: %d\n",
			top, NR, n[int((NR + 1) / 2)], n[NR], over }'
done

echo
echo "lines of comments, of a hundred"
for top in vmm guest elfload; do
	half $top | xargs cat | awk -v top=$top '
	{ inside = inside || /\/\*/; comment += inside }
	/\*\// { inside = 0 }
	END { printf "  %-8s %d\n", top, 100 * comment / NR }'
done

echo
echo "files of C above 500 lines"
half . | grep '\.c$' | grep -v '^./build' | xargs wc -l |
	awk '$1 > 500 && $2 != "total" { print "  " $1, $2 }'

echo
echo "runs of eight equal lines in two files (vmm, guest, elfload)"
for top in vmm guest elfload; do half $top; done | grep '\.c$' | xargs awk '
FNR == 1 { n = 0 }
/^#include|^ \*|^\/\*|^$/ { next }
{
	n++
	line[n % 8] = $0
	if (n < 8)
		next
	run = ""
	for (i = 1; i <= 8; i++)
		run = run line[(n + i) % 8] "\n"
	if (run in where && where[run] != FILENAME)
		pairs[where[run] " " FILENAME]++
	where[run] = FILENAME
}
END {
	for (p in pairs) { print "  " p; k++ }
	print "  " k + 0 " pairs"
}'

if [ -x tests/layers.sh ]; then
	echo
	echo "arrows and circles"
	tests/layers.sh 2>&1 | sed 's/^/  /'
fi
