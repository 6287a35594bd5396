# On a FUSE file system without nameless files everything works, and interruptions leave nothing.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount fuse everything
