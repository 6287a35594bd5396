# In a chroot without /dev the names of descriptors still work, and existing files of these names are not replaced.
. "$CLI_LIB"
in_own_mounts || exit 0
mkdir -p jail/proc
mount --bind /proc jail/proc
cp "$POOLMAP" jail/poolmap
text 5000 > jail/in
for target in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    { echo before && chroot jail /poolmap compress -f -o $target /in && echo after; } > got
    { echo before && poolmap compress -c jail/in && echo after; } | cmp - got
done
chroot jail /poolmap compress -o /dev/fd/3 /in 3> got
zstd -q -dc got | cmp - jail/in
mkdir jail/dev
ln -s /proc/self/fd jail/dev/fd
ln -s /proc/self/fd/1 jail/dev/stdout
ln -s fd/1 jail/dev/short
for target in /dev/stdout /dev/short /dev/fd/1; do
    chroot jail /poolmap compress -f -o $target /in > got
    zstd -q -dc got | cmp - jail/in
    chroot jail /poolmap hash -a sha256 -f -o $target /in | cmp - <(cd jail && sha256sum in | sed 's| in| /in|')
done
[[ -L jail/dev/stdout && -L jail/dev/short && -L jail/dev/fd ]]
umount jail/proc
