# same.sh: run a command on Linux and under vmm and compare; sourced after lib.sh.
#
# Equal must be stdout, stderr without vmm's own lines, exit status, and the
# files written. Every run passes --check: vmm ends with 125 if a frame or an
# object is lost.

input=/dev/null  # stdin of the commands that follow
writable=        # directory, emptied before each run, that may be written
limit=30         # seconds for one run, times $PATIENCE
prefix=()        # goes before the program and before vmm

# run WHICH COMMAND...: to $tmp/WHICH.{out,err,status,files}
run() {
	local which=$1
	shift
	if [ -n "$writable" ]; then
		rm -rf "$writable"
		mkdir "$writable"
	fi
	{ # where bash would tell which signal it was
		timeout -k 1 $((limit * PATIENCE)) "$@" <"$input" >"$tmp/$which.out" \
			2>"$tmp/$which.raw"
	} 2>/dev/null
	echo $? >"$tmp/$which.status"
	grep -av '^vmm: ' "$tmp/$which.raw" >"$tmp/$which.err"
	[ -d "$writable" ] || return
	(cd "$writable" && find . -type f -exec sha256sum {} + | sort -k 2) \
		>"$tmp/$which.files"
}

# First difference of a pair of files, on one line.
difference() {
	diff -a "$tmp/linux.$1" "$tmp/vmm.$1" | sed -n '/^[<>]/p' | head -2 |
		cut -c1-100 | tr '\n' ' ' | tr -cd '\t -~'
}

# same NAME COMMAND...
same() {
	local name=$1 what why=
	shift
	: >"$tmp/linux.files"
	: >"$tmp/vmm.files"
	run linux "${prefix[@]}" "$@"
	[ "$(cat "$tmp/linux.status")" != 124 ] || why=" takes too long on Linux"
	run vmm "${prefix[@]}" "$vmm" -q --check ${writable:+--rw "$writable"} -- "$@"
	for what in status out err files; do
		cmp -s "$tmp/linux.$what" "$tmp/vmm.$what" ||
			why="$why $what: $(difference "$what")"
	done
	if [ -z "$why" ]; then
		echo "ok $name"
		return
	fi
	echo "not ok $name -$why" | tr -d '#'
	printf "%s\n" "$name:" >&2
	grep -a '^vmm: ' "$tmp/vmm.raw" | head -3 >&2
}

# As same, of what is served in a later version only: a test where it is equal
# already, a remark where it is not (docs/programs.md has the reasons).
later() {
	local limit=3

	same "$@" 2>/dev/null |
		sed 's/^not ok \(.*\) -\( .*\)$/# later: \1:\2/'
}

# Files to work on, below $data, the same each time.
make_data() {
	data=$tmp/data
	mkdir "$data"
	awk 'BEGIN { for (i = 0; i < 20000; i++)
		print i, i * i % 9973, "line", i % 7 }' >"$data/numbers"
	awk 'BEGIN { for (i = 0; i < 3000; i++)
		printf "%c%c%c\n", 97 + i % 26, 97 + i % 11, 97 + i % 7 }' \
		>"$data/words"
	head -c 300000 "$build/vmm" >"$data/binary"
	(cd "$data" && tar cf numbers.tar numbers words && gzip -k numbers &&
		xz -k words)
	(cd "$data" && sha256sum numbers words >sums)
}
