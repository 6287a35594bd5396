# Workers that process small files by name reach every folder that the arguments name: links, lists, other file systems.
. "$CLI_LIB"
mkdir -p a b/c real out
for name in {1..12}; do text $((30000 + name)) > a/$name; cp a/$name b/c/$name; cp a/$name real/$name; done
ln -s real link
ln -s ../real/1 b/to-1
silently poolmap -j 2 a/* b/c/1
silently poolmap -j 2 -r b --output-dir out
silently poolmap -j 2 -r link/
silently poolmap -j 2 -f b/to-1
printf '%s\n' "$PWD"/real/{3..9} > list
silently poolmap -j 2 -f --files-from list --output-dir deep/er
silently poolmap -j 2 -d -f a/*.zst --output-dir "$PWD/restored"
for name in {1..12}; do same_file a/$name restored/$name; done
(cd b && silently poolmap -j 2 -f ../a/[1-9] c/[1-9] && silently poolmap -j 2 --rm -f ../a/[1-9] --output-dir ../moved)
no_file a/1 a/9
silently poolmap test -j 2 moved/*.zst b/to-1.zst link/1.zst
cd real
silently poolmap -j 2 -f [1-9]
cd /
silently poolmap -j 2 -f "$OLDPWD"/[1-9]
# More folders than are allowed individually.
cd "$OLDPWD/.."
for folder in {1..80}; do mkdir many-$folder; text 4000 > many-$folder/file; done
silently poolmap -j 2 many-*/file
silently poolmap hash -j 2 many-*/file > /dev/null
