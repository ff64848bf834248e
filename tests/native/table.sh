# table.sh BUILD: runs maps.sh and faults.sh and prints docs/linux.md's table,
# program by program; `make linux-table` calls it. Ends with 1 if a test failed.
set -u
build=$1
here=$(dirname "$0")
rows=$build/native
failed=0

for t in maps faults; do
	bash "$here/$t.sh" "$build" 2>/dev/null | grep -v '^ok [^#]*$' >&2 &&
		failed=1
done

awk -F '\t' '
FILENAME ~ /maps.rows$/ {
	maps[$1] = $2 "/" $3
	auxv[$1] = $5 ? $4 "/" $5 : "-"
	for (i = 2; i <= 5; i++)
		sum[i] += $i
	next
}
FNR == 1 {
	print "| program | maps | auxv | faults | vmm | kernel | vDSO | left out |"
	print "|---|---|---|---|---|---|---|---|"
}
{
	if (!($1 in maps))
		maps[$1] = auxv[$1] = "-"
	printf "| %s | %s | %s | %d/%d | %d | %d | %d | %d |\n", $1, maps[$1],
		auxv[$1], $2, $3, $4, $5, $6, $7
	for (i = 2; i <= 7; i++)
		all[i] += $i
}
END {
	printf "| all %d | %d/%d | %d/%d | %d/%d | %d | %d | %d | %d |\n", FNR,
		sum[2], sum[3], sum[4], sum[5], all[2], all[3], all[4], all[5],
		all[6], all[7]
}' "$rows/maps.rows" "$rows/faults.rows"
exit $failed
