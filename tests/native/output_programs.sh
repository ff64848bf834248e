# output_programs.sh: the programs of src/, bash, Lua and SQLite; for output.sh.

compiled_programs() {
	local seed

	each "arguments and auxv" args
	each "odd arguments" args "" "two words" $'new\nline'
	prefix=(env -i A=1 B= "C=d e")
	each "an environment of its own" args x
	prefix=(env -i)
	each "no environment" args
	prefix=()
	each "floating point" doubles
	each "allocations of all sizes" mallocs
	each "sorting and searching" sorts
	each "wide characters" wide
	each "jumps, recursion, atexit" jumps
	each "signals to itself" signals
	same "a signal to the thread and one to the process" \
		"$bin/signals.glibc" both
	compile_as glibc "$here/src/sigwait.c"
	later "signals with values, sigsuspend" "$bin/sigwait.glibc"
	each "mmap and its family" maps
	same "mremap into the same page table" "$bin/maps.glibc" neighbour
	compile_as glibc "$here/src/resident.c"
	same "mincore, mlock, msync" "$bin/resident.glibc"
	guard_markers
	each "huge pages" hugepages
	frames_of_memory
	each "rights that imply others" readexec
	each "what may not become executable" mdwe
	prefix=("$bin/mdwe.glibc" start)
	same "what execve keeps of prctl" "$bin/mdwe.glibc" child
	prefix=()
	each "page 0 and its neighbours" lowest
	keys_differ
	if [ -n "$why_no_keys" ]; then
		echo "ok protection keys # SKIP $why_no_keys"
	else
		each "protection keys" pkeys
		each "all protection keys" pkeys all
	fi
	compile_as glibc "$here/src/special.c"
	same "what may be done with the vDSO" "$bin/special.glibc"
	compile_as glibc "$here/src/devzero.c"
	same "mappings of /dev/zero" "$bin/devzero.glibc"
	compile_as glibc "$here/src/nomap.c"
	same "what of the kernel's files can be mapped" "$bin/nomap.glibc"
	compile_as glibc "$here/src/seals.c"
	same "seals of a mapped memfd" "$bin/seals.glibc"
	compile_as glibc "$here/src/vectors.c"
	same "vectors that are bad in part" "$bin/vectors.glibc"
	compile_as glibc "$here/src/streams.c"
	same "pipes, sockets, devices and bad memory" "$bin/streams.glibc"
	compile_as glibc "$here/src/policy.c"
	if [ "$(cat /sys/devices/system/node/online 2>/dev/null)" = 0 ]; then
		same "memory policy" "$bin/policy.glibc"
	else
		echo "ok memory policy # SKIP this machine has not one node"
	fi
	compile_as glibc "$here/src/setmm.c"
	prefix=(env -i A=1)
	same "prctl(PR_SET_MM)" "$bin/setmm.glibc"
	prefix=()
	paging_out
	compile_as glibc "$here/src/faultcount.c"
	same "faults as getrusage counts them" "$bin/faultcount.glibc" \
		"$data/numbers"
	each "a mapped file" filemap "$data/numbers"
	each "directory in the kernel's order" dirs /usr/share/misc
	same "a large directory" "$bin/dirs.glibc" /usr/bin
	each "pipes, poll, select" pipes
	each "epoll, kcmp" epolls
	each "clocks and sleep" clocks
	each "limits, usage, identity" limits
	each "waiting on several futexes" futexes
	same "a smaller RLIMIT_AS" "$bin/limits.glibc" space
	compile_as glibc "$here/src/privileges.c"
	same "capabilities, processor, scheduler" "$bin/privileges.glibc"
	compile_as glibc "$here/src/procset.c"
	same "what is set in /proc" "$bin/procset.glibc"
	if grep -q vsyscall /proc/self/maps; then
		each "the instruction SYSCALL, and [vsyscall]" syscalls
	else
		echo "ok vsyscall # SKIP this Linux has none"
	fi
	each "errors of bad calls" errors
	each "what may be opened how" opens
	input=$data/numbers
	each "stdio" text
	input=/dev/null
	writable=$tmp/rw
	each "files and directories" files "$writable"
	compile_as glibc "$here/src/owners.c"
	same "owners and leases of files" "$bin/owners.glibc" "$writable"
	compile_as glibc "$here/src/credentials.c"
	same "rights given up" "$bin/credentials.glibc" "$writable"
	each "a shared mapping and its file" sharedfile "$writable"
	compile_as glibc "$here/src/twonames.c"
	same "two names of a mapped file" "$bin/twonames.glibc" "$writable"
	compile_as glibc "$here/src/telling.c"
	same "mounts, handles, processes, segments" "$bin/telling.glibc" \
		"$writable"
	each "watching a directory" watches "$writable"
	each "the largest file" filesize "$writable"
	compile_as glibc "$here/src/together.c"
	same "threads that wait" "$bin/together.glibc" "$writable"
	same "a file too large" "$bin/filesize.glibc" "$writable" signal
	compile_as glibc "$here/src/memcalls.c"
	for seed in 1 2 3 4 5 6 7 8; do
		same "1000 memory calls at random, seed $seed" \
			"$bin/memcalls.glibc" $seed 1000 "$writable"
	done
	writable=
	compile_as glibc "$here/src/interrupted.c"
	same "calls that signals break off" "$bin/interrupted.glibc"
	ways_to_end
}

