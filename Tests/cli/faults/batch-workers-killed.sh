# Workers killed again and again in a batch of small files: all targets are correct, with --rm too, without an error.
. "$CLI_LIB"
. "$CLI_FOLDER/batches.sh"
lay_out_files 240
compress_to reference -f -j 1 -12
mv files kept
for options in "" --rm -f; do
    rm -rf out files
    cp -r kept files
    # shellcheck disable=SC2046,SC2086
    start_stopping "$(echo files/{40..240..40} | tr ' ' ,)" 1+ \
        poolmap compress -12 --chunk-size 64K --output-dir out -j 2 $options --report report $(names 0 240) 2> said
    kill_stopped_workers 2
    wait "$front" || fail "exit code $?: $(< said)"
    same_text "" "$(< said)"
    ((kills >= 8 && kills <= 12)) || fail "$kills workers were killed"
    all_but
    # Each file is reported once, with the bytes read.
    python3 -c '
import json
files = json.load(open("report"))["files"]
assert [file["input"] for file in files] == [f"files/{number}" for number in range(241)]
assert all(file["status"] == "done" for file in files)
assert files[5]["inputBytes"] == 5 * 7919, files[5]'
    same_text "$([[ $options == --rm ]] && echo 0 || echo 241)" "$(find files -type f | wc -l)"
done
