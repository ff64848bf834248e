# faultrows.sh: the page faults of programs, on Linux by perf and in vmm by its own
# log, row by row; sourced with the arguments BUILD [PROGRAM]. docs/linux.md says
# what is compared and how. All happens in a mount namespace of its own, where
# each file that a program maps is covered by a copy. The script defines
#
#   make_copy FILE COPY   how: with its pages in the page cache as it wants them
#   layout                print how the copies lie in the page cache
#   vmm_run               options included
#
# then calls have_faults, which ends the script if there is nothing to compare, same
# for each program, and show_all.

build=$1 only=${2-}
name=$(basename "$0" .sh)
if [ -z "${FAULTS_NAMESPACE-}" ]; then
	for unshare in "unshare -m" "unshare -rm"; do
		$unshare true 2>/dev/null || continue
		FAULTS_NAMESPACE=1 exec $unshare "$0" "$@"
	done
	echo "ok $name # SKIP no mount namespace may be made"
	exit 0
fi
. "$(dirname "$0")/lib.sh"
. "$here/programs.sh"
skip_all_without_kvm "$name"
if ! command -v perf >/dev/null; then
	echo "ok $name # SKIP no perf"
	exit 0
fi
rows=$bin/$name.rows
: >"$rows"
copies=$(mktemp -d -p "$bin") || exit 1 # on the disk of the programs
trap 'rm -rf "$tmp" "$copies"' EXIT

# Cover FILE by a copy. 1: it is covered already, or is no file, or one that the
# program writes. It is not covered any more if somebody put a new one there.
declare -A copy_of=()
nr_copies=0
cover() {
	local copy=$copies/$nr_copies

	[ -f "$1" ] && ! [ "$1" -ef "${copy_of[$1]-}" ] &&
		[ "${1#"$tmp"}" = "$1" ] || return
	copy_of[$1]=$copy
	nr_copies=$((nr_copies + 1))
	make_copy "$1" "$copy" && mount --bind "$copy" "$1"
}

uncover_all() {
	local file

	for file in "${!copy_of[@]}"; do
		umount -l "$file"
		rm -f "${copy_of[$file]}"
	done
	copy_of=()
}

# Each run is process 1 of a namespace: its number, and its parent's, are data.
alone="unshare --pid --fork --mount-proc"

# What perf saw of two runs of COMMAND..., to $tmp/events: from exec on, as the
# program is then called, with the process's number first.
record() {
	local comm
	comm=$(basename "$1" | cut -c1-15)

	layout >"$tmp/layout"
	# Without the thread that waits for BPF programs, a second each time.
	perf record -q --no-bpf-event -d -e page-faults -c 1 -o "$tmp/perf.data" \
		sh -c '"$@"; "$@"' sh $alone setarch -R $clean "$@" \
		2>"$tmp/perf.err" | cat >/dev/null
	perf script -i "$tmp/perf.data" -F comm,pid,event,addr,ip \
		--show-mmap-events 2>/dev/null |
		awk -v comm="$comm" '
		match($0, / [0-9]+ (page-faults:|PERF_RECORD_MMAP2) /) {
			pid = substr($0, RSTART + 1) + 0
			if ($1 == comm)
				on[pid]
			if (pid in on)
				print substr($0, RSTART + 1)
		}' >"$tmp/events"
}

# Cover what was mapped in the runs recorded. 1: all was covered already.
cover_mapped() {
	local name any=1

	while read -r name; do
		cover "$name" && any=0
	done < <(sed -nE 's/.*MMAP2 .*: .... (\/[^/].*)$/\1/p' "$tmp/events" |
		sort -u)
	return $any
}

# The rows of the runs recorded, to $tmp/run.1, $tmp/run.2.
split_runs() {
	rm -f "$tmp"/run.*
	awk -v to="$tmp/run." '$2 == "page-faults:" {
		if ($1 != pid)
			n++
		pid = $1
		print $3, $4 >(to n)
	}' "$tmp/events"
}

# Run COMMAND... on Linux until two runs in a row are the same.
linux_faults() {
	local i

	cover "$(readlink -f "$(type -P "$1")")"
	for i in 1 2 3 4 5 6; do
		record "$@"
		while cover_mapped; do
			record "$@"
		done
		split_runs
		cmp -s "$tmp/run.1" "$tmp/run.2" && return
		uncover_all # new copies next time
	done
	return 1
}

vmm_faults() {
	$alone $clean "${vmm_run[@]}" -o "$tmp/log" "$@" 2>"$tmp/vmm.err" |
		cat >/dev/null
	awk '$3 ~ /^0x/ { print substr($3, 3), substr($6, 3), $5 }' \
		"$tmp/log" >"$tmp/vmm"
}

# The rows of both, made comparable, to $tmp/linux.rows and $tmp/vmm.rows.
normalise() {
	local vdso
	vdso=$(sed -nE 's/.*\[(0x[0-9a-f]+)\((0x[0-9a-f]+)\).*\[vdso\]$/\1 \2/p' \
		"$tmp/events" | head -1)
	set -- $vdso

	vdso=$(printf '%x %x' "${1-0}" $((${1-0} + ${2-0})))
	awk -v vdso="$vdso" -f "$here/faults.awk" "$tmp/run.1" \
		>"$tmp/linux.rows"
	awk -v vdso="$vdso" -f "$here/faults.awk" "$tmp/vmm" >"$tmp/vmm.rows"
}

# same NAME COMMAND...
same() {
	local name=$1 i total ours unequal result=unsteady
	shift

	[ -z "$only" ] || [[ "|$only|" == *"|$name|"* ]] || return
	type -P "$1" >/dev/null || return
	for i in 1 2 3; do
		if ! linux_faults "$@"; then
			echo "ok faults of $name # SKIP on Linux no two runs are equal"
			return
		fi
		vmm_faults "$@"
		normalise
		cmp -s "$tmp/linux.rows" "$tmp/vmm.rows" && result=equal && break
		layout | cmp -s - "$tmp/layout" && result=differ
		echo "$name: not equal at attempt $i" >&2
		uncover_all
	done
	total=$(wc -l <"$tmp/linux.rows")
	ours=$(wc -l <"$tmp/vmm")
	unequal=$(diff "$tmp/linux.rows" "$tmp/vmm.rows" | grep -c '^<')
	printf '%s\t%d\t%d\t%d\t%d\t%d\t%d\n' "$name" \
		$((total - unequal)) "$total" "$ours" \
		"$(grep -c kernel "$tmp/linux.rows")" \
		"$(grep -c vdso "$tmp/linux.rows")" \
		$((ours - $(wc -l <"$tmp/vmm.rows"))) >>"$rows"
	if [ $result = equal ]; then
		echo "ok faults of $name"
	elif [ $result = unsteady ]; then
		echo "ok faults of $name # SKIP the page cache changes all the time"
	else
		echo "not ok faults of $name - $total on Linux, $ours in vmm"
		{
			echo "$name: < Linux, > vmm"
			diff "$tmp/linux.rows" "$tmp/vmm.rows" | head -20
		} >&2
	fi
}

have_faults() {
	record true
	grep -q page-faults: "$tmp/events" && return
	echo "ok $name # SKIP perf records no page faults: $(head -1 "$tmp/perf.err")"
	exit 0
}

show_all() {
	show_rows "$rows" program equal linux vmm kernel vdso left-out
}
