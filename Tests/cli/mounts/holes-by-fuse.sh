# Where the file system does not tell data from holes, sparse files become the same bytes, and come back.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount fuse holes
