# Files made with a dictionary, by poolmap or zstd, are restored, tested and read in part with it, from files and pipes.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cat records/*.json > all
# restores DICTIONARY FILE CONTENT: in every way.
restores() {
    local jobs
    for jobs in 1 3; do
        silently poolmap -q -j $jobs -D "$1" -d -f -o out "$2"
        same_file "$3" out "-j $jobs -D $1 -d $2"
        silently poolmap -j $jobs -D "$1" -dc < "$2" | cmp - "$3"
        # shellcheck disable=SC2002
        cat "$2" | silently poolmap -j $jobs -D "$1" -dc | cmp - "$3"
        silently poolmap -q -j $jobs -D "$1" -t "$2"
        silently poolmap -q -j $jobs -D "$1" -d --salvage -f -o out "$2"
        same_file "$3" out "-j $jobs -D $1 --salvage $2"
    done
    silently poolmap cat -D "$1" "$2" | cmp - "$3"
    silently poolmap cat -D "$1" --offset 100 --length 200 "$2" | cmp - <(part "$3" 100 200)
    zstd -q -D "$1" -dc "$2" | cmp - "$3"
}
for dictionary in one raw; do
    for option in "" --no-dictID; do
        # shellcheck disable=SC2086
        poolmap -q -D $dictionary $option -f -o small.zst records/00007.json
        restores $dictionary small.zst records/00007.json
        # shellcheck disable=SC2086
        poolmap -q -D $dictionary $option --chunk-size 16K -f -o chunks.zst all
        restores $dictionary chunks.zst all
        # Frames of zstd, concatenated.
        # shellcheck disable=SC2086
        zstd -q -D $dictionary $option -c records/*.json > frames.zst
        restores $dictionary frames.zst all
    done
    # Files that need no dictionary.
    poolmap -q -f -o plain.zst all
    restores $dictionary plain.zst all
    zstd -q -c all > foreign.zst
    restores $dictionary foreign.zst all
done
# A frame that is too large for a worker, and one without a content size.
text 70000000 > large
zstd -q -1 -D one -o large.zst large
zstd -q -1 -D one -c < large > unsized.zst
for file in large.zst unsized.zst; do
    for jobs in 1 2; do
        poolmap -q -j $jobs -D one -dc $file | cmp - large
        poolmap -q -j $jobs -D one -dc < <(cat $file) | cmp - large
        refuses 1 "needs dictionary 4711" poolmap -j $jobs -t $file
        refuses 1 "needs dictionary 4711" poolmap -j $jobs -t < <(cat $file)
    done
done
