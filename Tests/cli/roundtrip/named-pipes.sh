# Named pipes are read like pipes, and written in place.
. "$CLI_LIB"
real_data 1000000 > in
mkfifo source target
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst in
cat in > source &
silently poolmap compress -j 2 --chunk-size 64K -o out.zst source
wait "$!"
same_file reference.zst out.zst
cat target > out &
silently poolmap decompress -j 2 -o target reference.zst
wait "$!"
same_file in out
[[ -p source && -p target ]]
