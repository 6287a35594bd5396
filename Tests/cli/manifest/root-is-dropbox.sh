# With sha256 and chunks of 4 MiB the root is Dropbox's content hash, as the few lines of its definition compute it.
. "$CLI_LIB"
for size in 0 1 4194304 4194305 9000000; do
    noise "$size" > file
    expected=$(python3 -c '
import hashlib
whole, data = hashlib.sha256(), open("file", "rb").read()
for start in range(0, len(data), 4 << 20):
    whole.update(hashlib.sha256(data[start:start + (4 << 20)]).digest())
print(whole.hexdigest())')
    silently poolmap hash --manifest -a sha256 --chunk-size 4M file > manifest
    same_text "root $expected" "$(grep '^root ' manifest)"
    same_text "$expected" "$(poolmap hash -a dropbox --no-names file)"
done
