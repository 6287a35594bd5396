# Levels 1 to 19, --ultra -22, --fast and --long are accepted in every spelling, and their files can be restored.
. "$CLI_LIB"
real_data 400000 > in
check() {
    silently poolmap "$@" -c in > out.zst
    zstd -q -dc --long=31 out.zst | cmp - in
    silently poolmap -d --long=31 -c out.zst | cmp - in
}
for options in -1 -2 -3 -5 -9 -12 -19 -0 "--level 7" --level=7 --fast --fast=1 --fast=5 --fast=100 --long --long=10 \
    --long=20 --long=27 "-19 --long" "--fast=3 --long=24" "--no-check -4" "--check -4"; do
    # shellcheck disable=SC2086
    check $options
    # shellcheck disable=SC2086
    check compress $options
done
text 30000 > in
check --ultra -20 --chunk-size 64K
check --ultra -22 --chunk-size 64K
check -22 --ultra --chunk-size 64K
check compress --ultra -22
# Higher levels make smaller files.
real_data 2000000 > in
(($(poolmap -1 -c in | wc -c) > $(poolmap -19 -c in | wc -c)))
(($(poolmap --fast=20 -c in | wc -c) > $(poolmap -1 -c in | wc -c)))
