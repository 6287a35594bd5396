# Several inputs, folders and lists of names are one queue, with outputs in its order; only a missing one is an error.
. "$CLI_LIB"
mkdir -p tree/b tree/a
for number in 1 2 3 4 5 6; do seq $((number * 1000)) $((number * 1000 + 900)) > "file-$number"; done
cp file-4 tree/b/x
cp file-5 tree/a/y
: > tree/a/empty
printf '%s\n' file-2 file-1 > list
printf '%s\0' file-2 $'odd\nname' > list0
cp file-6 $'odd\nname'
for jobs in 1 2 5; do
    run=(poolmap map -j $jobs --lines --chunk-size 1K)
    "${run[@]}" file-{3,1,2} -- cat | cmp - <(cat file-{3,1,2})
    "${run[@]}" file-1 - file-2 -- cat < <(cat file-3) | cmp - <(cat file-{1,3,2})
    "${run[@]}" -r tree -- cat | cmp - <(cat tree/a/y tree/b/x)
    "${run[@]}" --files-from list file-3 -- cat | cmp - <(cat file-{3,2,1})
    "${run[@]}" --files-from - -- cat < list | cmp - <(cat file-{2,1})
    "${run[@]}" --files0-from list0 -- cat | cmp - <(cat file-2 file-6)
    # Chunks are numbered in each input.
    same_text "file-1 0 file-2 0" "$(poolmap map -j $jobs --lines file-1 file-2 -- echo '{input} {index}' | xargs)"
    # No chunk has bytes of two files.
    "${run[@]}" --unordered file-{1,2,3} -- sh -c 'cut -c1 | sort -u | wc -l' | sort -u > kinds
    same_text 1 "$(< kinds)"
    # One is missing: standard output has what comes before it; a file is not published.
    printf '%s\n' file-1 none file-2 > broken
    refuses 1 "none: No such file" "${run[@]}" --files-from broken -o out -- cat
    no_file out
    refuses 1 "none: No such file" "${run[@]}" --keep-going --files-from broken -o out -- cat
    cat file-1 file-2 | cmp - out
    rm out
    refuses 1 "none: No such file" "${run[@]}" --keep-going none file-1 -- cat > out
    same_file file-1 out
    rm out
    refuses 1 "tree" "${run[@]}" tree -- cat
done
refuses 2 "" poolmap map --lines - - -- cat < file-1
refuses 2 "" poolmap map --lines -r -- cat < file-1
