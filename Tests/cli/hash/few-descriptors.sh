# Hundreds of larger files are hashed with 64 descriptors, by more workers than there are cores.
. "$CLI_LIB"
truncate -s 1100000 file-{1..120}
sha256sum file-* > expected
for jobs in 1 2 12; do
    (ulimit -n 64 && silently poolmap hash -a sha256 -j $jobs file-* > sums)
    same_file expected sums
    (ulimit -n 64 && silently poolmap hash -c --quiet -j $jobs expected)
done
