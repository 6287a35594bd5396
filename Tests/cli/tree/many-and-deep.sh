# Thousands of files, thousands of links after a large file, and hundreds of nested folders are all in order.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
python3 - << 'END'
import os

os.mkdir("many")
for number in range(5000):
    folder = f"many/{number % 50}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/{number}", "w") as file:
        file.write(f"{number}\n" * (number % 100))
os.mkdir("links")
for number in range(5000):
    os.symlink(f"{number}", f"links/b{number}")
os.makedirs("deep/" + "/".join(["d"] * 300))
for level in range(0, 300, 10):
    with open("deep/" + "d/" * level + "file", "w") as file:
        file.write(f"{level}")
END
real_data 12000000 > links/a-large-one
for tree in many links deep; do
    reference sha256 $tree > expected
    for jobs in 1 3; do
        silently poolmap hash --tree --list -a sha256 -j $jobs $tree > list
        same_file expected list "$tree, $jobs workers"
    done
    same_text "$(digest_of sha256 < expected)" "$(tree_digest -a sha256 $tree)"
done
