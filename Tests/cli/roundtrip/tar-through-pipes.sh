# A folder survives tar, compress, decompress and tar again.
. "$CLI_LIB"
folder=/usr/share/doc
tar cf - -C "$folder" . 2> /dev/null | tar tf - > expected
tar cf - -C "$folder" . 2> /dev/null | poolmap compress --chunk-size 512K | poolmap decompress | tar tf - > seen
(($(wc -l < expected) > 100))
same_file expected seen
