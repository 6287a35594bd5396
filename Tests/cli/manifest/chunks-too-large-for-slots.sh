# A pipe with chunks of more than 64 MiB has the same manifest as the file, and checks against it.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
text 1000 > file
truncate -s 75000000 file
for jobs in 1 2; do
    silently poolmap hash --manifest -a sha256 --chunk-size 70M -j "$jobs" file > manifest
    cat file | silently poolmap hash --manifest -a sha256 --chunk-size 70M -j "$jobs" > of-pipe
    same_text "$(grep '^[0-9sr]' manifest)" "$(grep '^[0-9sr]' of-pipe)"
    same_text 2 "$(grep -c '^[0-9]' manifest)"
    says 0 "-: OK" poolmap hash --check -j "$jobs" of-pipe < <(cat file)
    says 1 $'-: FAILED: has 75000001 bytes, and should have 75000000' \
        poolmap hash --check -j "$jobs" of-pipe < <(cat file; echo)
done
flip file 74000000
says 1 "-: FAILED bytes 73400320 to 74999999" poolmap hash --check of-pipe < <(cat file)
says 1 "file: FAILED bytes 73400320 to 74999999" poolmap hash --check manifest
