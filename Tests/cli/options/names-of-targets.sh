# .zst is added and removed; an ambiguous name is an error, and -o can always name the target.
. "$CLI_LIB"
text 5000 > in
silently poolmap compress in
only_files in in.zst
mv in.zst other.zst
silently poolmap decompress other.zst
same_file in other
rm other
silently poolmap -d other.zst
same_file in other
mv other.zst archive.tzst
silently poolmap -d archive.tzst
same_file in archive.tar
mv archive.tzst plain
refuses 1 "plain" poolmap -d plain
silently poolmap -d -c plain | cmp - in
silently poolmap -d -o restored plain
same_file in restored
mv plain .zst
refuses 1 ".zst" poolmap -d .zst
mkdir folder
mv .zst folder/.zst
refuses 1 "folder/.zst" poolmap -d folder/.zst
# A compressed file can be compressed again.
silently poolmap compress in
silently poolmap compress in.zst
zstd -q -t in.zst.zst
# The target goes into the folder of the path.
mv in.zst folder/deep.zst
silently poolmap -d folder/deep.zst
same_file in folder/deep
# One unsuitable name does not stop the others.
cp in.zst.zst a.zst.zst
cp in b
refuses 1 "b" poolmap -d a.zst.zst b folder/deep.zst -f
zstd -q -t a.zst
