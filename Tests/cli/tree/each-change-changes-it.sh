# Each change of a name, type, mode, content or target gives another digest.
. "$CLI_LIB"
. "$CLI_FOLDER/trees.sh"
umask 022
mkdir -p kept/folder/below kept/other
chmod 775 kept/folder
echo content > kept/file
echo content > kept/folder/file
: > kept/empty
ln -s file kept/link
mkfifo kept/pipe
cp -a kept tree
tree_digest kept > digests
tree_digest tree | cmp - digests
# after COMMAND: after it, the digest differs from all earlier ones.
after() {
    rm -rf tree
    cp -a kept tree
    (cd tree && eval "$1")
    tree_digest tree > now
    ! grep -qxFf now digests || fail "the digest has not changed after: $1"
    cat now >> digests
}
after 'mv file File'
after 'mv file folder/below/file'
after 'mv folder/file .//folder/filf'
after 'rm file'
after 'rm empty'
after 'rmdir other'
after 'mkdir new'
after ': > new'
after 'ln -s x new'
after 'ln file new'
after 'echo Content > file'
after 'printf content > file'
after 'echo content >> file'
after 'printf "\0" > empty'
after 'ln -sfn folder link'
after 'ln -sfn ./file link'
after 'rm link && echo content > link'
after 'rm link && printf file > link'
after 'rm pipe && : > pipe'
after 'rm -r other && : > other'
after 'mv file x && mv folder/file file && echo X >> x && mv x folder/file'
after 'rmdir folder/below && mkdir other/below'
for mode in 600 755 4644 2644 1644 000; do
    after "chmod $mode file"
    ((EUID != 0)) || after "chmod $mode folder"
done
after 'chmod 700 .'
after 'chmod g-x,o+t folder'
after 'chmod 600 pipe'
if ((EUID == 0)) && mknod device c 1 3 2> /dev/null; then
    rm device
    after 'rm pipe && mknod pipe c 1 3'
    after 'rm pipe && mknod pipe b 1 3'
    after 'rm pipe && mknod pipe c 1 5'
    after 'rm pipe && mknod pipe c 3 1'
fi
# Names that would look like one line, or one path, if they were not separated.
after 'touch "a b" c'
after 'touch a "b c"'
after 'touch "$(printf "a\\nb")"'
after 'touch "a\\nb"'
after 'mkdir a && touch a/b'
after 'mkdir "a " && touch "a /b"'
