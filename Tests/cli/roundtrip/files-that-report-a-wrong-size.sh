# Kernel files that report a wrong size, as in /sys, are read correctly in every way.
. "$CLI_LIB"
# One that reports the size of a page.
file=
for candidate in /sys/kernel/mm/transparent_hugepage/enabled /sys/kernel/uevent_seqnum /sys/kernel/profiling \
    /sys/kernel/fscaps /sys/class/net/lo/mtu; do
    if [[ -r $candidate ]] && (($(size_of $candidate) > $(wc -c < $candidate))); then file=$candidate; fi
done
[[ -n $file ]] || fail "no file in /sys reports a wrong size"
cat $file > content
poolmap compress -q -o expected content
mkdir tree
echo other > other
for jobs in 1 2; do
    same_text "$(sha256sum $file)" "$(silently poolmap hash -j $jobs -a sha256 $file)"
    same_text "$(sha256sum other $file)" "$(silently poolmap hash -j $jobs -a sha256 other $file)"
    same_text "$(sha256sum < $file)" "$(silently poolmap hash -j $jobs -a sha256 < $file)"
    same_text "$(b3sum $file)" "$(silently poolmap hash -j $jobs $file)"
    sha256sum other $file | silently poolmap hash --check -j $jobs -q
    silently poolmap hash --manifest -j $jobs other $file > manifest
    same_text "$(poolmap hash --manifest --chunk-size 1M content | sed -n 's/^size //p')" \
        "$(sed -n 's/^size //p' manifest | tail -n 1)"
    silently poolmap hash --check -j $jobs -q manifest
    silently poolmap hash --manifest $file > manifest
    refuses 1 "a range can be checked only" poolmap hash --check -j $jobs --manifest --offset 1 manifest
    silently poolmap compress -j $jobs -c $file | cmp - expected
    silently poolmap compress -j $jobs -c < $file | cmp - expected
    silently poolmap compress -j $jobs -f -o out $file
    same_file expected out
    silently poolmap compress -j $jobs -f --output-dir folder other $file
    same_file expected "folder/${file##*/}.zst"
    silently poolmap compress -j $jobs -f --resume -o out $file
    same_file expected out
    # As names in a list.
    same_text "$(sha256sum $file)" "$(silently poolmap hash -j $jobs -a sha256 --files-from <(echo $file))"
done
refuses 1 "of known size" poolmap list $file
refuses 1 "" poolmap test $file
refuses 1 "" poolmap cat $file
# A hole at the end does not count as a wrong size.
truncate -s 10M hole
same_text "$(sha256sum hole)" "$(silently poolmap hash -a sha256 hole)"
poolmap compress -q -c hole | zstd -q -dc | cmp - hole
# Whole trees of them: each file that does not change has the digest that other tools compute.
silently poolmap hash -a sha256 -r /sys/kernel/mm/transparent_hugepage > sums 2> /dev/null || true
[[ ! -s sums ]] || sha256sum --quiet --check sums
