# On a vfat image, which has neither modes, owners, hard links nor nameless files, all works; what it lacks is one note.
. "$CLI_LIB"
. "$CLI_FOLDER/mounts.sh"
in_mount vfat everything
