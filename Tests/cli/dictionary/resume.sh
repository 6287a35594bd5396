# --resume keeps frames made with the same dictionary, judged by its content, and starts over with another.
. "$CLI_LIB"
. "$CLI_FOLDER/interruptions.sh"
. "$CLI_FOLDER/dictionaries.sh"
command=("${quickly[@]}")
lay_out_dictionaries
real_data 3000000 > in
interrupted_by_limit 500 -j 2 -D one
cp out.partial kept.partial
cp out.resume kept.resume
begins_anew "it was made with a dictionary" --chunk-size 64K
begins_anew "the dictionary differs, or is new" --chunk-size 64K -D other
begins_anew "the dictionary differs, or is new" --chunk-size 64K -D raw
begins_anew "it was made without --no-dictID" --chunk-size 64K -D one --no-dictID
# Another file of the same name and number is still another dictionary.
cp one kept
(cat one && printf x) > longer
begins_anew "the dictionary differs, or is new" --chunk-size 64K -D longer
cp kept.partial out.partial
cp kept.resume out.resume
rm -f out
mv one moved
poolmap compress --chunk-size 64K -D moved -f -o reference in
silently poolmap "${command[@]}" -j 3 -D moved -o out in
is_whole
# The other way round.
rm -f out
interrupted_by_limit 500 -j 2
resumes_saying "the dictionary differs, or is new" -D moved