# The guest has no swap.
paging_out() {
	if [ "$(wc -l </proc/swaps)" -gt 1 ]; then
		echo "ok paging out # SKIP Linux has swap here"
		return
	fi
	compile_as glibc "$here/src/pageout.c"
	same "paging out" "$bin/pageout.glibc" "$data/numbers"
}

# There are builds of Linux on which what is read gets a page of its own.
frames_of_memory() {
	compile_as glibc "$here/src/frames.c"
	if [ "$(id -u)" != 0 ]; then
		echo "ok frames in kpageflags # SKIP needs root"
	elif "$bin/frames.glibc" | grep -q '^zero page: count 0 zero$'; then
		same "frames in kpageflags and kpagecount" "$bin/frames.glibc"
	else
		echo "ok frames in kpageflags # SKIP this Linux has no page of zeros"
	fi
}

# The mark that smaps shows of them came with Linux 6.19 and 6.18.y.
guard_markers() {
	compile_as glibc "$here/src/guards.c"
	if "$bin/guards.glibc" "$data/numbers" | grep -q ' gu '; then
		same "guard markers" "$bin/guards.glibc" "$data/numbers"
	else
		echo "ok guard markers # SKIP not on this Linux as on 6.19"
	fi
}

ways_to_end() {
	local how

	compile_as glibc "$here/src/ends.c"
	for how in return _exit exit abort null text stack divide illegal trap \
		"one thread"; do
		same "end by $how" "$bin/ends.glibc" "$how"
	done
	for how in 1 2 6 9 11 13 15 31 34 64 17 18 28; do
		same "end by signal $how" "$bin/ends.glibc" signal $how
	done
}

languages() {
	if command -v bash-static >/dev/null; then
		bash_builtins
	else
		echo "ok bash-static # SKIP not installed"
	fi
	if compile_as glibc "$here/lua_shell.c" -I/usr/include/lua5.4 \
		-llua5.4 -lm -ldl 2>/dev/null; then
		lua
	else
		echo "ok lua # SKIP no static liblua5.4"
	fi
	if compile_as glibc "$here/sqlite_shell.c" -lsqlite3 -lm -ldl \
		-lpthread 2>/dev/null; then
		sqlite
	else
		echo "ok sqlite # SKIP no static libsqlite3"
	fi
}

