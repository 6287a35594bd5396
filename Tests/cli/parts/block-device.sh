# A block device is divided into parts by its size, like a regular file.
. "$CLI_LIB"
noise 5242880 > image
device=$(losetup --show -f image 2> /dev/null) || {
    # Not every machine provides a device.
    ((EUID != 0)) || [[ ! -e /dev/loop-control ]] || ! losetup -f > /dev/null 2>&1 || fail "losetup has failed"
    skip "there is no loop device"
}
trap 'losetup -d "$device"' EXIT
for number in 3 1 2; do
    silently poolmap compress --chunk-size 64K --part $number/3 -o out "$device"
    silently poolmap hash --part $number/3 -o digest "$device"
done
silently poolmap join out.part-{1,2,3}-of-3 digest.part-{1,2,3}-of-3
poolmap compress -q --chunk-size 64K -o whole image
same_file whole out
same_text "$(b3sum --no-names image)  $device" "$(< digest)"
losetup -d "$device"
device=$(losetup --show -f out)
for number in 3 1 2; do
    # The device has only whole sectors of the file, so its end is missing.
    refuses 1 "$device: " poolmap decompress --part $number/3 -o back "$device"
done
no_file back.part-{1,2,3}-of-3
