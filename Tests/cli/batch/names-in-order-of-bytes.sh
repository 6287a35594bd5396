# The files under a folder come in the order of their names' bytes, including names that are not UTF-8.
. "$CLI_LIB"
mkdir -p tree/a tree/$'\xe0'
for name in z B $'\x80' $'\xff' $'\xc3' $'\xc3\xa9' $'e\xcc\x81' $'\xf0\x9f\x98\x80' $'\xf4\x8f\xbe\x80' $'\xf4\x8f\xbf\xbf' \
    $'\xef\xbf\xbd' $'\xed\xa0\x80' a/b a-b a.b $'\xe0/x'; do
    echo x > "tree/$name"
done
cd tree
# A folder's files are sorted by the folder's name, not by whole paths.
files=($'B' $'a/b' $'a-b' $'a.b')
mapfile -td '' rest < <(find . -mindepth 1 -maxdepth 1 -printf '%P\0' | sort -z | grep -zvxF -e B -e a -e a-b -e a.b)
for name in "${rest[@]}"; do
    [[ ! -d $name ]] || name=$name/x
    files+=("$name")
done
silently poolmap hash -a md5 -r . | cmp - <(md5sum -- "${files[@]/#/./}")
