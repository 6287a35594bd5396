# Folders of a tree in another folder get the modes of the originals, so that private ones stay private.
. "$CLI_LIB"
umask 022
mkdir -p tree/private/inner tree/shared tree/closed
for folder in tree tree/private tree/private/inner tree/shared tree/closed; do
    echo content > "$folder/f"
done
chmod 750 tree
chmod 700 tree/private
chmod 1777 tree/shared
chmod 555 tree/closed
# modes_of FOLDER: its contents, with the modes of folders.
modes_of() { (cd "$1" && find . -mindepth 1 -type d -printf '%P %m\n' | sort); }
expected='tree 750
tree/closed 755
tree/private 700
tree/private/inner 755
tree/shared 1755'
silently poolmap -r tree --output-dir one
same_text "$expected" "$(modes_of one)"
# Through links as well, if they are followed.
silently poolmap -rf tree --output-dir two
same_text "$expected" "$(modes_of two)"
silently poolmap -r ./tree//private/../private --output-dir three
same_text $'private 700\nprivate/inner 755' "$(modes_of three)"
silently poolmap -r --output-dir-mirror four ./tree/./
same_text "$expected" "$(modes_of four)"
silently poolmap --output-dir-mirror five tree/private/inner/f
same_text $'tree 750\ntree/private 700\ntree/private/inner 755' "$(modes_of five)"
silently poolmap -dr --output-dir six one/tree
same_text "$expected" "$(modes_of six)"
# An existing folder keeps its mode.
mkdir -p seven/tree/private
silently poolmap -r tree --output-dir seven
same_text 'tree 755
tree/closed 755
tree/private 755
tree/private/inner 755
tree/shared 1755' "$(modes_of seven)"
# The process's umask applies.
(umask 077 && silently poolmap -r tree --output-dir eight)
same_text 'tree 700
tree/closed 700
tree/private 700
tree/private/inner 700
tree/shared 1700' "$(modes_of eight)"
# Names with invalid UTF-8, and with combining marks after the slash.
mkdir -p "odd/"$'\xff' "odd/"$'\xd8\x80'
echo content > "odd/"$'\xff'/f
echo content > "odd/"$'\xd8\x80'/f
chmod 700 odd/*
silently poolmap -r odd --output-dir nine
same_text $'755\n700\n700' "$(find nine/odd -type d -printf '%m\n' | sort -r)"
