# After -- everything is a file; so is anything that a path makes unambiguous.
. "$CLI_LIB"
text 3000 > ./-3
text 4000 > ./--rm
text 5000 > ./-d
text 6000 > other
silently poolmap compress -- -3 --rm -d
zstd -q -dc ./-3.zst | cmp - ./-3
zstd -q -dc -- ./--rm.zst | cmp - ./--rm
zstd -q -dc ./-d.zst | cmp - ./-d
rm ./*.zst ./.zst 2> /dev/null || true
silently poolmap -- -d
zstd -q -dc ./-d.zst | cmp - ./-d
silently poolmap -d -o out -- -d.zst
same_file ./-d out
silently poolmap ./--rm
zstd -q -dc ./--rm.zst | cmp - ./--rm
silently poolmap compress ./other
zstd -q -dc other.zst | cmp - other
silently poolmap hash -a sha256 -- -3 --rm > hashes
sha256sum -- -3 --rm | cmp - hashes
silently poolmap compress -o ./-7 other
zstd -q -dc ./-7 | cmp - other
