# Other data is passed through with -dcf, zstdcat -f or --pass-through, but not formats that zstd would restore.
. "$CLI_LIB"
text 3000000 > f
noise 3000000 > noise
poolmap -q -j1 --chunk-size 256K -o f.zst f
printf abc > short
printf x > one
for jobs in 1 3; do
    for plain in f noise short one; do
        silently poolmap -j $jobs -dcf $plain | cmp - $plain
        silently poolmap -j $jobs -dcf < $plain | cmp - $plain
        silently poolmap -j $jobs -df < $plain | cmp - $plain
        cat $plain | silently poolmap -j $jobs -dcf | cmp - $plain
        silently poolmap -j $jobs -d --pass-through -c $plain | cmp - $plain
        silently poolmap -j $jobs -d --pass-through -o out $plain
        same_file $plain out
        rm out
        refuses 1 "$plain: " poolmap -j $jobs -dc $plain > got
        refuses 1 "$plain: " poolmap -j $jobs -dcf --no-pass-through $plain > got
        refuses 1 "standard input: " poolmap -j $jobs -dc < $plain > got
    done
    silently poolmap -j $jobs -dcf f.zst noise f.zst short | cmp - <(cat f noise f short)
    cat f.zst | silently poolmap -j $jobs -dcf noise - short | cmp - <(cat noise f short)
    # Slowly, byte by byte.
    { for byte in a b c d e; do printf $byte; sleep 0.05; done; } | silently poolmap -j $jobs -dcf > got
    same_text abcde "$(< got)"
    { part f.zst 0 2; sleep 0.1; part f.zst 2 1000000000; } | silently poolmap -j $jobs -dcf | cmp - f
    # Many small ones, which workers process whole.
    mkdir many out
    for number in {1..40}; do
        seq "$number" "$((number + 1000))" > many/$number.zst
    done
    zstd -q --rm -r many
    for number in {1..40..2}; do
        zstd -q -d --rm many/$number.zst.zst
    done
    rename() { for file in many/*.zst.zst; do mv "$file" "${file%.zst}"; done; }
    rename
    silently poolmap -j $jobs -d --pass-through --output-dir out many/*.zst
    for number in {1..40}; do
        seq "$number" "$((number + 1000))" | cmp - out/$number
    done
    rm -r many out
done
# An empty file is not a Zstandard file, and an error, as in zstd.
: > empty
refuses 1 "empty: " poolmap -dcf empty
refuses 1 "standard input: " poolmap -dcf < empty
# Damage after a complete frame is still an error, not plain data.
cat f.zst one > trailing
refuses 1 "trailing: " poolmap -dcf trailing > got
# The compressed bytes of another format are not content.
gzip -c f > f.gz
refuses 1 "f.gz: is a gzip file, which poolmap cannot read" poolmap -dcf f.gz > got
[[ ! -s got ]]
for magic in '\xfd7zXZ\x00' '\x5d\x00\x00\x80' '\x04\x22\x4d\x18'; do
    printf "$magic rest" > other
    refuses 1 "other: is a" poolmap -dcf other > got
    refuses 1 "standard input: is a" poolmap -dcf < other > got
    [[ ! -s got ]]
done
# The limits of content apply here, too.
refuses 1 "--max-output" poolmap -dcf --max-output 1M f > got
# Without it a plain file keeps its own name.
refuses 1 "f: has no suffix .zst" poolmap -df f
refuses 1 "f: has no suffix .zst" poolmap -d --pass-through f
# In a list or a tree each plain file is a separate error, and the others are done.
rm -rf tree
mkdir -p tree/inner
cp f.zst tree/a.zst
cp f tree/b
cp noise tree/inner/c
cp f.zst tree/inner/d.zst
expect_exit 1 poolmap -d -r tree 2> said
diff <(cut -d : -f 1-2 said) <(printf 'poolmap: %s\n' tree/b tree/inner/c)
same_file f tree/a
same_file f tree/inner/d
rm tree/a tree/inner/d
# A test covers only files with a compressed suffix.
silently poolmap -t -r tree
expect_exit 1 poolmap -d tree/b tree/a.zst none 2> said
diff <(cut -d : -f 1-2 said) <(printf 'poolmap: %s\n' tree/b none)
same_file f tree/a
