# Workers killed while chunks are hashed: the manifest is the same, and so is the result of a check.
. "$CLI_LIB"
. "$CLI_FOLDER/manifests.sh"
real_data 40000000 > in
poolmap hash --manifest -a sha512 --chunk-size 64K -j 1 -o expected in
cp in bad
flip bad 20000000
sed s/^file.*/file\ bad/ expected | head -n -1 > of-bad
echo "end $(sha512sum < of-bad | cut -d' ' -f1)" >> of-bad
for round in {1..4}; do
    start_stopping in $((5 * round)) poolmap hash --manifest -a sha512 --chunk-size 64K -j 3 in > manifest 2> said
    kill_stopped_workers 2
    expect_exit 0 wait "$front"
    same_text 2 "$kills"
    same_file expected manifest "round $round"
    same_text "" "$(< said)"
    start_stopping bad $((5 * round)) poolmap hash --check -j 3 of-bad expected > verdict 2> said
    kill_stopped_workers 2
    expect_exit 1 wait "$front"
    same_text 2 "$kills"
    same_text $'bad: FAILED bytes 19988480 to 20054015\nin: OK' "$(< verdict)"
    same_text "" "$(< said)"
done
