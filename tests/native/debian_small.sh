# debian_small.sh: small packages of many kinds, and what makes temporary files;
# for debian.sh.

small_data() {
	cat >"$data/plan.lp" <<'END'
Maximize
 obj: 3 x + 2 y
Subject To
 c1: x + y <= 4
 c2: x + 3 y <= 6
End
END
	printf 'p cnf 3 3\n1 2 0\n-1 3 0\n-2 -3 0\n' >"$data/some.cnf"
	printf 'default rel\nglobal f\nf: mov rax, [rel x]\nret\nx: dq 5\n' \
		>"$data/f.asm"
	printf '<r><a x="1">t</a><a x="2">u</a></r>\n' >"$data/some.xml"
	awk 'BEGIN { print "P2 64 64 255"
		for (i = 0; i < 4096; i++) print i * i % 256 }' >"$data/some.pgm"
	printf 'a\nhello\n.\n,p\nq\nq\n' >"$data/script.ed"
	(cd "$data" && cjpeg some.pgm >some.jpg && zip -qX some.zip few words &&
		clang -S -emit-llvm -O1 fib.c -o fib.ll) >/dev/null 2>&1
}

small_packages() {
	small_data
	temporary_files
	small_compilers
	small_packers
	small_formats
	small_solvers
}

temporary_files() {
	deb coreutils sort -S 50k -k 2 numbers
	deb coreutils mktemp -q /missing/XXX
	deb coreutils tail -f few --pid=4194303
	input=$data/script.ed
	deb ed ed -s
	input=/dev/null
	deb lua5.4 lua5.4 -e 'local f = io.tmpfile() f:write("text")
		f:seek("set") print(f:read("a")) print(os.remove(os.tmpname()))'
	deb perl perl -e 'open F, "+>", undef or die $!; print F "text";
		seek F, 0, 0; print <F>'
	deb perl perl -MFile::Temp=tempdir -e '$d = tempdir(CLEANUP => 1);
		mkdir "$d/a"; open F, ">$d/a/b"; rename "$d/a", "$d/c";
		print -e "$d/c/b"'
	deb python3 python3 -I -c 'import tempfile, os, shutil
d = tempfile.mkdtemp()
open(d + "/f", "w").write("text"); os.symlink("f", d + "/l")
print(open(d + "/l").read(), sorted(os.listdir(d))); shutil.rmtree(d)
print(tempfile.NamedTemporaryFile().write(b"x"), os.path.exists(d))'
	deb zsh zsh -fc 'read x <<< words; echo $x; read x <<< more; echo $x'
	deb sqlite3 sqlite3 :memory: 'pragma temp_store = file;
		pragma cache_size = 5; create table t(b); with recursive
		n(i) as (select 1 union all select i + 1 from n where i < 20000)
		insert into t select hex(i * 7919 % 1009) from n;
		select count(*), min(b) from (select b from t order by b);'
}

small_compilers() {
	deb luajit luajit -e 'local t = {} for i = 1, 1e6 do
		t[i % 1000] = (t[i % 1000] or 0) + i % 7 end print(t[5])
		local ffi = require "ffi" ffi.cdef "int abs(int);"
		print(ffi.C.abs(-5))'
	deb tcc tcc -run fib.c
	deb_rw tcc tcc -o "$rw/fib" fib.c
	deb llvm lli fib.ll
	deb llvm opt -S -O2 fib.ll
	deb_rw nasm nasm -f elf64 -l "$rw/list" -o "$rw/f.o" f.asm
	deb gcc "$gcc_dir/cc1" -quiet -E fib.c
	deb_rw gcc "$gcc_dir/lto1" -quiet fib.o -o "$rw/fib.s"
	deb gforth gforth -e ': sq dup * ; 12 sq . cr bye'
}

small_packers() {
	deb lz4 lz4 -9 -c numbers
	deb brotli brotli -c words
	deb lzop lzop -c words
	deb lzip lzip.lzip -c numbers # `lzip` may be plzip
	deb zip zip -qX - few words
	deb unzip unzip -p some.zip
	deb unzip unzip -Z some.zip
	input=$data/numbers.tar
	deb cpio cpio -tv
	input=/dev/null
	deb_rw dosfstools mkfs.vfat --invariant -C "$rw/disk" 1024
	prefix=(env E2FSPROGS_FAKE_TIME=1000000000)
	deb_rw e2fsprogs mke2fs -q -t ext2 -U clear \
		-E hash_seed=01234567-89ab-cdef-0123-456789abcdef "$rw/disk" 4M
	prefix=()
}

small_formats() {
	deb libxml2-utils xmllint --format some.xml
	deb libxml2-utils xmllint --xpath 'string(//a[2])' some.xml
	deb libjpeg-turbo-progs cjpeg -quality 60 some.pgm
	deb libjpeg-turbo-progs djpeg some.jpg
	input=$data/binary
	deb flac flac -s -c --force-raw-format --endian=little --sign=signed \
		--channels=1 --bps=16 --sample-rate=8000 -
	input=/dev/null
	deb ripgrep rg -j1 -c 'line [0-3]' numbers
	deb hexyl hexyl --color=never -n 200 binary
	deb tree tree /usr/share/perl
	deb indent indent -st fib.c
	deb datamash datamash -t ' ' sum 2 mean 1 unique 4 mode 2
	deb figlet figlet text
	deb dos2unix unix2dos -O few
	deb rhash rhash --sha3-256 numbers
}

small_solvers() {
	deb minisat minisat -verb=0 some.cnf
	deb_rw glpk-utils glpsol --lp plan.lp -o "$rw/solution"
}
