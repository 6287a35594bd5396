# With a refused system call an existing target stays as it was, or is replaced completely.
. "$CLI_LIB"
. "$CLI_FOLDER/refusals.sh"
text 100000 > in
silently poolmap -o in.zst in
replacement() {
    cp ../../in in
    echo old > in.zst
    "${run[@]}" -j 2 -f --rm in
}
replacement_is_right() { [[ ! -e in ]] && cmp -s in.zst ../../in.zst; }
# An input that could not be removed is an error as well, and then both exist.
replacement_is_undone() { cmp -s in ../../in && { cmp -s in.zst <(echo old) || cmp -s in.zst ../../in.zst; }; }
refused_runs replacement
