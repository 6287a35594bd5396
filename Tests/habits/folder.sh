# Fills the empty folder that it is run in; every line of the tables runs in a copy of it. Uses the installed zstd.
set -euo pipefail
umask 022

lines() { seq "$1" "$2"; }
# noise BYTES: bytes that do not compress.
noise() { python3 -c 'import random, sys; sys.stdout.buffer.write(random.Random(1).randbytes(int(sys.argv[1])))' "$1"; }

lines 1 700 > f
lines 300 1500 > g
lines 1 9 > 'a b'
lines 1 9 > ./-dash
lines 10 19 > .hidden
lines 20 29 > ro
lines 30 39 > secret
printf '#!/bin/sh\necho hello\n' > x.sh
: > empty
lines 1 60000 > big
noise 60000 > noise
truncate -s 1000000 holes
lines 1 99 | dd of=holes conv=notrunc bs=1 seek=300000 status=none
lines 1 20 > f.txt
lines 5 20 > g.txt
lines 1 40 > log.1
printf 'f\ng\n' > names
printf 'f\0g\0' > names0

mkdir -p d/sub d/void words w
lines 1 100 > d/one
lines 2 100 > d/two
lines 3 100 > d/sub/three
lines 4 100 > d/sub/.four
lines 5 100 | zstd -q > d/done.zst
ln -s ../f d/link
lines 6 100 > w/f
for word in cat compress decompress hash help list test; do
    echo "a file called $word" > "words/$word"
done

lines 7 700 | zstd -q > c.zst
lines 7 700 > have
zstd -q have
zstd -q < /dev/null > e.zst
{ zstd -q -c f; zstd -q -c g; } > joined.zst
zstd -q --no-check -c g > nosum.zst
zstd -q --long=28 -c < g > wide.zst
zstd -q -c noise > n.zst
head -c 1000 c.zst > cut.zst
{ zstd -q -c f; head -c 100 c.zst; } > cutlater.zst
{ head -c -1 c.zst; printf '\377'; } > wrongsum.zst
{ zstd -q -c f; echo more; } > tail.zst
cp f junk.zst
printf '\x50\x2a\x4d\x18\x05\x00\x00\x00hello' > skip.zst
zstd -q -c ro > r.zst
zstd -q -c holes > h.zst
gzip -n -c f > old.gz
xz -c f > old.xz
for number in {1..300}; do
    printf '{"name": "user%d", "mail": "user%d@example.org", "id": %d}\n' "$number" "$number" "$((number * 7))" > "s.$number"
done
zstd -q --train s.* --maxdict=2000 --dictID=77 -o dict
zstd -q --train s.1? s.2? s.3? s.4? s.5? s.6? --maxdict=1000 --dictID=78 -o dict2
mv s.1 user1
mv s.2 user2
rm s.*
zstd -q -D dict -c user1 > u.zst
lines 1 50 > rawdict
ln -s f l
ln -s c.zst lz.zst
ln -s nowhere broken
ln -s d ld

# \$ keeps a letter for make.
cat > Makefile <<'MAKE'
ZSTD ?= zstd
all: f.zst g.zst
%.zst: %
	$(ZSTD) -q -19 -f $< -o $@
%.tar.zst: %
	tar -cf - $< | $(ZSTD) -3 > $@
c: c.zst
	$(ZSTD) -d -q -c $< > $@
clean:
	rm -f f.zst g.zst
MAKE
cat > each.sh <<'SHELL'
#!/bin/sh
set -e
for file; do
    zstd -q -5 --rm "$file"
done
SHELL

chmod 755 x.sh each.sh
chmod 640 g c.zst
chmod 444 ro r.zst
chmod 600 secret
second=100000001
find . -type f -print0 | LC_ALL=C sort -z | while IFS= read -r -d '' file; do
    second=$((second + 12345))
    touch -d "@$second.123456789" -- "$file"
done
find . -type d -exec touch -d '@100000000' {} +
tar --sort=name --owner=0 --group=0 --numeric-owner -cf p.tar d
zstd -q -c p.tar > p.tar.zst
zstd -q -c p.tar > q.tzst
touch -d '@123456789' p.tar p.tar.zst q.tzst
find . -type l -exec touch -h -d '@100000000' {} +
touch -d '@100000000' .
