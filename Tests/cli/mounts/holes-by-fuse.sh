# If the file system does not distinguish data from holes, sparse files give the same bytes, and can be restored.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount fuse holes
