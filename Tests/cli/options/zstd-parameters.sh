# --zstd= sets libzstd's parameters, so that one chunk is the frame of zstd; -B takes chunk sizes as zstd's jobs.
. "$CLI_LIB"
real_data 1000000 > f
# equals OPTION…: poolmap makes the same as zstd.
equals() {
    zstd -q "$@" -c f > zstds
    for jobs in 1 2; do
        silently poolmap -j $jobs "$@" -c f | cmp - zstds || fail "$*"
    done
}
equals --zstd=windowLog=23,chainLog=15,hashLog=16,searchLog=2,minMatch=4,targetLength=32,strategy=4
equals --zstd=wlog=22,clog=17,hlog=16,slog=3,mml=5,tlen=24,strat=6
equals -9 --zstd=strat=1
equals --zstd=tlen=4K,strat=8 --zstd=wlog=24
equals --zstd=strat=2 --zstd=strat=5
# With --long zstd splits the input for its threads, even with one.
equals_alone() {
    zstd -q --single-thread "$@" -c f > zstds
    silently poolmap "$@" -c f | cmp - zstds || fail "$*"
}
equals_alone --long=24 --zstd=lhlog=18,lmml=32,lblog=2,lhrlog=5
# If the window is smaller than the file, zstd's own buffer moves under it; the frame has the same window.
for options in --zstd=wlog=18 "--long=24 --zstd=wlog=18"; do
    # shellcheck disable=SC2086
    silently poolmap -j 1 $options -c f > ours
    # shellcheck disable=SC2086
    silently poolmap -j 2 $options -c f | cmp - ours
    zstd -q -dc -M256K ours | cmp - f
    zstd -q -dc -M128K ours > got 2> said && fail "the window is smaller than that"
done
equals -19 --zstd=wlog=0
equals --zstd=strat=8 --zstd=strat=0,wlog=21
equals --no-dictID
equals --zstd=ovlog=3,strat=4
for parameter in windowLog chainLog hashLog searchLog minMatch targetLength strategy overlapLog ldmHashLog ldmMinMatch \
    ldmBucketSizeLog ldmHashRateLog wlog clog hlog slog mml tlen strat ovlog lhlog lmml lblog lhrlog; do
    silently poolmap -1 --zstd=$parameter=0 -c f | cmp - <(poolmap -1 -c f)
    refuses 2 "--zstd" poolmap --zstd=$parameter=999999999 -c f
    refuses 2 "--zstd" poolmap --zstd=$parameter= -c f
done
for value in overlapLog=1 ovlog=9; do
    silently poolmap -1 --zstd=$value -c f | cmp - <(poolmap -1 -c f)
done
for value in x ovlog=10 wlog wlog=x wlog=20,, wlog=20, ,wlog=20 "wlog=20 strat=1" wlog=-1 strat=10 foo=1 Wlog=20; do
    refuses 2 "--zstd" poolmap "--zstd=$value" -c f
done
real_data 3000000 > f
# A window makes chunks as large as --long does.
text 40000000 > long
silently poolmap --zstd=wlog=25 -o long.zst long
silently poolmap -t long.zst
poolmap -l --json long.zst | grep -q '"frames": 2'
# With --resume another value starts over.
silently poolmap --resume --zstd=wlog=18 -o out.zst f
zstd -q -dc out.zst | cmp - f
# zstd's jobs.
frames() { poolmap -l --json "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["frames"])'; }
for options in -B1M --block-size=1M "--block-size 1M" "--block-size=1024K" -B1024K -B1MiB -B1048576 "--chunk-size 5M --block-size=1M"; do
    # shellcheck disable=SC2086
    silently poolmap $options -f -o out.zst f
    same_text 3 "$(frames out.zst)"
    zstd -q -dc out.zst | cmp - f
done
silently poolmap -fB1Mo out.zst f
same_text 3 "$(frames out.zst)"
# Like zstd's they have a minimum, and 0 means the level's default.
silently poolmap -B1 -f -o out.zst f
same_text 6 "$(frames out.zst)"
silently poolmap -B1K --chunk-size 1M -f -o out.zst f
same_text 3 "$(frames out.zst)"
for options in -B0 -B --block-size=0; do
    silently poolmap $options -f -o out.zst f
    same_text 1 "$(frames out.zst)"
done
# The size of a stream.
for jobs in 1 2; do
    silently poolmap -j $jobs -B512K --stream-size=3000000 < f > out.zst
    cat f | silently poolmap -j $jobs -B512K --stream-size 3000000 | cmp - out.zst
    for size in 0 1 2999999 3000001 1G; do
        refuses 1 "standard input: has " poolmap -j $jobs -B512K --stream-size=$size -f -o none < f
        refuses 1 "standard input: has " poolmap -j $jobs -B512K --stream-size=$size -f -o none < <(cat f)
        no_file none
    done
    # A file's own size counts.
    silently poolmap -j $jobs --stream-size=5 -c f | zstd -q -dc | cmp - f
done
: > empty
silently poolmap --stream-size=0 < empty | zstd -q -dc | cmp - empty
# Compressed files can be skipped.
mkdir tree
for suffix in zst tzst zstd gz tgz lzma xz txz lz4 tlz4 txt; do
    echo text > tree/x.$suffix
done
silently poolmap --exclude-compressed tree/*
same_text tree/x.txt.zst "$(echo tree/*.txt.zst tree/*.gz.zst tree/*.zst.zst | tr ' ' '\n' | grep -v '\*' | xargs)"
rm tree/x.txt.zst
silently poolmap --exclude-compressed -r tree
same_text tree/x.txt.zst "$(echo tree/*.txt.zst tree/*.gz.zst tree/*.zst.zst | tr ' ' '\n' | grep -v '\*' | xargs)"
silently poolmap --exclude-compressed tree/x.gz
silently poolmap --exclude-compressed -c tree/x.gz > got
[[ ! -s got ]]
ls tree | sed 's|^|tree/|' | silently poolmap -f --exclude-compressed --files-from -
(($(find tree -name '*.zst' ! -name x.zst | wc -l) == 1))
