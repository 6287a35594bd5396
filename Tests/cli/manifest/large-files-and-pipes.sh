# Files of many pieces, and pipes, have the manifest that Python and b3sum make, for each -j and several chunk sizes.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
real_data 9000001 > contents
for chunk in 64K:65536 1M:1048576 3M:3145728 8M:8388608 9000001:9000001 9000002:9000002; do
    cp contents file
    manifest_of sha256 "${chunk#*:}" file > expected
    sed 's/^file .*/file -/' expected | head -n -1 > of-pipe
    echo "end $(sha256sum < of-pipe | cut -d' ' -f1)" >> of-pipe
    for jobs in 1 3; do
        silently poolmap hash --manifest -j "$jobs" -a sha256 --chunk-size "${chunk%:*}" file | cmp - expected
        cat file | silently poolmap hash --manifest -j "$jobs" -a sha256 --chunk-size "${chunk%:*}" | cmp - of-pipe
        says 0 "file: OK" poolmap hash --check -j "$jobs" expected
        says 0 "-: OK" poolmap hash --check -j "$jobs" of-pipe < <(cat file)
    done
done
# A regular file on standard input is hashed from its current offset.
{ head -c 4096 > /dev/null; perl -e 'sysseek STDIN, 1000000, 0'; poolmap hash --manifest -a md5 -; } < file > manifest
tail -c +1000001 file > contents
manifest_of md5 1048576 - | cmp - manifest
says 0 "-: OK" poolmap hash --check manifest < contents
