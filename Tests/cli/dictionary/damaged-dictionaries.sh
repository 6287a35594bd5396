# A trained dictionary with a flipped bit is refused by name, or restores nothing that does not match its checksum.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cp records/00001.json in
poolmap -q -D one -o in.zst in
poolmap -q -D one --no-dictID -o nameless.zst in
part one 0 160 > head
part one 160 100000 > rest
flip_each_bit head flipped
refused=0
for number in {0..159}; do
    file=$(printf 'flipped/%05d-%d' "$number" $((number % 8)))
    cat "$file" rest > dictionary
    for input in in.zst nameless.zst; do
        if poolmap -D dictionary -dc $input > out 2> said; then
            same_file in out "$file"
        else
            (($? == 1)) || fail "$file: exit code $?"
            [[ $(< said) == "poolmap: dictionary: damaged: "* || $(< said) == "poolmap: $input: "* ]] || fail "$file: $(< said)"
            one_error_line said
        fi
    done
    # A dictionary that can compress can also restore.
    if poolmap -q -D dictionary -f -o made in 2> said; then
        silently poolmap -D dictionary -dc made | cmp - in
    else
        one_error_line said "dictionary: damaged"
        ((refused += 1))
    fi
done
((refused > 20)) || fail "only $refused were refused"
for length in 8 9 20 50 100; do
    part one 0 $length > dictionary
    refuses 1 "dictionary: damaged" poolmap -D dictionary -o none in
    refuses 1 "dictionary: damaged" poolmap -D dictionary -t in.zst
done
no_file none
