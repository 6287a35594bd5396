# An empty value, as from an unset variable, is refused wherever a name is expected; an empty FILE is an error.
. "$CLI_LIB"
text 5000 > f
zstd -q f
sha256sum f > SUMS
mkdir empty
cd empty
# empty OPTION COMMAND…: refused with the option's name, as a separate argument and after "=".
empty() {
    local option=$1
    shift
    refuses 2 "the value of $option is empty" poolmap "$@" "$option" "" ../f
    [[ $option != --* ]] || refuses 2 "the value of $option is empty" poolmap "$@" $option= ../f
    only_files
}
for option in -o --output --output-dir --output-dir-flat --output-dir-mirror --depfile --report --trace --files-from --filelist \
    --level --chunk-size --threads -j -D; do
    empty $option
    empty $option compress
done
for option in -o --output-dir --report --trace --files-from --max-output; do
    empty $option -d
    empty $option -t
done
empty -o -l
empty -o --resume
refuses 2 "the value of -o is empty" poolmap -of9 "" ../f
refuses 2 "the value of -o is empty" poolmap -o= ../f
for option in -o --output --resume --report --trace --files-from -a --chunk-size -l; do
    empty $option hash
done
empty --offset cat
for command in compress decompress test list cat hash "hash --check" "hash --manifest" "compress -f" "decompress -c"; do
    # shellcheck disable=SC2086
    refuses 1 "'': No such file or directory" poolmap $command ""
done
refuses 1 "'': No such file or directory" poolmap "" --rm
cp ../f .
refuses 1 "'': No such file or directory" poolmap "" f
only_files f f.zst
# A context for a key may be empty, as in b3sum.
poolmap hash --derive-key "" f > with
b3sum --derive-key "" f | cmp - with
