# On a file system by FUSE, without nameless files, all works and interruptions leave nothing.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount fuse everything
