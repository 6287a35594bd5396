# A dictionary is never a target or a report, and otherwise an ordinary input; make's rules name it.
. "$CLI_LIB"
. "$CLI_FOLDER/dictionaries.sh"
lay_out_dictionaries
cp one kept
cp records/00001.json in
unharmed() {
    refuses 1 "$@"
    same_file kept one "$*"
}
ln -s one link
unharmed "its target one is what -D reads" poolmap -f -D one -o one in
unharmed "its target ./one is what -D reads" poolmap -f -D one -o ./one in
unharmed "its target one is what -D reads" poolmap -f -D link -o one in
unharmed "--report one and -D one are the same file" poolmap --report one -D one -o out in
unharmed "-D one and --depfile one are the same file" poolmap --depfile one -D one -o out in
poolmap -q -D one -o in.zst in
unharmed "its target one is what -D reads" poolmap -d -f -D one -o one in.zst
cp in.zst one.zst
unharmed "its target one is what -D reads" poolmap -d -f -D one one.zst
refuses 1 "--report one" poolmap test --report one -D one in.zst
refuses 1 "--report one" poolmap cat --report one -D one in.zst
same_file kept one
no_file out
# Compressed by itself it is an ordinary input.
silently poolmap -q -D one -o out.zst one
zstd -q -D one -dc out.zst | cmp - kept
rm out.zst
# A new dictionary makes all targets out of date.
silently poolmap -q -D one --depfile rules --output-dir out records/00001.json records/00002.json
printf 'include rules\nout/%%.zst:\n\t@echo $@\n' > Makefile
touch -d "2 hours ago" records/00001.json records/00002.json one
touch -d "1 hour ago" out/*
for target in out/00001.json.zst out/00002.json.zst; do
    make -q $target
done
touch one
for target in out/00001.json.zst out/00002.json.zst; do
    same_text "$target" "$(make $target)"
done
# A missing dictionary does not make make fail.
rm one
make -s out/00001.json.zst > /dev/null
poolmap --report report.json -D kept -q -f -o out.zst in
python3 -c '
import json
options = json.load(open("report.json"))["options"]
assert options["dictionary"] == "kept" and options["dictionaryID"] == 4711, options'
poolmap --report report.json -D raw -q -f -o out.zst in
python3 -c '
import json
options = json.load(open("report.json"))["options"]
assert options["dictionary"] == "raw" and options["dictionaryID"] is None, options'
