# A block device has a size, and is hashed, compressed and checked like a file, ranges included.
. "$CLI_LIB"
noise 5242880 > image
device=$(losetup --show -f image 2> /dev/null) || {
    # Not every machine provides a device.
    ((EUID != 0)) || [[ ! -e /dev/loop-control ]] || ! losetup -f > /dev/null 2>&1 || fail "losetup has failed"
    exit 0
}
trap 'losetup -d "$device"' EXIT
for jobs in 1 2; do
    same_text "$(b3sum "$device")" "$(silently poolmap hash -j $jobs "$device")"
    same_text "$(sha256sum < "$device")" "$(silently poolmap hash -a sha256 -j $jobs < "$device")"
    silently poolmap hash --manifest -j $jobs "$device" > manifest
    poolmap hash --manifest image | sed "s|^file image|file $device|" | grep -v ^end > expected
    grep -v ^end manifest | cmp - expected
    same_text "$device: OK" "$(silently poolmap hash --check -j $jobs manifest)"
    same_text "$device: OK" "$(silently poolmap hash --check -j $jobs --offset 3M --length 10 manifest)"
    silently poolmap compress -j $jobs --chunk-size 1M -c "$device" > device.zst
    poolmap compress --chunk-size 1M -c image | cmp - device.zst
    silently poolmap compress -j $jobs --chunk-size 1M -c < "$device" | cmp - device.zst
    silently poolmap compress -j $jobs --chunk-size 1M -f -o out "$device"
    same_file device.zst out
    tail -c +1000001 image > rest
    same_text "$(sha256sum < rest)" \
        "$({ dd bs=1000000 count=1 of=/dev/null status=none; poolmap hash -j $jobs -a sha256; } < "$device")"
done
# Damage is found where it is, and only in the checked range.
patch "$device" 4000000 1 2 3
same_text "$device: OK" "$(silently poolmap hash --check --offset 0 --length 1M manifest)"
expect_exit 1 poolmap hash --check --offset 3M manifest > said 2>&1
grep -q "^$device: FAILED bytes 3145728 to 4194303$" said
same_text "$(b3sum "$device")" "$(silently poolmap hash "$device")"
# Other devices have no size, so ranges of them are refused.
printf 'x' > one
poolmap hash --manifest one | sed 's|^file one|file /dev/zero|' > other
refuses 1 "" poolmap hash --check --offset 0 other
