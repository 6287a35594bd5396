# In joined files each keeps its frames and places, whatever happened to the others.
. "$CLI_LIB"
text 200000 > a
real_data 300000 > b
poolmap compress -q --chunk-size 64K a
poolmap compress -q --chunk-size 32K b
size=$(size_of a.zst)
{ head -c 65536 /dev/zero; part a 65536 200000; } > a.less
for damage in "2000 1 2 3" "0 0 0 0 0" "-3 0 0"; do
    cp a.zst bad-a.zst
    # shellcheck disable=SC2086
    patch bad-a.zst ${damage%% *} ${damage#* }
    if [[ $damage == -3* ]]; then cp a a.now; else cp a.less a.now; fi
    cat bad-a.zst b.zst > in.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out in.zst 2> said
    cat a.now b | cmp - out || fail "first, $damage: $(< said)"
    cat b.zst bad-a.zst > in.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out in.zst 2> said
    cat b a.now | cmp - out || fail "last, $damage: $(< said)"
    cat b.zst bad-a.zst b.zst > in.zst
    expect_exit 1 poolmap decompress -j 2 --salvage -f -o out in.zst 2> said
    cat b a.now b | cmp - out || fail "middle, $damage: $(< said)"
done
# The first is truncated: how much is lost is unknown, and nothing of the second is.
{ head -c $((size * 2 / 3)) a.zst; cat b.zst; } > in.zst
expect_exit 1 poolmap decompress -j 2 --salvage --omit -f -o out in.zst 2> said
kept=$(($(size_of out) - 300000))
((kept > 0 && kept < 200000 && kept % 65536 == 0))
{ part a 0 $kept; cat b; } | cmp - out
