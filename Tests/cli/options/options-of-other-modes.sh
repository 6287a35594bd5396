# zstd's options are accepted in every mode, with no effect where they mean nothing; invalid values are errors.
. "$CLI_LIB"
text 300000 > f
zstd -q f
cp f.zst g.zst
for options in -19 "-9 --ultra -22" --ultra --fast --fast=3 --check --no-check -C -k -n -T0 -T2 -j2 --long --long=24 --no-dictID \
    --content-size --no-content-size --exclude-compressed --stream-size=5 "--stream-size 5" --block-size=1M -B4M --chunk-size=1M \
    --zstd=strat=3,wlog=23 --adapt --adapt=min=1,max=5 --asyncio --no-asyncio --auto-threads=physical "--auto-threads logical" \
    --single-thread --compress-literals --no-compress-literals --row-match-finder --no-row-match-finder --priority=rt \
    --size-hint=64K "--size-hint 64K" --target-compressed-block-size=2K --format=zstd --maxdict=100K --dictID=7 --progress \
    --no-progress; do
    for command in -d decompress; do
        # shellcheck disable=SC2086
        poolmap $command $options -c f.zst 2> said | cmp - f || fail "$command $options"
        [[ $options == --progress || ! -s said ]] || fail "$command $options said: $(< said)"
    done
    for command in -t test; do
        # shellcheck disable=SC2086
        poolmap $command $options f.zst 2> said || fail "$command $options said: $(< said)"
    done
    # A list has no progress.
    for command in -l list; do
        # shellcheck disable=SC2086
        silently poolmap $command $options f.zst > listed
        grep -q f.zst listed
    done
    # shellcheck disable=SC2086
    [[ $options == --stream-size* || $options == *22 ]] || poolmap $options -c f 2> /dev/null | zstd -q -dc --long=27 | cmp - f
done
# Options that write or remove files have no effect in a test or a list.
for options in "-o x" "-ox" -c -f -k --rm "--output-dir new" "--output-dir-flat new" "--output-dir-mirror=new" "-fo x" "--rm -f -o f"; do
    [[ $options != -ox ]] || continue
    for command in -t test -l list; do
        # shellcheck disable=SC2086
        silently poolmap $command $options f.zst > listed
    done
done
silently poolmap -tk f.zst
silently poolmap -lf f.zst > listed
silently poolmap -lc f.zst > listed
rm listed said
only_files f f.zst g.zst
for options in --pass-through --no-pass-through --max-output=1 --max-ratio=1; do
    silently poolmap $options -c f | zstd -q -dc | cmp - f
done
# One line for both directions.
tar -I "poolmap -T0 -19 --ultra --long=27 --chunk-size 1M" -cf f.tar.zst f
mkdir unpacked
tar -I "poolmap -T0 -19 --ultra --long=27 --chunk-size 1M" -xf f.tar.zst -C unpacked
same_file f unpacked/f
tar -I "poolmap -T0 -19" -tf f.tar.zst > listed
same_text f "$(< listed)"
# An invalid value is an error in every mode.
for option in --fast=0 --fast=x --level=99 --zstd=foo=1 --zstd=strat --zstd=strat=99 --zstd=wlog=9 --zstd= --long=99 --adapt=x \
    --adapt=min --auto-threads=all --priority=low --size-hint=x --dictID=x --format=gzip --format=xz --format=lz4 --format= \
    --stream-size=x --memory=x --block-size=x --chunk-size=1 --check=1 --ultra=1 --no-asyncio=1 --format --priority --zstd; do
    for command in -z -d -t -l; do
        [[ $option$command != --long=99-l ]] || continue
        part=${option%%=*}
        refuses 2 "${part#--}" poolmap $command $option -c g.zst > got
        [[ ! -s got ]]
    done
done
for option in --memory=x --max-output=x --max-ratio=x; do
    refuses 2 "${option%%=*} must be a size" poolmap $option g.zst
done
refuses 2 "must be a size" poolmap --memory g.zst f
# Unsupported options are refused with a reason, even in bundles.
for option in --train --train-cover=k=50 --patch-from=f --show-default-cparams -b -b3 -e5 -i1 -S; do
    refuses 2 "is not supported; " poolmap $option f
done
# poolmap's own options are errors in modes that cannot honor them.
refuses 2 "unknown option '--salvage'" poolmap -t --salvage f.zst
refuses 2 "unknown option '--salvage'" poolmap --salvage f
refuses 2 "unknown option '--resume'" poolmap -d --resume f.zst
refuses 2 "unknown option '--dry-run'" poolmap -t --dry-run f.zst
