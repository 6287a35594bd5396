# ZSTD_CLEVEL and ZSTD_NBTHREADS count if no option does; invalid values are ignored with a warning.
. "$CLI_LIB"
text 3000000 > f
for level in 3 7 19; do poolmap -q -$level -o $level.zst f; done
poolmap -q --fast=5 -o fast.zst f
with() { ZSTD_CLEVEL=$1 silently poolmap -c "${@:2}" f; }
with 7 | cmp - 7.zst
with +7 | cmp - 7.zst
with 0 | cmp - 3.zst
with -5 | cmp - fast.zst
with 7 -3 | cmp - 3.zst
with 7 --fast=5 | cmp - fast.zst
with 7 --level 19 | cmp - 19.zst
with 22 --ultra -3 | cmp - 3.zst
for value in "" x 19x " 3" 3.5 99999999999 - 0x3; do
    ZSTD_CLEVEL=$value poolmap -c f 2> said | cmp - 3.zst
    one_error_line said "ignoring ZSTD_CLEVEL=$value: not a level"
    ZSTD_CLEVEL=$value silently poolmap -q -c f | cmp - 3.zst
    ZSTD_CLEVEL=$value silently poolmap -c -3 f | cmp - 3.zst
    # If the level has no effect, its value does not matter.
    ZSTD_CLEVEL=$value silently poolmap -dc 7.zst | cmp - f
    ZSTD_CLEVEL=$value silently poolmap hash f > digest
done
ZSTD_CLEVEL=30 poolmap -c f 2> said | cmp - 19.zst
one_error_line said "ZSTD_CLEVEL=30 is too high, using 19; more requires --ultra"
# The number of workers, from the report.
jobs_of() { poolmap -q -f --report report "$@" && python3 -c 'import json; print(json.load(open("report"))["options"]["jobs"])'; }
unset MAKEFLAGS MAKELEVEL
same_text 3 "$(ZSTD_NBTHREADS=3 jobs_of -o out f)"
same_text 3 "$(ZSTD_NBTHREADS=3 jobs_of -d -o out 7.zst)"
same_text 3 "$(ZSTD_NBTHREADS=3 jobs_of -t 7.zst)"
same_text 2 "$(ZSTD_NBTHREADS=3 jobs_of -T2 -o out f)"
same_text 1 "$(ZSTD_NBTHREADS=3 jobs_of --single-thread -o out f)"
all=$(jobs_of -T0 -o out f)
same_text "$all" "$(jobs_of -o out f)"
same_text "$all" "$(ZSTD_NBTHREADS=0 jobs_of -o out f)"
same_text "$all" "$(ZSTD_NBTHREADS=$((all + 1)) jobs_of -T0 -o out f)"
same_text 1024 "$(ZSTD_NBTHREADS=2000 jobs_of -o out 3.zst)"
# zstd has neither of these commands.
poolmap hash -q --report report f > digest
same_text "$all" "$(python3 -c 'import json; print(json.load(open("report"))["options"]["jobs"])')"
for value in "" x -1 +2 99999999999; do
    ZSTD_NBTHREADS=$value poolmap -f -o out f 2> said
    one_error_line said "ignoring ZSTD_NBTHREADS=$value: not a number"
    ZSTD_NBTHREADS=$value silently poolmap -q -f -o out f
    ZSTD_NBTHREADS=$value silently poolmap -T2 -f -o out f
done
# make's number of jobs is respected.
cat > Makefile << 'END'
run: ; +poolmap -q -f --report report -o out f
END
ZSTD_NBTHREADS=5 make -s -j1 run
same_text 1 "$(python3 -c 'import json; print(json.load(open("report"))["options"]["jobs"])')"
