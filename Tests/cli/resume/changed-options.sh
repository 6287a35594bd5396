# Changing an option that affects the bytes starts over, with a message that names it; changing another does not.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
command=("${quickly[@]}")
real_data 3000000 > in
interrupted_by_limit 500 -j 2
cp out.partial kept.partial
cp out.resume kept.resume
begins_anew "the level was 3 and now is 5" -5 --chunk-size 64K
begins_anew "the level was 3 and now is -2" --fast=2 --chunk-size 64K
begins_anew "--long differs" --chunk-size 64K --long=20
begins_anew "the chunk size was 65536 bytes and now is 65537" --chunk-size 65537
begins_anew "with checksums" --chunk-size 64K --no-check
# The other way round.
rm -f out
interrupted_by_limit 500 --no-check --long=20 -j 2
poolmap compress --chunk-size 64K --no-check -f -o reference in
resumes_saying "it was made with --long=20" --no-check
rm out
# The number of workers, verbosity and the removal of the input do not matter.
cp kept.partial out.partial
cp kept.resume out.resume
poolmap compress --chunk-size 64K -f -o reference in
silently poolmap "${command[@]}" --rm -q -j 3 -o out in
no_file in
is_whole