bash_builtins() {
	local b=bash-static

	same "bash arithmetic" $b -c 'for ((i = 0, s = 0; i < 3000; i++)); do
		((s = (s * 31 + i) % 1000003)); done; echo $s $((16#ff << 3)) \
		$((2 ** 40 / 7)) $((-7 % 3))'
	same "bash arrays" $b -c 'a=({1..2000}); declare -A m; for i in "${a[@]}"
		do m[k$i]=$((i * i)); done; echo ${#a[@]} ${#m[@]} ${m[k77]} \
		"${a[@]:5:3}" ${!a[@]:1990}; unset "a[3]"; echo ${a[@]:2:3}'
	same "bash printf" $b -c 'printf "%5d|%-8s|%q|%x|%.3f|%b\n" 42 ab "a b" \
		255 3.14159 "x\ty" 7 "" "it'"'"'s" 1 2 "\101"; printf -v x %08.3f 2.5
		echo "$x"'
	same "bash reads a file line by line" $b -c 'n=0 t=0
		while read -r a b _; do ((n++, t += b)); done <few
		echo $n $t; mapfile -t w <words; echo ${#w[@]} ${w[99]}'
	same "bash parameter expansion" $b -c 'p=/usr/lib/a.tar.gz
		echo ${p##*/} ${p%.*} ${p%%.*} ${p/a/b} ${p//\//_} ${#p} ${p:5:3} \
		${p^^} ${none:-default} ${p@Q}; [[ $p =~ ([a-z]+)\.(.*) ]] &&
		echo "${BASH_REMATCH[@]}"; : ${must:?is not set}'
	same "bash functions and case" $b -c 'f() { local n=$1; ((n < 2)) &&
		{ r=1; return; }; f $((n - 1)); ((r *= n)); }; f 15; echo $r
		case abc in a?c) echo glob;; esac; echo /usr/share/misc/*
		trap "echo bye" EXIT; set -u; echo $undefined'
	same "bash handles its own signal" $b -c 'trap "echo trapped" USR1
		kill -USR1 $$; echo after; kill -TERM $$; echo never'
	same "bash syntax error" $b -c 'if then fi'
	same "bash here-string" $b -c 'read -r a b <<<"one two"; echo $b $a'
	input=$data/words
	same "bash reads standard input" $b -c 'n=0; while IFS= read -r -n 2 x
		do n=$((n + ${#x})); done; echo $n'
	input=/dev/null
}

lua() {
	local l=$bin/lua_shell.glibc

	cat >"$data/strings.lua" <<'END'
local t = {}
for w in ("the quick brown fox"):gmatch("%a+") do t[#t + 1] = w:upper() end
print(table.concat(t, "-"), ("x"):rep(20), ("abc"):byte(1, -1))
print(string.format("%5.2f %q %x %g %-5s|", 3.14159, "a\nb", 255, 1e100, "s"))
print(("key=val, k2=v2"):gsub("(%w+)=(%w+)", "%2=%1"))
print(string.pack("<i4d", 7, 0.1):byte(1, -1))
print(7 // 2, -7 // 2, 7 % -3, 2 ^ 0.5, 1 / 3, math.maxinteger + 1, 3 | 8)
print(#arg, arg[1], tostring(nil), tonumber("0x1p4"), utf8.char(228))
END
	cat >"$data/tables.lua" <<'END'
local function counter()
	local n = 0
	return function() n = n + 1 return n end
end
local a, b = counter(), counter()
for _ = 1, 1000 do a() end
print(a(), b())
local t = {}
for i = 1, 20000 do t[i] = (i * 7919) % 20011 end
table.sort(t)
print(#t, t[1], t[#t], table.unpack(t, 100, 104))
local mt = setmetatable({}, {__index = function(_, k) return k * 2 end})
print(mt[21], select("#", table.unpack({1, 2, 3})))
local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
print(co(), co(), co())
print(pcall(error, {code = 1}) , select(2, pcall(error, "text", 0)))
local function deep(n) return n == 0 and 0 or 1 + deep(n - 1) end
print(deep(10000), (pcall(function() local function f() return f() + 1 end
	return f() end)))
END
	cat >"$data/garbage.lua" <<'END'
local keep, dead = {}, 0
for i = 1, 100000 do
	local x = {i, tostring(i), {i}}
	if i % 1000 == 0 then keep[#keep + 1] = x end
end
setmetatable({}, {__gc = function() dead = dead + 1 end})
collectgarbage()
print(#keep, keep[50][2], dead, collectgarbage("count") < 10000)
local s = ""
for i = 1, 3000 do s = s .. i end
print(#s)
local big = ("y"):rep(1 << 24)
print(#big, big:byte(-1))
END
	cat >"$data/files.lua" <<'END'
local n, sum = 0, 0
for line in io.lines("numbers") do
	n = n + 1
	sum = sum + tonumber(line:match("^%d+ (%d+)"))
end
print(n, sum)
local f = assert(io.open("binary", "rb"))
print(f:seek("end"), f:seek("set", 16), f:read(4):byte(1, -1))
f:close()
print(io.open("missing"))
io.stderr:write("done\n")
os.exit(9)
END
	same "lua strings" "$l" strings.lua one two
	same "lua tables and closures" "$l" tables.lua
	same "lua garbage" "$l" garbage.lua
	same "lua files" "$l" files.lua
	same "lua chunk" "$l" -e 'print(_VERSION, 6 * 7, os.getenv("LC_ALL"))'
	same "lua error" "$l" -e 'error("deliberate")'
	same "lua without its script" "$l" missing.lua
	input=$data/strings.lua
	same "lua lines of standard input" "$l"
	input=/dev/null
}

sqlite() {
	local s=$bin/sqlite_shell.glibc fill

	fill="create table t(id integer primary key, k int, name text);
	with recursive n(i) as (select 1 union all select i + 1 from n
	where i < 10000) insert into t select i, i * 7919 % 1009,
	'name' || i from n;"
	same "sqlite 10000 rows" "$s" :memory: "$fill" \
		'create index tk on t(k);' \
		'select count(*), sum(k), min(name), max(name) from t;' \
		'select k, count(*) c from t group by k order by c desc, k limit 5;' \
		'select name from t where k = 500 order by id;' \
		'explain query plan select name from t where k = 500;' \
		'pragma integrity_check;'
	same "sqlite joins" "$s" :memory: "$fill" \
		'create table g(k int primary key, what text) without rowid;
		insert into g select distinct k, upper(hex(k)) from t;' \
		'select count(*), sum(length(what)) from t join g using (k);' \
		'select a.id, b.id from t a join t b on a.k = b.k and a.id < b.id
		where a.id < 4 order by 1, 2 limit 9;' \
		'select count(*) from t left join g on t.k = g.k + 1
		where g.k is null;'
	same "sqlite many statements" "$s" :memory: 'create table w(x, y);' \
		"$(awk 'BEGIN { for (i = 0; i < 2000; i++)
		print "insert into w values(" i ", " i / 7 ");" }')" \
		'select count(*), sum(x), round(avg(y), 6) from w;' \
		'delete from w where x % 3;' 'vacuum;' 'select count(*) from w;'
	same "sqlite functions" "$s" :memory: "select 1/3.0, 'a' || 2, null,
		json_extract('{\"a\":[1,2]}', '\$.a[1]'), hex('xyz'), abs(-5),
		date('2001-02-03', '+40 days'), printf('%08.3f', 3.14159);"
	same "sqlite error" "$s" :memory: 'select 1;' 'select * from missing;'
	writable=$tmp/db
	same "sqlite database in a file" "$s" "$writable/t.db" "$fill" \
		'create index tk on t(k);' 'begin;' 'update t set k = k + 1;' \
		'rollback;' 'delete from t where k > 900;' \
		'pragma integrity_check;' 'select count(*), sum(k) from t;'
	writable=
	same "sqlite that may not write" "$s" "$data/numbers" 'select 1 from t;'
}
