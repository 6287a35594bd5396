# A file that is already open can be read even if the user could not open it, also in parallel.
. "$CLI_LIB"
chmod 777 .
real_data 1500000 > secret
poolmap compress -q -j 1 --chunk-size 64K -o reference.zst secret
cp reference.zst secret.zst
: > target
exec 3< secret 4< secret.zst 5> target
chmod 000 secret secret.zst target
silently as_user poolmap compress -j 3 --chunk-size 64K <&3 >&5
silently as_user poolmap decompress -j 3 <&4 > out
chmod 600 secret target
same_file reference.zst target
same_file secret out
