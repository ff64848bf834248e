# debian_languages.sh: interpreters; for debian.sh.

languages() {
	shells
	python
	perls
	others
}

shells() {
	deb bash bash -c 'declare -A m; for i in {1..2000}; do m[k$i]=$((i * i))
		done; echo ${#m[@]} ${m[k77]}; [[ ab.c =~ ([a-z]+)\.(.) ]] &&
		echo "${BASH_REMATCH[@]}"; printf "%5d|%q\n" 42 "a b"; exit 3'
	deb bash bash -c 'n=0 t=0; while read -r a b _; do ((n++, t += b)); done \
		<words; echo $n $t; trap "echo bye" EXIT; kill -TERM $$'
	not_yet bash bash -c 'echo $(echo hi) | cat'
	deb dash dash -c 'i=0; while [ $i -lt 5000 ]; do i=$((i+1)); done
		echo $i; ulimit -n; set -u; echo $undefined'
	deb zsh zsh -fc 'a=(3 1 2); print ${(on)a} ${#a} ${(s:,:):-x,y}
		print -l /usr/*(/N); zmodload zsh/stat; stat +size few'
}

python() {
	local p="python3 python3 -I"

	deb $p -c 'import sys; print(sum(i * i for i in range(200000)), sys.argv)'
	deb $p -c 'import json, re, hashlib, zlib, decimal, fractions
print(json.loads("[1, {\"a\": null}]"), re.findall(r"\d+ 7 ", open("numbers").read())[:3])
print(hashlib.sha256(b"x").hexdigest(), zlib.crc32(b"x" * 10**6))
print(decimal.Decimal(2).sqrt(), fractions.Fraction(1, 3) + 1)'
	deb $p -c 'import mmap
m = mmap.mmap(-1, 1 << 22); m[5:10] = b"hello"; print(m.find(b"llo"), len(m))
f = open("binary", "rb"); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
print(m[:4], m.rfind(b"\x7f"), sum(m) % 1000003)'
	deb $p -c 'import gc
keep = [[str(i), {i: i}] for i in range(100000)]; del keep[::2]
print(gc.collect(), len(keep), keep[77])'
	deb $p -c 'import sqlite3
c = sqlite3.connect(":memory:"); c.execute("create table t(a, b)")
c.executemany("insert into t values(?, ?)", ((i, i * 7919 % 1009) for i in range(5000)))
print(c.execute("select b, count(*) from t group by b order by 2 desc, 1 limit 3").fetchall())'
	deb $p -c 'import ctypes
print(ctypes.CDLL(None).strlen(b"abc"), ctypes.CFUNCTYPE(int)(lambda: 5)())'
	deb $p -c 'import asyncio
async def f(n):
	await asyncio.sleep(n / 1000); return n
async def all(): print(await asyncio.gather(*map(f, range(5))))
asyncio.run(all())'
	deb $p -c 'import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
try: bytearray(1 << 29)
except MemoryError: print("no memory"); 1 / 0'
	deb $p -c 'import lzma, bz2; d = open("numbers", "rb").read()
print(len(lzma.compress(d)), len(bz2.compress(d)))'
	deb $p -c 'import os; os.abort()'
	deb $p -m json.tool some.json
	deb_rw $p -c 'import shelve, sys, tempfile
with tempfile.TemporaryFile(dir=sys.argv[1]) as f: print(f.write(b"x" * 99999))
import zipfile; z = zipfile.ZipFile(sys.argv[1] + "/z.zip", "w")
z.writestr(zipfile.ZipInfo("n"), open("numbers").read()); z.close()' "$rw"
	not_yet $p -c 'import threading
t = threading.Thread(target=print, args=("x",)); t.start(); t.join()'
	not_yet $p -c 'import subprocess; subprocess.run(["echo", "x"])'
	not_yet $p -c 'import signal
signal.signal(signal.SIGALRM, lambda *a: print("alarm")); signal.alarm(1); signal.pause()'
}

perls() {
	deb perl perl -e '%h = map { $_ => $_ ** 2 } 1 .. 50000;
		print scalar(keys %h), " $h{77}\n"; $_ = "key=val";
		s/(\w+)=(\w+)/$2=$1/; print "$_\n"; die "deliberate\n"'
	deb perl perl -ne '$s += (split)[1]; END { print "$s $.\n" }' numbers
	deb perl perl -MPOSIX -MList::Util=sum -MData::Dumper -MDigest::SHA=sha1_hex \
		-e '$Data::Dumper::Sortkeys = 1; print Dumper({ a => [1, sum 1 .. 9] }),
		POSIX::strftime("%F", gmtime 1e9), sha1_hex("x")'
	deb perl perl -MSocket -e 'socketpair(A, B, AF_UNIX, SOCK_STREAM, 0) or die $!;
		syswrite A, "hello"; sysread B, $x, 9; print $x'
	not_yet perl perl -e 'print `echo hi`, $?'
	not_yet perl perl -e '$SIG{ALRM} = sub { die "alarm\n" }; alarm 1; 1 while 1'
}

others() {
	local fill

	deb lua5.4 lua5.4 -e 't = {} for i = 1, 1e5 do t[i] = i * 7919 % 10007 end
		table.sort(t) print(t[1], t[#t], #t, 7 // 2, ("x"):rep(9))
		collectgarbage() error("deliberate")'
	printf 'set l {}\nfor {set i 0} {$i < 20000} {incr i} {lappend l [expr {%s}]}
puts [lrange [lsort -integer $l] 0 9]\nputs [clock format 0 -gmt 1]\nexit 4\n' \
		'$i * 7919 % 10007' >"$data/sort.tcl"
	deb tcl tclsh sort.tcl
	fill="create table t(a, b); with recursive n(i) as (select 1 union all
		select i + 1 from n where i < 10000)
		insert into t select i, i * 7919 % 1009 from n;"
	deb sqlite3 sqlite3 :memory: "$fill select sum(b), count(*) from t;
		select b, count(*) from t group by b order by 2 desc, 1 limit 3;"
	deb_rw sqlite3 sqlite3 "$rw/t.db" "pragma journal_mode = wal; $fill
		delete from t where a % 3; pragma mmap_size = 1000000;
		select sum(a) from t; vacuum; pragma integrity_check;"
	not_yet guile-3.0 guile --no-auto-compile -c '(display (expt 2 200))
		(display (let loop ((i 0) (s 0)) (if (= i 100000) s
		(loop (+ i 1) (+ s i)))))'
	deb php-cli php -n -r 'echo md5("x"), json_encode([1, "a" => 2]),
		array_sum(range(1, 100000)), "\n"; trigger_error("x", E_USER_ERROR);'
	deb gnuplot-nox gnuplot -e 'set terminal dumb; plot sin(x)'
	prefix=(env MAGICK_THREAD_LIMIT=1)
	deb imagemagick /usr/bin/convert -size 64x64 gradient:red-blue \
		-resize 32x32 -depth 8 rgb:-
	prefix=()
	not_yet ruby ruby -W0 -e 'puts (1..20).map { |x| x * x }.sum'
	not_yet nodejs node -e 'console.log(1)'
}
